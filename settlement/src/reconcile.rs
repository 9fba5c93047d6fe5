//! Compares the exchange's books with the contract, to the stroop.

use std::fmt;
use std::future::Future;

use berth_wire::domain::{LeaseId, Stroops};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::chain::Address;
use crate::contract::{Escrow, Outcome, ViewError};

/// Questions under way at once.
const AT_ONCE: usize = 16;

/// What the exchange believes to be in the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// What each account has free there: available, or held for orders.
    pub balances: Vec<(Address, Stroops)>,
    /// What each account waits to withdraw.
    pub withdrawals: Vec<(Address, Stroops)>,
    /// What each lease locks: 0 when it is over.
    pub leases: Vec<(LeaseId, Stroops)>,
    /// How each lease was divided that is paid.
    pub splits: Vec<(LeaseId, Split)>,
    /// All that it has to hold.
    pub inside: Stroops,
}

/// How the escrow of a lease was divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// What the tenant paid.
    pub pay: Stroops,
    /// What the treasury kept of it.
    pub fee: Stroops,
    /// What went back to the tenant.
    pub refund: Stroops,
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
    /// What a lease cost its tenant.
    Pay(LeaseId),
    /// The treasury's part of that.
    Fee(LeaseId),
    /// What its tenant got back.
    Refund(LeaseId),
    /// All that the contract holds, where it is less than it has to be.
    Holdings,
}

/// One amount, as both have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Of what.
    pub subject: Subject,
    /// What the exchange believes.
    pub exchange: Stroops,
    /// What the contract has.
    pub contract: Stroops,
}

impl Comparison {
    /// Whether the two agree.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.exchange == self.contract
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balance(account) => write!(f, "balance of {account}"),
            Self::Withdrawal(account) => write!(f, "withdrawal of {account}"),
            Self::Lease(lease) => write!(f, "escrow of lease {lease}"),
            Self::Pay(lease) => write!(f, "pay of lease {lease}"),
            Self::Fee(lease) => write!(f, "fee of lease {lease}"),
            Self::Refund(lease) => write!(f, "refund of lease {lease}"),
            Self::Holdings => f.write_str("all that the contract holds"),
        }
    }
}

impl fmt::Display for Comparison {
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
pub async fn reconcile(escrow: &Escrow, expected: &Expectation) -> Result<Vec<Comparison>, ViewError> {
    let mut all = compare(escrow, expected).await?;
    all.retain(|comparison| !comparison.agrees());
    Ok(all)
}

/// Compares `expected` with the contract; answers every amount.
///
/// # Errors
/// When the contract or the RPC does not answer.
pub async fn compare(escrow: &Escrow, expected: &Expectation) -> Result<Vec<Comparison>, ViewError> {
    let token = escrow.config().await?.token();
    let mut all = ask(&expected.balances, |(account, exchange)| async move {
        let contract = escrow.balance(account, token).await?;
        Ok(vec![Comparison { subject: Subject::Balance(account), exchange, contract }])
    })
    .await?;
    let withdrawals = ask(&expected.withdrawals, |(account, exchange)| async move {
        let requested = escrow.requested(account, token).await?;
        let contract = requested.map_or(Stroops::ZERO, |request| request.amount);
        Ok(vec![Comparison { subject: Subject::Withdrawal(account), exchange, contract }])
    });
    all.extend(withdrawals.await?);
    let leases = ask(&expected.leases, |(lease, exchange)| async move {
        let contract = match escrow.lease(lease).await? {
            Some(record) if record.outcome == Outcome::Open => record.terms.amount,
            _ => Stroops::ZERO,
        };
        Ok(vec![Comparison { subject: Subject::Lease(lease), exchange, contract }])
    });
    all.extend(leases.await?);
    all.extend(ask(&expected.splits, |(lease, split)| divided(escrow, lease, split)).await?);
    let held = escrow.token_balance(token, escrow.id()).await?;
    if held < expected.inside {
        all.push(Comparison { subject: Subject::Holdings, exchange: expected.inside, contract: held });
    }
    Ok(all)
}

async fn divided(escrow: &Escrow, lease: LeaseId, split: Split) -> Result<Vec<Comparison>, ViewError> {
    let there = match escrow.lease(lease).await?.map(|record| record.outcome) {
        Some(Outcome::Settled(done, _) | Outcome::Refunded(done)) => {
            Split { pay: done.pay, fee: done.fee, refund: done.refund }
        }
        // Not paid yet, or never locked.
        _ => Split { refund: split.refund, ..Split::default() },
    };
    let compared = |subject, exchange, contract| Comparison { subject, exchange, contract };
    Ok(vec![
        compared(Subject::Pay(lease), split.pay, there.pay),
        compared(Subject::Fee(lease), split.fee, there.fee),
        compared(Subject::Refund(lease), split.refund, there.refund),
    ])
}

/// Asks about each of `items`, several at once; the answers keep their order.
async fn ask<T: Copy, F: Future<Output = Result<Vec<Comparison>, ViewError>>>(
    items: &[T],
    question: impl Fn(T) -> F,
) -> Result<Vec<Comparison>, ViewError> {
    let answers = stream::iter(items.iter().map(|item| question(*item))).buffered(AT_ONCE);
    let answers: Vec<Vec<Comparison>> = answers.try_collect().await?;
    Ok(answers.into_iter().flatten().collect())
}
