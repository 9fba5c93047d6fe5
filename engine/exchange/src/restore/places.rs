//! Ids that must name something, and kinds of things that are counted from 1.

use berth_domain::{AccountId, BidId, LeaseId, MarketId, OrderId, ProviderId};

use crate::exchange::Exchange;
use crate::state::place;

impl Exchange {
    pub(super) fn has_account(&self, id: AccountId) -> bool {
        self.accounts.get(id).is_some()
    }

    pub(super) fn has_market(&self, id: MarketId) -> bool {
        place(&self.markets, id.0.into()).is_some()
    }

    pub(super) fn has_provider(&self, id: ProviderId) -> bool {
        place(&self.providers, id.0.into()).is_some()
    }

    pub(super) fn has_order(&self, id: OrderId) -> bool {
        place(&self.orders, id.0).is_some()
    }

    pub(super) fn has_bid(&self, id: BidId) -> bool {
        place(&self.bids, id.0).is_some()
    }

    pub(super) fn has_lease(&self, id: LeaseId) -> bool {
        place(&self.leases, id.0).is_some()
    }
}

/// Whether each is greater than the one before it.
pub(super) fn ascend<T: Ord>(mut items: impl Iterator<Item = T>) -> bool {
    let Some(mut before) = items.next() else { return true };
    items.all(|item| {
        let ascends = before < item;
        before = item;
        ascends
    })
}
