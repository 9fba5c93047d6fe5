//! Facts of the chain about a lease.

use crate::codec::codec_struct;
use crate::ids::{Digest, LeaseId, TxHash};
use crate::money::Stroops;
use crate::text::Text;

/// The contract locked a lease's escrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escrowed {
    /// The lease.
    pub lease: LeaseId,
    /// The transaction that did it.
    pub tx: TxHash,
    /// The ledger that holds it.
    pub ledger: u32,
}
codec_struct!(Escrowed { lease, tx, ledger });

/// The contract refused a lease's escrow for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowFailed {
    /// The lease.
    pub lease: LeaseId,
    /// The contract's reason in words.
    pub reason: Text<200>,
}
codec_struct!(EscrowFailed { lease, reason });

/// The contract paid a lease out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettlementPaid {
    /// The lease.
    pub lease: LeaseId,
    /// The transaction that did it.
    pub tx: TxHash,
    /// The ledger that holds it.
    pub ledger: u32,
    /// What the lease cost: the provider's part and the fee.
    pub pay: Stroops,
    /// The platform's part of it.
    pub fee: Stroops,
    /// What went back to the tenant.
    pub refund: Stroops,
}
codec_struct!(SettlementPaid { lease, tx, ledger, pay, fee, refund });

/// The contract refunded a lease after its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettlementRefunded {
    /// The lease.
    pub lease: LeaseId,
    /// The transaction that did it.
    pub tx: TxHash,
    /// The ledger that holds it.
    pub ledger: u32,
    /// What went back to the tenant.
    pub amount: Stroops,
}
codec_struct!(SettlementRefunded { lease, tx, ledger, amount });

/// The contract added a top-up to a lease's escrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToppedUp {
    /// The lease.
    pub lease: LeaseId,
    /// The transaction that did it.
    pub tx: TxHash,
    /// The ledger that holds it.
    pub ledger: u32,
    /// How much was added.
    pub amount: Stroops,
}
codec_struct!(ToppedUp { lease, tx, ledger, amount });

/// The contract refused a top-up for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUpFailed {
    /// The lease.
    pub lease: LeaseId,
    /// Which of its top-ups, from 1.
    pub number: u32,
    /// The contract's reason in words.
    pub reason: Text<200>,
}
codec_struct!(TopUpFailed { lease, number, reason });

/// The first ledger that the chain closed after a lease had finished. Its hash
/// draws the leases that are run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerSeen {
    /// The lease.
    pub lease: LeaseId,
    /// The ledger's number.
    pub ledger: u32,
    /// Its hash.
    pub hash: Digest,
}
codec_struct!(LedgerSeen { lease, ledger, hash });
