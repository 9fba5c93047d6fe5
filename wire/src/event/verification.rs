//! Events of the verification of results.

use berth_domain::{VerificationDrawn, VerificationEnded, VerificationRerun, VerificationStarted};
use serde_json::{Value, json};

pub(super) fn started(e: &VerificationStarted) -> Value {
    json!({ "leaseId": e.lease.0 })
}

pub(super) fn drawn(e: &VerificationDrawn) -> Value {
    json!({ "leaseId": e.lease.0, "ledger": e.ledger, "hash": e.hash.to_string(), "drawn": e.drawn })
}

pub(super) fn rerun(e: &VerificationRerun) -> Value {
    json!({ "leaseId": e.lease.0, "rerunLeaseId": e.rerun.0 })
}

pub(super) fn ended(e: &VerificationEnded) -> Value {
    json!({ "leaseId": e.lease.0, "verdict": e.verdict.as_str() })
}
