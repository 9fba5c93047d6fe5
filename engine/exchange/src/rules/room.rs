//! Capacity is the provider's, not the bid's: a bid whose provider has no room
//! for one unit is parked out of the book, with its age, until there is room.

use berth_domain::{BidChanged, BidId, BidState, ProviderId};

use crate::exchange::{Exchange, Step};
use crate::state::Bid;

impl Exchange {
    /// Parks a provider's standing bids in markets where it has no unit free.
    pub(crate) fn park_without_room(&mut self, step: &mut Step<'_>, provider: ProviderId) {
        // Most fills leave room in every market, and then there is nothing to
        // look through.
        if self.provider_mut(provider).has_some_of_all() {
            return;
        }
        let mut full: Vec<_> = self
            .live_bids(provider)
            .filter(|bid| bid.is_standing() && bid.state == BidState::Open && !self.has_free_unit(bid))
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

    /// Whether a bid's provider has one unit of its market free.
    #[inline]
    pub(crate) fn has_free_unit(&self, bid: &Bid) -> bool {
        self.provider(bid.provider).is_some_and(|provider| provider.free_in(bid.slot) > 0)
    }
}
