//! Pure reads. The hot path pays nothing for them.

use berth_domain::{
    AccountId, Address, BidId, Bounds, ClientId, Genesis, LeaseId, MarketId, Micros, OrderId, ProviderId, Reconfigure,
    ResourceClass, Seq, Upgrade,
};

use crate::exchange::Exchange;
use crate::outcome::Reply;
use crate::state::{
    Account, AccountKey, Balances, Bid, Book, Lease, Ledger, Market, Order, Provider, Standby, Terms, place,
};

impl Exchange {
    /// Place of the last entry that was applied; zero before the first.
    #[must_use]
    pub const fn head(&self) -> Seq {
        self.head
    }

    /// Stamp of the last entry that was applied.
    #[must_use]
    pub const fn last_at(&self) -> Micros {
        self.last_at
    }

    /// The first deadline of a timer: a tick must stand in the log before any
    /// entry that is stamped at or after it.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Micros> {
        self.timers.next_deadline()
    }

    /// The first entry of this exchange's log, once it has begun. What the
    /// operator has changed since then is in [`Exchange::terms`],
    /// [`Exchange::bounds`] and [`Exchange::rules`].
    #[must_use]
    pub const fn genesis(&self) -> Option<&Genesis> {
        self.genesis.as_ref()
    }

    /// Fee and timeouts of a lease that opens now; `None` before the genesis.
    #[must_use]
    pub fn terms(&self) -> Option<&Terms> {
        self.config.terms.last()
    }

    /// Fee and timeouts of a lease of this exchange: those of its opening.
    ///
    /// # Panics
    /// When the lease is another exchange's.
    #[must_use]
    pub fn terms_of(&self, lease: &Lease) -> &Terms {
        &self.config.terms[lease.terms as usize]
    }

    /// The bounds in force.
    #[must_use]
    #[inline]
    pub const fn bounds(&self) -> &Bounds {
        &self.config.bounds
    }

    /// The version of the rules that the next entry must carry. It may be one
    /// that this build does not know; then it applies no more entries.
    #[must_use]
    pub const fn rules(&self) -> u16 {
        self.config.rules
    }

    /// The terms that are announced and not yet in force.
    #[must_use]
    pub const fn announced_terms(&self) -> Option<&Reconfigure> {
        self.config.announced_terms.as_ref()
    }

    /// The rules that are announced and not yet in force.
    #[must_use]
    pub const fn announced_rules(&self) -> Option<&Upgrade> {
        self.config.announced_rules.as_ref()
    }

    /// The account of the operator; the exchange's own before the genesis.
    #[must_use]
    pub const fn operator(&self) -> AccountId {
        self.operator
    }

    /// The account of a key.
    #[must_use]
    pub fn account_by_address(&self, address: Address) -> Option<AccountId> {
        self.accounts.by_address(address)
    }

    /// An account.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(id)
    }

    /// Whom a registered key speaks for now, and what it may say; none where it
    /// speaks for nobody, or no longer. What is now is the last entry's stamp: by
    /// a later clock [`AccountKey::is_live`] may be false already.
    #[must_use]
    pub fn account_of_key(&self, key: &[u8; 32]) -> Option<(AccountId, &AccountKey)> {
        self.accounts.by_key(key).filter(|(_, key)| key.is_live(self.last_at))
    }

    /// Keys that speak for an account now beside its own, in the order of their
    /// bytes.
    pub fn keys(&self, account: AccountId) -> impl Iterator<Item = &AccountKey> {
        let keys = self.account(account).map_or(&[][..], Account::keys);
        keys.iter().filter(|key| key.is_live(self.last_at))
    }

    /// All accounts, in the order of their ids.
    pub fn accounts(&self) -> impl DoubleEndedIterator<Item = &Account> {
        self.accounts.iter()
    }

    /// An account's money.
    #[must_use]
    pub fn balances(&self, account: AccountId) -> Balances {
        self.ledger.balances(account)
    }

    /// All money.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// A market.
    #[must_use]
    pub fn market(&self, id: MarketId) -> Option<&Market> {
        place(&self.markets, id.0.into())
    }

    /// The market of a resource class.
    #[must_use]
    pub fn market_of(&self, class: &ResourceClass) -> Option<&Market> {
        self.market(*self.markets_by_class.get(class)?)
    }

    /// All markets, in the order of their ids.
    pub fn markets(&self) -> impl DoubleEndedIterator<Item = &Market> {
        self.markets.iter()
    }

    /// A provider.
    #[must_use]
    pub fn provider(&self, id: ProviderId) -> Option<&Provider> {
        place(&self.providers, id.0.into())
    }

    /// All providers, in the order of their ids.
    pub fn providers(&self) -> impl DoubleEndedIterator<Item = &Provider> {
        self.providers.iter()
    }

    /// An order.
    #[must_use]
    pub fn order(&self, id: OrderId) -> Option<&Order> {
        place(&self.orders, id.0)
    }

    /// All orders, in the order of their ids.
    pub fn orders(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.orders.iter()
    }

    /// What an account's command with this client id made, as long as the id is
    /// remembered.
    #[must_use]
    pub fn made_by(&self, account: AccountId, id: &ClientId) -> Option<Reply> {
        self.client_ids.get(account, id).map(|(_, reply)| reply)
    }

    /// A bid.
    #[must_use]
    pub fn bid(&self, id: BidId) -> Option<&Bid> {
        place(&self.bids, id.0)
    }

    /// All bids, in the order of their ids.
    pub fn bids(&self) -> impl DoubleEndedIterator<Item = &Bid> {
        self.bids.iter()
    }

    /// A lease.
    #[must_use]
    pub fn lease(&self, id: LeaseId) -> Option<&Lease> {
        place(&self.leases, id.0)
    }

    /// All leases, in the order of their ids.
    pub fn leases(&self) -> impl DoubleEndedIterator<Item = &Lease> {
        self.leases.iter()
    }

    /// What waits for a lease to fail.
    #[must_use]
    pub fn standby(&self, lease: LeaseId) -> Option<&Standby> {
        self.standbys.get(lease)
    }

    /// All standbys, in the order of the ids of their leases.
    pub fn standbys(&self) -> impl DoubleEndedIterator<Item = &Standby> {
        self.standbys.iter()
    }

    /// A market's public picture: what rests in it, added up by level and
    /// price.
    #[must_use]
    pub fn book(&self, market: MarketId) -> Option<Book> {
        self.market(market).map(Market::picture)
    }

    /// An order's leases, from the first to the last.
    pub fn leases_of_order(&self, id: OrderId) -> impl Iterator<Item = &Lease> {
        let first = self.order(id).map_or(LeaseId(0), |order| order.first_lease);
        std::iter::successors(self.lease(first), |lease| self.lease(lease.next_of_order))
    }

    /// The newest of a bid's leases.
    #[must_use]
    pub fn last_lease_of_bid(&self, id: BidId) -> Option<&Lease> {
        self.lease(self.bid(id)?.last_lease)
    }

    /// A bid's leases, from the first to the last.
    pub fn leases_of_bid(&self, id: BidId) -> impl Iterator<Item = &Lease> {
        let first = self.bid(id).map_or(LeaseId(0), |bid| bid.first_lease);
        std::iter::successors(self.lease(first), |lease| self.lease(lease.next_of_bid))
    }
}
