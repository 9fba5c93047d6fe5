//! The tenant pays for more of a lease in advance: what it costs is held until
//! the chain has it in the escrow.

use berth_domain::{Code, LeaseState, Mandate, Seconds, Stroops, TopUpLease, TopUpRequested, owed};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::planted::{Planted, is};
use crate::state::{Lease, Place, TopUp};

/// Top-ups that one lease may ask for: each costs a transaction that is
/// remembered.
const TOP_UPS_MAX: u32 = 256;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, top_up: &TopUpLease) -> Result<Outcome, Code> {
    let lease = x.lease(top_up.lease).ok_or(Code::UnknownLease)?;
    if lease.tenant != step.account {
        return Err(Code::NotYours);
    }
    if !matches!(lease.state, LeaseState::Running | LeaseState::Suspended) {
        return Err(Code::LeaseState);
    }
    if lease.funding.top_up.is_some() {
        return Err(Code::TopUpPending);
    }
    let amount = price(lease, top_up.seconds)?;
    if x.ledger.available(step.account) < amount {
        return Err(Code::InsufficientFunds);
    }
    if !is_allowed(x, lease, amount) {
        return Err(Code::MandateExceeded);
    }

    x.ledger.post(Place::Available(step.account), Place::Held(step.account), amount);
    let tenant = x.account_mut(step.account);
    tenant.topping_up += amount;
    if !is(Planted::TopUpUncounted) {
        tenant.spend(step.at, amount);
    }
    let is_capped = tenant.is_capped();
    let funding = &mut x.lease_mut(top_up.lease).funding;
    funding.top_ups += 1;
    let (number, seconds) = (funding.top_ups, top_up.seconds);
    funding.top_up = Some(TopUp { number, seconds, amount });
    step.emit(TopUpRequested { lease: top_up.lease, number, seconds, amount });
    if is_capped {
        x.park_beyond_mandate(step, step.account);
    }
    Ok(Outcome::Done(Reply::Lease(top_up.lease)))
}

/// Whether the tenant's mandate lets the escrow grow so much today.
fn is_allowed(x: &Exchange, lease: &Lease, amount: Stroops) -> bool {
    let Some(tenant) = x.account(lease.tenant) else { return false };
    let Mandate { per_lease, per_day, .. } = tenant.mandate.unwrap_or_default();
    let spent = tenant.spent_on(x.last_at());
    per_lease.is_none_or(|most| lease.escrow + amount <= most)
        && per_day.is_none_or(|most| spent.checked_add(amount).is_some_and(|spent| spent <= most))
}

/// What so much more costs: `owed(rate, prepay + seconds) − owed(rate, prepay)`.
fn price(lease: &Lease, seconds: Seconds) -> Result<Stroops, Code> {
    let prepay = lease.prepay.0.checked_add(seconds.0).filter(|total| *total <= lease.duration.0);
    let prepay = prepay.ok_or(Code::OutOfBounds)?;
    let escrow = owed(lease.rate, Seconds(prepay)).ok_or(Code::AmountTooLarge)?;
    let amount = escrow - lease.escrow;
    // The chain moves no amount of nothing.
    if amount == Stroops::ZERO || lease.funding.top_ups >= TOP_UPS_MAX { Err(Code::OutOfBounds) } else { Ok(amount) }
}
