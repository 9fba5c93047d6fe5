//! What the node answers. Ids, sequence numbers and times (microseconds since
//! 1970) are JSON's own numbers; money, rates, addresses and hashes are typed,
//! since a text of theirs can be wrong.
//!
//! Readers ignore fields that they do not know, so that a newer node can serve
//! an older client.

mod account;
mod bid;
mod dry_run;
mod explain;
mod gpu;
mod job;
mod lease;
mod logged_on;
mod login;
mod market;
mod network;
mod order;
mod payment;
mod provider;
mod result;
mod spend;
mod submitted;
mod transfer;

pub use account::{Account, AccountKey, Balance, Mandate};
pub use bid::{Bid, MassQuoted};
pub use dry_run::{DryRunFill, OrderDryRun};
pub use explain::{BidExplanation, BidVerdict, OrderExplanation, OrderVerdict, ProviderVerdict, Reason};
pub use gpu::{GpuOffer, GpuStatus};
pub use job::{Job, JobStatus, JobTemplate};
pub use lease::{Container, Lease, LeaseHealth, LeaseStatus, ReplicaHealth};
pub use logged_on::LoggedOn;
pub use login::{Challenge, LoginError, Token};
pub use market::{BookView, Market};
pub use network::{Health, LogHead, NetworkStats, StateHashes};
pub use order::Order;
pub use payment::{Payment, PaymentState};
pub use provider::{Free, Gpu, Provider, ProviderResources};
pub use result::{Encoding, LeaseResult, OutputKnown};
pub use spend::Spent;
pub use submitted::Submitted;
pub use transfer::{Transfer, TransferState};

use berth_domain::{Digest, Seq};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::in_text;

/// What a change answers: the thing, and where in the log the change is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Changed<T> {
    /// The thing, as it then is; its fields stand beside the two below.
    #[serde(flatten)]
    pub object: T,
    /// Place of the command in the log.
    pub seq: u64,
    /// BLAKE3 over the entry that holds it.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub entry_hash: Digest,
}

impl<T> Changed<T> {
    /// `object`, as the entry at `seq` left it.
    #[must_use]
    pub const fn new(object: T, seq: Seq, entry_hash: Digest) -> Self {
        Self { object, seq: seq.0, entry_hash }
    }
}

/// What an acknowledged command answers when it touched no thing of its own:
/// the same two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Acknowledged {
    /// Place of the command in the log.
    pub seq: u64,
    /// BLAKE3 over the entry that holds it.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub entry_hash: Digest,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct List<T> {
    /// Its things.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null at the end.
    pub next: Option<String>,
}
