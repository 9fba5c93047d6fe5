//! Bids that answer one order: at once, when the tenant accepts, or when an
//! auction closes.

use std::cmp::Reverse;

use berth_domain::{
    BidChanged, BidId, BidLost, BidState, CancelReason, Code, Event, Mode, OrderId, OrderState, SelfTrade,
};

use super::plan::{Pair, Plan, Side, Taker};
use super::{Answer, Bid, Oracle, Reply, Rule};

impl Oracle {
    /// A new or a changed directed bid comes in.
    pub(super) fn directed_enters(&mut self, bid: Bid, told: Event) {
        let order = bid.answers().expect("it is directed");
        let (id, market, was, is_new) = (bid.id, bid.market, bid.state, self.find_bid(bid.id).is_none());
        let is_auto = self.order(order).place.mode == Mode::Auto;
        let plan = if is_auto { self.plan_directed(&bid) } else { Plan::default() };
        self.put_bid(bid);
        self.tell(told);
        if plan.leases() > 0 {
            self.reach(Rule::DirectedFillsAtOnce);
        }
        self.carry_out(&plan);
        match self.bid(id).state {
            BidState::Matched => {}
            _ if !is_auto => self.reach(Rule::DirectedWaitsForTheTenant),
            _ if was == BidState::Open => {
                self.reach(Rule::DirectedParked);
                self.bid_mut(id).state = BidState::Parked;
                self.tell(BidChanged { bid: id, market });
            }
            _ => {}
        }
        self.park_where_full(&plan);
        if is_new && self.bid(id).is_live() {
            self.drive_out(order);
        }
    }

    /// Those that wait on an order: the higher level first, then the lower price,
    /// the older, the lower id.
    fn crowd(&self, order: OrderId) -> Vec<&Bid> {
        let mut bids: Vec<&Bid> = self.bids.iter().filter(|b| b.is_live() && b.answers() == Some(order)).collect();
        bids.sort_by_key(|bid| (Reverse(self.level(bid.place.provider)), bid.place.price, bid.age, bid.id));
        bids
    }

    /// So many wait on one order. One more must rank before the last of them, or
    /// be filled at once.
    pub(super) fn check_crowd(&self, bid: &Bid) -> Result<(), Code> {
        let order = bid.answers().expect("it is directed");
        let crowd = self.crowd(order);
        if crowd.len() < self.rules().bounds.directed as usize {
            return Ok(());
        }
        if self.order(order).place.mode == Mode::Auto && self.plan_directed(bid).leases() > 0 {
            self.reach(Rule::DirectedBidFillsBesideTooMany);
            return Ok(());
        }
        let merit = |bid: &Bid| (self.level(bid.place.provider), Reverse(bid.place.price));
        if crowd.last().is_some_and(|last| merit(bid) > merit(last)) {
            return Ok(());
        }
        self.reach(Rule::DirectedBidsAreTooMany);
        Err(Code::BookFull)
    }

    fn drive_out(&mut self, order: OrderId) {
        let crowd = self.crowd(order);
        if crowd.len() > self.rules().bounds.directed as usize {
            let last = crowd.last().expect("it came just now").id;
            self.reach(Rule::DirectedBidDrivesOutTheLast);
            let market = self.bid(last).market;
            self.bid_mut(last).state = BidState::Lost;
            self.tell(BidLost { bid: last, market });
        }
    }

    /// As many replicas of its order as fit, at its own price.
    fn plan_directed(&self, bid: &Bid) -> Plan {
        let order = self.order(bid.answers().expect("it is directed"));
        let is_offered = self.host(bid.place.provider).available && !self.is_below_floor(bid);
        if order.state != OrderState::Open || !is_offered {
            return Plan::default();
        }
        // Nobody directs a bid at an order of their own, so no rule about that
        // matters.
        let taker = Taker { side: Side::Directed, self_trade: SelfTrade::ExpireTaker, post_only: false };
        self.walk(taker, vec![Pair { order, bid, price: bid.place.price }])
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
        if order.state == OrderState::Parked {
            self.reach(Rule::AcceptOfAParkedOrder);
            return Err(Code::OrderParked);
        }
        // Its bids are sealed until it closes.
        if order.place.mode == Mode::Auction {
            self.reach(Rule::AuctionTakesNoAccept);
            return Err(Code::AuctionOpen);
        }
        self.check_trade(bid.market)?;
        if !self.host(bid.place.provider).available {
            return Err(Code::ProviderUnavailable);
        }
        if !self.offers(bid.place.provider, &order) {
            self.reach(Rule::AcceptOfWhatIsNoLongerOffered);
            return Err(Code::AttributeMissing);
        }
        if self.is_below_floor(&bid) {
            return Err(Code::MandateExceeded);
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
    /// left of it ends. Whether it did: when the entry may not open as many
    /// leases as it might need, and another may open more, it closes then. In a
    /// paused market it closes when that is resumed.
    pub(super) fn close_auction(&mut self, id: OrderId) -> bool {
        if self.is_paused(self.order(id).place.market) {
            self.reach(Rule::AuctionPostponed);
            self.order_mut(id).is_postponed = true;
            return true;
        }
        let fills = self.budget().fills;
        let level = |bid: &Bid| self.level(bid.place.provider);
        let mut bids: Vec<&Bid> = self.bids.iter().filter(|bid| bid.is_live() && bid.answers() == Some(id)).collect();
        let may_need = u32::try_from(bids.len()).expect("few bids").min(self.order(id).left);
        if self.step.opened > 0 && fills - self.step.opened < may_need {
            self.reach(Rule::AuctionPutOff);
            return false;
        }
        bids.sort_by_key(|bid| (bid.place.price, Reverse(level(bid)), bid.age, bid.id));
        for pair in bids.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            self.reach(match () {
                () if a.place.price != b.place.price => Rule::AuctionClearsByPrice,
                () if level(a) != level(b) => Rule::AuctionClearsByLevel,
                () => Rule::AuctionClearsByAge,
            });
        }
        let bids: Vec<Bid> = bids.into_iter().cloned().collect();
        for bid in bids {
            let plan = self.plan_directed(&bid);
            if self.order(id).is_live() && plan.leases() == 0 {
                self.reach(Rule::AuctionBidWithoutRoom);
            }
            self.carry_out(&plan);
            self.park_where_full(&plan);
        }
        if self.order(id).is_live() {
            self.reach(Rule::AuctionUnfilled);
            self.cancel_order(id, CancelReason::AuctionUnfilled);
        } else {
            self.reach(Rule::AuctionFilled);
        }
        true
    }
}
