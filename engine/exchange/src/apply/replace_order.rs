//! Ends an order and places another in its stead, or does neither.

use berth_domain::{Code, ReplaceOrder};

use super::place_order;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, replace: &ReplaceOrder) -> Result<Outcome, Code> {
    if let Some(reply) = x.seen(step, replace.place.client_id.as_ref())? {
        return Ok(Outcome::Repeated(reply));
    }
    let old = x.order(replace.order).ok_or(Code::UnknownOrder)?;
    if old.account != step.account {
        return Err(Code::NotYours);
    }
    if !old.is_live() {
        return Err(Code::OrderClosed);
    }
    let order = place_order::prepare(x, step, &replace.place, Some(old))?;
    let reply = Reply::Order(x.enter_order(step, order, Some(replace.order))?);
    x.remember(step, replace.place.client_id.as_ref(), reply);
    Ok(Outcome::Done(reply))
}
