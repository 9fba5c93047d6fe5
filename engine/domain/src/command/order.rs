//! Orders.

use crate::client_id::ClientId;
use crate::codec::codec_struct;
use crate::ids::{BidId, Digest, MarketId, OrderId};
use crate::order::{Mode, SelfTrade, TimeInForce};
use crate::resources::{Attribute, Resources};
use crate::time::{Micros, Seconds};
use crate::trust::Limits;
use crate::uptime::Uptime;
use crate::verify::Verify;

/// Places an order. The specification itself stays in the private store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// The market.
    pub market: MarketId,
    /// Units that one replica takes, from 1.
    pub units: u32,
    /// What else one replica takes; in the CPU market its processors are its
    /// units.
    pub resources: Resources,
    /// Replicas, from 1.
    pub replicas: u32,
    /// The highest price for each accepted level.
    pub limits: Limits,
    /// How long a lease runs.
    pub duration: Seconds,
    /// What hold and escrow cover, 1 second to the duration.
    pub prepay: Seconds,
    /// How it meets bids.
    pub mode: Mode,
    /// When an auction clears; with `auction` and only there.
    pub closes_at: Option<Micros>,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// When `gtd` ends.
    pub expires_at: Option<Micros>,
    /// Refused where it would trade at once.
    pub post_only: bool,
    /// What happens where it would trade with a bid of its own account.
    pub self_trade: SelfTrade,
    /// What a provider must offer, sorted by key, each key once.
    pub requires: Vec<Attribute>,
    /// The least share of time that a provider must have been up.
    pub min_uptime: Option<Uptime>,
    /// The one standing bid that it looks at; with `ioc` and `fok` only.
    pub aim: Option<BidId>,
    /// Whether a standby is reserved for each lease.
    pub failover: bool,
    /// How the results of its leases are checked.
    pub verify: Verify,
    /// SHA-256 over salt and specification.
    pub spec_hash: Digest,
    /// The session that it came in, so that it can end with it.
    pub session: Option<u64>,
    /// The tenant's own id for it.
    pub client_id: Option<ClientId>,
}
codec_struct!(PlaceOrder {
    market,
    units,
    resources,
    replicas,
    limits,
    duration,
    prepay,
    mode,
    closes_at,
    time_in_force,
    expires_at,
    post_only,
    self_trade,
    requires,
    min_uptime,
    aim,
    failover,
    verify,
    spec_hash,
    session,
    client_id,
});

/// Ends what is left of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelOrder {
    /// The order.
    pub order: OrderId,
}
codec_struct!(CancelOrder { order });

/// Changes an order. What is `None` stays as it is. Fewer replicas alone keep
/// the order's age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmendOrder {
    /// The order.
    pub order: OrderId,
    /// The new total of replicas, those with leases among them.
    pub replicas: Option<u32>,
    /// The new limits: accepted levels that are not named are no longer
    /// accepted.
    pub limits: Option<Limits>,
    /// When it ends now.
    pub expires_at: Option<Micros>,
}
codec_struct!(AmendOrder { order, replicas, limits, expires_at });

/// Ends one order and places another, both or neither. The hold of the old one
/// counts as available for the new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaceOrder {
    /// The order that ends.
    pub order: OrderId,
    /// The one that takes its place.
    pub place: PlaceOrder,
}
codec_struct!(ReplaceOrder { order, place });
