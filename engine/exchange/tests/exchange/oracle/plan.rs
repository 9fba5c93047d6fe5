//! The plan: what an incoming order or bid would do, over a state that it does
//! not change.

use std::cmp::Reverse;

use berth_domain::{BidId, BidTarget, OrderId, ProviderId, Rate, SelfTrade, Verify};

use super::host::{Amounts, need};
use super::order::owed;
use super::{Bid, Oracle, Order, Rule};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Fill { order: OrderId, bid: BidId, replicas: u32, price: Rate },
    OrderEnds(OrderId),
    BidEnds(BidId),
}

/// Why a walk came to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing is left of the taker, or nobody is left to meet.
    #[default]
    Dry,
    /// What is left of the taker ends: the next pair is one account's own.
    SelfTrade,
    /// The entry has skipped too many, or opened too many leases.
    Limit,
}

/// What came of a pair.
enum Met {
    /// The next one is looked at.
    Passed,
    /// The same two are met again.
    Cut,
    /// The walk has ended.
    Over,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) deeds: Vec<Deed>,
    pub(super) end: End,
    /// Post-only, and it would have traded.
    pub(super) crosses: bool,
    /// Skipped in the whole entry so far.
    pub(super) skipped: u32,
    /// What the fills take of each host, in the order of their first.
    taken: Vec<(ProviderId, Amounts)>,
}

/// An order and a bid that might meet, at the price that they would.
pub(super) struct Pair<'a> {
    pub(super) order: &'a Order,
    pub(super) bid: &'a Bid,
    pub(super) price: Rate,
}

/// Who comes in, and by which rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) side: Side,
    pub(super) self_trade: SelfTrade,
    pub(super) post_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Order,
    Bid,
    /// A directed bid and its order: one pair, and nobody is skipped.
    Directed,
}

impl Plan {
    /// Replicas that the fills give.
    pub(super) fn replicas(&self) -> u32 {
        self.fills().map(|(_, replicas)| replicas).sum()
    }

    /// Replicas that the fills give of one order.
    fn replicas_of(&self, order: OrderId) -> u32 {
        self.fills().filter(|(of, _)| *of == order).map(|(_, replicas)| replicas).sum()
    }

    fn fills(&self) -> impl Iterator<Item = (OrderId, u32)> {
        self.deeds.iter().filter_map(|deed| match deed {
            Deed::Fill { order, replicas, .. } => Some((*order, *replicas)),
            Deed::OrderEnds(_) | Deed::BidEnds(_) => None,
        })
    }

    /// Units of the bid that takes.
    pub(super) fn units(&self, x: &Oracle) -> u32 {
        self.fills().map(|(order, replicas)| x.order(order).place.units * replicas).sum()
    }

    pub(super) fn leases(&self) -> usize {
        self.fills().count()
    }

    /// Hosts on which leases open, in the order of their first.
    pub(super) fn hosts(&self) -> Vec<ProviderId> {
        self.taken.iter().map(|(host, _)| *host).collect()
    }

    /// Cut before anything was planned.
    pub(super) fn is_cut_empty(&self) -> bool {
        self.end == End::Limit && self.deeds.is_empty()
    }

    fn taken_of(&self, host: ProviderId) -> Amounts {
        self.taken.iter().find(|(of, _)| *of == host).map_or([0; 4], |(_, taken)| *taken)
    }

    fn take(&mut self, host: ProviderId, amounts: Amounts) {
        if !self.taken.iter().any(|(of, _)| *of == host) {
            self.taken.push((host, [0; 4]));
        }
        let (_, taken) = self.taken.iter_mut().find(|(of, _)| *of == host).expect("just added");
        (0..4).for_each(|i| taken[i] += amounts[i]);
    }
}

impl Oracle {
    /// An incoming order walks the standing bids of its market, at each level
    /// that it accepts up to its limit there: the lowest price, then the higher
    /// level, then the older, then the lower id.
    pub(super) fn plan_order(&self, order: &Order) -> Plan {
        let within = |bid: &&Bid| order.limit(self.level(bid.place.provider)).is_some_and(|l| bid.place.price <= l);
        let mut bids: Vec<&Bid> = self
            .bids
            .iter()
            .filter(|bid| bid.rests() && bid.market == order.place.market)
            .filter(within)
            .filter(|bid| order.place.aim.is_none_or(|aim| aim == bid.id))
            .collect();
        self.rank_bids(&mut bids);
        if order.place.aim.is_some() {
            self.reach(if bids.is_empty() { Rule::AimMisses } else { Rule::AimMeets });
        }
        let pairs = bids.into_iter().map(|bid| Pair { order, bid, price: bid.place.price }).collect();
        let (self_trade, post_only) = (order.place.self_trade, order.place.post_only);
        self.walk(Taker { side: Side::Order, self_trade, post_only }, pairs)
    }

    /// Lowest price, higher level, older, lower id.
    pub(super) fn rank_bids(&self, bids: &mut [&Bid]) {
        let level = |bid: &Bid| self.level(bid.place.provider);
        bids.sort_by_key(|bid| (bid.place.price, Reverse(level(bid)), bid.age, bid.id));
        for pair in bids.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            self.reach(match () {
                () if a.place.price != b.place.price => Rule::LowerPriceFirst,
                () if level(a) != level(b) => Rule::HigherLevelFirst,
                () if a.age != b.age => Rule::OlderBidFirst,
                () => Rule::LowerIdFirst,
            });
        }
    }

    /// An incoming bid walks the orders that rest at its own level, down to its
    /// price: the highest limit, then the older, then the lower id.
    pub(super) fn plan_bid(&self, bid: &Bid, post_only: bool) -> Plan {
        let level = self.level(bid.place.provider);
        let mut orders: Vec<(Rate, &Order)> = self
            .orders
            .iter()
            .filter(|order| order.rests() && order.place.market == bid.market)
            .filter_map(|order| Some((order.limit(level)?, order)))
            .filter(|(limit, _)| *limit >= bid.place.price)
            .collect();
        orders.sort_by_key(|(limit, order)| (Reverse(*limit), order.age, order.id));
        for pair in orders.windows(2) {
            self.reach(if pair[0].0 == pair[1].0 { Rule::OlderOrderFirst } else { Rule::HigherLimitFirst });
        }
        let pairs = orders.into_iter().map(|(price, order)| Pair { order, bid, price }).collect();
        self.walk(Taker { side: Side::Bid, self_trade: bid.place.self_trade, post_only }, pairs)
    }

    /// Looks at each candidate once, in their rank.
    pub(super) fn walk(&self, taker: Taker, pairs: Vec<Pair<'_>>) -> Plan {
        let mut plan = Plan { skipped: self.step.skipped, ..Plan::default() };
        'pairs: for pair in &pairs {
            let mut is_again = false;
            loop {
                match self.meet(taker, pair, is_again, &mut plan) {
                    Met::Passed => break,
                    // Only its mandate kept the tenant from more: another lease.
                    Met::Cut => is_again = true,
                    Met::Over => break 'pairs,
                }
            }
        }
        plan
    }

    /// What comes of a pair beside what is planned.
    fn meet(&self, taker: Taker, pair: &Pair<'_>, is_again: bool, plan: &mut Plan) -> Met {
        let bounds = self.budget();
        if self.is_served(taker.side, pair, plan) {
            return Met::Over;
        }
        if taker.side == Side::Bid && self.host_is_used_up(pair.bid, plan) {
            self.reach(Rule::BidStopsAtAFullHost);
            return Met::Over;
        }
        let (n, is_cut) = self.eligible(taker.side, pair, plan);
        if is_again && n == 0 {
            return Met::Passed;
        }
        let is_own = pair.order.account == pair.bid.account;
        let is_passed = is_own && taker.self_trade == SelfTrade::Skip;
        if n > 0 && taker.post_only {
            self.reach(match (is_own, is_passed) {
                (true, true) => Rule::PostOnlyOwnPairPassed,
                (true, false) => Rule::PostOnlyOwnPairRefused,
                _ if taker.side == Side::Bid => Rule::PostOnlyBidRefused,
                _ => Rule::PostOnlyOrderRefused,
            });
            plan.crosses |= !is_passed;
            if plan.crosses {
                return Met::Over;
            }
        }
        if n == 0 || is_passed {
            if n > 0 {
                self.reach(Rule::OwnPairSkipped);
            }
            if taker.side != Side::Directed {
                plan.skipped += 1;
            }
            if plan.skipped > bounds.scan {
                if n > 0 {
                    self.reach(Rule::OwnPairSkippedCutsTheScan);
                }
                plan.end = End::Limit;
                return Met::Over;
            }
            return Met::Passed;
        }
        if is_own && taker.self_trade == SelfTrade::ExpireTaker {
            plan.end = End::SelfTrade;
            return Met::Over;
        }
        if is_own {
            plan.deeds.push(match taker.side {
                Side::Bid => Deed::OrderEnds(pair.order.id),
                Side::Order | Side::Directed => Deed::BidEnds(pair.bid.id),
            });
            return Met::Passed;
        }
        if self.step.opened as usize + plan.leases() >= bounds.fills as usize {
            self.reach(if taker.side == Side::Bid { Rule::FillsCutBid } else { Rule::FillsCutOrder });
            plan.end = End::Limit;
            return Met::Over;
        }
        let need = need(self.class(pair.bid.market), pair.order.place.units, &pair.order.place.resources);
        plan.take(pair.bid.place.provider, need.map(|amount| amount * i128::from(n)));
        plan.deeds.push(Deed::Fill { order: pair.order.id, bid: pair.bid.id, replicas: n, price: pair.price });
        if is_again {
            self.reach(Rule::MandateTakesAnotherLease);
        }
        if is_cut && taker.side != Side::Directed { Met::Cut } else { Met::Passed }
    }

    /// Whether nothing is left of the taker.
    fn is_served(&self, side: Side, pair: &Pair<'_>, plan: &Plan) -> bool {
        match side {
            Side::Order | Side::Directed => plan.replicas() == pair.order.left,
            Side::Bid => self.bid_left(pair, plan) == 0,
        }
    }

    /// Whether the fills take the last unit of a bid's host.
    fn host_is_used_up(&self, bid: &Bid, plan: &Plan) -> bool {
        let host = bid.place.provider;
        self.free(host, bid.market)[3] == plan.taken_of(host)[3]
    }

    /// Units that the pair's bid has left beside the plan.
    fn bid_left(&self, pair: &Pair<'_>, plan: &Plan) -> u32 {
        let mut left = pair.bid.left;
        for deed in &plan.deeds {
            if let Deed::Fill { order, bid, replicas, .. } = *deed
                && bid == pair.bid.id
            {
                left -= self.planned(pair, order).place.units * replicas;
            }
        }
        left
    }

    /// The order of a planned fill. One that comes in is nowhere yet.
    pub(super) fn planned<'a>(&'a self, pair: &Pair<'a>, order: OrderId) -> &'a Order {
        if order == pair.order.id { pair.order } else { self.order(order) }
    }

    /// How many replicas of the pair would meet: none when a filter rules it
    /// out. And whether the tenant's mandate alone keeps it from more.
    fn eligible(&self, side: Side, pair: &Pair<'_>, plan: &Plan) -> (u32, bool) {
        let (order, bid) = (pair.order, pair.bid);
        let units = order.place.units;
        let mut passes = true;
        let mut filter = |holds: bool, rule: Rule| {
            if !holds {
                self.reach(rule);
                passes = false;
            }
        };
        let by_bid = match bid.place.target {
            BidTarget::Standing { min_duration, max_duration, .. } => {
                filter(order.place.duration >= min_duration, Rule::TooShort);
                filter(order.place.duration <= max_duration, Rule::TooLong);
                self.bid_left(pair, plan) / units
            }
            BidTarget::Directed { .. } => u32::MAX,
        };
        filter(by_bid > 0, Rule::TooFewUnitsOffered);
        filter(self.offers(bid.place.provider, order), Rule::AttributeMissing);
        filter(owed(pair.price, units, 1, order.place.prepay) > 0, Rule::LessThanAStroop);

        let mut by_order =
            if side == Side::Bid { order.left - plan.replicas_of(order.id) } else { order.left - plan.replicas() };
        // Replicas that are compared go to as many accounts.
        if matches!(order.place.verify, Verify::Replicas(_)) {
            by_order = by_order.min(1);
            let has_part = plan.hosts().into_iter().any(|host| self.host(host).account == bid.account);
            filter(!has_part, Rule::OneReplicaAnAccount);
        }
        let free = self.free(bid.place.provider, bid.market);
        let taken = plan.taken_of(bid.place.provider);
        let beside = [0, 1, 2, 3].map(|i| free[i] - taken[i]);
        let by_room = self.fits(order, beside, by_order);
        if by_room == 0 {
            let without_plan = self.fits(order, free, 1) > 0;
            let no_unit = free[3] < i128::from(units);
            filter(!without_plan, Rule::NoRoomBesideThePlan);
            filter(without_plan || !no_unit, Rule::NoRoomForAUnit);
            filter(without_plan || no_unit, Rule::NoRoomForTheRest);
        }
        if !passes {
            return (0, false);
        }
        if by_bid < by_order.min(by_room) {
            self.reach(Rule::BidCapsTheReplicas);
        }
        if by_room < by_order.min(by_bid) {
            self.reach(Rule::RoomCapsTheReplicas);
        }
        let most = by_order.min(by_bid).min(by_room);
        let n = self.allowed(pair, plan, most);
        (n, n < most)
    }
}
