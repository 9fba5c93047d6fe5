//! Was each lease the best that was to be had: price, then trust, then age?
//!
//! Looked at is who stands in the book behind the entry that opened a lease. One
//! with a better rank than the one who was taken, who stood there before the
//! entry, too, and whom nothing ruled out, was passed over. So a finding rests
//! on the books and the filters alone, and not on how matching went about it.
//!
//! The simulator judges the same rule in `tests/simulator/src/referee/priority.rs`,
//! and does so with its own code on purpose. It looks from before the entry and
//! foretells the first fill, with filters of its own, so it finds a filter that is
//! wrong; this looks from behind at every lease of any log, with the exchange's own
//! words for what rules a pair out, so it tells an outsider nothing that `explain`
//! would deny. Its tests run it over the simulator's worlds, so both judge the same
//! leases there, and a mistake in both is less likely than one in a shared rule.

mod fault;
mod room;

use std::cmp::Reverse;

use berth_domain::{AccountId, Age, BidTarget, Event, LeaseId, LeaseOpened, MarketId, Mode, OrderId, Seq, TrustLevel};
use berth_exchange::{Bid, Exchange, LogViolation, Obstacle, Order, Origin};

pub use self::fault::{Fault, Unfair};
use self::room::Room;
use crate::player::{Moment, Player};

/// Judges the leases of a log, one entry after the other.
#[derive(Clone, Debug, Default)]
pub struct Fairness {
    /// One entry behind.
    before: Player,
    /// The one market whose leases are judged; none for all.
    market: Option<Scope>,
    counts: Judged,
}

/// One market, as soon as it is known which.
#[derive(Clone, Copy, Debug)]
struct Scope(Option<MarketId>);

/// How many leases were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Leases that were judged.
    pub judged: u64,
    /// Leases for which nobody's rank counted, since one side chose the other.
    pub chosen: u64,
    /// Leases that a standby took over, or that check a result.
    pub arranged: u64,
}

/// The states before an entry and behind it.
struct Judge<'a> {
    before: &'a Exchange,
    x: &'a Exchange,
    seq: Seq,
    room: Room<'a>,
}

/// A lease that was opened, with its sides.
struct Taken<'a> {
    opened: &'a LeaseOpened,
    order: &'a Order,
    bid: &'a Bid,
}

impl Fairness {
    /// Judges the leases of all markets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Judges the leases of one market, which [`Self::set_market`] names when it
    /// is there: none before.
    #[must_use]
    pub fn of_one() -> Self {
        Self { market: Some(Scope(None)), ..Self::default() }
    }

    /// Names the one market.
    pub const fn set_market(&mut self, market: MarketId) {
        self.market = Some(Scope(Some(market)));
    }

    /// How many leases were looked at.
    #[must_use]
    pub const fn counts(&self) -> Judged {
        self.counts
    }

    /// Judges what an entry opened.
    ///
    /// # Errors
    /// When the entry does not follow the one before.
    pub fn judge(&mut self, moment: &Moment<'_>) -> Result<Vec<Unfair>, LogViolation> {
        let mut found = Vec::new();
        let before = self.before.exchange();
        let room = Room::before(before, moment.events);
        let mut judge = Judge { before, x: moment.after, seq: moment.seq(), room };
        for event in moment.events {
            let Event::LeaseOpened(opened) = event else { continue };
            if self.market.is_none_or(|Scope(market)| market == Some(opened.market))
                && let Some(fault) = judge.fault_of(opened, &mut self.counts)
            {
                found.push(Unfair { lease: opened.lease, seq: moment.seq(), fault });
            }
            judge.room.take(moment.after, opened);
        }
        self.before.play(moment.entry)?;
        Ok(found)
    }
}

impl Judge<'_> {
    fn fault_of(&self, opened: &LeaseOpened, counts: &mut Judged) -> Option<Fault> {
        let x = self.x;
        let (lease, order, bid) = (x.lease(opened.lease)?, x.order(opened.order)?, x.bid(opened.bid)?);
        if lease.origin != Origin::Match {
            counts.arranged += 1;
            return None;
        }
        let taken = Taken { opened, order, bid };
        let directed = matches!(bid.target, BidTarget::Directed { .. });
        if directed && order.mode != Mode::Auction || order.aim.is_some() {
            counts.chosen += 1;
            return None;
        }
        counts.judged += 1;
        if order.mode == Mode::Auction {
            return self.auctioned(&taken);
        }
        let order_stood = stood(self.before.order(order.id).map(|old| (old.age, old.state)), order.age, self.seq);
        let bid_stood = stood(self.before.bid(bid.id).map(|old| (old.age, old.state)), bid.age, self.seq);
        match (order_stood, bid_stood) {
            (false, true) => self.passed_by_order(&taken),
            (true, false) => self.passed_by_bid(&taken),
            // Both stood there and one entered again: fair if it is to either.
            _ => self.passed_by_order(&taken).and_then(|_| self.passed_by_bid(&taken)),
        }
    }

    /// The order came in: it takes the lowest price, then the higher level, then
    /// the older, at the bid's price.
    fn passed_by_order(&self, taken: &Taken<'_>) -> Option<Fault> {
        let (x, room) = (self.x, &self.room);
        let Taken { opened, order, bid } = taken;
        if opened.price != bid.price {
            return Some(Fault::Price { price: opened.price, resting: bid.price });
        }
        let own = (bid.price, Reverse(opened.level), bid.age, bid.id);
        let market = x.market(opened.market)?;
        let levels = TrustLevel::ALL.iter().filter(|level| order.limits.at(**level).is_some());
        for &level in levels {
            let better = market.resting_bids(level).take_while(|(price, _)| *price <= bid.price);
            for candidate in better.filter_map(|(_, id)| x.bid(id)) {
                let rank = (candidate.price, Reverse(level), candidate.age, candidate.id);
                let is_better = rank < own && self.stood_before(candidate) && !room.is_stirred(candidate.provider);
                let is_better = is_better && !self.has_its_part(order, candidate.account, opened.lease);
                if is_better && x.obstacles_between(order.id, candidate.id).is_some_and(|found| found.is_empty()) {
                    return Some(Fault::bid(candidate, level));
                }
            }
        }
        None
    }

    /// The bid came in: it takes the highest limit of its level, then the older,
    /// at the order's limit.
    fn passed_by_bid(&self, taken: &Taken<'_>) -> Option<Fault> {
        let (x, room) = (self.x, &self.room);
        let Taken { opened, order, bid } = taken;
        let limit = order.limits.at(opened.level)?;
        if opened.price != limit {
            return Some(Fault::Price { price: opened.price, resting: limit });
        }
        if room.is_stirred(bid.provider) {
            return None;
        }
        let better = x.market(opened.market)?.resting_orders(opened.level).take_while(|(given, _)| *given >= limit);
        for (given, candidate) in better.filter_map(|(given, id)| Some((given, x.order(id)?))) {
            let is_better = (Reverse(given), candidate.age, candidate.id) < (Reverse(limit), order.age, order.id);
            let stood = self.before.order(candidate.id).is_some_and(|old| old.age == candidate.age);
            let fits = room.holds(bid.provider, candidate) && room.left_of(bid) >= candidate.units;
            let has_part = self.has_its_part(candidate, bid.account, opened.lease);
            if is_better && stood && fits && !has_part && nothing_but_room(x, candidate.id, taken) {
                return Some(Fault::OrderPassedOver { order: candidate.id, limit: given, age: candidate.age });
            }
        }
        None
    }

    /// An auction closed: lowest price, then the higher level, then the older.
    fn auctioned(&self, taken: &Taken<'_>) -> Option<Fault> {
        let (x, room) = (self.x, &self.room);
        let Taken { opened, order, bid } = taken;
        if opened.price != bid.price {
            return Some(Fault::Price { price: opened.price, resting: bid.price });
        }
        let own = (bid.price, Reverse(opened.level), bid.age, bid.id);
        let sealed = self.before.order(order.id)?.directed.iter().filter_map(|id| x.bid(*id));
        for candidate in sealed.filter(|candidate| x.leases_of_bid(candidate.id).next().is_none()) {
            let level = x.account(candidate.account)?.level;
            let is_better = (candidate.price, Reverse(level), candidate.age, candidate.id) < own;
            let eligible = x.obstacles_between(order.id, candidate.id).is_some_and(|found| found.is_empty());
            if is_better && eligible && !room.is_stirred(candidate.provider) {
                return Some(Fault::bid(candidate, level));
            }
        }
        None
    }

    /// Whether an order whose replicas go to different accounts has been to one
    /// before a lease.
    fn has_its_part(&self, order: &Order, account: AccountId, lease: LeaseId) -> bool {
        let mut earlier = self.x.leases_of_order(order.id).take_while(|other| other.id < lease);
        order.spreads() && earlier.any(|other| other.provider_account == account)
    }

    fn stood_before(&self, bid: &Bid) -> bool {
        self.before.bid(bid.id).is_some_and(|old| old.age == bid.age && old.state == bid.state)
    }
}

/// Whether something stood in the book before the entry, with the age that it
/// has behind it.
fn stood<S: Standing>(old: Option<(Age, S)>, age: Age, seq: Seq) -> bool {
    old.is_some_and(|(old, state)| old == age && state.is_open()) && age.0 != seq.0
}

trait Standing {
    fn is_open(&self) -> bool;
}

impl Standing for berth_domain::OrderState {
    fn is_open(&self) -> bool {
        *self == Self::Open
    }
}

impl Standing for berth_domain::BidState {
    fn is_open(&self) -> bool {
        *self == Self::Open
    }
}

/// Whether only room keeps an order from the bid that was taken: that is looked
/// at as it was when the lease was opened.
fn nothing_but_room(x: &Exchange, order: OrderId, taken: &Taken<'_>) -> bool {
    let obstacles = x.obstacles_between(order, taken.bid.id).unwrap_or_default();
    obstacles.iter().all(|it| matches!(it, Obstacle::NoRoom { .. } | Obstacle::QuantityTooSmall { .. }))
}
