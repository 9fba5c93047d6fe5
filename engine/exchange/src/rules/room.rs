//! Capacity is the provider's, not the bid's: a bid whose provider has no room
//! for one unit, or takes no leases, is parked out of the book, with its age,
//! until that has changed.

use berth_domain::{BidChanged, BidId, BidState, ProviderId};

use crate::exchange::{Exchange, Step};
use crate::state::Bid;

impl Exchange {
    /// Parks a provider's standing bids in markets where it takes no lease.
    pub(crate) fn park_without_room(&mut self, step: &mut Step<'_>, provider: ProviderId) {
        // Most fills leave room in every market, and then there is nothing to
        // look through.
        if self.provider_mut(provider).takes_all() {
            return;
        }
        let mut full: Vec<_> = self
            .live_bids(provider)
            .filter(|bid| bid.is_standing() && bid.state == BidState::Open && !self.is_offered(bid))
            .map(|bid| (bid.age, bid.id))
            .collect();
        full.sort_unstable();
        for (_, id) in full {
            self.park_bid(step, id);
        }
    }

    /// Parks a standing bid.
    pub(crate) fn park_bid(&mut self, step: &mut Step<'_>, id: BidId) {
        self.unrest_bid(id);
        let bid = self.bid_mut(id);
        bid.state = BidState::Parked;
        let market = bid.market;
        step.emit(BidChanged { bid: id, market });
    }

    /// Whether a standing bid can be met: its provider takes leases and has one
    /// unit of the market free, and its price is not below its owner's floor.
    /// One that cannot is parked.
    #[inline]
    pub(crate) fn is_offered(&self, bid: &Bid) -> bool {
        self.provider(bid.provider).is_some_and(|provider| provider.takes(bid.slot))
            && !self.is_below_floor(bid, bid.price)
    }
}
