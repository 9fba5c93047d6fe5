//! Lists of what lives: an account's orders and a provider's bids, linked
//! through the things themselves, so that no list is ever searched.

use berth_domain::{AccountId, BidId, ClientId, OrderId, ProviderId};

use crate::exchange::Exchange;
use crate::state::{Bid, Order};

impl Exchange {
    /// Adds a live order to its account's.
    pub(crate) fn list_order(&mut self, id: OrderId) {
        self.live += 1;
        let account = self.order_mut(id).account;
        let account = self.account_mut(account);
        account.open_orders += 1;
        let older = std::mem::replace(&mut account.youngest_order, id);
        if older != OrderId(0) {
            self.order_mut(older).younger = id;
        }
        self.order_mut(id).older = older;
    }

    /// Takes an order that is over out of its account's.
    pub(crate) fn unlist_order(&mut self, id: OrderId) {
        self.live -= 1;
        let order = self.order_mut(id);
        let (account, older, younger, client_id) = (order.account, order.older, order.younger, order.client_id);
        (order.older, order.younger) = (OrderId(0), OrderId(0));
        if older != OrderId(0) {
            self.order_mut(older).younger = younger;
        }
        if younger != OrderId(0) {
            self.order_mut(younger).older = older;
        }
        let owner = self.account_mut(account);
        owner.open_orders -= 1;
        if owner.youngest_order == id {
            owner.youngest_order = older;
        }
        self.retire(account, client_id);
    }

    /// Adds a live bid to its provider's.
    pub(crate) fn list_bid(&mut self, id: BidId) {
        self.live += 1;
        let bid = self.bid_mut(id);
        let (account, provider) = (bid.account, bid.provider);
        self.account_mut(account).live_bids += 1;
        let older = std::mem::replace(&mut self.provider_mut(provider).youngest_bid, id);
        if older != BidId(0) {
            self.bid_mut(older).younger = id;
        }
        self.bid_mut(id).older = older;
    }

    /// Takes a bid that is over out of its provider's.
    pub(crate) fn unlist_bid(&mut self, id: BidId) {
        self.live -= 1;
        let bid = self.bid_mut(id);
        let (account, provider, client_id) = (bid.account, bid.provider, bid.client_id);
        let (older, younger) = (bid.older, bid.younger);
        (bid.older, bid.younger) = (BidId(0), BidId(0));
        if older != BidId(0) {
            self.bid_mut(older).younger = younger;
        }
        if younger != BidId(0) {
            self.bid_mut(younger).older = older;
        }
        let host = self.provider_mut(provider);
        if host.youngest_bid == id {
            host.youngest_bid = older;
        }
        self.account_mut(account).live_bids -= 1;
        self.retire(account, client_id);
    }

    fn retire(&mut self, account: AccountId, client_id: Option<ClientId>) {
        if let Some(id) = client_id {
            self.client_ids.retire(account, &id);
        }
    }

    /// An account's live orders, from the youngest to the oldest.
    pub fn live_orders(&self, account: AccountId) -> impl Iterator<Item = &Order> {
        let youngest = self.accounts.get(account).map_or(OrderId(0), |account| account.youngest_order);
        std::iter::successors(self.order(youngest), |order| self.order(order.older))
    }

    /// A provider's live bids, from the youngest to the oldest.
    pub fn live_bids(&self, provider: ProviderId) -> impl Iterator<Item = &Bid> {
        let youngest = self.provider(provider).map_or(BidId(0), |host| host.youngest_bid);
        std::iter::successors(self.bid(youngest), |bid| self.bid(bid.older))
    }

    /// An account's live bids, in the order of their ids.
    #[must_use]
    pub fn live_bids_of(&self, account: AccountId) -> Vec<&Bid> {
        let hosts = self.accounts.get(account).map_or(&[][..], |account| &account.hosts);
        let mut bids: Vec<_> = hosts.iter().flat_map(|host| self.live_bids(*host)).collect();
        bids.sort_unstable_by_key(|bid| bid.id);
        bids
    }
}
