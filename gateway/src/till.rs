//! Calls that are paid for one by one, by whoever has no account: the till takes a
//! payment, the desk behind it orders in its own name, and what the call does not
//! cost goes back.

use std::sync::Arc;
use std::time::Duration;

use berth_domain::{AccountId, Address, ClientId, LeaseState, OrderId, Scopes, Stroops};
use berth_exchange::{Exchange, Reply};
use berth_wire::request::{JOB_ID_BYTES_MAX, JOB_PREFIX};
use berth_wire::response::Payment;
use thiserror::Error;
use tokio::sync::watch;
use tracing::{error, warn};

use crate::caller::{Caller, Holder};
use crate::view::View;

/// How often payments are looked at whose jobs are not over.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A call that is to be paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What it costs in all.
    pub amount: Stroops,
    /// Where it is.
    pub url: String,
    /// What it is, for people.
    pub description: String,
    /// What the payment is for.
    pub purpose: Purpose,
}

/// What a payment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A job.
    Job,
    /// A deposit into this account.
    Deposit(Address),
}

/// A payment that is in a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// Its id: the hash of its transaction, as hexadecimal.
    pub id: String,
    /// `PAYMENT-RESPONSE`.
    pub receipt: String,
}

/// Why a payment is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TillError {
    /// The header cannot be read; in words that follow its name.
    #[error("{0}")]
    Unreadable(String),
    /// It is not what is asked for. Nothing is paid.
    #[error("{detail}")]
    Refused {
        /// What is wrong, in words.
        detail: String,
        /// `PAYMENT-REQUIRED`.
        required: String,
        /// `PAYMENT-RESPONSE`.
        receipt: String,
    },
    /// It was taken before, as this payment.
    #[error("this authorization was taken before: see payment {0}")]
    Taken(String),
    /// It cannot be taken now. Nothing is paid.
    #[error("{0}")]
    Unavailable(String),
    /// It is not known whether it is paid.
    #[error("{0}")]
    Unknown(String),
}

/// The till's own books fail; the reason is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the payments cannot be read or written")]
pub struct BooksFail;

/// A payment for a job that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The payment's id.
    pub id: String,
    /// The job's order, once the till was told.
    pub order: Option<OrderId>,
}

/// Takes payments. The node's root implements it with the settlement's means. A
/// payment is on the disk before it is sent, and taken once.
pub trait Till: Send + Sync + 'static {
    /// The account that is paid, and in whose name jobs are ordered.
    fn desk(&self) -> Address;

    /// What of each payment is for the call itself.
    fn price(&self) -> Stroops;

    /// The most that one call may cost.
    fn most(&self) -> Stroops;

    /// How long a job that is paid for waits for a host.
    fn wait(&self) -> Duration;

    /// `PAYMENT-REQUIRED`, and why.
    fn ask(&self, call: &Call, why: &str) -> String;

    /// Takes the payment in `PAYMENT-SIGNATURE`: it is in a ledger when this ends
    /// well. It may take as long as the chain does, and has to be let run to its
    /// end. One for a job is [`Till::open`] only after [`Till::let_go`].
    fn take(&self, header: String, call: Call) -> futures_util::future::BoxFuture<'_, Result<Paid, TillError>>;

    /// The job that was paid for is ordered.
    ///
    /// # Errors
    /// When the books fail.
    fn ordered(&self, id: &str, order: OrderId) -> Result<(), BooksFail>;

    /// The job that was paid for is over, and cost so much; none where it was never
    /// ordered. The rest is given back.
    ///
    /// # Errors
    /// When the books fail.
    fn close(&self, id: &str, cost: Option<Stroops>) -> Result<(), BooksFail>;

    /// The request that came with a payment has come to its end.
    fn let_go(&self, id: &str);

    /// The payments that were let go and whose jobs are not over.
    ///
    /// # Errors
    /// When the books fail.
    fn open(&self) -> Result<Vec<Open>, BooksFail>;

    /// The payment with an id.
    ///
    /// # Errors
    /// When the books fail.
    fn payment(&self, id: &str) -> Result<Option<Payment>, BooksFail>;

    /// Who has paid for an order.
    ///
    /// # Errors
    /// When the books fail.
    fn payer_of(&self, order: OrderId) -> Result<Option<Address>, BooksFail>;
}

/// The desk as a caller.
pub(crate) fn desk(till: &dyn Till) -> Caller {
    Caller::Account(Holder { address: till.desk(), key: None, scopes: Scopes::ALL })
}

/// What a job is called that this payment is for.
pub(crate) fn job_id(payment: &str) -> &str {
    payment.get(..JOB_ID_BYTES_MAX).unwrap_or(payment)
}

/// Looks after payments whose jobs are under way, until the node stops.
pub(crate) async fn keep(till: Arc<dyn Till>, view: Arc<View>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
        if let Err(fails) = look(till.as_ref(), &view) {
            error!(%fails, "payments for single calls are not looked after");
        }
    }
}

fn look(till: &dyn Till, view: &View) -> Result<(), BooksFail> {
    for open in till.open()? {
        let known = open.order;
        let (order, cost) = view.read(|x| {
            let order = known.or_else(|| ordered(x, x.account_by_address(till.desk())?, &open.id));
            (order, order.and_then(|order| cost(x, order)))
        });
        match (order, cost) {
            (None, _) => {
                warn!(payment = open.id, "nothing was ordered for a payment: it is given back");
                till.close(&open.id, None)?;
            }
            (Some(order), None) if known.is_none() => till.ordered(&open.id, order)?,
            (Some(_), None) => {}
            (Some(order), Some(cost)) => {
                if known.is_none() {
                    till.ordered(&open.id, order)?;
                }
                till.close(&open.id, Some(cost))?;
            }
        }
    }
    Ok(())
}

/// The order that was placed for a payment, by what the desk called it.
fn ordered(x: &Exchange, desk: AccountId, payment: &str) -> Option<OrderId> {
    let id = ClientId::new(format!("{JOB_PREFIX}{}", job_id(payment))).ok()?;
    match x.made_by(desk, &id) {
        Some(Reply::Order(order)) => Some(order),
        _ => None,
    }
}

/// What an order has cost once it is over: no lease of it can come any more, and
/// the contract has paid those that were.
fn cost(x: &Exchange, order: OrderId) -> Option<Stroops> {
    if x.order(order)?.is_live() {
        return None;
    }
    x.leases_of_order(order).try_fold(Stroops::ZERO, |sum, lease| {
        let is_over = lease.state == LeaseState::Closed && (lease.paid_at.is_some() || lease.escrowed_at.is_none());
        if !is_over {
            return None;
        }
        let paid = if lease.paid_at.is_some() { lease.pay } else { Stroops::ZERO };
        sum.checked_add(paid)
    })
}
