//! Typed calls: one for each REST route that this version serves.

use berth_wire::address;
use berth_wire::domain::{Address, BidState, LeaseState, OrderState, ResourceClass};
use berth_wire::proof::ProofChain;
use berth_wire::request::{
    AcceptRequest, Agent, CancelRequest, DirectedBid, OrderRequest, ProviderRequest, SignedRequest, Specification,
    StandingBid, StopRequest, TopUpRequest,
};
use berth_wire::response::{
    Account, Bid, BookView, Changed, Health, Lease, LeaseHealth, List, Market, NetworkStats, Order, OrderDryRun,
    OrderExplanation, Provider, Submitted,
};
use serde::de::DeserializeOwned;

use crate::error::ClientError;
use crate::rest::Client;

/// Pages that one list is read over; a node that goes on for ever is not
/// followed for ever.
const PAGES_MAX: usize = 10_000;
/// Items that one page is asked to have.
const PAGE: &str = "500";

/// Which leases a list has; all when empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseFilter {
    /// Only those of this provider.
    pub provider_id: Option<u64>,
    /// Only those of this order.
    pub order_id: Option<u64>,
    /// Only those of this tenant.
    pub tenant: Option<Address>,
    /// Only those of this owner's providers.
    pub owner: Option<Address>,
    /// Only those of this market.
    pub market: Option<ResourceClass>,
    /// Only those in one of these states, when it names any.
    pub states: Vec<LeaseState>,
    /// Only those that this kind of agent serves.
    pub agent: Option<Agent>,
}

/// Which orders a list has; all when empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only those of this tenant.
    pub tenant: Option<Address>,
    /// Only those of this market.
    pub market: Option<ResourceClass>,
    /// Only those in one of these states, when it names any.
    pub states: Vec<OrderState>,
}

/// Which bids a list has; all when empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BidFilter {
    /// Only those of this provider.
    pub provider_id: Option<u64>,
    /// Only those of this market.
    pub market: Option<ResourceClass>,
    /// Only those in one of these states, when it names any.
    pub states: Vec<BidState>,
}

/// States as a query names them.
pub(crate) fn names<T: ToString>(states: &[T]) -> Option<String> {
    let names: Vec<_> = states.iter().map(ToString::to_string).collect();
    if names.is_empty() { None } else { Some(names.join(",")) }
}

pub(crate) type Query = Vec<(&'static str, String)>;

pub(crate) fn query(pairs: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Query {
    pairs.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}

/// All calls fail as [`ClientError`] says; those that read are never
/// [`ClientError::Unknown`].
impl Client {
    /// Whether the node serves, and which log it has.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn health(&self) -> Result<Health, ClientError> {
        self.get("/health").await
    }

    /// The exchange as a whole.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn stats(&self) -> Result<NetworkStats, ClientError> {
        self.get("/api/v1/network/stats").await
    }

    /// An account and its money. `name` is a `G…` key, or in open mode any name.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn account(&self, name: &str) -> Result<Account, ClientError> {
        let mut url = self.url("/api/v1/accounts/")?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(name);
        }
        self.get_url(url).await
    }

    /// All markets.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn markets(&self) -> Result<Vec<Market>, ClientError> {
        self.list("/api/v1/markets", &[]).await
    }

    /// A market's book as it is, its best `depth` rows of each side; as many as
    /// the node thinks fit when `None`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn book(&self, market: &ResourceClass, depth: Option<u32>) -> Result<BookView, ClientError> {
        let depth = depth.map(|depth| format!("?depth={depth}")).unwrap_or_default();
        self.get(&format!("/api/v1/markets/{market}/book{depth}")).await
    }

    /// Registers a host.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn register_provider(&self, request: &ProviderRequest) -> Result<Changed<Provider>, ClientError> {
        self.post("/api/v1/providers", request).await
    }

    /// A host.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn provider(&self, id: u64) -> Result<Provider, ClientError> {
        self.get(&format!("/api/v1/providers/{id}")).await
    }

    /// All hosts.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn providers(&self) -> Result<Vec<Provider>, ClientError> {
        self.list("/api/v1/providers", &[]).await
    }

    /// Hands in a signed command, once.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn submit(&self, signed: &SignedRequest) -> Result<Submitted, ClientError> {
        self.post("/api/v1/commands", signed).await
    }

    /// Places an order.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn place_order(&self, request: &OrderRequest) -> Result<Changed<Order>, ClientError> {
        self.post("/api/v1/orders", request).await
    }

    /// What placing an order would do, with what the first 1,000 providers come to
    /// for it. Nothing is placed.
    ///
    /// # Errors
    /// See [`ClientError`]: one that would be refused is.
    pub async fn test_order(&self, request: &OrderRequest) -> Result<OrderDryRun, ClientError> {
        self.post("/api/v1/orders?dryRun=true&limit=1000", request).await
    }

    /// Why an order has not traded, or not all of it, over all providers.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn explain_order(&self, id: u64) -> Result<OrderExplanation, ClientError> {
        let path = format!("/api/v1/orders/{id}/explain?limit=1000");
        let mut told: OrderExplanation = self.get(&path).await?;
        for _ in 0..PAGES_MAX {
            let Some(cursor) = told.next.take() else { return Ok(told) };
            let page: OrderExplanation = self.get(&format!("{path}&cursor={cursor}")).await?;
            told.providers.extend(page.providers);
            told.next = page.next;
        }
        Err(ClientError::Protocol(format!("{path} has more than {PAGES_MAX} pages")))
    }

    /// An order.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn order(&self, id: u64) -> Result<Order, ClientError> {
        self.get(&format!("/api/v1/orders/{id}")).await
    }

    /// Orders.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn orders(&self, filter: &OrderFilter) -> Result<Vec<Order>, ClientError> {
        let query = query([
            ("tenantAddress", filter.tenant.map(address::write)),
            ("market", filter.market.as_ref().map(ToString::to_string)),
            ("state", names(&filter.states)),
        ]);
        self.list("/api/v1/orders", &query).await
    }

    /// Ends what is left of an order.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn cancel_order(&self, id: u64, request: &CancelRequest) -> Result<Changed<Order>, ClientError> {
        self.delete(&format!("/api/v1/orders/{id}"), request).await
    }

    /// Places a bid for one order.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn place_directed_bid(&self, order: u64, request: &DirectedBid) -> Result<Changed<Bid>, ClientError> {
        self.post(&format!("/api/v1/orders/{order}/bids"), request).await
    }

    /// Places a bid in a market's book.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn place_bid(&self, request: &StandingBid) -> Result<Changed<Bid>, ClientError> {
        self.post("/api/v1/bids", request).await
    }

    /// A bid.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn bid(&self, id: u64) -> Result<Bid, ClientError> {
        self.get(&format!("/api/v1/bids/{id}")).await
    }

    /// Bids.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn bids(&self, filter: &BidFilter) -> Result<Vec<Bid>, ClientError> {
        let query = query([
            ("providerId", filter.provider_id.map(|id| id.to_string())),
            ("market", filter.market.as_ref().map(ToString::to_string)),
            ("state", names(&filter.states)),
        ]);
        self.list("/api/v1/bids", &query).await
    }

    /// The directed bids of an order.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn bids_of_order(&self, order: u64) -> Result<Vec<Bid>, ClientError> {
        self.list(&format!("/api/v1/orders/{order}/bids"), &[]).await
    }

    /// Ends what is left of a bid.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn cancel_bid(&self, id: u64, request: &CancelRequest) -> Result<Changed<Bid>, ClientError> {
        self.delete(&format!("/api/v1/bids/{id}"), request).await
    }

    /// Accepts a directed bid; accepting it again answers the same lease.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn accept_bid(&self, id: u64, request: &AcceptRequest) -> Result<Changed<Lease>, ClientError> {
        self.put(&format!("/api/v1/bids/{id}/accept"), request).await
    }

    /// Leases.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn leases(&self, filter: &LeaseFilter) -> Result<Vec<Lease>, ClientError> {
        let query = query([
            ("providerId", filter.provider_id.map(|id| id.to_string())),
            ("orderId", filter.order_id.map(|id| id.to_string())),
            ("tenantAddress", filter.tenant.map(address::write)),
            ("providerAddress", filter.owner.map(address::write)),
            ("market", filter.market.as_ref().map(ToString::to_string)),
            ("state", names(&filter.states)),
            ("agent", filter.agent.map(|agent| agent.as_str().to_owned())),
        ]);
        self.list("/api/v1/leases", &query).await
    }

    /// A lease.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn lease(&self, id: u64) -> Result<Lease, ClientError> {
        self.get(&format!("/api/v1/leases/{id}")).await
    }

    /// How a lease does.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn lease_health(&self, id: u64) -> Result<LeaseHealth, ClientError> {
        self.get(&format!("/api/v1/leases/{id}/health")).await
    }

    /// What a lease runs, for its tenant and for the provider that holds it;
    /// `name` says which of the two asks.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn specification(&self, lease: u64, name: &str) -> Result<Specification, ClientError> {
        let mut url = self.url(&format!("/api/v1/leases/{lease}/specification"))?;
        url.query_pairs_mut().append_pair("address", name);
        self.get_url(url).await
    }

    /// A lease's proof chain; check it with [`ProofChain::check`].
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn proof(&self, lease: u64) -> Result<ProofChain, ClientError> {
        self.get(&format!("/api/v1/leases/{lease}/proof")).await
    }

    /// Stops a lease.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn stop_lease(&self, id: u64, request: &StopRequest) -> Result<Changed<Lease>, ClientError> {
        self.post(&format!("/api/v1/leases/{id}/stop"), request).await
    }

    /// Pays for more of a lease in advance.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn top_up_lease(&self, id: u64, request: &TopUpRequest) -> Result<Changed<Lease>, ClientError> {
        self.post(&format!("/api/v1/leases/{id}/topup"), request).await
    }

    /// All pages of a list, one after the other.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Vec<T>, ClientError> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut url = self.url(path)?;
            url.query_pairs_mut()
                .extend_pairs(query)
                .append_pair("limit", PAGE)
                .extend_pairs(cursor.iter().map(|cursor| ("cursor", cursor)));
            let page: List<T> = self.get_url(url).await?;
            items.extend(page.items);
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(items),
            }
        }
        Err(ClientError::Protocol(format!("{path} has more than {PAGES_MAX} pages")))
    }
}
