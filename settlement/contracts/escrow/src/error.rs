//! Why the contract refuses. The numbers are part of its interface.

use soroban_sdk::contracterror;

/// A refusal. It leaves everything as it was.
#[contracterror]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Error {
    /// An amount was zero or negative.
    AmountNotPositive = 1,
    /// The account has less than the amount.
    BalanceTooLow = 2,
    /// The account has no pending withdrawal.
    NoRequest = 3,
    /// The withdrawal's delay has not passed, and the operator is not paying.
    DelayNotPassed = 4,
    /// This lease id was opened before.
    LeaseExists = 5,
    /// This lease id was never opened.
    NoSuchLease = 6,
    /// The lease was settled or refunded before.
    LeaseNotOpen = 7,
    /// The lease's deadline has passed: nothing is left but to refund it.
    DeadlinePassed = 8,
    /// The lease's deadline has not passed: it cannot be refunded yet.
    DeadlineNotPassed = 9,
    /// A rate was zero or negative.
    RateNotPositive = 10,
    /// More than 10,000 basis points.
    FeeTooHigh = 11,
    /// A withdrawal delay above thirty days.
    DelayTooLong = 12,
}
