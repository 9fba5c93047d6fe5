//! Commands of trading: placing, changing and ending, over REST or in a session's
//! pipeline.

use berth_wire::request::{
    AcceptRequest, AmendBidRequest, AmendOrderRequest, CancelAllRequest, CancelRequest, DeadManRequest, DirectedBid,
    MassQuoteRequest, OrderRequest, OrderStatusRequest, StandingBid,
};
use berth_wire::response::{Acknowledged, Bid, Changed, Lease, MassQuoted, Order, OrderDryRun};
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::error::ClientError;
use crate::rest::Client;
use crate::session::Session;

impl Client {
    /// Changes an order. Fewer replicas alone keep its place in the book.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn amend_order(&self, id: u64, request: &AmendOrderRequest) -> Result<Changed<Order>, ClientError> {
        self.patch(&format!("/api/v1/orders/{id}"), request).await
    }

    /// Changes a bid. Fewer units alone keep its place in the book.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn amend_bid(&self, id: u64, request: &AmendBidRequest) -> Result<Changed<Bid>, ClientError> {
        self.patch(&format!("/api/v1/bids/{id}"), request).await
    }

    /// Replaces all bids of a quote set.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn mass_quote(&self, request: &MassQuoteRequest) -> Result<Changed<MassQuoted>, ClientError> {
        self.post("/api/v1/bids/mass-quote", request).await
    }
}

/// Calls of trading, each as [`Session::begin`] takes it: who quotes thousands of
/// times a second need not wait for one answer before the next call.
impl Call {
    /// Places an order.
    #[must_use]
    pub fn place_order(request: &OrderRequest) -> Self {
        Self::with("order.place", request)
    }

    /// Changes an order.
    #[must_use]
    pub fn amend_order(id: u64, request: &AmendOrderRequest) -> Self {
        Self::of("order.amend", "orderId", id, request)
    }

    /// Ends an order and places another, or does neither.
    #[must_use]
    pub fn replace_order(id: u64, request: &OrderRequest) -> Self {
        Self::of("order.replace", "orderId", id, request)
    }

    /// Ends what is left of an order.
    #[must_use]
    pub fn cancel_order(id: u64, request: &CancelRequest) -> Self {
        Self::of("order.cancel", "orderId", id, request)
    }

    /// Places a bid in a market's book.
    #[must_use]
    pub fn place_bid(request: &StandingBid) -> Self {
        Self::with("bid.place", request)
    }

    /// Places a bid for one order.
    #[must_use]
    pub fn place_directed_bid(order: u64, request: &DirectedBid) -> Self {
        Self::of("bid.place", "orderId", order, request)
    }

    /// Changes a bid.
    #[must_use]
    pub fn amend_bid(id: u64, request: &AmendBidRequest) -> Self {
        Self::of("bid.amend", "bidId", id, request)
    }

    /// Ends a bid and places another, or does neither.
    #[must_use]
    pub fn replace_bid(id: u64, request: &StandingBid) -> Self {
        Self::of("bid.replace", "bidId", id, request)
    }

    /// Ends what is left of a bid.
    #[must_use]
    pub fn cancel_bid(id: u64, request: &CancelRequest) -> Self {
        Self::of("bid.cancel", "bidId", id, request)
    }

    /// Accepts a directed bid; accepting it again answers the same lease.
    #[must_use]
    pub fn accept_bid(id: u64, request: &AcceptRequest) -> Self {
        Self::of("lease.accept", "bidId", id, request)
    }

    /// Ends an account's orders and bids. What the session has not yet sent of
    /// what was begun before is not sent any more:
    /// [`ClientError::Overtaken`].
    #[must_use]
    pub fn cancel_all(request: &CancelAllRequest) -> Self {
        Self::with("cancel.all", request)
    }

    /// Arms or disarms an account's dead-man timer.
    #[must_use]
    pub fn set_dead_man(request: &DeadManRequest) -> Self {
        Self::with("deadman.set", request)
    }
}

/// Each is sent once: after a broken connection look, or say it anew.
impl Session {
    /// What placing an order would do, with what the first 100 providers come to
    /// for it. Nothing is placed.
    ///
    /// # Errors
    /// See [`ClientError`]: one that would be refused is.
    pub async fn test_order(&self, request: &OrderRequest) -> Result<OrderDryRun, ClientError> {
        self.done(Call::with("order.test", request).idempotent()).await
    }

    /// An order, by its number or by its tenant's own id for it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn order_status(&self, request: &OrderStatusRequest) -> Result<Order, ClientError> {
        self.done(Call::with("order.status", request).idempotent()).await
    }

    /// Places an order.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn place_order(&self, request: &OrderRequest) -> Result<Changed<Order>, ClientError> {
        self.done(Call::place_order(request)).await
    }

    /// Changes an order.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn amend_order(&self, id: u64, request: &AmendOrderRequest) -> Result<Changed<Order>, ClientError> {
        self.done(Call::amend_order(id, request)).await
    }

    /// Ends an order and places another, or does neither.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn replace_order(&self, id: u64, request: &OrderRequest) -> Result<Changed<Order>, ClientError> {
        self.done(Call::replace_order(id, request)).await
    }

    /// Ends what is left of an order.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn cancel_order(&self, id: u64, request: &CancelRequest) -> Result<Changed<Order>, ClientError> {
        self.done(Call::cancel_order(id, request)).await
    }

    /// Places a bid in a market's book.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn place_bid(&self, request: &StandingBid) -> Result<Changed<Bid>, ClientError> {
        self.done(Call::place_bid(request)).await
    }

    /// Places a bid for one order.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn place_directed_bid(&self, order: u64, request: &DirectedBid) -> Result<Changed<Bid>, ClientError> {
        self.done(Call::place_directed_bid(order, request)).await
    }

    /// Changes a bid.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn amend_bid(&self, id: u64, request: &AmendBidRequest) -> Result<Changed<Bid>, ClientError> {
        self.done(Call::amend_bid(id, request)).await
    }

    /// Ends a bid and places another, or does neither.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn replace_bid(&self, id: u64, request: &StandingBid) -> Result<Changed<Bid>, ClientError> {
        self.done(Call::replace_bid(id, request)).await
    }

    /// Ends what is left of a bid.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn cancel_bid(&self, id: u64, request: &CancelRequest) -> Result<Changed<Bid>, ClientError> {
        self.done(Call::cancel_bid(id, request)).await
    }

    /// Replaces all bids of a quote set.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn mass_quote(&self, request: &MassQuoteRequest) -> Result<Changed<MassQuoted>, ClientError> {
        self.done(Call::mass_quote(request)).await
    }

    /// Accepts a directed bid; accepting it again answers the same lease.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn accept_bid(&self, id: u64, request: &AcceptRequest) -> Result<Changed<Lease>, ClientError> {
        self.done(Call::accept_bid(id, request).idempotent()).await
    }

    /// Ends an account's orders and bids, before all that the session has not yet
    /// sent, see [`Call::cancel_all`].
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn cancel_all(&self, request: &CancelAllRequest) -> Result<Acknowledged, ClientError> {
        self.done(Call::cancel_all(request)).await
    }

    /// Arms or disarms an account's dead-man timer.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn set_dead_man(&self, request: &DeadManRequest) -> Result<Acknowledged, ClientError> {
        self.done(Call::set_dead_man(request)).await
    }

    async fn done<T: DeserializeOwned>(&self, call: Call) -> Result<T, ClientError> {
        self.send(call).await?.result()
    }
}
