//! Stake: bonded, asked back, withdrawn, and taken within bounds.

use crate::{Config, Error, Stake, event, storage};
use soroban_sdk::{Address, Env, token::TokenClient};

pub(crate) fn deposit(env: &Env, account: Address, amount: i128) -> Result<(), Error> {
    positive(amount)?;
    let token = storage::config(env).token;
    TokenClient::new(env, &token).transfer(&account, env.current_contract_address(), &amount);
    let before = storage::stake(env, &account);
    let staked = before.bonded + amount;
    storage::set_stake(env, &account, &Stake { bonded: staked, ..before });
    event::StakeDeposited { account, staked, amount }.publish(env);
    Ok(())
}

pub(crate) fn unbond(env: &Env, account: Address, amount: i128) -> Result<(), Error> {
    positive(amount)?;
    let before = storage::stake(env, &account);
    if before.bonded < amount {
        return Err(Error::StakeTooLow);
    }
    let (staked, unbonding) = (before.bonded - amount, before.unbonding + amount);
    // One delay for all of it: what is asked back later delays what was before.
    let release_at = env.ledger().timestamp().saturating_add(storage::config(env).unbonding);
    storage::set_stake(env, &account, &Stake { bonded: staked, unbonding, release_at, ..before });
    event::StakeUnbonding { account, staked, unbonding, release_at }.publish(env);
    Ok(())
}

pub(crate) fn rebond(env: &Env, account: Address) -> Result<(), Error> {
    let before = storage::stake(env, &account);
    let amount = before.unbonding;
    if amount == 0 {
        return Err(Error::NotUnbonding);
    }
    let staked = before.bonded + amount;
    storage::set_stake(env, &account, &Stake { bonded: staked, unbonding: 0, release_at: 0, ..before });
    event::StakeRebonded { account, staked, amount }.publish(env);
    Ok(())
}

pub(crate) fn withdraw(env: &Env, account: Address) -> Result<i128, Error> {
    let before = storage::stake(env, &account);
    let (staked, amount) = (before.bonded, before.unbonding);
    if amount == 0 {
        return Err(Error::NotUnbonding);
    }
    if env.ledger().timestamp() < before.release_at {
        return Err(Error::StillBound);
    }
    storage::set_stake(env, &account, &Stake { unbonding: 0, release_at: 0, ..before });
    let token = storage::config(env).token;
    TokenClient::new(env, &token).transfer(&env.current_contract_address(), &account, &amount);
    event::StakeWithdrawn { account, staked, amount }.publish(env);
    Ok(amount)
}

pub(crate) fn slash(
    env: &Env,
    config: &Config,
    account: Address,
    tenant: Address,
    lease: u64,
    amount: i128,
) -> Result<i128, Error> {
    positive(amount)?;
    if amount > config.slash_max {
        return Err(Error::SlashTooHigh);
    }
    if storage::slashed(env, lease).is_some() {
        return Err(Error::AlreadySlashed);
    }
    let before = storage::stake(env, &account);
    // Who has less than it should lose loses what there is.
    let amount = amount.min(before.bonded + before.unbonding);
    if amount == 0 {
        return Err(Error::NoStake);
    }
    let period = env.ledger().timestamp() / config.period;
    let slashed = amount + if before.period == period { before.slashed } else { 0 };
    if slashed > config.slash_period_max {
        return Err(Error::SlashPeriodExceeded);
    }
    // First what counts for trust; whoever asks back in time does not get away.
    let from_bonded = amount.min(before.bonded);
    let staked = before.bonded - from_bonded;
    let unbonding = before.unbonding - (amount - from_bonded);
    storage::set_stake(env, &account, &Stake { bonded: staked, unbonding, period, slashed, ..before });
    storage::set_slashed(env, lease, amount);
    // Not paid at once: a tenant that cannot take the token just now must not
    // keep a provider from being slashed.
    storage::set_claim(env, &tenant, storage::claim(env, &tenant) + amount);
    event::StakeSlashed { account, tenant, lease, staked, amount }.publish(env);
    Ok(amount)
}

pub(crate) fn claim(env: &Env, tenant: Address) -> Result<i128, Error> {
    let amount = storage::claim(env, &tenant);
    if amount == 0 {
        return Err(Error::NothingToClaim);
    }
    storage::set_claim(env, &tenant, 0);
    let token = storage::config(env).token;
    TokenClient::new(env, &token).transfer(&env.current_contract_address(), &tenant, &amount);
    event::Claimed { tenant, amount }.publish(env);
    Ok(amount)
}

fn positive(amount: i128) -> Result<(), Error> {
    if amount > 0 { Ok(()) } else { Err(Error::AmountNotPositive) }
}
