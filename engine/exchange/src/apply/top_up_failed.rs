//! The contract refused a top-up for good.

use berth_domain::{Code, TopUpFailed, TopUpReleased};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::Place;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, fact: &TopUpFailed) -> Result<Outcome, Code> {
    let lease = x.lease(fact.lease).ok_or(Code::UnknownLease)?;
    let top_up = match lease.funding.top_up {
        Some(top_up) if top_up.number == fact.number => top_up,
        // What the chain has answered already is not asked again.
        _ if (1..=lease.funding.top_ups).contains(&fact.number) => {
            return Ok(Outcome::Repeated(Reply::Lease(fact.lease)));
        }
        _ => return Err(Code::UnknownFact),
    };
    let tenant = lease.tenant;

    x.ledger.post(Place::Held(tenant), Place::Available(tenant), top_up.amount);
    x.account_mut(tenant).topping_up -= top_up.amount;
    x.lease_mut(fact.lease).funding.top_up = None;
    let (number, amount) = (top_up.number, top_up.amount);
    step.emit(TopUpReleased { lease: fact.lease, number, amount, reason: fact.reason.clone() });
    Ok(Outcome::Done(Reply::Lease(fact.lease)))
}
