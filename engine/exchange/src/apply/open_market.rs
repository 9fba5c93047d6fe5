//! The operator opens a market.

use berth_domain::{Code, OpenMarket};

use super::check_operator;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, open: &OpenMarket) -> Result<Outcome, Code> {
    check_operator(x, step)?;
    if let Some(market) = x.market_of(&open.class) {
        return Ok(Outcome::Repeated(Reply::Market(market.id)));
    }
    x.open_market(step, &open.class);
    // Ids of markets are few, and the last may be taken.
    let market = x.market_of(&open.class).ok_or(Code::OutOfBounds)?;
    Ok(Outcome::Done(Reply::Market(market.id)))
}
