//! Brings intents about: one, or several settlements by one envelope.
//!
//! Two lines keep a payment from happening twice. An envelope is replaced only
//! when it can no longer be applied; and whenever anything is in doubt, the
//! contract is asked first: it opens a lease id once and settles it once.

mod batch;

use std::future::Future;

use stellar_xdr::ScVal;
use thiserror::Error;

use crate::chain::{Applied, Delivery, RpcError, Signed, Wire, deliver};
use crate::contract::Refusal;
use crate::outbox::{Outbox, Outcome, Record, Stage};
use crate::plan::{Intent, Name};
use crate::queue::Job;
use crate::store::StoreError;

/// What the contract says about an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is not done.
    Undone,
    /// It is done.
    Done,
    /// It need not be done any more.
    Moot(String),
    /// It can never be done.
    Hopeless(String),
    /// It must not be done as things are, which may change.
    NotNow(String),
}

/// Why an intent cannot be made into an envelope.
#[derive(Clone, Debug, Error)]
pub(crate) enum SealError {
    /// The contract refuses it.
    #[error("the contract refuses: {0}")]
    Refused(Refusal),
    /// Nobody answers.
    #[error("{0}")]
    Unreachable(String),
    /// Something else stands in its way.
    #[error("{0}")]
    Trouble(String),
}

/// The chain as acting sees it. The escrow contract is one; the tests of what
/// survives a crash have another.
pub(crate) trait Chain: Wire {
    /// Makes an envelope that would bring `intents` about as things are, by the
    /// account of `lane`: one, or several settlements. `attempts` came to nothing
    /// before, so that more may have to be bid.
    fn seal(
        &self,
        intents: &[Intent],
        lane: u32,
        attempts: u32,
    ) -> impl Future<Output = Result<Signed, SealError>> + Send;
    /// How many settlements one envelope may have at most.
    fn batch_max(&self) -> usize;
    /// What the contract answered to several settlements: for each, whether it
    /// refused. `None` when that makes no sense.
    fn answers(&self, value: &ScVal) -> Option<Vec<Option<Refusal>>>;
    /// Looks `intent` up in the contract.
    fn standing(&self, intent: &Intent) -> impl Future<Output = Result<Standing, SealError>> + Send;
}

/// Why acting stopped short.
#[derive(Debug, Error)]
pub(crate) enum ActError {
    /// The outbox fails: nothing can be done safely.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody answers: nothing else would work now either.
    #[error("{0}")]
    Unreachable(String),
    /// It may work later. Others may work now.
    #[error("{0}")]
    Trouble(String),
}

impl From<SealError> for ActError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Unreachable(why) => Self::Unreachable(why),
            other => Self::Trouble(other.to_string()),
        }
    }
}

impl From<RpcError> for SealError {
    fn from(error: RpcError) -> Self {
        match error {
            RpcError::Unavailable(_) => Self::Unreachable(error.to_string()),
            RpcError::Refused { .. } | RpcError::Malformed(_) => Self::Trouble(error.to_string()),
        }
    }
}

impl From<RpcError> for ActError {
    fn from(error: RpcError) -> Self {
        SealError::from(error).into()
    }
}

/// Carries a job out: brings its one intent to its end, or each of several
/// settlements either there or back to planning.
///
/// # Errors
/// When something fails in between. Acting again goes on where this ended.
pub(crate) async fn act<C: Chain>(outbox: &Outbox, chain: &C, job: &Job) -> Result<Vec<Record>, ActError> {
    let mut records = Vec::with_capacity(job.names.len());
    for name in &job.names {
        records.extend(outbox.get(*name)?);
    }
    match records.as_slice() {
        [record] if !matches!(record.stage, Stage::Batched { .. }) => {
            Ok(vec![one(outbox, chain, record.clone(), job.lane).await?])
        }
        _ => batch::act(outbox, chain, records, job.lane).await,
    }
}

async fn one<C: Chain>(outbox: &Outbox, chain: &C, mut record: Record, lane: u32) -> Result<Record, ActError> {
    // Only an envelope sealed in this very call is known to be new to everyone.
    let mut fresh = false;
    loop {
        match record.stage.clone() {
            Stage::Done(_) => return Ok(record),
            // A batch is carried out by its own path.
            Stage::Batched { .. } => return Ok(record),
            Stage::Planned => match plan_next(outbox, chain, &record, lane).await? {
                Step::Deliver(signed) => {
                    outbox.seal(&mut record, lane, signed)?;
                    fresh = true;
                }
                Step::End(outcome) => outbox.finish(&mut record, outcome)?,
                Step::Replace { reason, by } => outbox.replace(&mut record, reason, by)?,
            },
            Stage::Sealed(signed) => {
                let why = match landed(deliver(chain, &signed, fresh).await?) {
                    Ok(applied) => {
                        outbox.finish(&mut record, Outcome::of(&applied))?;
                        continue;
                    }
                    Err(why) => why,
                };
                outbox.reopen(&mut record, &why)?;
                // Whatever it was, it shall not be hammered at.
                return Err(ActError::Trouble(format!("{}: {why}", record.intent.name())));
            }
        }
    }
}

/// The transaction, or why nothing will come of this envelope any more.
fn landed(delivery: Delivery) -> Result<Applied, String> {
    match delivery {
        Delivery::Applied(applied) => Ok(applied),
        Delivery::Failed(why) => Err(why),
        Delivery::Rejected(why) => Err(why.code),
        Delivery::Expired => Err("its time was over".to_owned()),
        Delivery::Forgotten => Err("the RPC no longer keeps its ledgers".to_owned()),
    }
}

impl Outcome {
    fn of(applied: &Applied) -> Self {
        Self::Applied { tx: hex::encode(applied.hash), ledger: applied.ledger }
    }
}

enum Step {
    Deliver(Signed),
    End(Outcome),
    Replace { reason: String, by: Intent },
}

async fn plan_next<C: Chain>(outbox: &Outbox, chain: &C, record: &Record, lane: u32) -> Result<Step, ActError> {
    let intent = &record.intent;
    // A withdrawal pays whatever waits, which must not be more than was set
    // aside; anything tried before may have worked after all.
    let doubtful = record.attempts > 0 || matches!(intent, Intent::PayWithdraw { .. });
    if doubtful && let Some(end) = ended(chain.standing(intent).await?)? {
        return Ok(Step::End(end));
    }
    // No lock is on its way, and the exchange has given up waiting for one.
    if let Intent::Open { lease, .. } = intent
        && let Some(settle) = outbox.get(Name::Settle(*lease))?
        && matches!(settle.intent, Intent::Settle { escrowed: false, .. })
    {
        return Ok(Step::End(Outcome::Moot { why: "the lease is over".to_owned() }));
    }
    match chain.seal(std::slice::from_ref(intent), lane, record.attempts).await {
        Ok(signed) => Ok(Step::Deliver(signed)),
        Err(SealError::Refused(refusal)) => match ended(chain.standing(intent).await?)? {
            Some(end) => Ok(Step::End(end)),
            None => give_up(intent, refusal),
        },
        Err(error) => Err(error.into()),
    }
}

/// What is left to do when the contract refuses what is not done.
fn give_up(intent: &Intent, refusal: Refusal) -> Result<Step, ActError> {
    let reason = refusal.to_string();
    match (intent, refusal) {
        // The money would stay locked until somebody has it given back.
        (Intent::Settle { lease, .. }, Refusal::WindowPassed) => {
            Ok(Step::Replace { reason, by: Intent::Refund { lease: *lease } })
        }
        // Another server of the RPC was further on when it refused to settle.
        (Intent::Refund { .. }, Refusal::WindowNotPassed) => Err(ActError::Trouble(reason)),
        _ => Ok(Step::End(Outcome::Failed { reason })),
    }
}

fn ended(standing: Standing) -> Result<Option<Outcome>, ActError> {
    match standing {
        Standing::Undone => Ok(None),
        Standing::Done => Ok(Some(Outcome::Found)),
        Standing::Moot(why) => Ok(Some(Outcome::Moot { why })),
        Standing::Hopeless(reason) => Ok(Some(Outcome::Failed { reason })),
        Standing::NotNow(why) => Err(ActError::Trouble(why)),
    }
}

#[cfg(test)]
mod tests;
