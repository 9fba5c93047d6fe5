//! Bids.

use berth_book::{Node, prefetch};
use berth_domain::{
    AccountId, Age, BidId, BidState, BidTarget, ClientId, LeaseId, MarketId, Micros, ProviderId, Rate, SelfTrade,
    TimeInForce,
};

use super::content::content;
use super::provider::Slot;

/// A provider's bid. What nearly every command about a bid reads lies together
/// at its front, since bids are many and memory is slow.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Bid {
    /// Its id.
    pub id: BidId,
    /// Time priority.
    pub age: Age,
    /// Its price.
    pub price: Rate,
    /// What it is for.
    pub target: BidTarget,
    /// When `gtd` ends.
    pub expires_at: Option<Micros>,
    /// The host.
    pub provider: ProviderId,
    /// The host's owner.
    pub account: AccountId,
    /// Units without a lease; zero for a directed bid, which takes what fits.
    pub remaining: u32,
    /// Units that stand by for leases of others. They come back or become a
    /// lease, so a bid that has no other units left is parked.
    pub reserved: u32,
    /// Where it rests in its ladder.
    pub(crate) node: Option<Node>,
    /// The market; that of its order when it is directed.
    pub market: MarketId,
    /// Which of its provider's resources it offers.
    pub(crate) slot: Slot,
    /// Where it is in its life.
    pub state: BidState,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// Whether it was only to rest.
    pub post_only: bool,
    /// What it does on meeting its own account.
    pub self_trade: SelfTrade,
    /// The quote set that it belongs to.
    pub set: Option<u32>,
    /// Its leases are linked through them, from the first to the last; zero
    /// when there is none.
    pub(crate) first_lease: LeaseId,
    pub(crate) last_lease: LeaseId,
    /// The provider's next older and next younger live bid; zero when there is
    /// none.
    pub(crate) older: BidId,
    pub(crate) younger: BidId,
    /// The owner's own id for it.
    pub client_id: Option<ClientId>,
    /// The session that it was placed in.
    pub session: Option<u64>,
    /// When it was placed.
    pub placed_at: Micros,
}

impl Bid {
    /// Asks for the memory of what nearly every command about it reads.
    #[inline]
    pub(crate) fn ask(&self) {
        prefetch(&self.id);
        prefetch(&self.account);
        prefetch(&self.older);
    }

    /// Whether it can still be matched, now or when room is freed.
    #[must_use]
    #[inline]
    pub const fn is_live(&self) -> bool {
        matches!(self.state, BidState::Open | BidState::Parked)
    }

    /// Whether it stands in a market's book rather than answering one order.
    #[must_use]
    #[inline]
    pub const fn is_standing(&self) -> bool {
        matches!(self.target, BidTarget::Standing { .. })
    }
}

// Its leases, what stands by, and its places in ladder and lists follow from the
// other things' content.
content!(Bid {
    id,
    provider,
    account,
    market,
    target,
    price,
    state,
    age,
    remaining,
    time_in_force,
    expires_at,
    post_only,
    self_trade,
    set,
    session,
    client_id,
    placed_at,
} rest {
    reserved: 0,
    node: None,
    slot: Slot::CPU,
    first_lease: LeaseId(0),
    last_lease: LeaseId(0),
    older: BidId(0),
    younger: BidId(0),
});
