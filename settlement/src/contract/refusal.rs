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
    /// The lease's deadline has not passed.
    DeadlineNotPassed,
    /// A rate was zero or negative.
    RateNotPositive,
    /// More than 10,000 basis points.
    FeeTooHigh,
    /// A withdrawal delay above thirty days.
    DelayTooLong,
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
            9 => Self::DeadlineNotPassed,
            10 => Self::RateNotPositive,
            11 => Self::FeeTooHigh,
            12 => Self::DelayTooLong,
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
            Self::DeadlineNotPassed => "the lease's deadline has not passed",
            Self::RateNotPositive => "the rate is not positive",
            Self::FeeTooHigh => "the fee is above 10,000 basis points",
            Self::DelayTooLong => "the withdrawal delay is above thirty days",
            Self::Unknown(code) => return write!(f, "the contract's error {code}"),
        })
    }
}
