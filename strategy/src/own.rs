//! What is an account's own, kept from its events.

mod event;

use std::collections::BTreeMap;

use berth_domain::{
    Address, BidId, BidState, CloseReason, LeaseId, LeaseState, Micros, OrderId, OrderState, ProviderId, Rate,
    ResourceClass, Seconds, Stroops,
};
use berth_wire::channel::OwnState;

pub use self::event::OwnEvent;

/// Closed leases that are remembered.
const CLOSED_MAX: usize = 1_000;

/// An order of the account's that is open or parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnOrder {
    /// Its id.
    pub id: OrderId,
    /// The market.
    pub market: ResourceClass,
    /// Replicas without a lease.
    pub remaining: u32,
    /// What is held for them.
    pub hold: Stroops,
    /// Whether it waits for money.
    pub is_parked: bool,
}

/// A bid of the account's that is open or parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnBid {
    /// Its id.
    pub id: BidId,
    /// The host.
    pub provider: ProviderId,
    /// The market.
    pub market: ResourceClass,
    /// The order that it answers; none when it stands in the book.
    pub order: Option<OrderId>,
    /// Its price of a unit-hour; none while it is sealed.
    pub price: Option<Rate>,
    /// Units that are left of a bid in the book, as far as its leases tell: what
    /// standbys reserve is not taken off.
    pub remaining: u32,
    /// Whether its host has no room.
    pub is_parked: bool,
    /// The entry that `remaining` is as of; leases of later entries are taken off.
    as_of: u64,
}

/// A lease that the account rents or provides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLease {
    /// Its id.
    pub id: LeaseId,
    /// The order.
    pub order: OrderId,
    /// The bid.
    pub bid: BidId,
    /// The host.
    pub provider: ProviderId,
    /// Who rents.
    pub tenant: Address,
    /// Who provides.
    pub owner: Address,
    /// The market.
    pub market: ResourceClass,
    /// Price of a unit-hour.
    pub price: Rate,
    /// Units of one replica.
    pub units: u32,
    /// Replicas.
    pub replicas: u32,
    /// What its escrow was opened with.
    pub escrow: Stroops,
    /// How long it runs.
    pub duration: Seconds,
    /// When it was opened, as far as it is known.
    pub opened_at: Micros,
    /// Where it is in its life.
    pub state: LeaseState,
    /// Why it closes or closed.
    pub reason: Option<CloseReason>,
}

/// What is an account's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    address: Address,
    orders: BTreeMap<OrderId, OwnOrder>,
    bids: BTreeMap<BidId, OwnBid>,
    leases: BTreeMap<LeaseId, OwnLease>,
}

impl Own {
    /// Nothing yet.
    #[must_use]
    pub const fn new(address: Address) -> Self {
        Self { address, orders: BTreeMap::new(), bids: BTreeMap::new(), leases: BTreeMap::new() }
    }

    /// Orders that are open or parked, the oldest first.
    pub fn orders(&self) -> impl Iterator<Item = &OwnOrder> {
        self.orders.values()
    }

    /// Bids that are open or parked, the oldest first.
    pub fn bids(&self) -> impl Iterator<Item = &OwnBid> {
        self.bids.values()
    }

    /// Leases that are not closed, and the newest 1,000 that are, the oldest first.
    pub fn leases(&self) -> impl Iterator<Item = &OwnLease> {
        self.leases.values()
    }

    /// A lease.
    #[must_use]
    pub fn lease(&self, id: LeaseId) -> Option<&OwnLease> {
        self.leases.get(&id)
    }

    /// Begins with what a channel says that there is behind entry `seq`.
    pub fn begin(&mut self, seq: u64, state: OwnState) {
        for order in state.orders.into_iter().flatten() {
            let id = OrderId(order.id);
            let is_parked = order.state == OrderState::Parked;
            let (market, remaining, hold) = (order.market, order.remaining, order.hold);
            self.orders.insert(id, OwnOrder { id, market, remaining, hold, is_parked });
        }
        for bid in state.bids.into_iter().flatten() {
            let id = BidId(bid.id);
            let Ok(provider) = u32::try_from(bid.provider_id).map(ProviderId) else { continue };
            let own = OwnBid {
                id,
                provider,
                market: bid.market,
                order: bid.order_id.map(OrderId),
                price: bid.bid_price,
                remaining: bid.remaining.unwrap_or_default(),
                is_parked: bid.state == BidState::Parked,
                as_of: seq,
            };
            self.bids.insert(id, own);
        }
        for lease in state.leases.into_iter().flatten() {
            let id = LeaseId(lease.id);
            let Ok(provider) = u32::try_from(lease.provider_id).map(ProviderId) else { continue };
            let own = OwnLease {
                id,
                order: OrderId(lease.order_id),
                bid: BidId(lease.bid_id),
                provider,
                tenant: lease.tenant_address,
                owner: lease.provider_address,
                market: lease.market,
                price: lease.price,
                units: lease.units,
                replicas: lease.replicas,
                escrow: lease.escrow,
                duration: Seconds(lease.duration_seconds),
                opened_at: Micros(lease.opened_at),
                state: lease.state,
                reason: lease.reason,
            };
            self.leases.insert(id, own);
        }
    }

    /// Takes in an event of entry `seq`; whether it is the account's.
    pub fn take(&mut self, seq: u64, at: Micros, event: &OwnEvent) -> bool {
        match event {
            OwnEvent::OrderAccepted { order, tenant, market, quantity, hold } if *tenant == self.address => {
                let own = OwnOrder {
                    id: *order,
                    market: market.clone(),
                    remaining: *quantity,
                    hold: *hold,
                    is_parked: false,
                };
                self.orders.insert(*order, own);
                true
            }
            OwnEvent::OrderFilled { order, remaining, hold, .. } => {
                let Some(own) = self.orders.get_mut(order) else { return false };
                (own.remaining, own.hold) = (*remaining, *hold);
                if *remaining == 0 {
                    self.orders.remove(order);
                }
                true
            }
            OwnEvent::OrderAmended { order, remaining, hold } => self.order(*order, |own| {
                (own.remaining, own.hold) = (*remaining, *hold);
            }),
            OwnEvent::OrderParked { order } => {
                self.order(*order, |own| (own.hold, own.is_parked) = (Stroops::ZERO, true))
            }
            OwnEvent::OrderResumed { order, hold } => {
                self.order(*order, |own| (own.hold, own.is_parked) = (*hold, false))
            }
            OwnEvent::OrderEnded { order, .. } => self.orders.remove(order).is_some(),
            OwnEvent::BidAccepted { bid, provider, owner, market, order, quantity, price }
                if *owner == self.address =>
            {
                let own = OwnBid {
                    id: *bid,
                    provider: *provider,
                    market: market.clone(),
                    order: *order,
                    price: *price,
                    remaining: quantity.unwrap_or_default(),
                    is_parked: false,
                    as_of: seq.saturating_sub(1),
                };
                self.bids.insert(*bid, own);
                true
            }
            OwnEvent::BidAmended { bid, price, remaining } => self.bid(*bid, |own| {
                (own.price, own.remaining, own.as_of) = (*price, *remaining, seq);
            }),
            OwnEvent::BidParked { bid } => self.bid(*bid, |own| own.is_parked = true),
            OwnEvent::BidResumed { bid } => self.bid(*bid, |own| own.is_parked = false),
            OwnEvent::BidEnded { bid } => self.bids.remove(bid).is_some(),
            OwnEvent::LeaseOpened { lease, .. } => self.opened(*lease, seq, at, event),
            OwnEvent::LeaseEscrowed { lease } => self.state(*lease, LeaseState::Escrowed, None),
            OwnEvent::LeaseStarted { lease } | OwnEvent::LeaseResumed { lease } => {
                self.state(*lease, LeaseState::Running, None)
            }
            OwnEvent::LeaseSuspended { lease } => self.state(*lease, LeaseState::Suspended, None),
            OwnEvent::LeaseClosing { lease, reason } => self.state(*lease, LeaseState::Closing, Some(*reason)),
            OwnEvent::LeaseClosed { lease, reason, .. } => {
                let is_own = self.state(*lease, LeaseState::Closed, Some(*reason));
                self.forget();
                is_own
            }
            OwnEvent::OrderAccepted { .. } | OwnEvent::BidAccepted { .. } => false,
        }
    }

    fn order(&mut self, id: OrderId, change: impl FnOnce(&mut OwnOrder)) -> bool {
        self.orders.get_mut(&id).map(change).is_some()
    }

    fn bid(&mut self, id: BidId, change: impl FnOnce(&mut OwnBid)) -> bool {
        self.bids.get_mut(&id).map(change).is_some()
    }

    fn state(&mut self, id: LeaseId, state: LeaseState, reason: Option<CloseReason>) -> bool {
        let Some(lease) = self.leases.get_mut(&id) else { return false };
        (lease.state, lease.reason) = (state, reason);
        true
    }

    fn opened(&mut self, id: LeaseId, seq: u64, at: Micros, event: &OwnEvent) -> bool {
        let OwnEvent::LeaseOpened {
            order,
            bid,
            provider,
            tenant,
            owner,
            market,
            price,
            units,
            replicas,
            escrow,
            duration,
            ..
        } = event
        else {
            return false;
        };
        if *tenant != self.address && *owner != self.address {
            return false;
        }
        let lease = OwnLease {
            id,
            order: *order,
            bid: *bid,
            provider: *provider,
            tenant: *tenant,
            owner: *owner,
            market: market.clone(),
            price: *price,
            units: *units,
            replicas: *replicas,
            escrow: *escrow,
            duration: *duration,
            opened_at: at,
            state: LeaseState::Opened,
            reason: None,
        };
        self.leases.insert(id, lease);
        if let Some(own) = self.bids.get_mut(bid).filter(|own| own.order.is_none() && seq > own.as_of) {
            own.remaining = own.remaining.saturating_sub(units.saturating_mul(*replicas));
            if own.remaining == 0 {
                self.bids.remove(bid);
            }
        }
        true
    }

    /// Forgets the oldest of those that are closed.
    fn forget(&mut self) {
        let closed = || self.leases.values().filter(|lease| lease.state == LeaseState::Closed);
        if closed().count() > CLOSED_MAX
            && let Some(oldest) = closed().map(|lease| lease.id).next()
        {
            self.leases.remove(&oldest);
        }
    }
}
