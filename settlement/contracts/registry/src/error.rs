//! Why the contract refuses. The numbers are part of its interface.

use soroban_sdk::contracterror;

/// A refusal. It leaves everything as it was.
#[contracterror]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Error {
    /// An amount was zero or negative.
    AmountNotPositive = 1,
    /// The account has staked less than the amount.
    StakeTooLow = 2,
    /// The account has not asked for stake back.
    NotUnbonding = 3,
    /// The stake is still bound.
    StillBound = 4,
    /// More than one slash may take.
    SlashTooHigh = 5,
    /// More than may be slashed of this account in this period.
    SlashPeriodExceeded = 6,
    /// Stake was slashed for this lease before.
    AlreadySlashed = 7,
    /// There is nothing to slash.
    NoStake = 8,
    /// There is nothing to claim.
    NothingToClaim = 9,
    /// A price was zero or negative.
    PriceNotPositive = 10,
    /// A model's name of no bytes, or of more than 64.
    ModelMalformed = 11,
    /// No video memory, or more than 65,536 GiB.
    VramMalformed = 12,
    /// The provider has 64 GPUs here already.
    TooManyGpus = 13,
    /// There is no GPU of this number.
    NoSuchGpu = 14,
    /// The GPU is another provider's.
    NotYourGpu = 15,
    /// Not a trust level from 1 to 5.
    LevelUnknown = 16,
    /// A badge that rests on an older entry than the one before.
    BadgeNotNewer = 17,
    /// Not one of the auditors.
    NotAnAuditor = 18,
    /// An attestation for more than 400 days.
    AttestationTooLong = 19,
    /// There are 16 auditors already.
    TooManyAuditors = 20,
    /// A deployment whose roles, bounds or times do not fit together.
    ConfigMalformed = 21,
}
