//! What the proved entries and the proof chain say of each field of a record.

use std::collections::BTreeSet;

use berth_domain::{CloseReason, Command, Entry, LeaseId, LeaseState, ProofStep, Seq, Stroops};
use berth_wire::proof::{ProofChain, ProofRecord};
use berth_wire::response::Lease;
use serde_json::Value;

use super::BundleFault;

/// What no entry and no step says, whatever the lease.
const NEVER_SAID: [&str; 6] = [
    "lease.tenantAddress",
    "lease.providerAddress",
    "lease.market",
    "lease.detail",
    "lease.chainDeadline",
    "entries: whether others are about the lease, too",
];

/// What agrees, and how far that goes.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Fields that agree with the proof chain, and of which no entry here speaks.
    pub(super) by_the_chain: Vec<&'static str>,
    /// What nothing here speaks of.
    pub(super) not_checked: Vec<&'static str>,
}

/// Compares a record with a proof chain that was checked and with entries that
/// were proved.
///
/// # Errors
/// The first field that something else follows for.
pub(super) fn check(lease: &Lease, chain: &ProofChain, entries: &[Entry]) -> Result<Said, BundleFault> {
    let mut said = Said { by_the_chain: Vec::new(), not_checked: NEVER_SAID.to_vec() };
    let parts = Parts { lease, chain, entries };
    parts.matched(&mut said)?;
    let locked = parts.locked(&mut said)?;
    parts.started(&mut said)?;
    parts.finished(&mut said)?;
    parts.paid(locked)?;
    agree("proofHash", lease.proof_hash == chain.head)?;
    Ok(said)
}

fn agree(field: &'static str, agrees: bool) -> Result<(), BundleFault> {
    if agrees { Ok(()) } else { Err(BundleFault::Field(field)) }
}

struct Parts<'a> {
    lease: &'a Lease,
    chain: &'a ProofChain,
    entries: &'a [Entry],
}

impl<'a> Parts<'a> {
    /// A step and the entry that it cites.
    fn step(&self, step: ProofStep) -> Option<(&'a ProofRecord, &'a Entry)> {
        let record = self.chain.steps.iter().find(|record| record.number == step as u8)?;
        let entry = self.entries.iter().find(|entry| entry.seq == Seq(record.seq))?;
        Some((record, entry))
    }

    fn id(&self) -> LeaseId {
        LeaseId(self.lease.id)
    }

    /// Who met whom, and when.
    fn matched(&self, said: &mut Said) -> Result<(), BundleFault> {
        let lease = self.lease;
        let Some((received, placed)) = self.step(ProofStep::Received) else { return agree("orderId", false) };
        let Some((matched, opened)) = self.step(ProofStep::Matched) else { return agree("bidId", false) };
        agree("orderId", says(received, "order", lease.order_id))?;
        agree("bidId", says(matched, "bid", lease.bid_id))?;
        agree("providerId", says(matched, "provider", lease.provider_id))?;
        agree("trustLevel", says(matched, "level", lease.trust_level.to_string()))?;
        agree("price", says(matched, "price", lease.price.to_string()))?;
        agree("replicas", says(matched, "replicas", lease.replicas))?;
        agree("openedAt", lease.opened_at == opened.at.0)?;
        let of_chain = ["lease.orderId", "lease.bidId", "lease.providerId", "lease.trustLevel", "lease.price"];
        said.by_the_chain.extend(of_chain);
        said.by_the_chain.extend(["lease.replicas", "lease.ratePerHour"]);
        match &placed.command {
            // What traded as it came was not changed before.
            Command::PlaceOrder(order) if placed.seq == opened.seq => {
                agree("durationSeconds", lease.duration_seconds == order.duration.0)?;
                agree("units", lease.units == order.units)
            }
            _ => {
                said.not_checked.push("lease.durationSeconds");
                Ok(())
            }
        }
    }

    /// What the chain holds. Gives the transactions so far.
    fn locked(&self, said: &mut Said) -> Result<usize, BundleFault> {
        let lease = self.lease;
        let Some((locked, entry)) = self.step(ProofStep::EscrowLocked) else {
            agree("escrowedAt", lease.escrowed_at.is_none())?;
            said.not_checked.push("lease.escrow");
            return Ok(0);
        };
        let fact = match &entry.command {
            Command::Escrowed(fact) if fact.lease == self.id() => fact,
            _ => return Err(BundleFault::Cites { step: ProofStep::EscrowLocked, seq: entry.seq }),
        };
        agree("escrowedAt", lease.escrowed_at == Some(entry.at.0))?;
        let is_fact = says(locked, "tx", fact.tx.to_string()) && says(locked, "ledger", fact.ledger);
        agree("escrowTx", is_fact && lease.escrow_tx.first() == Some(&fact.tx))?;
        let first: Option<Stroops> =
            locked.payload.get("amount").and_then(Value::as_str).and_then(|amount| amount.parse().ok());
        let mut seen = BTreeSet::new();
        let added = self.entries.iter().filter_map(|entry| match &entry.command {
            // A fact may come twice.
            Command::ToppedUp(fact) if fact.lease == self.id() && seen.insert(fact.tx.to_string()) => Some(fact.amount),
            _ => None,
        });
        let held = added.map(|amount| i128::from(amount.get())).sum::<i128>();
        let first = first.map(|amount| i128::from(amount.get()));
        agree("escrow", first.map(|first| first + held) == Some(i128::from(lease.escrow.get())))?;
        said.by_the_chain.push("lease.escrow");
        Ok(1)
    }

    /// What runs.
    fn started(&self, said: &mut Said) -> Result<(), BundleFault> {
        let lease = self.lease;
        let Some((allocated, entry)) = self.step(ProofStep::ResourcesAllocated) else {
            agree("startedAt", lease.started_at.is_none())?;
            agree("endsAt", lease.ends_at.is_none())?;
            agree("imageId", lease.image_id.is_none())?;
            said.not_checked.push("lease.units");
            return agree("containers", lease.containers.is_empty());
        };
        let start = match &entry.command {
            Command::StartLease(start) if start.lease == self.id() => start,
            _ => return Err(BundleFault::Cites { step: ProofStep::ResourcesAllocated, seq: entry.seq }),
        };
        agree("units", says(allocated, "units", lease.units))?;
        said.by_the_chain.push("lease.units");
        agree("startedAt", lease.started_at == Some(entry.at.0))?;
        let image = Some(start.image.as_str()).filter(|image| !image.is_empty());
        agree("imageId", lease.image_id.as_deref() == image)?;
        let containers: Vec<_> = start.containers.iter().zip(0..).map(berth_render::container).collect();
        agree("containers", lease.containers == containers)?;
        // Only a lease that is topped up goes on after it was suspended.
        let is_topped_up = self
            .entries
            .iter()
            .any(|entry| matches!(&entry.command, Command::ToppedUp(fact) if fact.lease == self.id()));
        if is_topped_up || said.not_checked.contains(&"lease.durationSeconds") {
            said.not_checked.push("lease.endsAt");
        }
        let ends_at = lease.duration_seconds.checked_mul(1_000_000).and_then(|micros| entry.at.0.checked_add(micros));
        agree("endsAt", lease.ends_at == ends_at || (is_topped_up && lease.ends_at > ends_at))
    }

    /// How it ended.
    fn finished(&self, said: &mut Said) -> Result<(), BundleFault> {
        let lease = self.lease;
        let Some((finished, entry)) = self.step(ProofStep::Finished) else {
            agree("state", lease.state != LeaseState::Closed)?;
            agree("closedAt", lease.closed_at.is_none())?;
            agree("fee", lease.fee == Stroops::ZERO)?;
            let open = ["lease.state", "lease.reason", "lease.evidencedSeconds", "lease.cost", "lease.resultSha256"];
            said.not_checked.extend(open);
            return Ok(());
        };
        agree("state", lease.state == LeaseState::Closed)?;
        agree("closedAt", lease.closed_at == Some(entry.at.0) && says(finished, "at", entry.at.0))?;
        agree("startedAt", says(finished, "started", lease.started_at))?;
        let is_refunded = self.is_refunded();
        if is_refunded {
            agree("reason", lease.reason == Some(CloseReason::Refunded))?;
        } else {
            agree("reason", says(finished, "reason", lease.reason.map(|reason| reason.to_string())))?;
            said.by_the_chain.push("lease.reason");
        }
        let Some((stored, _)) = self.step(ProofStep::ResultStored) else { return agree("resultSha256", false) };
        let result = lease.result_sha256.map(|sha256| sha256.to_string());
        let is_there = result.is_none() || self.entries.iter().any(|entry| self.leaves(entry, result.as_deref()));
        agree("resultSha256", says(stored, "sha256", result) && is_there)?;
        if lease.result_sha256.is_none() {
            said.by_the_chain.push("lease.resultSha256");
        }
        let Some((verified, _)) = self.step(ProofStep::Verified) else { return agree("evidencedSeconds", false) };
        let closed_for = finished.payload.get("reason").and_then(Value::as_str).and_then(CloseReason::from_name);
        if closed_for.is_some_and(|reason| reason.is_unpaid() && reason != CloseReason::Refunded) {
            // Of what is not paid, no step says how long it ran.
            said.not_checked.extend(["lease.evidencedSeconds", "lease.cost"]);
        } else {
            agree("evidencedSeconds", says(verified, "evidencedSeconds", lease.evidenced_seconds))?;
            said.by_the_chain.extend(["lease.evidencedSeconds", "lease.cost"]);
        }
        if is_refunded {
            return agree("fee", lease.fee == Stroops::ZERO);
        }
        if !lease.paid {
            said.by_the_chain.push("lease.fee");
        }
        agree("fee", says(verified, "fee", lease.fee.to_string()))
    }

    /// Whether an entry says that the lease left this result.
    fn leaves(&self, entry: &Entry, sha256: Option<&str>) -> bool {
        match &entry.command {
            Command::FinishLease(finish) if finish.lease == self.id() => {
                finish.result.is_some_and(|result| Some(result.sha256.to_string().as_str()) == sha256)
            }
            _ => false,
        }
    }

    fn is_refunded(&self) -> bool {
        let paid = self.step(ProofStep::Paid);
        paid.is_some_and(|(_, entry)| matches!(entry.command, Command::SettlementRefunded(_)))
    }

    /// What the contract paid, behind `locked` transactions.
    fn paid(&self, locked: usize) -> Result<(), BundleFault> {
        let lease = self.lease;
        let Some((record, entry)) = self.step(ProofStep::Paid) else {
            agree("paid", !lease.paid && !self.entries.iter().any(|entry| self.settles(entry)))?;
            return agree("escrowTx", lease.escrow_tx.len() == locked);
        };
        let (tx, ledger) = match &entry.command {
            Command::SettlementPaid(fact) if fact.lease == self.id() => (fact.tx, fact.ledger),
            Command::SettlementRefunded(fact) if fact.lease == self.id() => {
                agree("escrow", fact.amount == lease.escrow)?;
                (fact.tx, fact.ledger)
            }
            _ => return Err(BundleFault::Cites { step: ProofStep::Paid, seq: entry.seq }),
        };
        agree("paid", lease.paid)?;
        let is_fact = says(record, "tx", tx.to_string()) && says(record, "ledger", ledger);
        agree("escrowTx", is_fact && lease.escrow_tx.len() == locked + 1 && lease.escrow_tx.last() == Some(&tx))
    }

    fn settles(&self, entry: &Entry) -> bool {
        matches!(&entry.command, Command::SettlementPaid(fact) if fact.lease == self.id())
            || matches!(&entry.command, Command::SettlementRefunded(fact) if fact.lease == self.id())
    }
}

/// Whether a step says this by that name.
fn says(record: &ProofRecord, name: &str, value: impl Into<Value>) -> bool {
    record.payload.get(name) == Some(&value.into())
}
