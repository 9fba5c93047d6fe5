//! What is written down of a lease and decides nothing: when what was said of it,
//! what its agent reports, and the proof chain.

use berth_domain::{
    CloseReason, LeaseId, Micros, ProofPayload, ProofStep, ProofStepped, ProofValue, Seconds, Seq, SettlementPaid,
    SettlementRefunded, StartLease, TxHash,
};

use super::order::stroops;
use super::{Lease, Oracle};

#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(super) opened_at: Micros,
    pub(super) opened_seq: Seq,
    pub(super) chain_deadline: u64,
    pub(super) escrowed_at: Option<Micros>,
    pub(super) closed_at: Option<Micros>,
    pub(super) paid_at: Option<Micros>,
    /// When it was last seen to run, in the time that may be paid.
    pub(super) seen_until: Micros,
    pub(super) heartbeats: u32,
    pub(super) cpu_millis: u64,
    pub(super) memory_bytes: u64,
    pub(super) proof: Vec<ProofStepped>,
    /// The place of the terms that it opened under among all.
    pub(super) terms: usize,
}

impl Record {
    pub(super) const fn new(opened_at: Micros, opened_seq: Seq, chain_deadline: u64, terms: usize) -> Self {
        Self {
            opened_at,
            opened_seq,
            chain_deadline,
            escrowed_at: None,
            closed_at: None,
            paid_at: None,
            seen_until: Micros(0),
            heartbeats: 0,
            cpu_millis: 0,
            memory_bytes: 0,
            proof: Vec::new(),
            terms,
        }
    }
}

impl Lease {
    /// The time that it is paid for, or was seen to run before it was refunded.
    pub(super) fn told_seconds(&self, reason: CloseReason) -> Seconds {
        let is_nothing = matches!(reason, CloseReason::GangFailed | CloseReason::FailedVerification);
        if is_nothing { Seconds(0) } else { self.evidenced() }
    }
}

impl Oracle {
    fn prove(&mut self, id: LeaseId, step: ProofStep, payload: ProofPayload) {
        let seq = self.step.seq;
        self.prove_of(id, step, seq, payload);
    }

    fn prove_of(&mut self, id: LeaseId, step: ProofStep, seq: Seq, payload: ProofPayload) {
        let proof = &mut self.lease_mut(id).record.proof;
        let previous = proof.last().map(|step| step.hash).unwrap_or_default();
        let hash = step.hash(previous, seq, &payload);
        let stepped = ProofStepped { lease: id, step, seq, payload, hash };
        proof.push(stepped.clone());
        self.tell(stepped);
    }

    /// Where the order and the lease came from: the first thing that is proven.
    fn prove_match(&mut self, id: LeaseId) {
        let lease = self.find_lease(id).expect("the caller has it").clone();
        if !lease.record.proof.is_empty() {
            return;
        }
        let order = self.order(lease.order).clone();
        let received = ProofPayload::new([
            ("order", order.id.0.into()),
            ("at", order.placed.at.0.into()),
            ("replicas", order.placed.replicas.into()),
            ("specHash", order.place.spec_hash.to_string().into()),
        ]);
        let matched = ProofPayload::new([
            ("lease", id.0.into()),
            ("bid", lease.bid.0.into()),
            ("provider", lease.host.0.into()),
            ("level", lease.level.as_str().into()),
            ("price", lease.price.to_string().into()),
            ("replicas", lease.replicas.into()),
        ]);
        self.prove_of(id, ProofStep::Received, order.placed.seq, received);
        self.prove_of(id, ProofStep::Matched, lease.record.opened_seq, matched);
    }

    pub(super) fn prove_escrow(&mut self, id: LeaseId, tx: TxHash, ledger: u32) {
        self.prove_match(id);
        let amount = stroops(self.find_lease(id).expect("the caller has it").escrow());
        let payload = ProofPayload::new([
            ("amount", amount.to_string().into()),
            ("tx", tx.to_string().into()),
            ("ledger", ledger.into()),
        ]);
        self.prove(id, ProofStep::EscrowLocked, payload);
    }

    pub(super) fn prove_start(&mut self, start: &StartLease) {
        let lease = self.find_lease(start.lease).expect("the caller has it").clone();
        // A replica's units are its processors where those are traded.
        let cpu = if self.class(lease.market).is_gpu() { lease.resources.cpu } else { lease.units };
        let allocated = ProofPayload::new([
            ("image", start.image.as_str().into()),
            ("replicas", lease.replicas.into()),
            ("units", lease.units.into()),
            ("cpu", cpu.into()),
            ("memory", lease.resources.memory.into()),
            ("storage", lease.resources.storage.into()),
        ]);
        let started = ProofPayload::new([
            ("at", self.step.at.0.into()),
            ("containers", lease.replicas.into()),
            ("container", start.containers[0].id.as_str().into()),
        ]);
        self.prove(start.lease, ProofStep::ResourcesAllocated, allocated);
        self.prove(start.lease, ProofStep::Started, started);
    }

    pub(super) fn prove_close(&mut self, id: LeaseId, reason: CloseReason) {
        self.prove_match(id);
        let lease = self.find_lease(id).expect("the caller has it").clone();
        let finished = ProofPayload::new([
            ("at", self.step.at.0.into()),
            ("reason", reason.as_str().into()),
            ("started", lease.started_at.map_or(ProofValue::Null, |at| at.0.into())),
        ]);
        let stored = ProofPayload::new([
            ("sha256", lease.result.map_or(ProofValue::Null, |result| result.sha256.to_string().into())),
            ("size", lease.result.map_or(ProofValue::Null, |result| result.size.into())),
        ]);
        let verified = ProofPayload::new([
            ("heartbeats", lease.record.heartbeats.into()),
            ("evidencedSeconds", lease.told_seconds(reason).0.into()),
            ("pay", stroops(lease.pay).to_string().into()),
            ("fee", stroops(lease.fee).to_string().into()),
            ("refund", stroops(lease.escrow() - lease.pay).to_string().into()),
        ]);
        self.prove(id, ProofStep::Finished, finished);
        self.prove(id, ProofStep::ResultStored, stored);
        self.prove(id, ProofStep::Verified, verified);
    }

    pub(super) fn prove_paid(&mut self, fact: &SettlementPaid) {
        let payload = ProofPayload::new([
            ("pay", fact.pay.to_string().into()),
            ("fee", fact.fee.to_string().into()),
            ("refund", fact.refund.to_string().into()),
            ("tx", fact.tx.to_string().into()),
            ("ledger", fact.ledger.into()),
        ]);
        self.prove(fact.lease, ProofStep::Paid, payload);
    }

    pub(super) fn prove_refunded(&mut self, fact: &SettlementRefunded) {
        let payload = ProofPayload::new([
            ("refund", fact.amount.to_string().into()),
            ("tx", fact.tx.to_string().into()),
            ("ledger", fact.ledger.into()),
        ]);
        self.prove(fact.lease, ProofStep::Paid, payload);
    }
}
