//! Replaces all quotes of one set: first the old ones end, then the new ones
//! enter in the order of the list. Quotes of nothing always succeed, so that a
//! maker can always get out.

use berth_domain::{BidId, BidState, BidTarget, CancelReason, Code, MassQuote, PlaceBid, Quote, TimeInForce};

use super::place_bid;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::rules::{Budget, Entering, Plan, Stop};
use crate::state::Bid;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, mass: &MassQuote) -> Result<Outcome, Code> {
    let old: Vec<_> = x.live_bids_of(step.account).iter().filter(|b| b.set == Some(mass.set)).map(|b| b.id).collect();
    let new = prepare(x, step, mass, &old)?;
    if mass.post_only {
        check_none_crosses(x, step.budget, &new)?;
    }
    for bid in old {
        x.cancel_bid(step, bid, CancelReason::Replaced);
    }
    let first = x.bids.len() as u64;
    for (mut bid, n) in new.into_iter().zip(1..) {
        bid.id = BidId(first + n);
        x.enter_quote(step, bid);
    }
    Ok(Outcome::Done(Reply::None))
}

/// The bids that the quotes ask for, if it may have all of them.
fn prepare(x: &Exchange, step: &Step<'_>, mass: &MassQuote, old: &[BidId]) -> Result<Vec<Bid>, Code> {
    let quotes = mass.quotes.iter().filter(|quote| quote.quantity > 0);
    if mass.quotes.len() > x.bounds().quotes as usize {
        // Even then nothing may stand in the way of who wants out.
        return if quotes.count() == 0 { Ok(Vec::new()) } else { Err(Code::OutOfBounds) };
    }
    let live = x.accounts.get(step.account).ok_or(Code::UnknownAccount)?.live_bids;
    let others = live - u32::try_from(old.len()).expect("no more than its live bids are replaced");
    let mut bids: Vec<Bid> = Vec::new();
    for (others, quote) in (others..).zip(quotes) {
        let mut bid = place_bid::prepare(x, step, &place(mass, quote), others, None)?;
        let here = |other: &&Bid| other.market == bid.market;
        let freed = old.iter().filter_map(|id| x.bid(*id)).filter(|old| old.node.is_some()).filter(here).count();
        let added = bids.iter().filter(here).count();
        if x.resting_in(bid.market) as usize + added >= x.bounds().depth as usize + freed {
            return Err(Code::BookFull);
        }
        bid.set = Some(mass.set);
        bids.push(bid);
    }
    Ok(bids)
}

fn place(mass: &MassQuote, quote: &Quote) -> PlaceBid {
    let Quote { provider, market, price, quantity, min_duration, max_duration } = *quote;
    PlaceBid {
        provider,
        target: BidTarget::Standing { market, quantity, min_duration, max_duration },
        price,
        time_in_force: TimeInForce::Gtc,
        expires_at: None,
        post_only: mass.post_only,
        self_trade: mass.self_trade,
        session: mass.session,
        client_id: None,
    }
}

/// Quotes that are only to rest change nothing that the others meet, so each
/// can be looked at by itself. They share the entry's budget, here as when they
/// enter: one that reaches it ends then, whatever it would have met.
fn check_none_crosses(x: &Exchange, mut budget: Budget, quotes: &[Bid]) -> Result<(), Code> {
    let mut plan = Plan::default();
    for quote in quotes.iter().filter(|quote| quote.state == BidState::Open && x.is_offered(quote)) {
        x.plan_bid(quote, Entering::Anew, budget, &mut plan);
        budget = plan.budget;
        if plan.stop == Stop::Crosses {
            return Err(Code::PostOnlyWouldCross);
        }
    }
    Ok(())
}
