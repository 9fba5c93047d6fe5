//! Priority: who comes first meets the best that is eligible, by price, then
//! trust, then time. Looked at for the first fill of an incoming order or bid,
//! in the state before it; the oracle in the exchange's own tests follows all.

use std::cmp::Reverse;

use berth_domain::{
    BidId, BidTarget, Command, Entry, Event, LeaseOpened, Mode, OrderId, PlaceBid, PlaceOrder, Rate, SelfTrade,
    TimeInForce,
};
use berth_exchange::{Bid, Exchange, Order, Outcome, Reply};

use super::{Checked, ensure, rule};
use crate::reads::{self, Demand, Offer};

/// Whom an incoming order or bid must meet first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foretold {
    /// This is no order and no standing bid, or bounds may end its scan.
    Unsure,
    /// Nobody: none is eligible, or the best is of the same account.
    Nobody,
    Bid(BidId),
    Order(OrderId, Rate),
}

/// A counterpart that the limits allow, in the order of `rank`.
struct Candidate<R, W> {
    rank: R,
    who: W,
    is_eligible: bool,
    is_same_account: bool,
}

impl Foretold {
    pub(super) fn of(x: &Exchange, entry: &Entry) -> Self {
        match &entry.command {
            Command::PlaceOrder(place) if place.mode == Mode::Auto => Self::best_bid(x, entry, place),
            Command::PlaceBid(place) => Self::best_order(x, entry, place),
            _ => Self::Unsure,
        }
    }

    fn best_bid(x: &Exchange, entry: &Entry, place: &PlaceOrder) -> Self {
        // How many replicas a mandate allows is a rule of its own.
        if reads::is_capped(x, entry.account) {
            return Self::Unsure;
        }
        let demand = Demand::from(place);
        let is_meant = |bid: &&Bid| place.aim.is_none_or(|aim| aim == bid.id);
        let bids = x.bids().filter(|bid| reads::bid_rests(bid) && bid.market == place.market).filter(is_meant);
        let candidates = bids.filter_map(|bid| {
            let offer = Offer::of(x, bid);
            reads::within_limit(&demand, &offer).then(|| Candidate {
                rank: (bid.price, Reverse(offer.level), bid.age, bid.id),
                who: Self::Bid(bid.id),
                is_eligible: reads::is_eligible(x, &demand, &offer, bid.price),
                is_same_account: bid.account == entry.account,
            })
        });
        Self::first(x, candidates.collect(), place.self_trade)
    }

    fn best_order(x: &Exchange, entry: &Entry, place: &PlaceBid) -> Self {
        let BidTarget::Standing { market, quantity, .. } = place.target else { return Self::Unsure };
        let (Some(provider), Some(class)) = (x.provider(place.provider), x.market(market).map(|market| &market.class))
        else {
            return Self::Unsure;
        };
        // Parked at once, it meets nobody.
        let floor = x.account(entry.account).and_then(|account| account.mandate?.floor);
        if !provider.available
            || reads::free_units(provider, class) == 0
            || floor.is_some_and(|floor| place.price < floor)
        {
            return Self::Nobody;
        }
        let level = reads::level(x, entry.account);
        let uptime = reads::uptime(x, entry.account);
        let offer = Offer { provider, level, uptime, target: place.target, remaining: quantity, price: place.price };
        let rests = |order: &&Order| reads::order_rests(order) && order.market == market;
        if x.orders().filter(rests).any(|order| reads::is_capped(x, order.account)) {
            return Self::Unsure;
        }
        let orders = x.orders().filter(rests);
        let candidates = orders.filter_map(|order| {
            let limit = order.limits.at(level).filter(|limit| place.price <= *limit)?;
            Some(Candidate {
                rank: (Reverse(limit), order.age, order.id),
                who: Self::Order(order.id, limit),
                is_eligible: reads::is_eligible(x, &Demand::from(order), &offer, limit),
                is_same_account: order.account == entry.account,
            })
        });
        Self::first(x, candidates.collect(), place.self_trade)
    }

    /// The first that is eligible, unless too many that are not stand before it.
    fn first<R: Ord>(x: &Exchange, mut candidates: Vec<Candidate<R, Self>>, self_trade: SelfTrade) -> Self {
        // Its own are passed over, or end, which has bounds of its own.
        let is_own = |candidate: &Candidate<R, Self>| candidate.is_eligible && candidate.is_same_account;
        match self_trade {
            SelfTrade::ExpireTaker => {}
            SelfTrade::ExpireMaker if candidates.iter().any(is_own) => return Self::Unsure,
            SelfTrade::ExpireMaker => {}
            SelfTrade::Skip => candidates.retain(|candidate| !candidate.is_same_account),
        }
        candidates.sort_by(|one, other| one.rank.cmp(&other.rank));
        let place = candidates.iter().position(|candidate| candidate.is_eligible);
        let skipped = place.unwrap_or(candidates.len());
        if skipped > x.bounds().scan as usize {
            return Self::Unsure;
        }
        match place.map(|place| &candidates[place]) {
            Some(best) if !best.is_same_account => best.who,
            _ => Self::Nobody,
        }
    }

    pub(super) fn check(self, x: &Exchange, entry: &Entry, outcome: Outcome, events: &[Event]) -> Checked {
        let Outcome::Done(reply) = outcome else { return Ok(()) };
        if self == Self::Unsure {
            return Ok(());
        }
        let met = events.iter().find_map(|event| match event {
            // Others may enter again behind it.
            Event::LeaseOpened(opened) => {
                let is_its = reply == Reply::Order(opened.order) || reply == Reply::Bid(opened.bid);
                is_its.then_some(opened)
            }
            _ => None,
        });
        let is_whole_or_nothing = match &entry.command {
            Command::PlaceOrder(place) => place.time_in_force == TimeInForce::Fok,
            Command::PlaceBid(place) => place.time_in_force == TimeInForce::Fok,
            _ => false,
        };
        let holds = match (self, met) {
            (Self::Nobody, None) => true,
            (_, None) if is_whole_or_nothing => true,
            (Self::Bid(bid), Some(LeaseOpened { order, bid: met, price, .. })) => {
                reply == Reply::Order(*order) && bid == *met && x.bid(bid).is_some_and(|bid| bid.price == *price)
            }
            (Self::Order(order, limit), Some(LeaseOpened { order: met, bid, price, .. })) => {
                reply == Reply::Bid(*bid) && order == *met && limit == *price
            }
            _ => false,
        };
        ensure!(holds, rule::PRIORITY, "{reply:?} should have met {self:?} and met {met:?}");
        Ok(())
    }
}
