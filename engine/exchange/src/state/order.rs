//! Orders.

use std::collections::BTreeSet;

use berth_book::{Node, prefetch};
use berth_domain::{
    AccountId, Age, Attribute, BidId, ClientId, Digest, LeaseId, Limits, MarketId, Micros, Mode, OrderId, OrderState,
    PlaceOrder, Resources, Seconds, SelfTrade, Seq, Stroops, TimeInForce, Uptime, Verify,
};

use super::content::content;

/// A tenant's order. What nearly every command about an order reads lies
/// together at its front, since orders are many and memory is slow.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Time priority.
    pub age: Age,
    /// What is held for the replicas without a lease.
    pub hold: Stroops,
    /// What hold and escrow cover.
    pub prepay: Seconds,
    /// When `gtd` ends.
    pub expires_at: Option<Micros>,
    /// The tenant.
    pub account: AccountId,
    /// Units that one replica takes.
    pub units: u32,
    /// Replicas asked for.
    pub replicas: u32,
    /// Replicas that the entry which placed it asked for.
    pub asked: u32,
    /// Replicas without a lease.
    pub remaining: u32,
    /// The market.
    pub market: MarketId,
    /// Where it is in its life.
    pub state: OrderState,
    /// How it meets bids.
    pub mode: Mode,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// Whether it was only to rest.
    pub post_only: bool,
    /// What it does on meeting its own account.
    pub self_trade: SelfTrade,
    /// Whether a standby is reserved for its leases.
    pub failover: bool,
    /// Whether its account's mandate limits what it may spend.
    pub(crate) is_capped: bool,
    /// Where it rests in the ladder of each level.
    pub(crate) nodes: [Option<Node>; 5],
    /// How the results of its leases are checked.
    pub verify: Verify,
    /// The highest price for each accepted level.
    pub limits: Limits,
    /// Directed bids that wait on it: any number, for others bid.
    pub directed: BTreeSet<BidId>,
    /// How long a lease runs.
    pub duration: Seconds,
    /// What else one replica takes.
    pub resources: Resources,
    /// What a provider must offer.
    pub requires: Vec<Attribute>,
    /// The least uptime of a provider.
    pub min_uptime: Option<Uptime>,
    /// Its leases are linked through them, from the first to the last; zero
    /// when there is none.
    pub(crate) first_lease: LeaseId,
    pub(crate) last_lease: LeaseId,
    /// The account's next older and next younger live order; zero when there
    /// is none.
    pub(crate) older: OrderId,
    pub(crate) younger: OrderId,
    /// The tenant's own id for it.
    pub client_id: Option<ClientId>,
    /// When an auction closes.
    pub closes_at: Option<Micros>,
    /// The one standing bid that it is for.
    pub aim: Option<BidId>,
    /// SHA-256 over salt and specification.
    pub spec_hash: Digest,
    /// The session that it was placed in.
    pub session: Option<u64>,
    /// The entry that placed it.
    pub placed_seq: Seq,
    /// When that was stamped.
    pub placed_at: Micros,
}

impl Order {
    /// The order that a command asks for, before it has met anything.
    #[inline]
    pub(crate) fn new(
        id: OrderId,
        account: AccountId,
        seq: Seq,
        at: Micros,
        hold: Stroops,
        place: &PlaceOrder,
    ) -> Self {
        Self {
            id,
            account,
            market: place.market,
            state: OrderState::Open,
            age: Age(seq.0),
            units: place.units,
            resources: place.resources,
            replicas: place.replicas,
            asked: place.replicas,
            remaining: place.replicas,
            limits: place.limits,
            duration: place.duration,
            prepay: place.prepay,
            mode: place.mode,
            closes_at: place.closes_at,
            time_in_force: place.time_in_force,
            expires_at: place.expires_at,
            post_only: place.post_only,
            self_trade: place.self_trade,
            requires: place.requires.clone(),
            min_uptime: place.min_uptime,
            aim: place.aim,
            failover: place.failover,
            verify: place.verify,
            spec_hash: place.spec_hash,
            session: place.session,
            client_id: place.client_id,
            hold,
            directed: BTreeSet::new(),
            placed_seq: seq,
            placed_at: at,
            is_capped: false,
            first_lease: LeaseId(0),
            last_lease: LeaseId(0),
            nodes: [None; 5],
            older: OrderId(0),
            younger: OrderId(0),
        }
    }

    /// Asks for the memory of what nearly every command about it reads.
    #[inline]
    pub(crate) fn ask(&self) {
        prefetch(&self.id);
        prefetch(&self.market);
        prefetch(&self.directed);
    }

    /// Whether each of its replicas must run on another account.
    #[must_use]
    #[inline]
    pub const fn spreads(&self) -> bool {
        matches!(self.verify, Verify::Replicas(_))
    }

    /// Whether it still waits for bids, now or when what it lacks is there.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.state, OrderState::Open | OrderState::Parked)
    }

    /// Units that its remaining replicas take: below 2²⁶, by the bounds of
    /// both.
    #[must_use]
    #[inline]
    pub const fn units_left(&self) -> u32 {
        self.remaining * self.units
    }
}

// Its leases, its place in the ladders and in its account's list, and whether a
// mandate limits it follow from the other things' content.
content!(Order {
    id,
    account,
    market,
    state,
    age,
    units,
    resources,
    replicas,
    asked,
    remaining,
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
    hold,
    placed_seq,
    placed_at,
    directed as set,
} rest {
    is_capped: false,
    nodes: [None; 5],
    first_lease: LeaseId(0),
    last_lease: LeaseId(0),
    older: OrderId(0),
    younger: OrderId(0),
});
