//! Leases, and the evidence by which they are paid.

use berth_domain::codec::Encode;
use berth_domain::{
    AccountId, BidId, CloseReason, ContainerReport, Digest, JobResult, LeaseId, LeaseState, MarketId, Micros, OrderId,
    ProofStepped, ProviderId, Rate, RatePerHour, Resources, Seconds, Stroops, Text, TrustLevel, TxHash, owed,
};

use crate::planted::{Planted, is};

/// What one bid fills of one order.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Its id.
    pub id: LeaseId,
    /// The order.
    pub order: OrderId,
    /// The bid.
    pub bid: BidId,
    /// The market.
    pub market: MarketId,
    /// The host.
    pub provider: ProviderId,
    /// The host's owner.
    pub provider_account: AccountId,
    /// The tenant.
    pub tenant: AccountId,
    /// Trust level of the provider when they met.
    pub level: TrustLevel,
    /// Price of a unit.
    pub price: Rate,
    /// Price of all of it.
    pub rate: RatePerHour,
    /// Units a replica.
    pub units: u32,
    /// What else a replica takes.
    pub resources: Resources,
    /// Replicas.
    pub replicas: u32,
    /// How long it runs from its start.
    pub duration: Seconds,
    /// The part of that which its escrow covers.
    pub prepay: Seconds,
    /// What its escrow holds.
    pub escrow: Stroops,
    /// Where it is in its life.
    pub state: LeaseState,
    /// Why it closes or closed.
    pub reason: Option<CloseReason>,
    /// More about that in words.
    pub detail: Text<200>,
    /// When it was opened.
    pub opened_at: Micros,
    /// When its escrow was locked on the chain.
    pub escrowed_at: Option<Micros>,
    /// When its containers ran.
    pub started_at: Option<Micros>,
    /// When it ends by itself.
    pub ends_at: Option<Micros>,
    /// When it began to close: nothing after that is paid.
    pub closing_at: Option<Micros>,
    /// When it closed.
    pub closed_at: Option<Micros>,
    /// When the contract had paid it.
    pub paid_at: Option<Micros>,
    /// Until when the contract can settle it: seconds since 1970.
    pub chain_deadline: u64,
    /// The transaction that locked its escrow.
    pub escrow_tx: Option<TxHash>,
    /// The transaction that paid it.
    pub paid_tx: Option<TxHash>,
    /// The image that it runs.
    pub image: Text<128>,
    /// Its containers, by replica.
    pub containers: Vec<ContainerReport>,
    /// Whether the agent has said that they are gone.
    pub finished: bool,
    /// What they left behind.
    pub result: Option<JobResult>,
    /// What they used, as last reported.
    pub cpu_millis: u64,
    /// Resident memory, as last reported, in bytes.
    pub memory_bytes: u64,
    /// What is paid for.
    pub evidence: Evidence,
    /// Its proof chain so far.
    pub proof: Vec<ProofStepped>,
    /// Final cost: the provider's part and the fee. Zero until it closes.
    pub pay: Stroops,
    /// The platform's part of it. Zero until it closes.
    pub fee: Stroops,
}

impl Lease {
    /// What it has cost so far: what its rate owes for the evidenced time, at
    /// most its escrow.
    #[must_use]
    pub fn cost(&self) -> Stroops {
        owed(self.rate, self.evidence.seconds()).map_or(self.escrow, |owed| owed.min(self.escrow))
    }

    /// Head of its proof chain; zeros before the first step.
    #[must_use]
    pub fn proof_head(&self) -> Digest {
        self.proof.last().map_or_else(Digest::default, |step| step.hash)
    }

    /// Whether the contract holds its escrow.
    #[must_use]
    pub const fn is_escrowed(&self) -> bool {
        self.escrow_tx.is_some()
    }

    /// Evidence that the containers ran until `at`. A gap longer than `grace`
    /// is not paid, nor is time after the lease began to close or should have
    /// ended.
    pub(crate) fn witness(&mut self, at: Micros, grace: Seconds) {
        let closing_at = if is(Planted::PaidAfterClosing) { None } else { self.closing_at };
        let end = [Some(at), closing_at, self.ends_at].into_iter().flatten().min().unwrap_or(at);
        self.evidence.extend(at, end, grace);
    }
}

/// How long a lease is known to have run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    last_at: Micros,
    micros: u64,
    /// Heartbeats that were counted.
    pub heartbeats: u32,
}

impl Evidence {
    /// Evidence that begins at `at`.
    #[must_use]
    pub const fn from(at: Micros) -> Self {
        Self { last_at: at, micros: 0, heartbeats: 0 }
    }

    /// When it was last seen to run: its start, or the last heartbeat.
    #[must_use]
    pub const fn last_at(&self) -> Micros {
        self.last_at
    }

    /// Whole seconds that are evidenced.
    #[must_use]
    pub const fn seconds(&self) -> Seconds {
        Seconds(self.micros / 1_000_000)
    }

    /// Counts the time up to `end`, the earlier of `seen_at` and the end of
    /// what is paid. The gap is as long as nothing was heard, whatever of it
    /// would be paid.
    fn extend(&mut self, seen_at: Micros, end: Micros, grace: Seconds) {
        if seen_at.since(self.last_at) <= grace.micros() || is(Planted::GapPaid) {
            self.micros += end.since(self.last_at);
        }
        self.last_at = self.last_at.max(end);
    }
}

impl Encode for Evidence {
    fn encode(&self, out: &mut Vec<u8>) {
        self.last_at.encode(out);
        self.micros.encode(out);
        self.heartbeats.encode(out);
    }
}

impl Encode for Lease {
    fn encode(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        self.order.encode(out);
        self.bid.encode(out);
        self.market.encode(out);
        self.provider.encode(out);
        self.provider_account.encode(out);
        self.tenant.encode(out);
        self.level.encode(out);
        self.price.encode(out);
        self.rate.encode(out);
        self.units.encode(out);
        self.resources.encode(out);
        self.replicas.encode(out);
        self.duration.encode(out);
        self.prepay.encode(out);
        self.escrow.encode(out);
        self.state.encode(out);
        self.reason.encode(out);
        self.detail.encode(out);
        self.opened_at.encode(out);
        self.escrowed_at.encode(out);
        self.started_at.encode(out);
        self.ends_at.encode(out);
        self.closing_at.encode(out);
        self.closed_at.encode(out);
        self.paid_at.encode(out);
        self.chain_deadline.encode(out);
        self.escrow_tx.encode(out);
        self.paid_tx.encode(out);
        self.image.encode(out);
        self.containers.encode(out);
        self.finished.encode(out);
        self.result.encode(out);
        self.cpu_millis.encode(out);
        self.memory_bytes.encode(out);
        self.evidence.encode(out);
        self.proof.encode(out);
        self.pay.encode(out);
        self.fee.encode(out);
    }
}
