//! The exchange, as an agent sees it.

mod node;
mod shape;

use std::future::Future;

use futures_util::stream::BoxStream;
use thiserror::Error;

pub use node::Node;

use crate::docker::Usage;
use crate::lease::{Lease, LeaseId, Leases, LogId, Outcome, ProviderId, ReplicaIndex, RunningContainer, Specification};

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExchangeError {
    /// The exchange did not answer, or could not now. Trying again may help.
    #[error("the exchange does not answer: {0}")]
    Away(String),
    /// It answered, and the answer is no.
    #[error("refused as {code}: {detail}")]
    Refused {
        /// Its stable code.
        code: String,
        /// Its words.
        detail: String,
    },
}

/// Where the exchange's log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which log.
    pub log: LogId,
    /// Its newest durable entry.
    pub seq: u64,
}

/// That a lease came to another state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The lease.
    pub lease: LeaseId,
    /// Its provider, where the event names one.
    pub provider: Option<ProviderId>,
}

/// That a lease's containers run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The image that they run, `sha256:…`.
    pub image_id: String,
    /// Every replica.
    pub containers: Vec<RunningContainer>,
}

/// What an agent saw of a lease that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vitals {
    /// What its containers used.
    pub usage: Usage,
    /// Whether every probe of a published port passed.
    pub healthy: bool,
}

/// What an agent asks of the exchange and tells it. Reports may be repeated:
/// one that says what is known already is answered as the first was.
///
/// Every call is bounded in time by the implementation.
pub trait Exchange: Send + Sync + 'static {
    /// Where the log stands.
    fn head(&self) -> impl Future<Output = Result<Head, ExchangeError>> + Send;

    /// The leases that are not closed, of those that are served.
    fn leases(&self, served: Leases) -> impl Future<Output = Result<Vec<Lease>, ExchangeError>> + Send;

    /// One lease, whoever's; `None` when there is none of that number.
    fn lease(&self, id: LeaseId) -> impl Future<Output = Result<Option<Lease>, ExchangeError>> + Send;

    /// What to run, in the name of the lease's provider.
    fn specification(&self, lease: &Lease) -> impl Future<Output = Result<Specification, ExchangeError>> + Send;

    /// The changes of leases after `seq`, in order. It reconnects by itself and
    /// goes on where it was; it ends when it cannot, and may then be asked for
    /// anew. A change is a hint to
    /// look again: what counts is what [`Exchange::leases`] then answers.
    fn changes(&self, seq: u64) -> BoxStream<'static, Change>;

    /// Reports a lease as started.
    fn start(&self, lease: &Lease, started: &Started) -> impl Future<Output = Result<(), ExchangeError>> + Send;

    /// Reports that a lease is alive, and how it does.
    fn heartbeat(&self, lease: &Lease, vitals: Vitals) -> impl Future<Output = Result<(), ExchangeError>> + Send;

    /// Tells what a replica wrote, as lines `TIME TEXT` in the order of their times,
    /// behind the line of the time `after`. Answers the time up to which the lines
    /// are known now: when that is less than `after`, those between are to be told
    /// again.
    fn tell(
        &self,
        lease: &Lease,
        replica: ReplicaIndex,
        after: Option<&str>,
        lines: Vec<u8>,
    ) -> impl Future<Output = Result<Option<String>, ExchangeError>> + Send;

    /// Hands in what a lease left behind, at most
    /// [`LOG_BYTES_MAX`](crate::results::LOG_BYTES_MAX). It may be done before the
    /// lease is finished, and again.
    fn hand_in(&self, lease: &Lease, result: Vec<u8>) -> impl Future<Output = Result<(), ExchangeError>> + Send;

    /// Reports a lease as finished.
    fn finish(&self, lease: &Lease, outcome: &Outcome) -> impl Future<Output = Result<(), ExchangeError>> + Send;
}
