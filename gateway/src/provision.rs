//! Unknown addresses in open mode: each is given an account with money by a
//! real deposit on the chain, once, before its command is sequenced.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use berth_domain::{AccountId, Address};
use berth_wire::errors::EdgeCode;
use thiserror::Error;
use tokio::sync::watch;

use crate::limits::{PROVISION_TIME_MAX, PROVISIONING_MAX};
use crate::problem::Refusal;
use crate::view::View;

/// Why an address could not be given money.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct ProvisionError(
    /// In words, for whoever asked.
    pub String,
);

/// Gives an unknown address money on the chain. The node's root implements it
/// with the settlement's means.
pub trait Provision: Send + Sync + 'static {
    /// Deposits 10,000 XLM into the escrow contract to the credit of `address`.
    /// It need not wait for the exchange: the settler reports the deposit as it
    /// does any other, and the gateway waits for that. It may be dropped at any
    /// await, and is not called for one address twice at a time.
    fn provision(&self, address: Address) -> Pin<Box<dyn Future<Output = Result<(), ProvisionError>> + Send + '_>>;
}

/// What became of a provisioning, for all who wait for it.
type Outcome = Option<Result<AccountId, Arc<str>>>;

/// Provisions each address once, however many ask at the same time.
pub(crate) struct Provisioning {
    provision: Arc<dyn Provision>,
    view: Arc<View>,
    under_way: Mutex<BTreeMap<Address, watch::Receiver<Outcome>>>,
}

impl Provisioning {
    pub(crate) fn new(provision: Arc<dyn Provision>, view: Arc<View>) -> Arc<Self> {
        Arc::new(Self { provision, view, under_way: Mutex::default() })
    }

    /// The account of an address that has none yet, as soon as its deposit is
    /// in the log.
    pub(crate) async fn account(self: &Arc<Self>, address: Address) -> Result<AccountId, Refusal> {
        let mut outcome = self.join(address)?;
        let outcome = outcome.wait_for(Option::is_some).await;
        match outcome.as_deref() {
            Ok(Some(Ok(account))) => Ok(*account),
            Ok(Some(Err(why))) => Err(Refusal::new(EdgeCode::ChainUnavailable, why.to_string())),
            // The task is gone without a word: the node is stopping.
            Ok(None) | Err(_) => Err(EdgeCode::Unavailable.into()),
        }
    }

    fn join(self: &Arc<Self>, address: Address) -> Result<watch::Receiver<Outcome>, Refusal> {
        // The map is whole whenever the lock is free.
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // A task that ended without a word has dropped its end of the channel.
        if let Some(outcome) = under_way.get(&address).filter(|outcome| outcome.has_changed().is_ok()) {
            return Ok(outcome.clone());
        }
        if under_way.len() >= PROVISIONING_MAX {
            return Err(Refusal::new(EdgeCode::Overloaded, "too many new addresses at once"));
        }
        let (told, outcome) = watch::channel(None);
        under_way.insert(address, outcome.clone());
        // A task of its own: a client that gives up must not stop it halfway,
        // or a second client would begin a second deposit.
        let this = self.clone();
        tokio::spawn(async move {
            let result = tokio::time::timeout(PROVISION_TIME_MAX, this.run(address)).await.unwrap_or_else(|_| {
                let seconds = PROVISION_TIME_MAX.as_secs();
                Err(format!("the deposit for the new address is not in the log after {seconds} s").into())
            });
            this.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
            told.send_replace(Some(result));
        });
        Ok(outcome)
    }

    async fn run(&self, address: Address) -> Result<AccountId, Arc<str>> {
        // Someone else's deposit may have opened the account in the meantime.
        let account = || self.view.read(|x| x.account_by_address(address));
        if let Some(account) = account() {
            return Ok(account);
        }
        self.provision.provision(address).await.map_err(|why| -> Arc<str> { why.to_string().into() })?;
        let mut applied = self.view.applied();
        loop {
            applied.borrow_and_update();
            if let Some(account) = account() {
                return Ok(account);
            }
            if applied.changed().await.is_err() {
                return Err("the node is stopping".into());
            }
        }
    }
}
