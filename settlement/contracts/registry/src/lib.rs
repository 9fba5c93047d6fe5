//! The registry of Berth.
//!
//! Providers list their GPUs. Accounts stake a token, which the exchange's
//! operator may take for a harmed tenant, within bounds that the deployment
//! fixes: so much at once, so much of one account in a period, once for a lease.
//! The operator gives trust badges, which say what they rest on and cannot be
//! passed on, and auditors give their word for accounts until some day.
//!
//! There is no upgrade and no sweep. After every call all stakes, what is
//! unbonding and what is to be claimed sum to what was paid in and not paid out.
#![no_std]

mod error;
pub mod event;
mod gpu;
mod stake;
mod storage;
mod types;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use gpu::{GPUS_PER_PROVIDER_MAX, PAGE_MAX};
pub use types::{Attestation, Badge, Config, Gpu, Stake};

use soroban_sdk::{Address, BytesN, Env, String, Vec, contract, contractimpl};

/// The longest that stake may be bound after it was asked back, in seconds:
/// ninety days.
pub const UNBONDING_SECONDS_MAX: u64 = 90 * 24 * 3_600;
/// How many auditors there may be.
pub const AUDITORS_MAX: u32 = 16;
/// The longest that an attestation holds, in seconds: 400 days.
pub const ATTESTATION_SECONDS_MAX: u64 = 400 * 24 * 3_600;

/// The registry contract.
#[contract]
pub struct Registry;

#[contractimpl]
impl Registry {
    /// Fixes the deployment for good, but for the auditors.
    pub fn __constructor(env: Env, config: Config, auditors: Vec<Address>) -> Result<(), Error> {
        let Config { admin, operator, token: _, unbonding, slash_max, slash_period_max, period } = &config;
        let bounds_fit = *slash_max > 0 && slash_period_max >= slash_max && *period > 0;
        if admin == operator || !bounds_fit || *unbonding > UNBONDING_SECONDS_MAX {
            return Err(Error::ConfigMalformed);
        }
        let is_repeated = |(i, auditor)| auditors.first_index_of(&auditor) != Some(i);
        if auditors.len() > AUDITORS_MAX || (0..).zip(auditors.iter()).any(is_repeated) {
            return Err(Error::ConfigMalformed);
        }
        storage::set_config(&env, &config);
        storage::set_auditors(&env, &auditors);
        Ok(())
    }

    /// Lists a GPU, available at once, and answers its number. Signed by
    /// `provider`, who may have 64 here.
    pub fn register_gpu(
        env: Env,
        provider: Address,
        model: String,
        vram_gb: u32,
        price_per_hour: i128,
    ) -> Result<u64, Error> {
        provider.require_auth();
        gpu::register(&env, provider, model, vram_gb, price_per_hour)
    }

    /// Says whether a GPU may be rented now. Signed by its provider.
    pub fn set_availability(env: Env, provider: Address, gpu_id: u64, available: bool) -> Result<(), Error> {
        provider.require_auth();
        gpu::set_availability(&env, provider, gpu_id, available)
    }

    /// Changes a GPU's price per hour, in stroops. Signed by its provider.
    pub fn update_price(env: Env, provider: Address, gpu_id: u64, new_price: i128) -> Result<(), Error> {
        provider.require_auth();
        gpu::update_price(&env, provider, gpu_id, new_price)
    }

    /// Takes a GPU off the list; its number is not given again. Signed by its
    /// provider.
    pub fn remove_gpu(env: Env, provider: Address, gpu_id: u64) -> Result<(), Error> {
        provider.require_auth();
        gpu::remove(&env, provider, gpu_id)
    }

    /// A GPU, if it is listed.
    pub fn get_gpu(env: Env, gpu_id: u64) -> Option<Gpu> {
        storage::gpu(&env, gpu_id)
    }

    /// The numbers of a provider's GPUs, oldest first; at most 64.
    pub fn get_provider_gpus(env: Env, provider: Address) -> Vec<u64> {
        storage::gpus(&env, &provider)
    }

    /// The GPUs numbered from `from` to `from + limit − 1` that are listed, for
    /// a `limit` of at most 20.
    pub fn get_gpus(env: Env, from: u64, limit: u32) -> Vec<Gpu> {
        gpu::page(&env, from, limit)
    }

    /// The number that the next GPU is given: one more than were ever listed.
    pub fn get_next_gpu_id(env: Env) -> u64 {
        storage::next_gpu(&env)
    }

    /// Stakes `amount`. Signed by `account`.
    pub fn deposit_stake(env: Env, account: Address, amount: i128) -> Result<(), Error> {
        account.require_auth();
        stake::deposit(&env, account, amount)
    }

    /// Asks `amount` of stake back. Signed by `account`. It counts no more at
    /// once, and is bound for the deployment's delay, in which it may still be
    /// slashed. A second call adds to it and starts the delay again.
    pub fn request_unbonding(env: Env, account: Address, amount: i128) -> Result<(), Error> {
        account.require_auth();
        stake::unbond(&env, account, amount)
    }

    /// Leaves what was asked back where it is. Signed by `account`.
    pub fn cancel_unbonding(env: Env, account: Address) -> Result<(), Error> {
        account.require_auth();
        stake::rebond(&env, account)
    }

    /// Pays what was asked back to `account`, and to no one else, once the
    /// delay has passed. Anyone may have it paid. Answers how much.
    pub fn withdraw_stake(env: Env, account: Address) -> Result<i128, Error> {
        stake::withdraw(&env, account)
    }

    /// Takes up to `amount` of an account's stake for the tenant of a lease,
    /// once for a lease and within the deployment's bounds. Signed by the
    /// operator. Takes what counts first, then what is unbonding, and no more
    /// than there is. Answers how much.
    pub fn slash(env: Env, account: Address, tenant: Address, lease: u64, amount: i128) -> Result<i128, Error> {
        let config = storage::config(&env);
        config.operator.require_auth();
        stake::slash(&env, &config, account, tenant, lease, amount)
    }

    /// Pays a tenant what was slashed for it, and no one else. Anyone may have
    /// it paid. Answers how much.
    pub fn claim(env: Env, tenant: Address) -> Result<i128, Error> {
        stake::claim(&env, tenant)
    }

    /// Gives an account a trust level from 1 to 5, which rests on entry `seq`
    /// of the exchange's log with the hash `entry`. Signed by the operator.
    /// Takes the place of one that rests on an older entry.
    pub fn set_badge(env: Env, account: Address, level: u32, seq: u64, entry: BytesN<32>) -> Result<(), Error> {
        storage::config(&env).operator.require_auth();
        if !(1..=5).contains(&level) {
            return Err(Error::LevelUnknown);
        }
        if storage::badge(&env, &account).is_some_and(|before| seq <= before.seq) {
            return Err(Error::BadgeNotNewer);
        }
        let given_at = env.ledger().timestamp();
        storage::set_badge(&env, &account, &Badge { level, seq, entry: entry.clone(), given_at });
        event::BadgeGiven { account, level, seq, entry }.publish(&env);
        Ok(())
    }

    /// Names an auditor, or takes the name away. Signed by the admin. What an
    /// auditor said counts only as long as it is one.
    pub fn set_auditor(env: Env, auditor: Address, named: bool) -> Result<(), Error> {
        storage::config(&env).admin.require_auth();
        let mut auditors = storage::auditors(&env);
        match (auditors.first_index_of(&auditor), named) {
            (None, true) if auditors.len() >= AUDITORS_MAX => return Err(Error::TooManyAuditors),
            (None, true) => auditors.push_back(auditor.clone()),
            (Some(index), false) => {
                auditors.remove(index);
            }
            (Some(_), true) | (None, false) => return Ok(()),
        }
        storage::set_auditors(&env, &auditors);
        event::AuditorNamed { auditor, named }.publish(&env);
        Ok(())
    }

    /// An auditor's word for an account until the unix second `until`, at most
    /// 400 days away; now or earlier takes it back. `evidence` is the hash of
    /// what it rests on. Signed by the auditor.
    pub fn attest(env: Env, auditor: Address, account: Address, until: u64, evidence: BytesN<32>) -> Result<(), Error> {
        auditor.require_auth();
        if !storage::auditors(&env).contains(&auditor) {
            return Err(Error::NotAnAuditor);
        }
        let now = env.ledger().timestamp();
        if until.saturating_sub(now) > ATTESTATION_SECONDS_MAX {
            return Err(Error::AttestationTooLong);
        }
        let until = if until > now { until } else { 0 };
        if until > 0 {
            let attestation = Attestation { until, evidence: evidence.clone(), given_at: now };
            storage::set_attestation(&env, &account, &auditor, &attestation);
        } else {
            storage::remove_attestation(&env, &account, &auditor);
        }
        event::Attested { account, auditor, until, evidence }.publish(&env);
        Ok(())
    }

    /// Extends the life of the contract, and of what is kept of these GPUs and
    /// accounts. Anyone may call it, and pays for it.
    pub fn extend(env: Env, gpus: Vec<u64>, accounts: Vec<Address>) {
        storage::extend_instance(&env);
        for gpu in gpus {
            storage::extend_gpu(&env, gpu);
        }
        for account in accounts {
            storage::extend_account(&env, &account);
        }
    }

    /// What an account has staked.
    pub fn stake(env: Env, account: Address) -> Stake {
        storage::stake(&env, &account)
    }

    /// What a tenant may claim.
    pub fn claimable(env: Env, tenant: Address) -> i128 {
        storage::claim(&env, &tenant)
    }

    /// What was slashed for a lease, if anything was.
    pub fn slashed(env: Env, lease: u64) -> Option<i128> {
        storage::slashed(&env, lease)
    }

    /// An account's trust badge.
    pub fn badge(env: Env, account: Address) -> Option<Badge> {
        storage::badge(&env, &account)
    }

    /// What one auditor has said for an account, be it over or not.
    pub fn attestation(env: Env, account: Address, auditor: Address) -> Option<Attestation> {
        storage::attestation(&env, &account, &auditor)
    }

    /// Until when an account is attested by somebody who is an auditor now; 0
    /// if it is not.
    pub fn attested_until(env: Env, account: Address) -> u64 {
        let now = env.ledger().timestamp();
        let of = |auditor| storage::attestation(&env, &account, &auditor).map(|attestation| attestation.until);
        storage::auditors(&env).iter().filter_map(of).filter(|until| *until >= now).max().unwrap_or(0)
    }

    /// Who may attest.
    pub fn auditors(env: Env) -> Vec<Address> {
        storage::auditors(&env)
    }

    /// What the deployment fixed.
    pub fn config(env: Env) -> Config {
        storage::config(&env)
    }
}
