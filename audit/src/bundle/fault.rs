//! What can be wrong with a bundle.

use berth_domain::{ProofStep, Seq};
use berth_merkle::ProofFileError;
use berth_wire::proof::ProofFault;
use thiserror::Error;

/// Why a bundle is not what it says.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum BundleFault {
    /// No JSON, or not of a bundle's shape.
    #[error("{0}")]
    NoBundle(String),
    /// A field that no bundle has; its JSON path.
    #[error("{0}: no bundle has this field")]
    Unknown(String),
    /// A field of the record that the entries and the proof chain contradict.
    #[error("lease.{0}: the entries and the proof chain say something else")]
    Field(&'static str),
    /// A step cites an entry that says something else.
    #[error("proof.steps: step {step} cites entry {seq}, which does not say so")]
    Cites {
        /// The step.
        step: ProofStep,
        /// The entry.
        seq: Seq,
    },
    /// Another format.
    #[error("format: not berth/lease-bundle@v1")]
    Format,
    /// Bytes that are no entry.
    #[error("entries[{0}].bytes: no entry of a log")]
    Bytes(usize),
    /// An inclusion proof that does not hold.
    #[error("entries[{at}].proof: {source}")]
    Proof {
        /// Which one.
        at: usize,
        /// Why.
        source: ProofFileError,
    },
    /// The proof is of another entry, or of this one at another place.
    #[error("entry {0}: the proof is not of this entry at this place")]
    Elsewhere(Seq),
    /// Entries stand twice or in another order than the log's.
    #[error("entry {0}: the entries are not in the order of the log")]
    Order(Seq),
    /// A signature that is not of its key over its command in this log.
    #[error("entry {0}: the signature is not of its key over its command in this log")]
    Signature(Seq),
    /// The first entry is not the genesis.
    #[error("entries[0]: not the genesis of a log")]
    NoGenesis,
    /// The proof chain is another lease's.
    #[error("proof.leaseId: it is of lease {0}")]
    OtherLease(u64),
    /// The proof chain does not hold.
    #[error("proof: {0}")]
    Chain(#[from] ProofFault),
    /// A step cites an entry that is not here.
    #[error("proof.steps: step {step} cites entry {seq}, which is not here")]
    Uncited {
        /// The step's number.
        step: u8,
        /// The entry.
        seq: Seq,
    },
    /// An amount does not follow, or is not what the contract paid.
    #[error("lease.{0}: the amount does not follow from price, evidence and payment")]
    Money(&'static str),
}
