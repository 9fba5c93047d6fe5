//! A slow, obvious matcher: plain vectors, sorted and added up anew each time.
//! It was written from §3 of the design, not from the exchange, and foretells
//! every lease and every end that matching brings.

use berth_domain::{
    AccountId, Attribute, BidId, BidTarget, CancelReason, Code, Command, Event, LeaseId, MarketId, Mode, OrderId,
    PlaceBid, PlaceOrder, ProviderId, RegisterProvider, ResourceClass, TimeInForce, TrustLevel,
};
use berth_exchange::{Outcome, Reply};

use crate::desk::Frame;

/// What matching does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Lease { order: OrderId, bid: BidId, price: i64, replicas: u32 },
    OrderEnds(OrderId, CancelReason),
    BidEnds(BidId, CancelReason),
}

#[derive(Clone, Debug)]
struct Order {
    id: OrderId,
    account: AccountId,
    age: u64,
    place: PlaceOrder,
    left: u32,
    open: bool,
}

#[derive(Clone, Debug)]
struct Bid {
    id: BidId,
    account: AccountId,
    age: u64,
    place: PlaceBid,
    /// Units; a directed bid has one until it has matched.
    left: u32,
    open: bool,
}

#[derive(Clone, Debug)]
struct Lease {
    host: ProviderId,
    order: OrderId,
    replicas: u32,
    open: bool,
}

enum Scan<T> {
    Best(T),
    Own,
    Nothing,
    Limit,
}

#[derive(Default)]
pub(crate) struct Oracle {
    scan: u32,
    levels: Vec<TrustLevel>,
    markets: Vec<ResourceClass>,
    hosts: Vec<RegisterProvider>,
    orders: Vec<Order>,
    bids: Vec<Bid>,
    leases: Vec<Lease>,
    deeds: Vec<Deed>,
}

/// What an entry's events say that matching did.
pub(crate) fn deeds_of(events: &[Event]) -> Vec<Deed> {
    let by_matching =
        |reason| matches!(reason, CancelReason::SelfTrade | CancelReason::ScanLimit | CancelReason::NotFilledAtOnce);
    let deed = |event: &Event| match event {
        Event::LeaseOpened(e) => {
            Some(Deed::Lease { order: e.order, bid: e.bid, price: e.price.get(), replicas: e.replicas })
        }
        Event::OrderCancelled(e) if by_matching(e.reason) => Some(Deed::OrderEnds(e.order, e.reason)),
        Event::BidCancelled(e) if by_matching(e.reason) => Some(Deed::BidEnds(e.bid, e.reason)),
        _ => None,
    };
    events.iter().filter_map(deed).collect()
}

impl Oracle {
    /// Foretells an entry's deeds from what was asked, and from what happened
    /// in it that is not matching's to decide.
    pub(crate) fn foretell(&mut self, frame: &Frame) -> Vec<Deed> {
        let (seq, account) = (frame.entry.seq.0, frame.entry.account);
        match (&frame.entry.command, frame.outcome) {
            (Command::Genesis(genesis), Outcome::Done(_)) => self.scan = genesis.bounds.scan,
            (Command::RegisterProvider(host), Outcome::Done(_)) => self.hosts.push(host.clone()),
            (Command::PlaceOrder(place), Outcome::Done(Reply::Order(id))) => {
                self.order_enters(order(id, account, seq, place));
            }
            (Command::PlaceOrder(place), Outcome::Refused(Code::ScanLimit)) => {
                let limit = matches!(self.best_bid(&order(OrderId(0), account, seq, place)), Scan::Limit);
                assert!(limit, "no scan is too long for {place:?}");
            }
            (Command::PlaceBid(place), Outcome::Done(Reply::Bid(id))) => self.bid_enters(bid(id, account, seq, place)),
            (Command::PlaceBid(place), Outcome::Refused(Code::ScanLimit)) => {
                let limit = matches!(self.best_order(&bid(BidId(0), account, seq, place)), Scan::Limit);
                assert!(limit, "no scan is too long for {place:?}");
            }
            (Command::AcceptBid(accept), Outcome::Done(_)) => {
                let filled = self.fill_directed(accept.bid);
                assert!(filled, "bid {} cannot be accepted", accept.bid);
            }
            _ => {}
        }
        frame.events.iter().for_each(|event| self.hear(event));
        std::mem::take(&mut self.deeds)
    }

    fn hear(&mut self, event: &Event) {
        match event {
            Event::AccountOpened(e) => self.levels.push(e.level),
            Event::MarketOpened(e) => self.markets.push(e.class.clone()),
            Event::OrderExpired(e) => self.end_order(e.order),
            Event::OrderCancelled(e) if e.reason == CancelReason::Requested => {
                self.end_order(e.order);
            }
            Event::OrderParked(e) => self.order_mut(e.order).open = false,
            Event::OrderResumed(e) => {
                self.order_mut(e.order).open = true;
                self.order_takes(e.order);
                let waits = |bid: &&Bid| bid.open && bid.place.target == BidTarget::Directed { order: e.order };
                let mut waiting: Vec<_> = self.bids.iter().filter(waits).map(|bid| (bid.age, bid.id)).collect();
                waiting.sort_unstable();
                if self.order(e.order).place.mode == Mode::Auto {
                    waiting.iter().for_each(|(_, bid)| {
                        self.fill_directed(*bid);
                    });
                }
            }
            Event::BidCancelled(e) if e.reason == CancelReason::Requested => self.bid_mut(e.bid).open = false,
            Event::LeaseClosed(e) => self.lease_closes(e.lease),
            _ => {}
        }
    }

    fn order_enters(&mut self, order: Order) {
        let id = order.id;
        assert_eq!(id.0, self.orders.len() as u64 + 1, "orders are counted from 1");
        self.orders.push(order);
        self.order_takes(id);
    }

    /// An order as incoming.
    fn order_takes(&mut self, id: OrderId) {
        let place = self.order(id).place.clone();
        let mut fills = 0;
        while place.mode == Mode::Auto && self.order(id).open {
            match self.best_bid(self.order(id)) {
                Scan::Best((bid, price)) => self.fill(id, bid, price),
                Scan::Nothing => break,
                Scan::Own => self.order_ends(id, CancelReason::SelfTrade),
                Scan::Limit => {
                    assert!(fills > 0, "order {id} should have been refused");
                    self.order_ends(id, CancelReason::ScanLimit);
                }
            }
            fills += 1;
        }
        if place.time_in_force == TimeInForce::Ioc && self.order(id).open {
            self.order_ends(id, CancelReason::NotFilledAtOnce);
        }
    }

    fn bid_enters(&mut self, bid: Bid) {
        let id = bid.id;
        assert_eq!(id.0, self.bids.len() as u64 + 1, "bids are counted from 1");
        let is_first_too_long = !self.is_parked(&bid) && matches!(self.best_order(&bid), Scan::Limit);
        assert!(!is_first_too_long, "bid {id} should have been refused");
        let target = bid.place.target;
        self.bids.push(bid);
        match target {
            BidTarget::Standing { .. } => self.bid_takes(id),
            BidTarget::Directed { order } if self.order(order).place.mode == Mode::Auto => {
                self.fill_directed(id);
            }
            BidTarget::Directed { .. } => {}
        }
    }

    /// A standing bid as incoming.
    fn bid_takes(&mut self, id: BidId) {
        while self.bid(id).open && !self.is_parked(self.bid(id)) {
            match self.best_order(self.bid(id)) {
                Scan::Best((order, price)) => self.fill(order, id, price),
                Scan::Nothing => break,
                Scan::Own => self.bid_ends(id, CancelReason::SelfTrade),
                Scan::Limit => self.bid_ends(id, CancelReason::ScanLimit),
            }
        }
    }

    /// Room is freed: the host's bids enter again, in age order.
    fn lease_closes(&mut self, id: LeaseId) {
        let place = usize::try_from(id.0).expect("small") - 1;
        assert!(self.leases[place].open, "lease {id} closes once");
        self.leases[place].open = false;
        let host = self.leases[place].host;
        let mut waiting: Vec<_> = self.bids.iter().filter(|bid| bid.open && bid.place.provider == host).collect();
        waiting.sort_by_key(|bid| bid.age);
        for id in waiting.iter().map(|bid| bid.id).collect::<Vec<_>>() {
            match self.bid(id).place.target {
                _ if !self.bid(id).open => {}
                BidTarget::Standing { .. } => self.bid_takes(id),
                BidTarget::Directed { order } if self.order(order).place.mode == Mode::Auto => {
                    self.fill_directed(id);
                }
                BidTarget::Directed { .. } => {}
            }
        }
    }

    /// Lowest price, then higher trust, then older; at the bid's price.
    fn best_bid(&self, order: &Order) -> Scan<(BidId, i64)> {
        let limit = |bid: &&Bid| order.place.limits.at(self.level(bid.account));
        let mut book: Vec<_> = self
            .bids
            .iter()
            .filter(|bid| bid.open && self.market_of(bid) == Some(order.place.market) && !self.is_parked(bid))
            .filter(|bid| limit(bid).is_some_and(|limit| bid.place.price <= limit))
            .collect();
        book.sort_by_key(|bid| (bid.place.price, -(self.level(bid.account) as i8), bid.age));
        for (skipped, bid) in book.into_iter().enumerate() {
            if self.may_trade(order, bid, bid.place.price.get()) {
                return if order.account == bid.account {
                    Scan::Own
                } else {
                    Scan::Best((bid.id, bid.place.price.get()))
                };
            }
            if skipped as u64 + 1 > self.scan.into() {
                return Scan::Limit;
            }
        }
        Scan::Nothing
    }

    /// Highest limit at the bid's own level, then older; at that limit.
    fn best_order(&self, bid: &Bid) -> Scan<(OrderId, i64)> {
        let limit = |order: &Order| order.place.limits.at(self.level(bid.account));
        let mut book: Vec<_> = self
            .orders
            .iter()
            .filter(|order| order.open && order.place.mode == Mode::Auto)
            .filter(|order| self.market_of(bid) == Some(order.place.market))
            .filter_map(|order| limit(order).map(|limit| (order, limit)))
            .filter(|(_, limit)| *limit >= bid.place.price)
            .collect();
        book.sort_by_key(|(order, limit)| (-limit.get(), order.age));
        for (skipped, (order, limit)) in book.into_iter().enumerate() {
            if self.may_trade(order, bid, limit.get()) {
                return if order.account == bid.account { Scan::Own } else { Scan::Best((order.id, limit.get())) };
            }
            if skipped as u64 + 1 > self.scan.into() {
                return Scan::Limit;
            }
        }
        Scan::Nothing
    }

    fn may_trade(&self, order: &Order, bid: &Bid, price: i64) -> bool {
        let BidTarget::Standing { min_duration, max_duration, .. } = bid.place.target else { return false };
        let offers = &self.host(bid.place.provider).attributes;
        let offered = |required: &Attribute| offers.iter().any(|offer| offer == required);
        let rate = i128::from(price) * i128::from(order.place.units);
        bid.left >= order.place.units
            && order.place.duration >= min_duration
            && order.place.duration <= max_duration
            && order.place.requires.iter().all(offered)
            && self.fits(bid.place.provider, order) > 0
            && rate <= i64::MAX.into()
            && rate * i128::from(order.place.prepay.0) / 3_600 > 0
    }

    /// How many of the order's replicas fit, tried one after the other.
    fn fits(&self, host: ProviderId, order: &Order) -> u32 {
        let free = self.free(host, order.place.market);
        let need = self.need(order);
        let mut n = 0;
        while n < order.left && (0..4).all(|i| need[i] * u128::from(n + 1) <= free[i]) {
            n += 1;
        }
        n
    }

    /// Processors, memory, disk and units that a host has free.
    fn free(&self, host: ProviderId, market: MarketId) -> [u128; 4] {
        let has = self.host(host);
        let class = self.class(market);
        let gpus = has.gpus.iter().find(|gpus| gpus.class == *class).map_or(0, |gpus| gpus.count);
        let r = has.resources;
        let mut free = [u128::from(r.cpu), u128::from(r.memory), u128::from(r.storage), u128::from(gpus)];
        for lease in self.leases.iter().filter(|lease| lease.open && lease.host == host) {
            let order = self.order(lease.order);
            let need = self.need(order);
            let is_same = self.class(order.place.market) == class;
            for i in 0..4 {
                let counts = i < 3 || (is_same && class.is_gpu());
                free[i] -= if counts { need[i] * u128::from(lease.replicas) } else { 0 };
            }
        }
        if !class.is_gpu() {
            free[3] = free[0];
        }
        free
    }

    /// What one replica takes. In the CPU market the processors are the units.
    fn need(&self, order: &Order) -> [u128; 4] {
        let (r, units) = (order.place.resources, u128::from(order.place.units));
        let cpu = if self.class(order.place.market).is_gpu() { r.cpu.into() } else { units };
        [cpu, r.memory.into(), r.storage.into(), units]
    }

    /// Parked means that not one unit is free.
    fn is_parked(&self, bid: &Bid) -> bool {
        self.market_of(bid).is_some_and(|market| self.free(bid.place.provider, market)[3] == 0)
    }

    fn fill_directed(&mut self, id: BidId) -> bool {
        let bid = self.bid(id);
        let BidTarget::Directed { order } = bid.place.target else { return false };
        let (host, price) = (bid.place.provider, bid.place.price.get());
        let can = self.order(order).open && self.fits(host, self.order(order)) > 0;
        if can {
            self.fill(order, id, price);
        }
        can
    }

    fn fill(&mut self, order_id: OrderId, bid_id: BidId, price: i64) {
        let (order, bid) = (self.order(order_id), self.bid(bid_id));
        let (host, units) = (bid.place.provider, order.place.units);
        let is_standing = matches!(bid.place.target, BidTarget::Standing { .. });
        let offered = if is_standing { bid.left / units } else { u32::MAX };
        let replicas = self.fits(host, order).min(offered).min(order.left);
        self.deeds.push(Deed::Lease { order: order_id, bid: bid_id, price, replicas });
        self.leases.push(Lease { host, order: order_id, replicas, open: true });
        let bid = self.bid_mut(bid_id);
        bid.left = if is_standing { bid.left - units * replicas } else { 0 };
        bid.open = bid.left > 0;
        let order = self.order_mut(order_id);
        order.left -= replicas;
        if order.left == 0 {
            self.end_order(order_id);
        }
    }

    /// Bids that wait for an order which is over have lost.
    fn end_order(&mut self, id: OrderId) {
        self.order_mut(id).open = false;
        let waits = |bid: &&mut Bid| bid.place.target == BidTarget::Directed { order: id };
        self.bids.iter_mut().filter(waits).for_each(|bid| bid.open = false);
    }

    fn order_ends(&mut self, id: OrderId, reason: CancelReason) {
        self.deeds.push(Deed::OrderEnds(id, reason));
        self.end_order(id);
    }

    fn bid_ends(&mut self, id: BidId, reason: CancelReason) {
        self.deeds.push(Deed::BidEnds(id, reason));
        self.bid_mut(id).open = false;
    }

    /// The market in whose book a bid stands.
    fn market_of(&self, bid: &Bid) -> Option<MarketId> {
        match bid.place.target {
            BidTarget::Standing { market, .. } => Some(market),
            BidTarget::Directed { .. } => None,
        }
    }

    fn level(&self, account: AccountId) -> TrustLevel {
        self.levels[account.0 as usize - 1]
    }

    fn class(&self, market: MarketId) -> &ResourceClass {
        &self.markets[usize::from(market.0) - 1]
    }

    fn host(&self, id: ProviderId) -> &RegisterProvider {
        &self.hosts[id.0 as usize - 1]
    }

    fn order(&self, id: OrderId) -> &Order {
        &self.orders[usize::try_from(id.0).expect("small") - 1]
    }

    fn order_mut(&mut self, id: OrderId) -> &mut Order {
        &mut self.orders[usize::try_from(id.0).expect("small") - 1]
    }

    fn bid(&self, id: BidId) -> &Bid {
        &self.bids[usize::try_from(id.0).expect("small") - 1]
    }

    fn bid_mut(&mut self, id: BidId) -> &mut Bid {
        &mut self.bids[usize::try_from(id.0).expect("small") - 1]
    }
}

fn order(id: OrderId, account: AccountId, age: u64, place: &PlaceOrder) -> Order {
    Order { id, account, age, place: place.clone(), left: place.replicas, open: true }
}

fn bid(id: BidId, account: AccountId, age: u64, place: &PlaceBid) -> Bid {
    let left = match place.target {
        BidTarget::Standing { quantity, .. } => quantity,
        BidTarget::Directed { .. } => 1,
    };
    Bid { id, account, age, place: place.clone(), left, open: true }
}
