use berth_wire::domain::{LeaseId, Stroops};
use stellar_xdr::{HostFunction, ScVal};
use thiserror::Error;

use super::{Config, Escrow, LeaseRecord, ProviderMandate, Request, TenantMandate};
use crate::chain::value::{self, ValueError};
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

/// Questions. They are simulated, and cost nothing.
impl Escrow {
    /// What `account` has free of a token; 0 if it is not known.
    ///
    /// # Errors
    /// When the contract or the RPC does not answer.
    pub async fn balance(&self, account: Address, token: Address) -> Result<Stroops, ViewError> {
        let answer = self.ask("balance", vec![value::address(account), value::address(token)]).await?;
        Ok(value::to_amount(&answer)?)
    }

    /// The pending withdrawal of `account`.
    ///
    /// # Errors
    /// When the contract or the RPC does not answer.
    pub async fn requested(&self, account: Address, token: Address) -> Result<Option<Request>, ViewError> {
        let answer = self.ask("requested", vec![value::address(account), value::address(token)]).await?;
        Ok(value::present(&answer).map(Request::read).transpose()?)
    }

    /// What `account` has signed as a tenant. One whose `until` is 0 was ended.
    ///
    /// # Errors
    /// When the contract or the RPC does not answer.
    pub async fn tenant_mandate(&self, account: Address, token: Address) -> Result<Option<TenantMandate>, ViewError> {
        let answer = self.ask("tenant_mandate", vec![value::address(account), value::address(token)]).await?;
        Ok(value::present(&answer).map(TenantMandate::read).transpose()?)
    }

    /// What `account` has signed as a provider.
    ///
    /// # Errors
    /// When the contract or the RPC does not answer.
    pub async fn provider_mandate(
        &self,
        account: Address,
        token: Address,
    ) -> Result<Option<ProviderMandate>, ViewError> {
        let answer = self.ask("provider_mandate", vec![value::address(account), value::address(token)]).await?;
        Ok(value::present(&answer).map(ProviderMandate::read).transpose()?)
    }

    /// The record of a lease, if it was ever opened.
    ///
    /// # Errors
    /// When the contract or the RPC does not answer.
    pub async fn lease(&self, lease: LeaseId) -> Result<Option<LeaseRecord>, ViewError> {
        let answer = self.ask("lease", vec![ScVal::U64(lease.0)]).await?;
        Ok(value::present(&answer).map(LeaseRecord::read).transpose()?)
    }

    /// What the deployment fixed.
    ///
    /// # Errors
    /// When the contract or the RPC does not answer.
    pub async fn config(&self) -> Result<Config, ViewError> {
        Ok(Config::read(&self.ask("config", Vec::new()).await?)?)
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
