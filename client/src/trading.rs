//! Commands of trading: changing and ending what stands, over REST or in a
//! session's pipeline.

use berth_wire::request::{
    AmendBidRequest, AmendOrderRequest, CancelAllRequest, DeadManRequest, MassQuoteRequest, OrderRequest, StandingBid,
};
use berth_wire::response::{Bid, Changed, MassQuoted, Order};
use serde::Serialize;
use serde_json::Value;

use crate::call::{Call, Reply};
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

/// Each is sent once: after a broken connection look, or say it anew.
impl Session {
    /// Changes an order.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn amend_order(&self, id: u64, request: &AmendOrderRequest) -> Result<Reply, ClientError> {
        self.send(call("order.amend", Some(("orderId", id)), request)).await
    }

    /// Ends an order and places another, or does neither.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn replace_order(&self, id: u64, request: &OrderRequest) -> Result<Reply, ClientError> {
        self.send(call("order.replace", Some(("orderId", id)), request)).await
    }

    /// Changes a bid.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn amend_bid(&self, id: u64, request: &AmendBidRequest) -> Result<Reply, ClientError> {
        self.send(call("bid.amend", Some(("bidId", id)), request)).await
    }

    /// Ends a bid and places another, or does neither.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn replace_bid(&self, id: u64, request: &StandingBid) -> Result<Reply, ClientError> {
        self.send(call("bid.replace", Some(("bidId", id)), request)).await
    }

    /// Replaces all bids of a quote set.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn mass_quote(&self, request: &MassQuoteRequest) -> Result<Reply, ClientError> {
        self.send(call("bid.mass", None, request)).await
    }

    /// Ends an account's orders and bids.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn cancel_all(&self, request: &CancelAllRequest) -> Result<Reply, ClientError> {
        self.send(call("cancel.all", None, request)).await
    }

    /// Arms or disarms an account's dead-man timer.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn set_dead_man(&self, request: &DeadManRequest) -> Result<Reply, ClientError> {
        self.send(call("deadman.set", None, request)).await
    }
}

/// A request as a call; `id` is what REST has in its path.
fn call(method: &str, id: Option<(&str, u64)>, request: &impl Serialize) -> Call {
    let mut params = serde_json::to_value(request).expect("requests are plain data");
    if let (Some((name, id)), Some(params)) = (id, params.as_object_mut()) {
        params.insert(name.to_owned(), Value::from(id));
    }
    Call::new(method, params)
}
