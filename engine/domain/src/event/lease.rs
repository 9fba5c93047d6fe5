//! Leases and their proof chains.

use crate::codec::codec_struct;
use crate::ids::{Address, BidId, Digest, LeaseId, MarketId, OrderId, ProviderId, Seq, TxHash};
use crate::lease::CloseReason;
use crate::money::{Rate, RatePerHour, Stroops};
use crate::proof::{ProofPayload, ProofStep};
use crate::text::Text;
use crate::time::{Micros, Seconds};
use crate::trust::TrustLevel;

/// A bid and an order met. Carries what the followers need to act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseOpened {
    /// Its id.
    pub lease: LeaseId,
    /// The order.
    pub order: OrderId,
    /// The bid.
    pub bid: BidId,
    /// The market.
    pub market: MarketId,
    /// The host.
    pub provider: ProviderId,
    /// The host's owner.
    pub provider_address: Address,
    /// The tenant.
    pub tenant_address: Address,
    /// Price of a unit: the resting side's.
    pub price: Rate,
    /// Price of all of it.
    pub rate: RatePerHour,
    /// Units a replica.
    pub units: u32,
    /// Replicas.
    pub replicas: u32,
    /// What the escrow must hold.
    pub escrow: Stroops,
    /// How long it runs from its start.
    pub duration: Seconds,
    /// Until when the contract can settle it: seconds since 1970.
    pub chain_deadline: u64,
    /// Trust level of the provider at that moment.
    pub level: TrustLevel,
}
codec_struct!(LeaseOpened {
    lease,
    order,
    bid,
    market,
    provider,
    provider_address,
    tenant_address,
    price,
    rate,
    units,
    replicas,
    escrow,
    duration,
    chain_deadline,
    level,
});

/// The escrow is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseEscrowed {
    /// The lease.
    pub lease: LeaseId,
    /// The transaction.
    pub tx: TxHash,
}
codec_struct!(LeaseEscrowed { lease, tx });

/// The containers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseStarted {
    /// The lease.
    pub lease: LeaseId,
    /// When it ends by itself.
    pub ends_at: Micros,
}
codec_struct!(LeaseStarted { lease, ends_at });

/// Pay accrued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseAccrued {
    /// The lease.
    pub lease: LeaseId,
    /// Time that is evidenced so far.
    pub evidenced: Seconds,
    /// What it has cost so far.
    pub cost: Stroops,
    /// Whether the check passed; otherwise nothing accrued.
    pub healthy: bool,
}
codec_struct!(LeaseAccrued { lease, evidenced, cost, healthy });

/// A lease's funds end soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseRunway {
    /// The lease.
    pub lease: LeaseId,
    /// When, unless it is topped up before.
    pub ends_at: Micros,
}
codec_struct!(LeaseRunway { lease, ends_at });

/// A lease's funds are used up: its containers are to be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseSuspended {
    /// The lease.
    pub lease: LeaseId,
    /// When it closes, unless it is topped up before.
    pub closes_at: Micros,
}
codec_struct!(LeaseSuspended { lease, closes_at });

/// A suspended lease goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseResumed {
    /// The lease.
    pub lease: LeaseId,
    /// When it ends by itself now.
    pub ends_at: Micros,
}
codec_struct!(LeaseResumed { lease, ends_at });

/// A top-up is held, and is to be added to the escrow on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopUpRequested {
    /// The lease.
    pub lease: LeaseId,
    /// Which of its top-ups, from 1.
    pub number: u32,
    /// For how much more time.
    pub seconds: Seconds,
    /// What is to be added.
    pub amount: Stroops,
}
codec_struct!(TopUpRequested { lease, number, seconds, amount });

/// A top-up is in the escrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseToppedUp {
    /// The lease.
    pub lease: LeaseId,
    /// The transaction.
    pub tx: TxHash,
    /// What was added.
    pub amount: Stroops,
    /// What the escrow holds now.
    pub escrow: Stroops,
    /// The time that it covers now.
    pub prepay: Seconds,
}
codec_struct!(LeaseToppedUp { lease, tx, amount, escrow, prepay });

/// The chain refused a top-up: it is no longer held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUpReleased {
    /// The lease.
    pub lease: LeaseId,
    /// Which of its top-ups, from 1.
    pub number: u32,
    /// What is no longer held.
    pub amount: Stroops,
    /// The contract's reason in words.
    pub reason: Text<200>,
}
codec_struct!(TopUpReleased { lease, number, amount, reason });

/// The containers must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseClosing {
    /// The lease.
    pub lease: LeaseId,
    /// Why.
    pub reason: CloseReason,
}
codec_struct!(LeaseClosing { lease, reason });

/// Over; the amounts are final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseClosed {
    /// The lease.
    pub lease: LeaseId,
    /// Why.
    pub reason: CloseReason,
    /// More in words.
    pub detail: Text<200>,
    /// Time that is paid.
    pub evidenced: Seconds,
    /// What it cost: the provider's part and the fee.
    pub pay: Stroops,
    /// The platform's part of it.
    pub fee: Stroops,
    /// What goes back to the tenant.
    pub refund: Stroops,
    /// Whether the contract holds its escrow, so that it must be settled there.
    pub escrowed: bool,
    /// Head of its proof chain.
    pub proof: Digest,
}
codec_struct!(LeaseClosed { lease, reason, detail, evidenced, pay, fee, refund, escrowed, proof });

/// The contract paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeasePaid {
    /// The lease.
    pub lease: LeaseId,
    /// The transaction.
    pub tx: TxHash,
    /// What it cost: the provider's part and the fee.
    pub pay: Stroops,
    /// The platform's part of it.
    pub fee: Stroops,
    /// What went back to the tenant.
    pub refund: Stroops,
}
codec_struct!(LeasePaid { lease, tx, pay, fee, refund });

/// A step of a lease's proof chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofStepped {
    /// The lease.
    pub lease: LeaseId,
    /// Which step.
    pub step: ProofStep,
    /// The entry that the step cites.
    pub seq: Seq,
    /// What the step says in public.
    pub payload: ProofPayload,
    /// The chain's new head.
    pub hash: Digest,
}
codec_struct!(ProofStepped { lease, step, seq, payload, hash });
