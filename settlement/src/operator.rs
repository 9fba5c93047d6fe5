//! The escrow's operator: the account whose signature opens and settles leases.

use std::sync::Arc;

use stellar_xdr::{HostFunction, ScVal};

use crate::act::{Chain, SealError, Standing};
use crate::chain::{
    Acting, Address, Found, Patience, PrepareError, Rpc, RpcError, Sent, Signed, Signer, Wire, prepare, value,
};
use crate::channels::Channels;
use crate::contract::{Escrow, LeaseRecord, Outcome, Refusal, Settle, ViewError};
use crate::plan::Intent;

/// The escrow contract in the hands of its operator.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) escrow: Escrow,
    pub(crate) signer: Signer,
    /// Who pays for what it calls.
    pub(crate) channels: Arc<Channels>,
    /// What the exchange settles in.
    pub(crate) token: Address,
}

/// What is bid at first for a place in a ledger, in stroops, and how often at
/// most it is doubled.
const BID: (u32, u32) = (10_000, 7);

/// Settlements that share an envelope at most. Each writes the lease and two
/// balances: with the treasury's that is 31 entries, within what every network
/// lets a transaction write, and its events within their bounds as well.
const BATCH_MAX: usize = 10;

impl Operator {
    fn rpc(&self) -> &Rpc {
        self.escrow.rpc()
    }

    fn call(&self, intent: &Intent) -> HostFunction {
        match intent {
            Intent::Open { lease, terms } => self.escrow.open(*lease, terms),
            Intent::TopUp { lease, place, amount, deadline, .. } => {
                self.escrow.top_up(*lease, *place, *amount, *deadline)
            }
            Intent::Settle { lease, seconds, proof, .. } => self.escrow.settle(*lease, *seconds, *proof),
            Intent::Refund { lease } => self.escrow.refund(*lease),
            Intent::PayWithdraw { account, .. } => {
                self.escrow.pay_withdraw(*account, self.token, self.signer.address())
            }
        }
    }
}

impl Chain for Operator {
    async fn seal(&self, intents: &[Intent], lane: u32, attempts: u32) -> Result<Signed, SealError> {
        let call = match intents {
            [intent] => self.call(intent),
            several => self.escrow.settle_many(&settlements(several)),
        };
        // What was not taken for its fee, or waited in vain, bids more.
        let bid = BID.0 << attempts.min(BID.1);
        let payer = self.channels.signer(lane).unwrap_or(&self.signer);
        Ok(prepare(self.rpc(), Acting { actor: &self.signer, payer, bid }, call).await?)
    }

    fn batch_max(&self) -> usize {
        BATCH_MAX
    }

    fn answers(&self, value: &ScVal) -> Option<Vec<Option<Refusal>>> {
        let codes = value::to_vector(value).ok()?.iter().map(value::to_u32);
        codes.map(|code| code.ok().map(|code| (code != 0).then(|| Refusal::of(code)))).collect()
    }

    async fn standing(&self, intent: &Intent) -> Result<Standing, SealError> {
        match intent {
            Intent::Open { lease, .. }
            | Intent::TopUp { lease, .. }
            | Intent::Settle { lease, .. }
            | Intent::Refund { lease } => {
                let record = self.escrow.lease(*lease).await?;
                Ok(lease_standing(intent, record.as_ref()))
            }
            Intent::PayWithdraw { account, total, .. } => {
                Ok(match self.escrow.requested(*account, self.token).await? {
                    None => Standing::Done,
                    // What the exchange has counted to leases that are still to be locked
                    // comes out of the request when they are; or a larger one took its
                    // place, which has an intent of its own.
                    Some(request) if request.amount > *total => Standing::NotNow(format!(
                        "{} is requested, and the exchange has set {total} of it aside",
                        request.amount
                    )),
                    Some(_) => Standing::Undone,
                })
            }
        }
    }
}

/// What several settlements are, for one call.
fn settlements(intents: &[Intent]) -> Vec<Settle> {
    let settle = |intent: &Intent| match *intent {
        Intent::Settle { lease, seconds, proof, .. } => Some(Settle { lease, seconds, proof }),
        _ => None,
    };
    intents.iter().filter_map(settle).collect()
}

impl From<PrepareError> for SealError {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Contract(code) => Self::Refused(Refusal::of(code)),
            PrepareError::Rpc(error) => error.into(),
            other => Self::Trouble(other.to_string()),
        }
    }
}

impl From<ViewError> for SealError {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Asked(error) => error.into(),
            ViewError::Answered(error) => Self::Trouble(error.to_string()),
        }
    }
}

fn lease_standing(intent: &Intent, record: Option<&LeaseRecord>) -> Standing {
    match (intent, record) {
        (Intent::Open { .. }, None) => Standing::Undone,
        (Intent::Open { terms, .. }, Some(record)) if record.was_opened_on(terms) => Standing::Done,
        (Intent::Open { .. }, Some(_)) => Standing::Hopeless("another lease has this id in the contract".to_owned()),
        (Intent::TopUp { .. }, None) => Standing::Hopeless(Refusal::NoSuchLease.to_string()),
        (Intent::TopUp { place, .. }, Some(record)) if record.top_ups >= *place => Standing::Done,
        (Intent::TopUp { .. }, Some(record)) if record.outcome != Outcome::Open => {
            Standing::Hopeless(Refusal::LeaseNotOpen.to_string())
        }
        (Intent::TopUp { .. }, Some(_)) => Standing::Undone,
        (Intent::Settle { escrowed: false, .. }, None) => Standing::Moot("nothing was locked".to_owned()),
        (Intent::Settle { .. }, None) => Standing::Hopeless(Refusal::NoSuchLease.to_string()),
        (Intent::Settle { seconds, proof, escrowed, .. }, Some(record)) => match record.outcome {
            Outcome::Open => Standing::Undone,
            // Where a receipt says more than the exchange does, the contract pays that.
            Outcome::Settled(done, by) if done.seconds >= *seconds && by == *proof => Standing::Done,
            Outcome::Settled(done, _) => Standing::Hopeless(format!("it was settled for {} s", done.seconds)),
            // Everything was to go back, and it did.
            Outcome::Refunded(_) if !escrowed => Standing::Moot("it was refunded".to_owned()),
            Outcome::Refunded(_) => Standing::Hopeless("it was refunded".to_owned()),
        },
        (Intent::Refund { .. }, None) => Standing::Hopeless(Refusal::NoSuchLease.to_string()),
        (Intent::Refund { .. }, Some(record)) => match record.outcome {
            Outcome::Open => Standing::Undone,
            Outcome::Settled(..) => Standing::Moot("it was settled".to_owned()),
            Outcome::Refunded(_) => Standing::Done,
        },
        (Intent::PayWithdraw { .. }, _) => Standing::Undone,
    }
}

impl Wire for Operator {
    async fn send(&self, signed: &Signed) -> Result<Sent, RpcError> {
        self.rpc().send(signed).await
    }

    async fn find(&self, hash: &[u8; 32]) -> Result<Found, RpcError> {
        self.rpc().find(hash).await
    }

    fn patience(&self) -> Patience {
        self.rpc().patience()
    }
}
