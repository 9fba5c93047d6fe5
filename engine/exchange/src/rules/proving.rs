//! The proof chain of a lease: one step appended at a time.
//!
//! The first two steps, received and matched, cite the entries in which the
//! order came and the lease was opened. They are written once the chain has
//! answered, or the lease has closed without an answer: a lease that exists for
//! a moment only costs the matching nothing, and nobody has anything to prove
//! before.

use berth_domain::{CloseReason, LeaseId, ProofPayload, ProofStep, ProofStepped, ProofValue, Seq};

use crate::exchange::{Exchange, Step};
use crate::state::Lease;

impl Exchange {
    /// Begins a lease's proof chain, unless it has begun.
    pub(crate) fn prove_match(&mut self, step: &mut Step<'_>, id: LeaseId) {
        let lease = self.lease(id).expect("the caller has it");
        if !lease.proof.is_empty() {
            return;
        }
        let order = self.order(lease.order).expect("a lease's order is there");
        let (placed_seq, opened_seq) = (order.placed_seq, lease.opened_seq);
        let received = ProofPayload::new([
            ("at", order.placed_at.0.into()),
            ("order", order.id.0.into()),
            ("replicas", order.asked.into()),
            ("specHash", order.spec_hash.to_string().into()),
        ]);
        let matched = ProofPayload::new([
            ("bid", lease.bid.0.into()),
            ("lease", id.0.into()),
            ("level", lease.level.as_str().into()),
            ("price", lease.price.to_string().into()),
            ("provider", lease.provider.0.into()),
            ("replicas", lease.replicas.into()),
        ]);
        self.prove(step, id, ProofStep::Received, placed_seq, received);
        self.prove(step, id, ProofStep::Matched, opened_seq, matched);
    }

    /// The steps between started and paid. Where a lease never ran, the chain
    /// says so rather than leaving a step out.
    pub(crate) fn prove_close(&mut self, step: &mut Step<'_>, lease: &Lease, reason: CloseReason) {
        let finished = ProofPayload::new([
            ("at", step.at.0.into()),
            ("reason", reason.as_str().into()),
            ("started", lease.started_at.map_or(ProofValue::Null, |at| at.0.into())),
        ]);
        self.prove(step, lease.id, ProofStep::Finished, step.seq, finished);
        let (sha256, size) = match lease.result {
            Some(result) => (result.sha256.to_string().into(), result.size.into()),
            None => (ProofValue::Null, ProofValue::Null),
        };
        let stored = ProofPayload::new([("sha256", sha256), ("size", size)]);
        self.prove(step, lease.id, ProofStep::ResultStored, step.seq, stored);
        let verified = ProofPayload::new([
            ("evidencedSeconds", lease.paid_seconds().0.into()),
            ("fee", lease.fee.to_string().into()),
            ("heartbeats", lease.evidence.heartbeats.into()),
            ("pay", lease.pay.to_string().into()),
            ("refund", (lease.escrow - lease.pay).to_string().into()),
        ]);
        self.prove(step, lease.id, ProofStep::Verified, step.seq, verified);
    }

    /// Appends a step to a lease's proof chain.
    pub(crate) fn prove(
        &mut self,
        step: &mut Step<'_>,
        lease: LeaseId,
        proof_step: ProofStep,
        seq: Seq,
        payload: ProofPayload,
    ) {
        let record = self.lease_mut(lease);
        let hash = proof_step.hash(record.proof_head(), seq, &payload);
        let stepped = ProofStepped { lease, step: proof_step, seq, payload, hash };
        record.proof.push(stepped.clone());
        step.emit(stepped);
    }
}
