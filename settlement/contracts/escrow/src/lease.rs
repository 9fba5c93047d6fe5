//! A lease's life: opened, topped up, cancelled, receipted, and paid once.

use crate::storage::{self, Purse};
use crate::{
    Config, Error, Lease, Outcome, Payment, Receipt, Settle, Terms, accounting, event, known, mandate, positive,
    receipt,
};
use soroban_sdk::{BytesN, Env};

/// The furthest that a deadline may be away, in seconds: ten years. Every
/// lease can be refunded one day.
pub const LEASE_SECONDS_MAX: u64 = 10 * 365 * 24 * 3_600;

pub(crate) fn open(env: &Env, config: &Config, id: u64, terms: Terms) -> Result<(), Error> {
    if storage::lease(env, id).is_some() {
        return Err(Error::LeaseExists);
    }
    known(config, &terms.token)?;
    positive(terms.amount)?;
    if terms.rate_per_hour <= 0 {
        return Err(Error::RateNotPositive);
    }
    let now = env.ledger().timestamp();
    check_deadline(now, terms.deadline)?;
    mandate::check_floor(&Purse::new(env, &terms.provider, &terms.token), &terms)?;
    let tenant = Purse::new(env, &terms.tenant, &terms.token);
    mandate::spend(&tenant, terms.amount, terms.amount)?;
    tenant.take(terms.amount)?;
    let lease = Lease {
        terms: terms.clone(),
        opened_at: now,
        fee_bps: config.fee_bps,
        top_ups: 0,
        cancelled: false,
        receipt: Receipt { seconds: 0, seq: 0 },
        outcome: Outcome::Open,
    };
    storage::set_lease(env, id, &lease);
    let Terms { tenant, provider, token, rate_per_hour, amount, deadline } = terms;
    event::Opened { lease: id, tenant, provider, token, rate_per_hour, amount, deadline }.publish(env);
    Ok(())
}

pub(crate) fn top_up(env: &Env, id: u64, number: u32, amount: i128, deadline: u64) -> Result<(), Error> {
    let mut lease = opened(env, id)?;
    if lease.top_ups.checked_add(1) != Some(number) {
        return Err(Error::TopUpOutOfOrder);
    }
    // What the tenant has ended cannot be made longer again.
    if lease.cancelled {
        return Err(Error::LeaseCancelled);
    }
    positive(amount)?;
    let now = env.ledger().timestamp();
    if now > lease.terms.deadline {
        return Err(Error::DeadlinePassed);
    }
    // An earlier deadline would take from the provider what it served.
    if deadline < lease.terms.deadline {
        return Err(Error::DeadlineEarlier);
    }
    check_deadline(now, deadline)?;
    let tenant = Purse::new(env, &lease.terms.tenant, &lease.terms.token);
    // No account holds an amount that would not fit.
    let total = lease.terms.amount.checked_add(amount).ok_or(Error::BalanceTooLow)?;
    mandate::spend(&tenant, total, amount)?;
    tenant.take(amount)?;
    lease.terms.amount = total;
    lease.terms.deadline = deadline;
    lease.top_ups = number;
    storage::set_lease(env, id, &lease);
    event::ToppedUp { lease: id, number, amount, total, deadline }.publish(env);
    Ok(())
}

pub(crate) fn cancel(env: &Env, config: &Config, id: u64) -> Result<(), Error> {
    let mut lease = opened(env, id)?;
    lease.terms.tenant.require_auth();
    let now = env.ledger().timestamp();
    if lease.cancelled {
        return Err(Error::LeaseCancelled);
    }
    if now > lease.terms.deadline {
        return Err(Error::DeadlinePassed);
    }
    if now < lease.opened_at.saturating_add(config.cancel_after) {
        return Err(Error::TooSoonToCancel);
    }
    lease.terms.deadline = now;
    lease.cancelled = true;
    storage::set_lease(env, id, &lease);
    event::Cancelled { lease: id, deadline: now }.publish(env);
    Ok(())
}

pub(crate) fn submit(
    env: &Env,
    config: &Config,
    id: u64,
    seconds: u64,
    seq: u64,
    signature: &BytesN<64>,
) -> Result<(), Error> {
    let mut lease = opened(env, id)?;
    if env.ledger().timestamp() > last_second(config, &lease) {
        return Err(Error::WindowPassed);
    }
    // Seconds only grow from one receipt to the next. Were it the number that
    // counted, the node could take back what it signed with a later receipt.
    if seconds <= lease.receipt.seconds {
        return Err(Error::ReceiptNotNewer);
    }
    env.crypto().ed25519_verify(&config.receipt_key, &receipt::message(env, id, seconds, seq), signature);
    lease.receipt = Receipt { seconds, seq };
    storage::set_lease(env, id, &lease);
    event::Receipted { lease: id, seconds, seq }.publish(env);
    Ok(())
}

/// Settles a lease. Changes nothing when it refuses, not even halfway: a batch
/// goes on after that.
pub(crate) fn settle(env: &Env, config: &Config, settle: Settle) -> Result<(), Error> {
    let Settle { lease: id, seconds, proof } = settle;
    let mut lease = opened(env, id)?;
    if env.ledger().timestamp() > last_second(config, &lease) {
        return Err(Error::WindowPassed);
    }
    let payment = pay(env, config, &lease, seconds);
    let Payment { pay, fee, refund, seconds } = payment;
    lease.outcome = Outcome::Settled(payment, proof.clone());
    storage::set_lease(env, id, &lease);
    event::Settled { lease: id, pay, fee, refund, seconds, proof }.publish(env);
    Ok(())
}

pub(crate) fn refund(env: &Env, config: &Config, id: u64) -> Result<(), Error> {
    let mut lease = opened(env, id)?;
    if env.ledger().timestamp() <= last_second(config, &lease) {
        return Err(Error::WindowNotPassed);
    }
    let payment = pay(env, config, &lease, 0);
    let Payment { pay, fee, refund, seconds } = payment;
    lease.outcome = Outcome::Refunded(payment);
    storage::set_lease(env, id, &lease);
    event::Refunded { lease: id, pay, fee, refund, seconds }.publish(env);
    Ok(())
}

/// Divides what a lease locked: for the seconds that are claimed or those that
/// are receipted, whichever are more, and for none beyond its deadline.
fn pay(env: &Env, config: &Config, lease: &Lease, claimed: u64) -> Payment {
    let Terms { tenant, provider, token, rate_per_hour, amount, deadline } = &lease.terms;
    let served_at_most = deadline.saturating_sub(lease.opened_at);
    let seconds = claimed.max(lease.receipt.seconds).min(served_at_most);
    let accounting::Split { pay, fee, refund } = accounting::split(*amount, *rate_per_hour, seconds, lease.fee_bps);
    Purse::new(env, provider, token).credit(pay - fee);
    Purse::new(env, &config.treasury, token).credit(fee);
    Purse::new(env, tenant, token).credit(refund);
    Payment { pay, fee, refund, seconds }
}

/// The last second in which a lease can be settled and receipted.
const fn last_second(config: &Config, lease: &Lease) -> u64 {
    lease.terms.deadline.saturating_add(config.window)
}

fn check_deadline(now: u64, deadline: u64) -> Result<(), Error> {
    match deadline.checked_sub(now) {
        None => Err(Error::DeadlinePassed),
        Some(away) if away > LEASE_SECONDS_MAX => Err(Error::DeadlineTooFar),
        Some(_) => Ok(()),
    }
}

fn opened(env: &Env, id: u64) -> Result<Lease, Error> {
    let lease = storage::lease(env, id).ok_or(Error::NoSuchLease)?;
    match lease.outcome {
        Outcome::Open => Ok(lease),
        Outcome::Settled(..) | Outcome::Refunded(_) => Err(Error::LeaseNotOpen),
    }
}
