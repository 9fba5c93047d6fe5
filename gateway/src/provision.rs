//! Unknown addresses in open mode: each is given an account with money by a
//! real deposit on the chain, once, before its command is sequenced.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use berth_domain::{AccountId, Address};
use berth_wire::address::OpenIdentity;
use berth_wire::errors::EdgeCode;
use thiserror::Error;
use tokio::sync::watch;

use crate::limits::PROVISIONING_MAX;
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
    /// Deposits 10,000 XLM into the escrow contract to the credit of an address,
    /// and signs its mandate there where its key is derived from a name. It need not wait for the exchange: the settler reports the deposit as it
    /// does any other, and the gateway waits for that. It has to end by itself
    /// in a bounded time, and an error must mean that nothing was deposited or
    /// will be: the next request for the address begins anew. It is not called
    /// for one address twice at a time, and is dropped only when the gateway
    /// stops.
    fn provision(&self, who: OpenIdentity) -> Pin<Box<dyn Future<Output = Result<(), ProvisionError>> + Send + '_>>;
}

/// What became of a provisioning, for all who wait for it.
type Outcome = Option<Result<AccountId, Arc<str>>>;

/// Provisions each address once, however many ask and however often.
pub(crate) struct Provisioning {
    provision: Arc<dyn Provision>,
    view: Arc<View>,
    stop: watch::Receiver<bool>,
    /// How long a request waits for an account.
    patience: Duration,
    under_way: Mutex<BTreeMap<Address, watch::Receiver<Outcome>>>,
}

impl Provisioning {
    pub(crate) fn new(
        provision: Arc<dyn Provision>,
        view: Arc<View>,
        stop: watch::Receiver<bool>,
        patience: Duration,
    ) -> Arc<Self> {
        Arc::new(Self { provision, view, stop, patience, under_way: Mutex::default() })
    }

    /// The account of an address that has none yet, as soon as its deposit is
    /// in the log. Who waits too long is told so; the deposit goes on, and
    /// whoever asks next waits for the same one.
    pub(crate) async fn account(self: &Arc<Self>, who: OpenIdentity) -> Result<AccountId, Refusal> {
        let mut outcome = self.join(who)?;
        let outcome = tokio::time::timeout(self.patience, outcome.wait_for(Option::is_some)).await;
        let Ok(outcome) = outcome else {
            let seconds = self.patience.as_secs();
            let detail = format!(
                "the deposit for the new address is not in the log after {seconds} s and may still come; \
                 the request itself was not carried out"
            );
            return Err(Refusal::new(EdgeCode::OutcomeUnknown, detail));
        };
        match outcome.as_deref() {
            Ok(Some(Ok(account))) => Ok(*account),
            Ok(Some(Err(why))) => Err(Refusal::new(EdgeCode::ChainUnavailable, why.to_string())),
            // The task is gone without a word: the node is stopping.
            Ok(None) | Err(_) => Err(EdgeCode::Unavailable.into()),
        }
    }

    fn join(self: &Arc<Self>, who: OpenIdentity) -> Result<watch::Receiver<Outcome>, Refusal> {
        let address = who.address;
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
        // A task of its own, which nobody's patience ends: a client that gives
        // up must not stop it halfway, or the next one would begin a second
        // deposit.
        let this = self.clone();
        tokio::spawn(async move {
            let mut stop = this.stop.clone();
            let result = tokio::select! {
                result = this.run(who) => result,
                // A sender that is gone has stopped, too. Those who wait learn it
                // from the end of the channel.
                _ = stop.wait_for(|stopped| *stopped) => return,
            };
            this.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
            told.send_replace(Some(result));
        });
        Ok(outcome)
    }

    async fn run(&self, who: OpenIdentity) -> Result<AccountId, Arc<str>> {
        // Someone else's deposit may have opened the account in the meantime.
        let address = who.address;
        let account = || self.view.read(|x| x.account_by_address(address));
        if let Some(account) = account() {
            return Ok(account);
        }
        self.provision.provision(who).await.map_err(|why| -> Arc<str> { why.to_string().into() })?;
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use berth_exchange::Exchange;
    use tokio::sync::Notify;

    use super::*;

    /// A chain that takes its time, and then has no money.
    #[derive(Default)]
    struct Slow {
        asked: AtomicUsize,
        go_on: Notify,
    }

    impl Provision for Slow {
        fn provision(&self, _: OpenIdentity) -> Pin<Box<dyn Future<Output = Result<(), ProvisionError>> + Send + '_>> {
            Box::pin(async {
                self.asked.fetch_add(1, Ordering::Relaxed);
                self.go_on.notified().await;
                Err(ProvisionError("no money".to_owned()))
            })
        }
    }

    /// The code, and what trying again is worth.
    fn told(refused: Result<AccountId, Refusal>) -> String {
        let answer = refused.expect_err("there is no account").into_answer(None);
        let answer = serde_json::to_value(answer).expect("plain data");
        let error = &answer["error"];
        format!("{} {}", error["code"], error["retry"]).replace('"', "")
    }

    #[tokio::test]
    async fn who_gives_up_leaves_the_deposit_under_way_and_a_retry_waits_for_the_same_one() {
        let slow = Arc::new(Slow::default());
        let (running, stop) = watch::channel(false);
        let patience = Duration::from_millis(50);
        let provisioning = Provisioning::new(slow.clone(), View::new(Exchange::new()), stop, patience);
        let who = || OpenIdentity { address: Address([7; 32]), seed: None };
        let asked = || slow.asked.load(Ordering::Relaxed);

        for _ in 0..2 {
            assert_eq!(told(provisioning.account(who()).await), "OUTCOME_UNKNOWN unknown");
            assert_eq!(asked(), 1, "one deposit is under way");
        }
        let waits = provisioning.account(who());
        slow.go_on.notify_one();
        assert_eq!(told(waits.await), "CHAIN_UNAVAILABLE after");
        assert_eq!(asked(), 1);

        // What has failed is begun anew, and ends with the gateway.
        assert_eq!(told(provisioning.account(who()).await), "OUTCOME_UNKNOWN unknown");
        assert_eq!(asked(), 2);
        let waits = provisioning.account(who());
        running.send_replace(true);
        assert_eq!(told(waits.await), "UNAVAILABLE after");
        assert_eq!(asked(), 2);
    }
}
