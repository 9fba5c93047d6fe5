//! How a lease's result is checked.

use crate::codec::codec_struct;
use crate::ids::{Digest, LeaseId};
use crate::verify::Verdict;

/// A lease has finished with a result, and is not paid before that is checked.
/// The result is not told here, so that another run cannot repeat it unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerificationStarted {
    /// The lease.
    pub lease: LeaseId,
}
codec_struct!(VerificationStarted { lease });

/// The chain's ledger said whether a lease is run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerificationDrawn {
    /// The lease.
    pub lease: LeaseId,
    /// The ledger's number.
    pub ledger: u32,
    /// Its hash.
    pub hash: Digest,
    /// Whether it is.
    pub drawn: bool,
}
codec_struct!(VerificationDrawn { lease, ledger, hash, drawn });

/// A lease is run again by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerificationRerun {
    /// The lease.
    pub lease: LeaseId,
    /// The lease that runs it again.
    pub rerun: LeaseId,
}
codec_struct!(VerificationRerun { lease, rerun });

/// A lease's result has been checked, as far as it could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerificationEnded {
    /// The lease.
    pub lease: LeaseId,
    /// What came of it.
    pub verdict: Verdict,
}
codec_struct!(VerificationEnded { lease, verdict });
