//! The escrow of Berth.
//!
//! Accounts deposit tokens. Within the limits that an account has signed
//! beforehand, its mandate, the exchange's operator locks a part of its balance
//! for each lease, and settles it by the seconds that the exchange has evidence
//! for. The operator can never lock more than the mandate allows, never pay
//! more than was locked, never pay anyone but the lease's own provider and the
//! treasury, never less than its own node's receipts say, and loses every right
//! over a lease once its deadline and the window after it have passed: from
//! then on anyone may have the receipts paid and the rest given back. There is
//! no upgrade and no sweep.
//!
//! After every call and for each token, the sum of all balances, of all pending
//! withdrawals and of all open leases equals what was paid in and not paid out.
#![no_std]

mod accounting;
mod error;
pub mod event;
mod lease;
mod mandate;
mod receipt;
mod storage;
mod types;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use lease::LEASE_SECONDS_MAX;
pub use types::{Config, Lease, Outcome, Payment, ProviderMandate, Receipt, Request, Settle, TenantMandate, Terms};

use soroban_sdk::{Address, BytesN, Env, Vec, contract, contractimpl, token::TokenClient};
use storage::Purse;

/// The longest withdrawal delay, window or cancellation delay of a deployment,
/// in seconds: thirty days.
pub const DELAY_SECONDS_MAX: u64 = 30 * 24 * 3600;

/// How many tokens a deployment may take.
pub const TOKENS_MAX: u32 = 8;

/// The escrow contract.
#[contract]
pub struct Escrow;

#[contractimpl]
impl Escrow {
    /// Fixes the deployment for good.
    pub fn __constructor(env: Env, config: Config) -> Result<(), Error> {
        let Config { operator, treasury, tokens, fee_bps, withdraw_delay, window, cancel_after, receipt_key: _ } =
            &config;
        if operator == treasury {
            return Err(Error::RolesNotSeparate);
        }
        if *fee_bps > accounting::BPS {
            return Err(Error::FeeTooHigh);
        }
        if [withdraw_delay, window, cancel_after].into_iter().any(|delay| *delay > DELAY_SECONDS_MAX) {
            return Err(Error::DelayTooLong);
        }
        let is_repeated = |(i, token)| tokens.first_index_of(&token) != Some(i);
        if tokens.is_empty() || tokens.len() > TOKENS_MAX || (0..).zip(tokens.iter()).any(is_repeated) {
            return Err(Error::TokensMalformed);
        }
        storage::set_config(&env, &config);
        Ok(())
    }

    /// Moves `amount` of the token from `from` into the contract and credits
    /// it to `to`. Signed by `from`.
    pub fn deposit(env: Env, from: Address, to: Address, token: Address, amount: i128) -> Result<(), Error> {
        from.require_auth();
        known(&storage::config(&env), &token)?;
        positive(amount)?;
        // The token is trusted to move exactly `amount`, as every Stellar
        // asset does; a deployment must not choose one that takes a cut.
        TokenClient::new(&env, &token).transfer(&from, env.current_contract_address(), &amount);
        Purse::new(&env, &to, &token).credit(amount);
        event::Deposit { from, to, token, amount }.publish(&env);
        Ok(())
    }

    /// Sets `amount` of the balance aside to be withdrawn. Signed by
    /// `account`. There is one pending request per account and token: a second
    /// call adds to it and starts its delay again.
    pub fn request_withdraw(env: Env, account: Address, token: Address, amount: i128) -> Result<(), Error> {
        account.require_auth();
        positive(amount)?;
        let purse = Purse::new(&env, &account, &token);
        purse.debit(amount)?;
        let before = purse.request().map_or(0, |request| request.amount);
        let amount = before + amount;
        purse.set_request(&Request { amount, since: env.ledger().timestamp() });
        event::WithdrawRequested { account, token, amount }.publish(&env);
        Ok(())
    }

    /// Pays the pending request to `account`, and to no one else. The operator
    /// may do so at once, anyone else when the delay has passed; `by` says
    /// which, and only the operator has to sign. Answers the amount paid.
    pub fn pay_withdraw(env: Env, account: Address, token: Address, by: Address) -> Result<i128, Error> {
        let config = storage::config(&env);
        let purse = Purse::new(&env, &account, &token);
        let request = purse.request().ok_or(Error::NoRequest)?;
        if by == config.operator {
            by.require_auth();
        } else if env.ledger().timestamp() < request.since.saturating_add(config.withdraw_delay) {
            return Err(Error::DelayNotPassed);
        }
        purse.remove_request();
        let amount = request.amount;
        TokenClient::new(&env, &token).transfer(&env.current_contract_address(), &account, &amount);
        event::Withdrawn { account, token, amount }.publish(&env);
        Ok(amount)
    }

    /// Puts the pending request back into the balance. Signed by `account`.
    pub fn cancel_withdraw(env: Env, account: Address, token: Address) -> Result<(), Error> {
        account.require_auth();
        let purse = Purse::new(&env, &account, &token);
        let amount = purse.request().ok_or(Error::NoRequest)?.amount;
        purse.remove_request();
        purse.credit(amount);
        event::WithdrawCancelled { account, token, amount }.publish(&env);
        Ok(())
    }

    /// What the operator may lock of `account`'s money from now on: the most
    /// for one lease, the most in a UTC day, and until when. Signed by
    /// `account`. Replaces what it had signed before; `until` 0 ends that.
    pub fn set_tenant_mandate(
        env: Env,
        account: Address,
        token: Address,
        per_lease: i128,
        per_day: i128,
        until: u64,
    ) -> Result<(), Error> {
        account.require_auth();
        known(&storage::config(&env), &token)?;
        let (per_lease, per_day) = if until == 0 { (0, 0) } else { (per_lease, per_day) };
        mandate::set_tenant(&Purse::new(&env, &account, &token), per_lease, per_day, until)?;
        event::TenantMandateSet { account, token, per_lease, per_day, until }.publish(&env);
        Ok(())
    }

    /// The least that a lease on `account`'s hosts must pay per hour, and until
    /// when that binds. Signed by `account`. Replaces what it had signed
    /// before; `until` 0 ends that.
    pub fn set_provider_mandate(
        env: Env,
        account: Address,
        token: Address,
        floor_per_hour: i128,
        until: u64,
    ) -> Result<(), Error> {
        account.require_auth();
        known(&storage::config(&env), &token)?;
        let floor_per_hour = if until == 0 { 0 } else { floor_per_hour };
        mandate::set_provider(&Purse::new(&env, &account, &token), floor_per_hour, until)?;
        event::ProviderMandateSet { account, token, floor_per_hour, until }.publish(&env);
        Ok(())
    }

    /// Locks the tenant's money for a lease. Signed by the operator; the tenant
    /// has agreed by its mandate, and the provider's, if there is one, must
    /// allow the rate. Takes from the balance first and then from a pending
    /// withdrawal: a lease that was agreed ranks before it. A lease id can be
    /// opened once, ever.
    pub fn open(env: Env, lease: u64, terms: Terms) -> Result<(), Error> {
        let config = storage::config(&env);
        config.operator.require_auth();
        lease::open(&env, &config, lease, terms)
    }

    /// Locks `amount` more for an open lease and moves its deadline, up to its
    /// deadline inclusive. Signed by the operator, within the tenant's mandate.
    /// `number` counts a lease's top-ups from 1: each happens once, in order.
    pub fn top_up(env: Env, lease: u64, number: u32, amount: i128, deadline: u64) -> Result<(), Error> {
        storage::config(&env).operator.require_auth();
        lease::top_up(&env, lease, number, amount, deadline)
    }

    /// Pays an open lease for `seconds` of evidenced service, or for what is
    /// receipted if that is more, up to the end of its window inclusive. Signed
    /// by the operator. `proof` is the head of the lease's proof chain. What
    /// was locked and not earned goes back to the tenant's balance.
    pub fn settle(env: Env, lease: u64, seconds: u64, proof: BytesN<32>) -> Result<(), Error> {
        let config = storage::config(&env);
        config.operator.require_auth();
        lease::settle(&env, &config, Settle { lease, seconds, proof })
    }

    /// Settles leases one after the other. Signed by the operator. Answers for
    /// each 0, or the code of its error: one that cannot be settled stops no
    /// other. How many fit is the network's limit.
    pub fn settle_many(env: Env, leases: Vec<Settle>) -> Vec<u32> {
        let config = storage::config(&env);
        config.operator.require_auth();
        let mut codes = Vec::new(&env);
        for one in leases {
            codes.push_back(lease::settle(&env, &config, one).map_or_else(|error| error as u32, |()| 0));
        }
        codes
    }

    /// Keeps what the node's key has signed for a lease: `seconds` of service,
    /// in its receipt number `seq`. Anyone may, up to the end of the lease's
    /// window inclusive. A receipt for no more seconds than the one before is
    /// refused; a signature of another key, or over anything else, fails in
    /// the host.
    pub fn submit_receipt(env: Env, lease: u64, seconds: u64, seq: u64, signature: BytesN<64>) -> Result<(), Error> {
        lease::submit(&env, &storage::config(&env), lease, seconds, seq, &signature)
    }

    /// Ends a lease early: its deadline becomes now, and it can be settled for
    /// the length of the window. Signed by its tenant, from `cancel_after`
    /// seconds after its opening on.
    pub fn cancel(env: Env, lease: u64) -> Result<(), Error> {
        lease::cancel(&env, &storage::config(&env), lease)
    }

    /// Pays a lease that was not settled, strictly after its window: the
    /// provider for the receipted seconds, the tenant the rest. Anyone may.
    pub fn refund(env: Env, lease: u64) -> Result<(), Error> {
        lease::refund(&env, &storage::config(&env), lease)
    }

    /// Extends the life of the contract, of the named leases and of what the
    /// named accounts have in a token. Anyone may call it. It is a call of its
    /// own, since whoever extends pays the rent: no tenant or provider shall
    /// pay it in passing.
    pub fn extend(env: Env, leases: Vec<u64>, accounts: Vec<(Address, Address)>) {
        storage::extend_instance(&env);
        for lease in leases {
            storage::extend_lease(&env, lease);
        }
        for (account, token) in accounts {
            Purse::new(&env, &account, &token).extend();
        }
    }

    /// What `account` has free of a token; 0 if it is not known.
    pub fn balance(env: Env, account: Address, token: Address) -> i128 {
        Purse::new(&env, &account, &token).balance()
    }

    /// The pending withdrawal of `account`, if there is one.
    pub fn requested(env: Env, account: Address, token: Address) -> Option<Request> {
        Purse::new(&env, &account, &token).request()
    }

    /// What `account` has signed as a tenant. One whose `until` is 0 was ended.
    pub fn tenant_mandate(env: Env, account: Address, token: Address) -> Option<TenantMandate> {
        Purse::new(&env, &account, &token).tenant_mandate()
    }

    /// What `account` has signed as a provider.
    pub fn provider_mandate(env: Env, account: Address, token: Address) -> Option<ProviderMandate> {
        Purse::new(&env, &account, &token).provider_mandate()
    }

    /// The record of a lease, if it was ever opened.
    pub fn lease(env: Env, id: u64) -> Option<Lease> {
        storage::lease(&env, id)
    }

    /// What the deployment fixed.
    pub fn config(env: Env) -> Config {
        storage::config(&env)
    }
}

fn positive(amount: i128) -> Result<(), Error> {
    if amount > 0 { Ok(()) } else { Err(Error::AmountNotPositive) }
}

fn known(config: &Config, token: &Address) -> Result<(), Error> {
    if config.tokens.contains(token) { Ok(()) } else { Err(Error::TokenUnknown) }
}
