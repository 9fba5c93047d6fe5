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
    /// The lease's deadline has passed.
    DeadlinePassed = 8,
    /// The lease can still be settled: it cannot be refunded yet.
    WindowNotPassed = 9,
    /// A rate was zero or negative.
    RateNotPositive = 10,
    /// More than 10,000 basis points.
    FeeTooHigh = 11,
    /// A withdrawal delay, window or cancellation delay above thirty days.
    DelayTooLong = 12,
    /// Deadline and window have passed: nothing is left but to refund it.
    WindowPassed = 13,
    /// A deployment for no token, for more than eight, or for one twice.
    TokensMalformed = 14,
    /// The contract does not take this token.
    TokenUnknown = 15,
    /// A deployment whose operator is its treasury.
    RolesNotSeparate = 16,
    /// The tenant has signed no mandate, or it has ended.
    NoMandate = 17,
    /// More than the tenant's mandate allows for one lease.
    AboveMandatePerLease = 18,
    /// More than the tenant's mandate allows for this day.
    AboveMandatePerDay = 19,
    /// A rate below the floor of the provider's mandate.
    BelowFloor = 20,
    /// Not the number of the lease's next top-up.
    TopUpOutOfOrder = 21,
    /// A top-up that would bring the deadline forward.
    DeadlineEarlier = 22,
    /// A deadline more than ten years away.
    DeadlineTooFar = 23,
    /// The tenant has cancelled the lease.
    LeaseCancelled = 24,
    /// The lease is too young to be cancelled.
    TooSoonToCancel = 25,
    /// A receipt for no more seconds than the contract knows of.
    ReceiptNotNewer = 26,
}
