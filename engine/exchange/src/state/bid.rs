//! Bids.

use berth_domain::codec::Encode;
use berth_domain::{AccountId, Age, BidId, BidState, BidTarget, ClientId, LeaseId, MarketId, Micros, ProviderId, Rate};

/// A provider's bid.
#[derive(Clone, Debug)]
pub struct Bid {
    /// Its id.
    pub id: BidId,
    /// The host.
    pub provider: ProviderId,
    /// The host's owner.
    pub account: AccountId,
    /// The market; that of its order when it is directed.
    pub market: MarketId,
    /// What it is for.
    pub target: BidTarget,
    /// Its price.
    pub price: Rate,
    /// Where it is in its life.
    pub state: BidState,
    /// Time priority.
    pub age: Age,
    /// Units without a lease; zero for a directed bid, which takes what fits.
    pub remaining: u32,
    /// The owner's own id for it.
    pub client_id: Option<ClientId>,
    /// Its leases, in their order.
    pub leases: Vec<LeaseId>,
    /// When it was placed.
    pub placed_at: Micros,
}

impl Bid {
    /// Whether it can still be matched, now or when room is freed.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.state, BidState::Open | BidState::Parked)
    }
}

impl Encode for Bid {
    fn encode(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        self.provider.encode(out);
        self.account.encode(out);
        self.market.encode(out);
        self.target.encode(out);
        self.price.encode(out);
        self.state.encode(out);
        self.age.encode(out);
        self.remaining.encode(out);
        self.client_id.encode(out);
        self.placed_at.encode(out);
        (self.leases.len() as u64).encode(out);
        self.leases.iter().for_each(|id| id.encode(out));
    }
}
