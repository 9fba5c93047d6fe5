//! The operator lets all that waits in a market enter it again, now.

use berth_domain::{Code, CycleMarket};

use super::check_operator;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, cycle: &CycleMarket) -> Result<Outcome, Code> {
    check_operator(x, step)?;
    let market = x.market(cycle.market).ok_or(Code::UnknownMarket)?;
    if market.paused {
        return Err(Code::MarketPaused);
    }
    x.let_market_wait(cycle.market);
    x.reenter_waiting(step);
    Ok(Outcome::Done(Reply::Market(cycle.market)))
}
