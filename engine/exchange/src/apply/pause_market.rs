//! The operator stops trade in a market. What stands in it stays, can be
//! cancelled and expires; its leases go on.

use berth_domain::{Code, MarketPaused, PauseMarket};

use super::check_operator;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, pause: &PauseMarket) -> Result<Outcome, Code> {
    check_operator(x, step)?;
    let market = x.market(pause.market).ok_or(Code::UnknownMarket)?;
    if market.paused {
        return Ok(Outcome::Repeated(Reply::Market(pause.market)));
    }
    x.market_mut(pause.market).paused = true;
    step.emit(MarketPaused { market: pause.market });
    Ok(Outcome::Done(Reply::Market(pause.market)))
}
