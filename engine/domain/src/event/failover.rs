//! Standbys, and what takes over from a lease that failed.

use crate::codec::codec_struct;
use crate::failover::StandbyEnd;
use crate::ids::{BidId, LeaseId, OrderId, ProviderId};
use crate::money::{Rate, Stroops};
use crate::refusal::Code;

/// Room and units of another account wait for a lease to fail. Nobody is paid
/// for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandbyReserved {
    /// The lease.
    pub lease: LeaseId,
    /// The bid that it was taken from.
    pub bid: BidId,
    /// Its host.
    pub provider: ProviderId,
    /// What a unit will cost: the bid's price.
    pub price: Rate,
    /// Replicas: the lease's.
    pub replicas: u32,
    /// What is held because it is dearer than the lease.
    pub hold: Stroops,
}
codec_struct!(StandbyReserved { lease, bid, provider, price, replicas, hold });

/// A standby waits no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandbyReleased {
    /// The lease.
    pub lease: LeaseId,
    /// The bid that it was taken from.
    pub bid: BidId,
    /// Why.
    pub reason: StandbyEnd,
}
codec_struct!(StandbyReleased { lease, bid, reason });

/// No bid of another account could stand by: the lease goes on without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandbyMissing {
    /// The lease.
    pub lease: LeaseId,
}
codec_struct!(StandbyMissing { lease });

/// The standby took over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseFailedOver {
    /// The lease that failed.
    pub from: LeaseId,
    /// The lease for the time that was left of it.
    pub to: LeaseId,
}
codec_struct!(LeaseFailedOver { from, to });

/// A lease failed that had no standby: an order stands for what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderContinued {
    /// The lease that failed.
    pub lease: LeaseId,
    /// The order that stands for the time that was left of it.
    pub order: OrderId,
}
codec_struct!(OrderContinued { lease, order });

/// A lease failed that had no standby, and no order could stand for what is
/// left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderDiscontinued {
    /// The lease that failed.
    pub lease: LeaseId,
    /// What such an order would have been refused with.
    pub code: Code,
}
codec_struct!(OrderDiscontinued { lease, code });
