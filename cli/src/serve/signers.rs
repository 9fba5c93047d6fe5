//! Who signs for an account, as the ledger has it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use berth_auth::Signers;
use berth_domain::Address;
use berth_gateway::{ChainError, ChainSigners};
use berth_settlement::chain::Rpc;

/// How long the chain has to answer: whoever logs in waits for it.
const TIME_MAX: Duration = Duration::from_secs(10);

pub(super) struct LedgerSigners(pub(super) Arc<Rpc>);

impl ChainSigners for LedgerSigners {
    fn signers(
        &self,
        account: Address,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Signers>, ChainError>> + Send + '_>> {
        Box::pin(async move {
            let account = berth_settlement::chain::Address::Account(account.0);
            let found = tokio::time::timeout(TIME_MAX, self.0.signers(account)).await;
            let found = found.map_err(|_| ChainError("it does not answer in time".to_owned()))?;
            let found = found.map_err(|cause| ChainError(cause.to_string()))?;
            Ok(found.map(|found| Signers::new(found.keys, found.medium_threshold)))
        })
    }
}
