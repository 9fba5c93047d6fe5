use std::fmt;

/// The contract's own refusals. The numbers are part of its interface
/// (`settlement/contracts/escrow/src/error.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// An amount was zero or negative.
    AmountNotPositive,
    /// The account has less than the amount.
    BalanceTooLow,
    /// The account has no pending withdrawal.
    NoRequest,
    /// The withdrawal's delay has not passed.
    DelayNotPassed,
    /// This lease id was opened before.
    LeaseExists,
    /// This lease id was never opened.
    NoSuchLease,
    /// The lease was settled or refunded before.
    LeaseNotOpen,
    /// The lease's deadline has passed.
    DeadlinePassed,
    /// The lease can still be settled.
    WindowNotPassed,
    /// A rate was zero or negative.
    RateNotPositive,
    /// More than 10,000 basis points.
    FeeTooHigh,
    /// A withdrawal delay, window or cancellation delay above thirty days.
    DelayTooLong,
    /// The lease's deadline and the window after it have passed.
    WindowPassed,
    /// A deployment for no token, for more than eight, or for one twice.
    TokensMalformed,
    /// The contract does not take this token.
    TokenUnknown,
    /// A deployment whose operator is its treasury.
    RolesNotSeparate,
    /// The tenant has signed no mandate, or it has ended.
    NoMandate,
    /// More than the tenant's mandate allows for one lease.
    AboveMandatePerLease,
    /// More than the tenant's mandate allows for this day.
    AboveMandatePerDay,
    /// A rate below the floor of the provider's mandate.
    BelowFloor,
    /// Not the number of the lease's next top-up.
    TopUpOutOfOrder,
    /// A top-up that would bring the deadline forward.
    DeadlineEarlier,
    /// A deadline more than ten years away.
    DeadlineTooFar,
    /// The tenant has cancelled the lease.
    LeaseCancelled,
    /// The lease is too young to be cancelled.
    TooSoonToCancel,
    /// A receipt for no more seconds than the contract knows of.
    ReceiptNotNewer,
    /// A code that this version does not know.
    Unknown(u32),
}

impl Refusal {
    /// The refusal with this number.
    #[must_use]
    pub fn of(code: u32) -> Self {
        match code {
            1 => Self::AmountNotPositive,
            2 => Self::BalanceTooLow,
            3 => Self::NoRequest,
            4 => Self::DelayNotPassed,
            5 => Self::LeaseExists,
            6 => Self::NoSuchLease,
            7 => Self::LeaseNotOpen,
            8 => Self::DeadlinePassed,
            9 => Self::WindowNotPassed,
            10 => Self::RateNotPositive,
            11 => Self::FeeTooHigh,
            12 => Self::DelayTooLong,
            13 => Self::WindowPassed,
            14 => Self::TokensMalformed,
            15 => Self::TokenUnknown,
            16 => Self::RolesNotSeparate,
            17 => Self::NoMandate,
            18 => Self::AboveMandatePerLease,
            19 => Self::AboveMandatePerDay,
            20 => Self::BelowFloor,
            21 => Self::TopUpOutOfOrder,
            22 => Self::DeadlineEarlier,
            23 => Self::DeadlineTooFar,
            24 => Self::LeaseCancelled,
            25 => Self::TooSoonToCancel,
            26 => Self::ReceiptNotNewer,
            other => Self::Unknown(other),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AmountNotPositive => "the amount is not positive",
            Self::BalanceTooLow => "the balance in escrow is too low",
            Self::NoRequest => "there is no pending withdrawal",
            Self::DelayNotPassed => "the withdrawal's delay has not passed",
            Self::LeaseExists => "this lease id was opened before",
            Self::NoSuchLease => "this lease was never opened",
            Self::LeaseNotOpen => "the lease was settled or refunded before",
            Self::DeadlinePassed => "the lease's deadline has passed",
            Self::WindowNotPassed => "the lease can still be settled",
            Self::RateNotPositive => "the rate is not positive",
            Self::FeeTooHigh => "the fee is above 10,000 basis points",
            Self::DelayTooLong => "a delay or the window is above thirty days",
            Self::WindowPassed => "the lease's deadline and its window have passed",
            Self::TokensMalformed => "the tokens are none, more than eight, or not all different",
            Self::TokenUnknown => "the contract does not take this token",
            Self::RolesNotSeparate => "the operator is the treasury",
            Self::NoMandate => "the tenant has signed no mandate, or it has ended",
            Self::AboveMandatePerLease => "the tenant's mandate allows less for one lease",
            Self::AboveMandatePerDay => "the tenant's mandate allows less for this day",
            Self::BelowFloor => "the rate is below the floor of the provider's mandate",
            Self::TopUpOutOfOrder => "it is not the lease's next top-up",
            Self::DeadlineEarlier => "the deadline would be earlier than it was",
            Self::DeadlineTooFar => "the deadline is more than ten years away",
            Self::LeaseCancelled => "the tenant has cancelled the lease",
            Self::TooSoonToCancel => "the lease is too young to be cancelled",
            Self::ReceiptNotNewer => "the receipt is for no more seconds than the contract knows of",
            Self::Unknown(code) => return write!(f, "the contract's error {code}"),
        })
    }
}
