//! The escrow's operator: the account whose signature opens and settles leases.

use stellar_xdr::HostFunction;

use crate::act::{Chain, SealError, Standing};
use crate::chain::{Address, Found, Key, Patience, PrepareError, Rpc, RpcError, Sent, Signed, Wire, prepare};
use crate::contract::{Escrow, LeaseRecord, Outcome, Refusal, ViewError};
use crate::plan::Intent;

/// The escrow contract in the hands of its operator.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) escrow: Escrow,
    pub(crate) key: Key,
    /// What the exchange settles in.
    pub(crate) token: Address,
}

impl Operator {
    fn rpc(&self) -> &Rpc {
        self.escrow.rpc()
    }

    fn call(&self, intent: &Intent) -> HostFunction {
        match intent {
            Intent::Open { lease, terms } => self.escrow.open(*lease, terms),
            Intent::Settle { lease, seconds, proof, .. } => self.escrow.settle(*lease, *seconds, *proof),
            Intent::Refund { lease } => self.escrow.refund(*lease),
            Intent::PayWithdraw { account, .. } => self.escrow.pay_withdraw(*account, self.token, self.key.address()),
        }
    }
}

impl Chain for Operator {
    async fn seal(&self, intent: &Intent) -> Result<Signed, SealError> {
        Ok(prepare(self.rpc(), &self.key, self.call(intent)).await?)
    }

    async fn standing(&self, intent: &Intent) -> Result<Standing, SealError> {
        match intent {
            Intent::Open { lease, .. } | Intent::Settle { lease, .. } | Intent::Refund { lease } => {
                let record = self.escrow.lease(*lease).await?;
                Ok(lease_standing(intent, record.as_ref()))
            }
            Intent::PayWithdraw { account, total, .. } => {
                Ok(match self.escrow.requested(*account, self.token).await? {
                    None => Standing::Done,
                    Some(request) if request.amount > *total => {
                        Standing::Moot("a larger request took its place".to_owned())
                    }
                    Some(_) => Standing::Undone,
                })
            }
        }
    }
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

    fn now(&self) -> u64 {
        self.rpc().now()
    }

    fn patience(&self) -> Patience {
        self.rpc().patience()
    }
}
