use std::sync::Arc;

use super::{Fault, Terms, Transfer, check_events};
use crate::chain::{Address, PrepareError, Rpc, RpcError, Signed, Signer, sponsored};

/// How long a payment may take from its signature to the ledger.
pub const TIMEOUT_SECONDS: u64 = 60;

/// Brings payers' transfers to the ledger, in transactions of its own account,
/// which pays the network.
#[derive(Debug)]
pub struct Facilitator {
    rpc: Arc<Rpc>,
    signer: Signer,
    /// The most that one transfer may cost, in stroops.
    fee_max: u32,
}

/// Why a transfer is not made.
#[derive(Clone, Debug)]
pub(super) enum Refused {
    /// There is something wrong with it.
    Fault(Fault, String),
    /// Nothing is wrong with it; we cannot.
    Unable(String),
}

impl Facilitator {
    /// A facilitator that signs with `signer`.
    #[must_use]
    pub const fn new(rpc: Arc<Rpc>, signer: Signer, fee_max: u32) -> Self {
        Self { rpc, signer, fee_max }
    }

    /// The account that pays the network.
    #[must_use]
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// The transaction that makes a transfer, which would go through now and does
    /// nothing else. Not twice at a time: both would have one sequence number.
    pub(super) async fn seal(&self, transfer: &Transfer, terms: &Terms) -> Result<Signed, Refused> {
        let head = self.rpc.head().await.map_err(unanswered)?;
        transfer.check_time(head.ledger, terms.timeout_seconds)?;
        let (call, auth) = (transfer.call.clone(), transfer.auth.clone());
        let proven = sponsored(&self.rpc, self.address(), call, auth, terms.timeout_seconds).await.map_err(unproven)?;
        check_events(&proven.events, transfer, terms)?;
        if proven.fee > self.fee_max {
            let why = format!("the network takes up to {} stroops, and {} is the most", proven.fee, self.fee_max);
            return Err(Refused::Fault(Fault::Fee, why));
        }
        proven.signed(self.rpc.network(), &self.signer).await.map_err(unproven)
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault, fault.to_string())
    }
}

fn unanswered(error: RpcError) -> Refused {
    Refused::Unable(format!("the chain does not answer: {error}"))
}

fn unproven(error: PrepareError) -> Refused {
    match error {
        PrepareError::Rpc(error) => unanswered(error),
        PrepareError::NoAccount(own) => {
            Refused::Unable(format!("{own}, which pays the network here, is not on the ledger"))
        }
        PrepareError::TooDear => Fault::Fee.into(),
        PrepareError::Unsigned(why) => Refused::Unable(format!("nobody signs for the facilitator: {why}")),
        // The payer has too little, the signature is another's, the nonce is used.
        failed => Refused::Fault(Fault::Simulation, failed.to_string()),
    }
}
