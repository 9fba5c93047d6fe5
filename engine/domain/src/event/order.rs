//! Orders.

use crate::codec::codec_struct;
use crate::ids::{AccountId, Address, LeaseId, MarketId, OrderId};
use crate::money::Stroops;
use crate::order::CancelReason;
use crate::trust::Limits;

/// An order has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderAccepted {
    /// Its id.
    pub order: OrderId,
    /// The tenant.
    pub account: AccountId,
    /// The tenant's key.
    pub address: Address,
    /// The market.
    pub market: MarketId,
    /// Replicas asked for.
    pub replicas: u32,
    /// What is held for it.
    pub hold: Stroops,
}
codec_struct!(OrderAccepted { order, account, address, market, replicas, hold });

/// Replicas of an order have a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderFilled {
    /// The order.
    pub order: OrderId,
    /// Its market.
    pub market: MarketId,
    /// The lease.
    pub lease: LeaseId,
    /// Replicas that it has.
    pub replicas: u32,
    /// Replicas without a lease.
    pub remaining: u32,
    /// What is still held for those.
    pub hold: Stroops,
}
codec_struct!(OrderFilled { order, market, lease, replicas, remaining, hold });

/// What is left of an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderEnded {
    /// The order.
    pub order: OrderId,
    /// Its market.
    pub market: MarketId,
    /// Why.
    pub reason: CancelReason,
    /// What is no longer held.
    pub released: Stroops,
}
codec_struct!(OrderEnded { order, market, reason, released });

/// An order's time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderExpired {
    /// The order.
    pub order: OrderId,
    /// Its market.
    pub market: MarketId,
    /// What is no longer held.
    pub released: Stroops,
}
codec_struct!(OrderExpired { order, market, released });

/// An order was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderAmended {
    /// The order.
    pub order: OrderId,
    /// Its market.
    pub market: MarketId,
    /// Replicas asked for now, those with leases among them.
    pub replicas: u32,
    /// Replicas without a lease.
    pub remaining: u32,
    /// The highest price for each accepted level.
    pub limits: Limits,
    /// What is held for it now.
    pub hold: Stroops,
}
codec_struct!(OrderAmended { order, market, replicas, remaining, limits, hold });

/// An order waits outside the book, with its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderParked {
    /// The order.
    pub order: OrderId,
    /// Its market.
    pub market: MarketId,
    /// What is no longer held.
    pub released: Stroops,
}
codec_struct!(OrderParked { order, market, released });

/// An order is back from where it waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderResumed {
    /// The order.
    pub order: OrderId,
    /// Its market.
    pub market: MarketId,
    /// What is held for it again.
    pub hold: Stroops,
}
codec_struct!(OrderResumed { order, market, hold });
