//! The operator lets trade in a market go on. First the auctions close that
//! were to close in the meantime, in the order in which they were due; then all
//! that waits enters again.

use berth_domain::{Code, MarketResumed, ResumeMarket};

use super::check_operator;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, resume: &ResumeMarket) -> Result<Outcome, Code> {
    check_operator(x, step)?;
    let market = x.market(resume.market).ok_or(Code::UnknownMarket)?;
    if !market.paused {
        return Ok(Outcome::Repeated(Reply::Market(resume.market)));
    }
    let market = x.market_mut(resume.market);
    market.paused = false;
    let postponed = std::mem::take(&mut market.postponed);
    step.emit(MarketResumed { market: resume.market });
    for order in postponed {
        // One that this entry has no budget for has its timer set for the next
        // tick.
        x.close_auction(step, order);
    }
    x.reenter_market(step, resume.market);
    Ok(Outcome::Done(Reply::Market(resume.market)))
}
