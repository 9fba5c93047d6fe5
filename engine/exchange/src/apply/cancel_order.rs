//! Ends what is left of an order. Its leases go on.

use berth_domain::{CancelOrder, CancelReason, Code};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, cancel: &CancelOrder) -> Result<Outcome, Code> {
    let order = x.order(cancel.order).ok_or(Code::UnknownOrder)?;
    if order.account != step.account {
        return Err(Code::NotYours);
    }
    if !order.is_live() {
        return Err(Code::OrderClosed);
    }
    x.end_order(step, cancel.order, CancelReason::Requested);
    Ok(Outcome::Done(Reply::Order(cancel.order)))
}
