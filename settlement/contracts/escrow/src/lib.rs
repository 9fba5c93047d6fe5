//! The escrow of Berth.
//!
//! Tenants deposit one token. The exchange's operator locks a part of a
//! tenant's balance for each lease and settles it by the seconds that the
//! exchange has evidence for. The operator can never pay more than was locked,
//! never pay anyone but the lease's own provider and the treasury, and loses
//! every right over a lease once its deadline has passed: from then on anyone
//! may give the tenant everything back. There is no upgrade and no sweep.
//!
//! After every call, the sum of all balances, of all pending withdrawals and
//! of all open leases equals what the contract holds of the token.
#![no_std]

mod accounting;
mod error;
pub mod event;
mod storage;
mod types;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use types::{Config, Lease, Outcome, Request, Settlement};

use soroban_sdk::{Address, BytesN, Env, Vec, contract, contractimpl, token::TokenClient};

/// The longest delay that a deployment may put before a withdrawal, in
/// seconds: thirty days.
pub const WITHDRAW_DELAY_SECONDS_MAX: u64 = 30 * 24 * 3600;

/// The escrow contract.
#[contract]
pub struct Escrow;

#[contractimpl]
impl Escrow {
    /// Fixes the deployment for good: who operates, who earns the fee, in
    /// which token, at how many basis points (at most 10,000), and how many
    /// seconds a withdrawal waits when the operator does not pay it at once.
    pub fn __constructor(
        env: Env,
        operator: Address,
        treasury: Address,
        token: Address,
        fee_bps: u32,
        withdraw_delay: u64,
    ) -> Result<(), Error> {
        if fee_bps > accounting::BPS {
            return Err(Error::FeeTooHigh);
        }
        if withdraw_delay > WITHDRAW_DELAY_SECONDS_MAX {
            return Err(Error::DelayTooLong);
        }
        let config = Config { operator, treasury, token, fee_bps, withdraw_delay };
        storage::set_config(&env, &config);
        Ok(())
    }

    /// Moves `amount` of the token from `from` into the contract and credits
    /// it to `to`. Signed by `from`.
    pub fn deposit(env: Env, from: Address, to: Address, amount: i128) -> Result<(), Error> {
        from.require_auth();
        positive(amount)?;
        let config = storage::config(&env);
        // The token is trusted to move exactly `amount`, as every Stellar
        // asset does; a deployment must not choose one that takes a cut.
        TokenClient::new(&env, &config.token).transfer(&from, env.current_contract_address(), &amount);
        storage::credit(&env, &to, amount);
        event::Deposit { from, to, amount }.publish(&env);
        Ok(())
    }

    /// Sets `amount` of the balance aside to be withdrawn. Signed by
    /// `account`. There is one pending request per account: a second call adds
    /// to it and starts its delay again.
    pub fn request_withdraw(env: Env, account: Address, amount: i128) -> Result<(), Error> {
        account.require_auth();
        positive(amount)?;
        storage::debit(&env, &account, amount)?;
        let before = storage::request(&env, &account).map_or(0, |request| request.amount);
        let request = Request { amount: before + amount, since: env.ledger().timestamp() };
        storage::set_request(&env, &account, &request);
        event::WithdrawRequested { account, amount: request.amount }.publish(&env);
        Ok(())
    }

    /// Pays the pending request to `account`, and to no one else. The operator
    /// may do so at once, anyone else when the delay has passed; `by` says
    /// which, and only the operator has to sign. Answers the amount paid.
    pub fn pay_withdraw(env: Env, account: Address, by: Address) -> Result<i128, Error> {
        let config = storage::config(&env);
        let request = storage::request(&env, &account).ok_or(Error::NoRequest)?;
        if by == config.operator {
            by.require_auth();
        } else if env.ledger().timestamp() < request.since.saturating_add(config.withdraw_delay) {
            return Err(Error::DelayNotPassed);
        }
        storage::remove_request(&env, &account);
        TokenClient::new(&env, &config.token).transfer(&env.current_contract_address(), &account, &request.amount);
        event::Withdrawn { account, amount: request.amount }.publish(&env);
        Ok(request.amount)
    }

    /// Puts the pending request back into the balance. Signed by `account`.
    pub fn cancel_withdraw(env: Env, account: Address) -> Result<(), Error> {
        account.require_auth();
        let request = storage::request(&env, &account).ok_or(Error::NoRequest)?;
        storage::remove_request(&env, &account);
        storage::credit(&env, &account, request.amount);
        event::WithdrawCancelled { account, amount: request.amount }.publish(&env);
        Ok(())
    }

    /// Locks `amount` of the tenant's money for a lease until `deadline` (unix
    /// seconds). Signed by the operator. Takes from the balance first and then
    /// from a pending withdrawal: a lease that was agreed ranks before it. A
    /// lease id can be opened once, ever.
    pub fn open(
        env: Env,
        lease: u64,
        tenant: Address,
        provider: Address,
        rate_per_hour: i128,
        amount: i128,
        deadline: u64,
    ) -> Result<(), Error> {
        let config = storage::config(&env);
        config.operator.require_auth();
        positive(amount)?;
        if rate_per_hour <= 0 {
            return Err(Error::RateNotPositive);
        }
        if env.ledger().timestamp() > deadline {
            return Err(Error::DeadlinePassed);
        }
        if storage::lease(&env, lease).is_some() {
            return Err(Error::LeaseExists);
        }
        storage::take(&env, &tenant, amount)?;
        let record = Lease {
            tenant: tenant.clone(),
            provider: provider.clone(),
            rate_per_hour,
            amount,
            deadline,
            fee_bps: config.fee_bps,
            outcome: Outcome::Open,
        };
        storage::set_lease(&env, lease, &record);
        event::Opened { lease, tenant, provider, amount }.publish(&env);
        Ok(())
    }

    /// Pays an open lease for `seconds` of evidenced service, up to its
    /// deadline inclusive. Signed by the operator. `proof` is the head of the
    /// lease's proof chain. What was locked and not earned goes back to the
    /// tenant's balance.
    pub fn settle(env: Env, lease: u64, seconds: u64, proof: BytesN<32>) -> Result<(), Error> {
        let config = storage::config(&env);
        config.operator.require_auth();
        let mut record = open_lease(&env, lease)?;
        if env.ledger().timestamp() > record.deadline {
            return Err(Error::DeadlinePassed);
        }
        let split = accounting::split(record.amount, record.rate_per_hour, seconds, record.fee_bps);
        let accounting::Split { pay, fee, refund } = split;
        storage::credit(&env, &record.provider, pay - fee);
        storage::credit(&env, &config.treasury, fee);
        storage::credit(&env, &record.tenant, refund);
        let settlement = Settlement { pay, fee, refund, seconds, proof: proof.clone() };
        record.outcome = Outcome::Settled(settlement);
        storage::set_lease(&env, lease, &record);
        event::Settled { lease, pay, fee, refund, seconds, proof }.publish(&env);
        Ok(())
    }

    /// Gives the tenant back everything that an unsettled lease locked,
    /// strictly after its deadline. Anyone may call it.
    pub fn refund(env: Env, lease: u64) -> Result<(), Error> {
        let mut record = open_lease(&env, lease)?;
        if env.ledger().timestamp() <= record.deadline {
            return Err(Error::DeadlineNotPassed);
        }
        storage::credit(&env, &record.tenant, record.amount);
        record.outcome = Outcome::Refunded;
        storage::set_lease(&env, lease, &record);
        event::Refunded { lease, amount: record.amount }.publish(&env);
        Ok(())
    }

    /// Extends the life of the contract, and of the named leases and accounts,
    /// on the chain. Anyone may call it. It is a call of its own, since whoever
    /// extends pays the rent: no tenant or provider shall pay it in passing.
    pub fn extend(env: Env, leases: Vec<u64>, accounts: Vec<Address>) {
        storage::extend_instance(&env);
        for lease in leases {
            storage::extend_lease(&env, lease);
        }
        for account in accounts {
            storage::extend_account(&env, &account);
        }
    }

    /// What `account` has free in the contract; 0 if it is not known.
    pub fn balance(env: Env, account: Address) -> i128 {
        storage::balance(&env, &account)
    }

    /// The pending withdrawal of `account`, if there is one.
    pub fn requested(env: Env, account: Address) -> Option<Request> {
        storage::request(&env, &account)
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

fn open_lease(env: &Env, id: u64) -> Result<Lease, Error> {
    let lease = storage::lease(env, id).ok_or(Error::NoSuchLease)?;
    match lease.outcome {
        Outcome::Open => Ok(lease),
        Outcome::Settled(_) | Outcome::Refunded => Err(Error::LeaseNotOpen),
    }
}
