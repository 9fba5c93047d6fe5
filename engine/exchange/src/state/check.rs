//! Checks: leases whose results wait for other runs of the same job.

use std::collections::BTreeMap;

use berth_domain::{Digest, LeaseId};

use super::content::content;
use super::recall::{Parts, Recall, Unread};

/// What is known of the spot check of one lease.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check {
    pub(crate) lease: LeaseId,
    /// The ledger that drew it, and its hash.
    pub(crate) ledger: u32,
    pub(crate) hash: Digest,
    /// The leases that run it again: one, and another where they differ.
    pub(crate) reruns: [Option<LeaseId>; 2],
}

content!(Check {
    lease,
    ledger,
    hash,
    reruns with |check, out| check.reruns.iter().for_each(|rerun| rerun.encode(out)),
});

impl Recall for Check {
    fn recall(parts: &mut Parts<'_, '_>) -> Result<Self, Unread> {
        let (lease, ledger, hash) = (parts.get("lease")?, parts.get("ledger")?, parts.get("hash")?);
        Ok(Self { lease, ledger, hash, reruns: [parts.get("reruns")?, parts.get("reruns")?] })
    }
}

/// By the lease that is checked.
pub(crate) type Checks = BTreeMap<LeaseId, Check>;
