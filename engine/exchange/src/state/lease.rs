//! Leases.

use berth_domain::codec::{Decode, DecodeError, Encode, Reader};
use berth_domain::{
    AccountId, BidId, CloseReason, ContainerReport, Digest, JobResult, LeaseId, LeaseState, MarketId, Micros, OrderId,
    ProofStepped, ProviderId, Rate, RatePerHour, Resources, Seconds, Seq, Stroops, Text, TrustLevel, TxHash, owed,
};

use super::content::content;
use super::evidence::Evidence;
use super::funding::Funding;
use super::provider::Slot;

use crate::planted::{Planted, is};

/// What a lease was opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Replicas of its order that had no lease.
    Match,
    /// What was left of a lease that failed: its standby took over.
    Failover(LeaseId),
    /// To see whether a lease's result comes out again. The platform is its
    /// tenant.
    Rerun(LeaseId),
}

impl Encode for Origin {
    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Match => out.push(0),
            Self::Failover(lease) => (1_u8, lease).encode(out),
            Self::Rerun(lease) => (2_u8, lease).encode(out),
        }
    }
}

impl Decode for Origin {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(input)? {
            0 => Ok(Self::Match),
            1 => LeaseId::decode(input).map(Self::Failover),
            2 => LeaseId::decode(input).map(Self::Rerun),
            tag => Err(DecodeError::Tag { of: "Origin", tag: tag.into() }),
        }
    }
}

/// What one bid fills of one order.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Its id.
    pub id: LeaseId,
    /// The order.
    pub order: OrderId,
    /// The bid.
    pub bid: BidId,
    /// What it was opened for.
    pub origin: Origin,
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
    /// The part of that which its escrow covers; top-ups lengthen it.
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
    /// The entry that opened it.
    pub opened_seq: Seq,
    /// When its escrow was locked on the chain.
    pub escrowed_at: Option<Micros>,
    /// When its containers ran.
    pub started_at: Option<Micros>,
    /// When it ends by itself: its duration after its start, without the time
    /// that it was suspended.
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
    /// How its funds last and grow.
    pub funding: Funding,
    /// Its proof chain so far.
    pub proof: Vec<ProofStepped>,
    /// Final cost: the provider's part and the fee. Zero until it closes.
    pub pay: Stroops,
    /// The platform's part of it. Zero until it closes.
    pub fee: Stroops,
    /// The place of the terms that it opened under.
    pub(crate) terms: u32,
    /// Which of the host's resources it takes.
    pub(crate) slot: Slot,
    /// The next lease of its order, and of its bid; zero when there is none.
    pub(crate) next_of_order: LeaseId,
    pub(crate) next_of_bid: LeaseId,
}

impl Lease {
    /// What it has cost so far: what its rate owes for the evidenced time, at
    /// most its escrow.
    #[must_use]
    pub fn cost(&self) -> Stroops {
        owed(self.rate, self.evidence.seconds()).map_or(self.escrow, |owed| owed.min(self.escrow))
    }

    /// Time that is paid: what is evidenced, unless it closed for a reason that
    /// nothing is paid for. Of one that the chain refunded it is only told.
    #[must_use]
    pub fn paid_seconds(&self) -> Seconds {
        match self.reason {
            Some(reason) if reason.is_unpaid() && reason != CloseReason::Refunded => Seconds(0),
            _ => self.evidence.seconds(),
        }
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

    /// When its funds end: the time that they cover after its start, without
    /// the time that it was suspended. `None` before it has started.
    #[must_use]
    pub fn funded_until(&self) -> Option<Micros> {
        let started_at = self.started_at?;
        Some(Micros(started_at.plus(self.prepay).0.saturating_add(self.funding.suspended_micros())))
    }

    /// Evidence that the containers ran until `at`. A gap longer than `grace`
    /// is not paid, nor is time after the lease began to close, was suspended
    /// or should have ended.
    pub(crate) fn witness(&mut self, at: Micros, grace: Seconds) {
        let end = self.paid_until(at);
        self.evidence.extend(at, end, grace);
    }

    /// The same, by a heartbeat.
    pub(crate) fn beat(&mut self, at: Micros, grace: Seconds, healthy: bool) {
        let end = self.paid_until(at);
        if healthy {
            self.evidence.beat(at, end, grace);
        } else {
            self.evidence.miss(end);
        }
    }

    /// The end of what may be paid of the time up to `at`.
    fn paid_until(&self, at: Micros) -> Micros {
        let closing_at = if is(Planted::PaidAfterClosing) { None } else { self.closing_at };
        let ends = [closing_at, self.funding.suspended_at(), self.funded_until()];
        ends.into_iter().flatten().fold(at, Micros::min)
    }
}

// Which of the host's resources it takes, and the next leases of order and bid,
// follow from the other things' content.
content!(Lease {
    id,
    order,
    bid,
    origin,
    market,
    provider,
    provider_account,
    tenant,
    level,
    price,
    rate,
    units,
    resources,
    replicas,
    duration,
    prepay,
    escrow,
    state,
    reason,
    detail,
    opened_at,
    opened_seq,
    escrowed_at,
    started_at,
    ends_at,
    closing_at,
    closed_at,
    paid_at,
    chain_deadline,
    escrow_tx,
    paid_tx,
    image,
    containers,
    finished,
    result,
    cpu_millis,
    memory_bytes,
    evidence,
    funding,
    proof,
    pay,
    fee,
    terms,
} rest {
    slot: Slot::CPU,
    next_of_order: LeaseId(0),
    next_of_bid: LeaseId(0),
});
