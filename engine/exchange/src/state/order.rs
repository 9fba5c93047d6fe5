//! Orders.

use berth_domain::codec::Encode;
use berth_domain::{
    AccountId, Age, Attribute, BidId, ClientId, Digest, LeaseId, Limits, MarketId, Micros, Mode, OrderId, OrderState,
    Resources, Seconds, Seq, Stroops, TimeInForce,
};

/// A tenant's order.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The tenant.
    pub account: AccountId,
    /// The market.
    pub market: MarketId,
    /// Where it is in its life.
    pub state: OrderState,
    /// Time priority.
    pub age: Age,
    /// Units that one replica takes.
    pub units: u32,
    /// What else one replica takes.
    pub resources: Resources,
    /// Replicas asked for.
    pub replicas: u32,
    /// Replicas without a lease.
    pub remaining: u32,
    /// The highest price for each accepted level.
    pub limits: Limits,
    /// How long a lease runs.
    pub duration: Seconds,
    /// What hold and escrow cover.
    pub prepay: Seconds,
    /// How it meets bids.
    pub mode: Mode,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// When `gtd` ends.
    pub expires_at: Option<Micros>,
    /// What a provider must offer.
    pub requires: Vec<Attribute>,
    /// SHA-256 over salt and specification.
    pub spec_hash: Digest,
    /// The tenant's own id for it.
    pub client_id: Option<ClientId>,
    /// What is held for the replicas without a lease.
    pub hold: Stroops,
    /// Its leases, in their order.
    pub leases: Vec<LeaseId>,
    /// Directed bids that wait on it, in their order.
    pub directed: Vec<BidId>,
    /// The entry that placed it.
    pub placed_seq: Seq,
    /// When that was stamped.
    pub placed_at: Micros,
}

impl Encode for Order {
    fn encode(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        self.account.encode(out);
        self.market.encode(out);
        self.state.encode(out);
        self.age.encode(out);
        self.units.encode(out);
        self.resources.encode(out);
        self.replicas.encode(out);
        self.remaining.encode(out);
        self.limits.encode(out);
        self.duration.encode(out);
        self.prepay.encode(out);
        self.mode.encode(out);
        self.time_in_force.encode(out);
        self.expires_at.encode(out);
        self.requires.encode(out);
        self.spec_hash.encode(out);
        self.client_id.encode(out);
        self.hold.encode(out);
        self.placed_seq.encode(out);
        self.placed_at.encode(out);
        for list in
            [self.leases.iter().map(|id| id.0).collect::<Vec<_>>(), self.directed.iter().map(|id| id.0).collect()]
        {
            (list.len() as u64).encode(out);
            list.iter().for_each(|id| id.encode(out));
        }
    }
}
