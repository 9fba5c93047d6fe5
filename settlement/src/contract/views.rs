use berth_wire::domain::{Digest, LeaseId, Stroops};
use stellar_xdr::{HostFunction, ScVal};
use thiserror::Error;

use super::{Escrow, Terms};
use crate::chain::value::{self, ValueError, field};
use crate::chain::{Address, PrepareError, view};

/// Why the contract gave no usable answer.
#[derive(Clone, Debug, Error)]
pub enum ViewError {
    /// The question failed.
    #[error(transparent)]
    Asked(#[from] PrepareError),
    /// The answer is not what the interface promises.
    #[error(transparent)]
    Answered(#[from] ValueError),
}

/// What a deployment fixes for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Opens and settles leases.
    pub operator: Address,
    /// Earns the fee.
    pub treasury: Address,
    /// The one token that the contract takes.
    pub token: Address,
    /// Hundredths of a percent of pay that go to the treasury, 0 to 10,000.
    pub fee_bps: u32,
    /// Seconds after which anyone may have a withdrawal paid.
    pub withdraw_delay: u64,
}

/// A pending withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is set aside.
    pub amount: Stroops,
    /// When its delay began, in unix seconds.
    pub since: u64,
}

/// What the contract knows of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseRecord {
    /// What was locked.
    pub terms: Terms,
    /// How it ended, if it did.
    pub outcome: Outcome,
}

/// Where a lease stands in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its amount is locked.
    Open,
    /// Paid by evidence.
    Settled(Settlement),
    /// Given back after the deadline.
    Refunded,
}

/// How a lease was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// What the tenant paid.
    pub pay: Stroops,
    /// What the treasury kept of it.
    pub fee: Stroops,
    /// What went back to the tenant.
    pub refund: Stroops,
    /// Evidenced seconds of service.
    pub seconds: u64,
    /// Head of the lease's proof chain.
    pub proof: Digest,
}

/// Questions. They are simulated, and cost nothing.
impl Escrow {
    /// What `account` has free in the contract; 0 if it is not known.
    ///
    /// # Errors
    /// When the contract or the RPC does not answer.
    pub async fn balance(&self, account: Address) -> Result<Stroops, ViewError> {
        let answer = self.ask("balance", vec![value::address(account)]).await?;
        Ok(value::to_amount(&answer)?)
    }

    /// The pending withdrawal of `account`.
    ///
    /// # Errors
    /// When the contract or the RPC does not answer.
    pub async fn requested(&self, account: Address) -> Result<Option<Request>, ViewError> {
        let answer = self.ask("requested", vec![value::address(account)]).await?;
        let request = |value: &ScVal| -> Result<Request, ValueError> {
            Ok(Request {
                amount: value::to_amount(field(value, "amount")?)?,
                since: value::to_u64(field(value, "since")?)?,
            })
        };
        Ok(value::present(&answer).map(request).transpose()?)
    }

    /// The record of a lease, if it was ever opened.
    ///
    /// # Errors
    /// When the contract or the RPC does not answer.
    pub async fn lease(&self, lease: LeaseId) -> Result<Option<LeaseRecord>, ViewError> {
        let answer = self.ask("lease", vec![ScVal::U64(lease.0)]).await?;
        Ok(value::present(&answer).map(lease_record).transpose()?)
    }

    /// What the deployment fixed.
    ///
    /// # Errors
    /// When the contract or the RPC does not answer.
    pub async fn config(&self) -> Result<Config, ViewError> {
        let answer = self.ask("config", Vec::new()).await?;
        Ok(Config {
            operator: value::to_address(field(&answer, "operator")?)?,
            treasury: value::to_address(field(&answer, "treasury")?)?,
            token: value::to_address(field(&answer, "token")?)?,
            fee_bps: value::to_u32(field(&answer, "fee_bps")?)?,
            withdraw_delay: value::to_u64(field(&answer, "withdraw_delay")?)?,
        })
    }

    /// What `holder` has of `token`, be it an account or a contract.
    ///
    /// # Errors
    /// When the token or the RPC does not answer.
    pub async fn token_balance(&self, token: Address, holder: Address) -> Result<Stroops, ViewError> {
        let call = value::call(token, "balance", vec![value::address(holder)]);
        Ok(value::to_amount(&self.view(call).await?)?)
    }

    async fn ask(&self, function: &'static str, args: Vec<ScVal>) -> Result<ScVal, ViewError> {
        self.view(value::call(self.id, function, args)).await
    }

    async fn view(&self, call: HostFunction) -> Result<ScVal, ViewError> {
        Ok(view(&self.rpc, call).await?)
    }
}

fn lease_record(value: &ScVal) -> Result<LeaseRecord, ValueError> {
    Ok(LeaseRecord {
        terms: Terms {
            tenant: value::to_address(field(value, "tenant")?)?,
            provider: value::to_address(field(value, "provider")?)?,
            rate_per_hour: value::to_amount(field(value, "rate_per_hour")?)?,
            amount: value::to_amount(field(value, "amount")?)?,
            deadline: value::to_u64(field(value, "deadline")?)?,
        },
        outcome: outcome(field(value, "outcome")?)?,
    })
}

/// A variant is a vector of its name and what it carries.
fn outcome(value: &ScVal) -> Result<Outcome, ValueError> {
    let unknown = || ValueError::new("an outcome", value);
    let (name, rest) = value::to_vector(value)?.split_first().ok_or_else(unknown)?;
    match (value::to_symbol(name)?.as_str(), rest) {
        ("Open", []) => Ok(Outcome::Open),
        ("Refunded", []) => Ok(Outcome::Refunded),
        ("Settled", [settlement]) => Ok(Outcome::Settled(Settlement {
            pay: value::to_amount(field(settlement, "pay")?)?,
            fee: value::to_amount(field(settlement, "fee")?)?,
            refund: value::to_amount(field(settlement, "refund")?)?,
            seconds: value::to_u64(field(settlement, "seconds")?)?,
            proof: Digest(value::to_bytes(field(settlement, "proof")?)?),
        })),
        _ => Err(unknown()),
    }
}
