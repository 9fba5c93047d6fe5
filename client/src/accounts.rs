//! Calls about an account as a whole, and the operator's about markets.

use berth_wire::domain::ResourceClass;
use berth_wire::event::EventFrame;
use berth_wire::request::{DepositRequest, MandateRequest, OpenMarketRequest, WithdrawalRequest};
use berth_wire::response::{Changed, List, Mandate, Market, Spent, Transfer};

use crate::error::ClientError;
use crate::rest::Client;

impl Client {
    /// Replaces the limits of what may be done in an account's name.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn set_mandate(&self, name: &str, request: &MandateRequest) -> Result<Changed<Mandate>, ClientError> {
        self.post(&self.of_account(name, "mandates")?, request).await
    }

    /// What the log says of an account, from an entry on: a page, which says where
    /// the next begins.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn history(&self, name: &str, from_seq: u64) -> Result<List<EventFrame>, ClientError> {
        self.get(&format!("{}?cursor={from_seq}", self.of_account(name, "history")?)).await
    }

    /// What an account has paid for its leases, day by day.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn spend(&self, name: &str) -> Result<Vec<Spent>, ClientError> {
        self.list(&self.of_account(name, "spend")?, &[]).await
    }

    /// Begins a deposit, or hands in its signed transaction.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn deposit(&self, request: &DepositRequest) -> Result<Transfer, ClientError> {
        self.post("/api/v1/deposits", request).await
    }

    /// Begins a withdrawal, or hands in its signed transaction.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn withdraw(&self, request: &WithdrawalRequest) -> Result<Transfer, ClientError> {
        self.post("/api/v1/withdrawals", request).await
    }

    /// The path of something of an account.
    fn of_account(&self, name: &str, what: &str) -> Result<String, ClientError> {
        let mut url = self.url("/api/v1/accounts/")?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(name).push(what);
        }
        Ok(url.path().to_owned())
    }

    /// Opens a market. The operator's.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn open_market(&self, request: &OpenMarketRequest) -> Result<Changed<Market>, ClientError> {
        self.post("/api/v1/markets", request).await
    }

    /// Stops trade in a market. The operator's.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn pause_market(&self, market: &ResourceClass) -> Result<Changed<Market>, ClientError> {
        self.post(&format!("/api/v1/markets/{market}/pause"), &()).await
    }

    /// Lets trade in a market go on. The operator's.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn resume_market(&self, market: &ResourceClass) -> Result<Changed<Market>, ClientError> {
        self.post(&format!("/api/v1/markets/{market}/resume"), &()).await
    }

    /// Lets all that waits in a market enter it again, now. The operator's.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn cycle_market(&self, market: &ResourceClass) -> Result<Changed<Market>, ClientError> {
        self.post(&format!("/api/v1/markets/{market}/cycle"), &()).await
    }
}
