//! Bids that answer one order: at once, when the tenant accepts, or when an
//! auction closes.

use std::cmp::Reverse;

use berth_domain::{BidChanged, BidId, BidState, CancelReason, Code, Event, Mode, OrderId, SelfTrade, TimeInForce};

use super::plan::{Deed, End, Pair, Plan, Side, Taker};
use super::{Answer, Bid, Oracle, Reply, Rule};

impl Oracle {
    /// A new or a changed directed bid comes in.
    pub(super) fn directed_enters(&mut self, bid: Bid, told: Event) -> Result<(), Code> {
        let order = bid.answers().expect("it is directed");
        let (id, market, was) = (bid.id, bid.market, bid.state);
        let is_auto = self.order(order).place.mode == Mode::Auto;
        let is_ioc = bid.place.time_in_force == TimeInForce::Ioc;
        let plan = if is_auto { self.plan_directed(&bid) } else { Plan::default() };
        if plan.leases() > 0 && bid.place.post_only {
            self.reach(Rule::PostOnlyDirectedRefused);
            return Err(Code::PostOnlyWouldCross);
        }
        self.put_bid(bid);
        self.tell(told);
        if plan.leases() > 0 {
            self.reach(Rule::DirectedFillsAtOnce);
        }
        self.carry_out(&plan);
        match self.bid(id).state {
            BidState::Matched => {}
            _ if is_ioc => {
                self.reach(Rule::DirectedIocCancelled);
                self.cancel_bid(id, CancelReason::NotFilledAtOnce);
            }
            _ if !is_auto => self.reach(Rule::DirectedWaitsForTheTenant),
            _ if was == BidState::Open => {
                self.reach(Rule::DirectedParked);
                self.bid_mut(id).state = BidState::Parked;
                self.tell(BidChanged { bid: id, market });
            }
            _ => {}
        }
        self.park_where_full(&plan);
        Ok(())
    }

    /// As many replicas of its order as fit, at its own price.
    fn plan_directed(&self, bid: &Bid) -> Plan {
        let order = self.order(bid.answers().expect("it is directed"));
        let is_within = self.check_within(bid.place.provider, bid.place.price, order).is_ok();
        if !order.is_live() || !is_within {
            return Plan::default();
        }
        let price = bid.place.price;
        self.walk(as_auction(), vec![Pair { order, bid, price }])
    }

    pub(super) fn directed_tries_again(&mut self, bid: &Bid) {
        let order = bid.answers().expect("it is directed");
        if self.order(order).place.mode != Mode::Auto {
            return;
        }
        self.reach(Rule::DirectedBidTriesAgain);
        let plan = self.plan_directed(bid);
        if plan.leases() > 0 {
            self.reach(Rule::DirectedBidFillsAgain);
        }
        self.carry_out(&plan);
        self.park_where_full(&plan);
    }

    /// The tenant takes a directed bid. One that has matched already answers
    /// its lease.
    pub(super) fn accept(&mut self, id: BidId) -> Result<Answer, Code> {
        let bid = self.find_bid(id).ok_or(Code::UnknownBid)?.clone();
        let order = self.order(bid.answers().ok_or(Code::NotDirected)?).clone();
        if order.account != self.step.account {
            return Err(Code::NotYours);
        }
        let lease = |x: &Self| x.leases.iter().find(|lease| lease.bid == id).map(|lease| lease.id);
        if let (BidState::Matched, Some(lease)) = (bid.state, lease(self)) {
            self.reach(Rule::AcceptRepeated);
            return Ok(Answer::Repeated(Reply::Lease(lease)));
        }
        if !bid.is_live() {
            return Err(Code::BidClosed);
        }
        // Its bids are sealed until it closes.
        if order.place.mode == Mode::Auction {
            self.reach(Rule::AuctionTakesNoAccept);
            return Err(Code::OutOfBounds);
        }
        // The tenant may have lowered the limit since.
        if let Err(code) = self.check_within(bid.place.provider, bid.place.price, &order) {
            self.reach(Rule::AcceptAboveAmendedLimit);
            return Err(code);
        }
        let plan = self.plan_directed(&bid);
        if plan.leases() == 0 {
            self.reach(Rule::AcceptWithoutRoom);
            return Err(Code::NoRoom);
        }
        self.reach(if plan.replicas() < order.left { Rule::AcceptedInPart } else { Rule::Accepted });
        self.carry_out(&plan);
        self.park_where_full(&plan);
        let lease = lease(self).expect("the plan opened it");
        Ok(Answer::Done(Reply::Lease(lease)))
    }

    /// An auction closes: its bids fill it one after the other, the lowest
    /// price first, then the higher level, the older, the lower id. What is
    /// left of it ends.
    pub(super) fn close_auction(&mut self, id: OrderId) {
        let order = self.order(id).clone();
        let mut bids: Vec<&Bid> = self.bids.iter().filter(|bid| bid.is_live() && bid.answers() == Some(id)).collect();
        let level = |bid: &Bid| self.level(bid.place.provider);
        bids.sort_by_key(|bid| (bid.place.price, Reverse(level(bid)), bid.age, bid.id));
        for pair in bids.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            self.reach(match () {
                () if a.place.price != b.place.price => Rule::AuctionClearsByPrice,
                () if level(a) != level(b) => Rule::AuctionClearsByLevel,
                () => Rule::AuctionClearsByAge,
            });
        }
        bids.retain(|bid| self.check_within(bid.place.provider, bid.place.price, &order).is_ok());
        let pairs: Vec<_> = bids.iter().map(|bid| Pair { order: &order, bid, price: bid.place.price }).collect();
        let offered = pairs.len();
        let plan = self.walk(as_auction(), pairs);
        let took = |deed: &Deed| matches!(deed, Deed::Fill { .. });
        if plan.deeds.iter().filter(|deed| took(deed)).count() < offered && plan.replicas() < order.left {
            self.reach(Rule::AuctionBidWithoutRoom);
        }
        self.carry_out(&plan);
        if self.order(id).is_live() {
            let is_cut = matches!(plan.end, End::Limit { .. });
            self.reach(if is_cut { Rule::AuctionCut } else { Rule::AuctionUnfilled });
            let reason = if is_cut { CancelReason::ScanLimit } else { CancelReason::AuctionUnfilled };
            self.cancel_order(id, reason);
        } else {
            self.reach(Rule::AuctionFilled);
        }
        self.park_where_full(&plan);
    }
}

/// Nobody directs a bid at an order of their own account, so no rule about that
/// matters; and no candidate is skipped, since each was asked for.
const fn as_auction() -> Taker {
    Taker { side: Side::Auction, self_trade: SelfTrade::ExpireTaker, post_only: false }
}
