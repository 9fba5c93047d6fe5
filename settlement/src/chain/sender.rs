use std::sync::Arc;
use std::time::Duration;

use stellar_xdr::{HostFunction, Operation};
use thiserror::Error;
use tokio::sync::Mutex;

use super::{
    Acting, Address, Applied, Delivery, PrepareError, Rpc, RpcError, Signed, Signer, deliver, prepare,
    prepare_operations,
};

/// How often a call is built anew before giving up.
const ATTEMPTS: u32 = 5;
/// How long to bear an RPC that does not answer while a transaction is out.
const UNANSWERED_MAX: u32 = 60;

/// Why a call is not applied.
#[derive(Clone, Debug, Error)]
pub enum SendError {
    /// It cannot be made into a transaction.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// It was built several times, and never applied.
    #[error("gave up after {ATTEMPTS} attempts: {0}")]
    GaveUp(String),
    /// The RPC went silent while the transaction was out: it may be applied.
    #[error("it is not known whether transaction {hash} is applied: {cause}")]
    Unknown {
        /// Its hash, as hexadecimal.
        hash: String,
        /// What went wrong.
        cause: RpcError,
    },
}

/// Calls contracts as one account, one call at a time, for whoever waits for
/// the answer: deploying, funding, a tenant's own deposits. What must survive a
/// crash goes through the outbox instead.
#[derive(Debug)]
pub struct Sender {
    rpc: Arc<Rpc>,
    signer: Signer,
    // Two calls at a time would take the same sequence number.
    turn: Mutex<()>,
}

/// What a transaction does.
enum What {
    Call(HostFunction),
    Operations(Vec<Operation>),
}

impl Sender {
    /// A sender whose calls `signer` signs.
    #[must_use]
    pub fn new(rpc: Arc<Rpc>, signer: impl Into<Signer>) -> Self {
        Self { rpc, signer: signer.into(), turn: Mutex::new(()) }
    }

    /// The account that it calls as.
    #[must_use]
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// The network that it calls on.
    #[must_use]
    pub fn rpc(&self) -> &Arc<Rpc> {
        &self.rpc
    }

    /// Applies one call and waits until it is in a ledger.
    ///
    /// # Errors
    /// When it would fail, is not taken, or when the RPC goes silent.
    pub async fn call(&self, call: HostFunction) -> Result<Applied, SendError> {
        self.attempt(What::Call(call)).await
    }

    /// Applies classic operations, 1 to 100 and all of this account's, in one
    /// transaction, and waits until it is in a ledger.
    ///
    /// # Errors
    /// As [`Sender::call`]; and when it fails each time, as one would that creates
    /// an account which is there.
    pub async fn operate(&self, operations: Vec<Operation>) -> Result<Applied, SendError> {
        self.attempt(What::Operations(operations)).await
    }

    async fn attempt(&self, what: What) -> Result<Applied, SendError> {
        let _turn = self.turn.lock().await;
        let mut last = String::new();
        for attempt in 0..ATTEMPTS {
            tokio::time::sleep(Duration::from_millis(100) * attempt).await;
            let signed = match &what {
                What::Call(call) => prepare(&self.rpc, Acting::alone(&self.signer), call.clone()).await?,
                What::Operations(all) => prepare_operations(&self.rpc, &self.signer, all.clone()).await?,
            };
            last = match self.deliver(&signed).await? {
                Delivery::Applied(applied) => return Ok(applied),
                Delivery::Failed(why) => why,
                Delivery::Rejected(why) => why.code,
                Delivery::Expired => "its time was over".to_owned(),
                Delivery::Forgotten => {
                    let cause = RpcError::Malformed("its ledgers are no longer kept".to_owned());
                    return Err(SendError::Unknown { hash: hex::encode(signed.hash), cause });
                }
            };
        }
        Err(SendError::GaveUp(last))
    }

    async fn deliver(&self, signed: &Signed) -> Result<Delivery, SendError> {
        let mut unanswered = 0;
        loop {
            match deliver(self.rpc.as_ref(), signed, unanswered == 0).await {
                Ok(delivery) => return Ok(delivery),
                Err(cause) if unanswered >= UNANSWERED_MAX => {
                    return Err(SendError::Unknown { hash: hex::encode(signed.hash), cause });
                }
                Err(_) => {
                    unanswered += 1;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}
