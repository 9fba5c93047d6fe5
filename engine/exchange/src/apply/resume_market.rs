//! The operator lets trade in a market go on. First the auctions close that
//! were to close in the meantime, in the order in which they were due; then all
//! that waits enters again. Behind an auction that the entry has no budget for,
//! everything waits for the next tick, which keeps that order.

use berth_domain::{Code, MarketResumed, ResumeMarket};

use super::check_operator;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::Timer;

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
    let mut all_closed = true;
    for order in postponed {
        if all_closed {
            all_closed = x.close_auction(step, order);
        } else {
            x.auction_is_due(order);
        }
    }
    x.let_market_wait(resume.market);
    if all_closed {
        x.reenter_waiting(step);
    } else {
        x.timers.set(Timer::Reentry, step.at);
    }
    Ok(Outcome::Done(Reply::Market(resume.market)))
}
