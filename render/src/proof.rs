//! Proof chains.

use berth_exchange::Lease;
use berth_wire::event::payload_json;
use berth_wire::proof::{ProofChain, ProofRecord};

/// The steps of a lease's proof chain so far.
#[must_use]
pub fn proof(lease: &Lease) -> ProofChain {
    let steps = lease.proof.iter().map(|step| ProofRecord {
        number: step.step as u8,
        step: step.step.as_str().to_owned(),
        seq: step.seq.0,
        payload: payload_json(&step.payload),
        hash: step.hash,
    });
    ProofChain { lease_id: lease.id.0, steps: steps.collect(), head: lease.proof_head() }
}
