//! The desk: the account that is paid, and what it does with that.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use berth_wire::domain::Stroops;
use thiserror::Error;
use tokio::sync::{Mutex, Notify};
use tracing::{error, info, warn};

use super::facilitator::Refused;
use super::payments::Payments;
use super::{
    Facilitator, Fault, Payload, Payment, Purpose, Stage, TIMEOUT_SECONDS, Terms, Transfer, network_name, read,
};
use crate::chain::{Address, Delivery, Key, Rpc, Signed, Signer, deliver};
use crate::contract::Escrow;
use crate::store::StoreError;

/// How long to wait when an RPC is silent.
const SILENCE: Duration = Duration::from_secs(1);

/// What a desk needs to know.
#[derive(Clone, Debug)]
pub struct DeskConfig {
    /// The escrow contract whose token is taken.
    pub escrow: Escrow,
    /// That token's contract.
    pub asset: Address,
    /// Pays the network.
    pub facilitator: Key,
    /// Is paid.
    pub desk: Key,
    /// What of each payment is for the call itself.
    pub price: Stroops,
    /// The most that is paid for one call: the operator may lock no more of the
    /// desk's money for a lease.
    pub most: Stroops,
    /// The most that one payment may cost us, in stroops.
    pub fee_max: u32,
    /// Where payments are kept.
    pub data_dir: PathBuf,
    /// The exchange's log.
    pub log: String,
}

/// Why a payment is not taken.
#[derive(Debug, Error)]
pub enum DeskError {
    /// The header cannot be read.
    #[error("is not the base 64 of a payment of x402, version 2")]
    Unreadable,
    /// There is something wrong with it.
    #[error("{detail}")]
    Refused {
        /// What.
        fault: Fault,
        /// The same in words.
        detail: String,
        /// Who would have paid, once that is known.
        payer: Option<Address>,
    },
    /// It was taken before.
    #[error("this authorization was taken before: see payment {0}")]
    Replayed(String),
    /// It cannot be taken now. Nothing is paid.
    #[error("{0}")]
    Unable(String),
    /// It cannot be said what became of it.
    #[error("{0}")]
    Unknown(String),
    /// The desk's own database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A payment for a job that is not over, as far as the desk knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The payment.
    pub id: String,
    /// Its order, once that is known here.
    pub order: Option<u64>,
}

/// Takes payments and gives out what is due of them.
#[derive(Debug)]
pub struct Desk {
    facilitator: Facilitator,
    // One transaction of its account at a time.
    turn: Mutex<()>,
    pub(super) ready: AtomicBool,
    pub(super) rpc: Arc<Rpc>,
    pub(super) escrow: Escrow,
    pub(super) asset: Address,
    pub(super) key: Signer,
    price: Stroops,
    pub(super) most: Stroops,
    network: String,
    pub(super) payments: Payments,
    // Those that a request still looks after, and at the same time the one that
    // changes a payment.
    in_hand: std::sync::Mutex<BTreeSet<String>>,
    pub(super) due: Notify,
}

impl Desk {
    /// Opens its books. It takes nothing until [`Desk::work`] has looked at what
    /// was under way.
    ///
    /// # Errors
    /// When the database does not open.
    pub fn open(config: DeskConfig) -> Result<Self, StoreError> {
        let rpc = Arc::clone(config.escrow.rpc());
        Ok(Self {
            payments: Payments::open(&config.data_dir, &config.log)?,
            facilitator: Facilitator::new(Arc::clone(&rpc), config.facilitator.into(), config.fee_max),
            turn: Mutex::new(()),
            ready: AtomicBool::new(false),
            network: network_name(rpc.network()),
            rpc,
            escrow: config.escrow,
            asset: config.asset,
            key: config.desk.into(),
            price: config.price,
            most: config.most,
            in_hand: std::sync::Mutex::default(),
            due: Notify::new(),
        })
    }

    /// The account that is paid.
    #[must_use]
    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// What of each payment is for the call itself.
    #[must_use]
    pub const fn price(&self) -> Stroops {
        self.price
    }

    /// What is to be paid when it is `amount` in all.
    #[must_use]
    pub fn terms(&self, amount: Stroops) -> Terms {
        Terms {
            network: self.network.clone(),
            asset: self.asset,
            pay_to: self.key.address(),
            amount,
            timeout_seconds: TIMEOUT_SECONDS,
        }
    }

    /// Takes a payment: it is in a ledger when this ends well. It has to be let run
    /// to its end; dropped halfway, it is found out at the next start.
    ///
    /// # Errors
    /// When it is not taken. Else it is in hand until [`Desk::let_go`].
    pub async fn take(&self, header: &str, terms: &Terms, purpose: Purpose) -> Result<Payment, DeskError> {
        let payload = Payload::read(header).map_err(|_| DeskError::Unreadable)?;
        let own = [self.address(), self.facilitator.address()];
        let transfer = read(&payload, terms, &own).map_err(|fault| refused(fault.into(), None))?;
        self.check_new(&transfer)?;
        if !self.ready.load(Ordering::Acquire) {
            return Err(DeskError::Unable("what was under way before the last start is looked at first".to_owned()));
        }
        let _turn = self.turn.lock().await;
        // While this one waited another may have come with the same.
        self.check_new(&transfer)?;
        let sealed = self.facilitator.seal(&transfer, terms).await;
        let signed = sealed.map_err(|why| refused(why, Some(transfer.payer)))?;
        let mut payment = Payment {
            id: hex::encode(signed.hash),
            payer: transfer.payer,
            amount: terms.amount,
            price: self.price,
            purpose,
            taken_at: self.rpc.now(),
            stage: Stage::Sealed { signed: signed.clone() },
        };
        self.in_hand().insert(payment.id.clone());
        self.payments.begin(&payment, &transfer)?;
        self.settle(&mut payment, &signed, true).await?;
        match &payment.stage {
            Stage::Void { why } => {
                self.let_go(&payment.id);
                let (fault, detail) = (Fault::Failed, format!("nothing is paid: {why}"));
                Err(DeskError::Refused { fault, detail, payer: Some(payment.payer) })
            }
            Stage::Lost { why } => Err(DeskError::Unknown(why.clone())),
            _ => {
                info!(payment = payment.id, payer = %payment.payer, amount = %payment.amount, "paid by x402");
                Ok(payment)
            }
        }
    }

    /// The request that a payment came with has come to its end: from now on
    /// [`Desk::waiting`] tells of it.
    pub fn let_go(&self, id: &str) {
        self.in_hand().remove(id);
    }

    fn in_hand(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // The set is whole whenever the lock is free.
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_new(&self, transfer: &Transfer) -> Result<(), DeskError> {
        self.payments.taken(transfer)?.map_or(Ok(()), |id| Err(DeskError::Replayed(id)))
    }

    /// Finds out what becomes of a payment's transaction, however long it takes.
    pub(super) async fn settle(&self, payment: &mut Payment, signed: &Signed, fresh: bool) -> Result<(), StoreError> {
        let stage = match self.delivered(signed, fresh).await {
            Delivery::Applied(_) => match payment.purpose {
                Purpose::Job => Stage::Held,
                Purpose::Deposit { .. } => Stage::Due { order: None, back: less(payment.amount, payment.price) },
            },
            Delivery::Failed(why) => Stage::Void { why },
            Delivery::Rejected(why) => Stage::Void { why: why.code },
            Delivery::Expired => Stage::Void { why: "its time was over".to_owned() },
            Delivery::Forgotten => {
                let why = format!("the RPC no longer keeps the ledgers of transaction {}", payment.id);
                error!(payment = payment.id, why, "a payment by x402 is lost sight of");
                Stage::Lost { why }
            }
        };
        self.payments.set(payment, stage)?;
        self.due.notify_one();
        Ok(())
    }

    pub(super) async fn delivered(&self, signed: &Signed, mut fresh: bool) -> Delivery {
        loop {
            match deliver(self.rpc.as_ref(), signed, fresh).await {
                Ok(delivery) => return delivery,
                Err(error) => {
                    warn!(%error, "waiting for the RPC");
                    fresh = false;
                    tokio::time::sleep(SILENCE).await;
                }
            }
        }
    }

    /// The payment with an id.
    ///
    /// # Errors
    /// When the database fails.
    pub fn payment(&self, id: &str) -> Result<Option<Payment>, StoreError> {
        self.payments.get(id)
    }

    /// The payment that an order is paid by.
    ///
    /// # Errors
    /// When the database fails.
    pub fn of_order(&self, order: u64) -> Result<Option<Payment>, StoreError> {
        self.payments.of_order(order)
    }

    /// The payments whose jobs are not over, but for those that a request has in
    /// hand.
    ///
    /// # Errors
    /// When the database fails.
    pub fn waiting(&self) -> Result<Vec<Due>, StoreError> {
        let unfinished = self.payments.unfinished()?.into_iter();
        let in_hand = self.in_hand();
        Ok(unfinished
            .filter(|payment| !in_hand.contains(&payment.id))
            .filter_map(|payment| match payment.stage {
                Stage::Held => Some(Due { id: payment.id, order: None }),
                Stage::Ordered { order } => Some(Due { id: payment.id, order: Some(order) }),
                _ => None,
            })
            .collect())
    }

    /// The job that was paid for is ordered.
    ///
    /// # Errors
    /// When the database fails.
    pub fn ordered(&self, id: &str, order: u64) -> Result<(), StoreError> {
        self.change(id, |payment| match payment.stage {
            Stage::Held => Some(Stage::Ordered { order }),
            _ => None,
        })
    }

    /// The job that was paid for is over, and has cost so much; none where it was
    /// never ordered, and then all that was paid is due.
    ///
    /// # Errors
    /// When the database fails.
    pub fn close(&self, id: &str, cost: Option<Stroops>) -> Result<(), StoreError> {
        self.change(id, |payment| {
            let kept = cost.map_or(Stroops::ZERO, |cost| cost.checked_add(payment.price).unwrap_or(payment.amount));
            let back = less(payment.amount, kept);
            match payment.stage {
                Stage::Held | Stage::Ordered { .. } if back == Stroops::ZERO => {
                    Some(Stage::Done { order: payment.stage.order(), back, tx: None })
                }
                Stage::Held | Stage::Ordered { .. } => Some(Stage::Due { order: payment.stage.order(), back }),
                _ => None,
            }
        })
    }

    fn change(&self, id: &str, next: impl FnOnce(&Payment) -> Option<Stage>) -> Result<(), StoreError> {
        let _one_at_a_time = self.in_hand();
        if let Some(mut payment) = self.payments.get(id)?
            && let Some(stage) = next(&payment)
        {
            self.payments.set(&mut payment, stage)?;
            self.due.notify_one();
        }
        Ok(())
    }
}

pub(super) fn less(amount: Stroops, part: Stroops) -> Stroops {
    amount.checked_sub(part).unwrap_or(Stroops::ZERO)
}

fn refused(why: Refused, payer: Option<Address>) -> DeskError {
    match why {
        Refused::Fault(fault, detail) => DeskError::Refused { fault, detail, payer },
        Refused::Unable(why) => DeskError::Unable(why),
    }
}
