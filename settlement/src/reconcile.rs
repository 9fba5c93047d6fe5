//! Compares the exchange's books with the contract, to the stroop.

use std::fmt;

use berth_wire::domain::{LeaseId, Stroops};

use crate::chain::Address;
use crate::contract::{Escrow, Outcome, ViewError};

/// What the exchange believes to be in the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// What each account has free there: available, or held for orders.
    pub balances: Vec<(Address, Stroops)>,
    /// What each account waits to withdraw.
    pub withdrawals: Vec<(Address, Stroops)>,
    /// What each lease locks: 0 when it is over.
    pub leases: Vec<(LeaseId, Stroops)>,
}

/// What an amount is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The free balance of an account.
    Balance(Address),
    /// The pending withdrawal of an account.
    Withdrawal(Address),
    /// The escrow of a lease.
    Lease(LeaseId),
}

/// Where the two disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// About what.
    pub subject: Subject,
    /// What the exchange believes.
    pub exchange: Stroops,
    /// What the contract has.
    pub contract: Stroops,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balance(account) => write!(f, "balance of {account}"),
            Self::Withdrawal(account) => write!(f, "withdrawal of {account}"),
            Self::Lease(lease) => write!(f, "escrow of lease {lease}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, exchange, contract } = self;
        write!(f, "{subject}: {exchange} in the exchange, {contract} in the contract")
    }
}

/// Compares `expected` with the contract; answers where they disagree, in the
/// order of `expected`.
///
/// # Errors
/// When the contract or the RPC does not answer.
pub async fn reconcile(escrow: &Escrow, expected: &Expectation) -> Result<Vec<Difference>, ViewError> {
    let token = escrow.config().await?.token();
    let mut differences = Vec::new();
    let mut compare = |subject, exchange, contract| {
        if exchange != contract {
            differences.push(Difference { subject, exchange, contract });
        }
    };
    for (account, balance) in &expected.balances {
        compare(Subject::Balance(*account), *balance, escrow.balance(*account, token).await?);
    }
    for (account, waiting) in &expected.withdrawals {
        let requested = escrow.requested(*account, token).await?;
        let amount = requested.map_or(Stroops::ZERO, |request| request.amount);
        compare(Subject::Withdrawal(*account), *waiting, amount);
    }
    for (lease, locked) in &expected.leases {
        let amount = match escrow.lease(*lease).await? {
            Some(record) if record.outcome == Outcome::Open => record.terms.amount,
            _ => Stroops::ZERO,
        };
        compare(Subject::Lease(*lease), *locked, amount);
    }
    Ok(differences)
}
