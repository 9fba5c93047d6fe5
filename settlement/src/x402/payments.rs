//! What was paid and what became of it: on the disk before it is sent, so that a
//! crash at any moment neither loses a payment nor takes it twice.
//!
//! ```text
//! sealed ─▶ held ─▶ ordered ─▶ due ─▶ giving ─▶ done
//!    └─▶ void    └────────────▶ ▲ └◀─────┘ (its time was over: built anew)
//! ```
//!
//! ```text
//! {log}/payment/{id}            the payment; its id is its transaction's hash
//! {log}/nonce/{payer}/{nonce}   its id: an authorization is taken once
//! {log}/order/{order}           the id of the payment that an order is paid by
//! {log}/open/{id}               there while something is still to be done
//! ```

use std::path::Path;

use berth_wire::domain::Stroops;
use serde::{Deserialize, Serialize};

use super::Transfer;
use crate::chain::{Address, Signed};
use crate::serial;
use crate::store::{Changes, Store, StoreError};

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its transaction's hash, as hexadecimal.
    pub id: String,
    /// Who paid.
    pub payer: Address,
    /// How much.
    #[serde(with = "serial::stroops")]
    pub amount: Stroops,
    /// What of it is for the call itself.
    #[serde(with = "serial::stroops")]
    pub price: Stroops,
    /// What for.
    pub purpose: Purpose,
    /// When it was taken, in unix seconds.
    pub taken_at: u64,
    /// How far it is.
    pub stage: Stage,
}

/// What a payment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "camelCase")]
pub enum Purpose {
    /// A job, which the desk orders; what it does not cost goes back to the payer.
    Job,
    /// A deposit into an account of the exchange.
    Deposit {
        /// Whose.
        account: Address,
    },
}

/// How far a payment is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "camelCase")]
pub enum Stage {
    /// Its transaction may be applied.
    Sealed {
        /// This one, and no other.
        signed: Signed,
    },
    /// Nothing was paid, and nothing will be.
    Void {
        /// Why.
        why: String,
    },
    /// It is paid, and its job is not ordered yet.
    Held,
    /// Its job is ordered.
    Ordered {
        /// The order.
        order: u64,
    },
    /// So much is to be given out.
    Due {
        /// The order that it was for.
        order: Option<u64>,
        /// How much.
        #[serde(with = "serial::stroops")]
        back: Stroops,
    },
    /// The transaction that gives it out may be applied.
    Giving {
        /// The order that it was for.
        order: Option<u64>,
        /// How much.
        #[serde(with = "serial::stroops")]
        back: Stroops,
        /// This one, and no other.
        signed: Signed,
    },
    /// Nothing is left to be done.
    Done {
        /// The order that it was for.
        order: Option<u64>,
        /// How much was given out.
        #[serde(with = "serial::stroops")]
        back: Stroops,
        /// The transaction that did it; none where nothing was due.
        tx: Option<String>,
    },
    /// Nobody can tell any more what became of a transaction. The operator has to
    /// look.
    Lost {
        /// Of which, and why.
        why: String,
    },
}

impl Stage {
    /// Whether anything is still to be done.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self, Self::Void { .. } | Self::Done { .. } | Self::Lost { .. })
    }

    /// The order that the payment is for, once there is one.
    #[must_use]
    pub const fn order(&self) -> Option<u64> {
        match self {
            Self::Ordered { order } => Some(*order),
            Self::Due { order, .. } | Self::Giving { order, .. } | Self::Done { order, .. } => *order,
            Self::Sealed { .. } | Self::Void { .. } | Self::Held | Self::Lost { .. } => None,
        }
    }
}

/// The payments of one log.
#[derive(Debug)]
pub(super) struct Payments {
    store: Store,
    log: String,
}

impl Payments {
    pub(super) fn open(path: &Path, log: &str) -> Result<Self, StoreError> {
        Ok(Self { store: Store::open(path, log)?, log: log.to_owned() })
    }

    /// The payment of an authorization that was taken before.
    pub(super) fn taken(&self, transfer: &Transfer) -> Result<Option<String>, StoreError> {
        self.store.get(&self.nonce(transfer))
    }

    /// Keeps a payment whose transaction has not been sent yet.
    pub(super) fn begin(&self, payment: &Payment, transfer: &Transfer) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        changes.put(&self.nonce(transfer), &payment.id);
        self.write(&mut changes, payment);
        self.store.commit(changes)
    }

    pub(super) fn get(&self, id: &str) -> Result<Option<Payment>, StoreError> {
        self.store.get(&self.payment(id))
    }

    /// The payment that an order is paid by.
    pub(super) fn of_order(&self, order: u64) -> Result<Option<Payment>, StoreError> {
        let id: Option<String> = self.store.get(&self.order(order))?;
        id.map_or(Ok(None), |id| self.get(&id))
    }

    /// Moves a payment on.
    pub(super) fn set(&self, payment: &mut Payment, stage: Stage) -> Result<(), StoreError> {
        payment.stage = stage;
        let mut changes = Changes::default();
        if let Stage::Ordered { order } = payment.stage {
            changes.put(&self.order(order), &payment.id);
        }
        self.write(&mut changes, payment);
        self.store.commit(changes)
    }

    /// Those that something is still to be done about.
    pub(super) fn unfinished(&self) -> Result<Vec<Payment>, StoreError> {
        let prefix = format!("{}/open/", self.log);
        let ids = self.store.scan::<String>(&prefix).map(|entry| entry.map(|(_, id)| id));
        let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(self.get(&id)?);
        }
        found.sort_by_key(|payment| payment.taken_at);
        Ok(found)
    }

    fn write(&self, changes: &mut Changes, payment: &Payment) {
        let open = format!("{}/open/{}", self.log, payment.id);
        changes.put(&self.payment(&payment.id), payment);
        if payment.stage.is_open() {
            changes.put(&open, &payment.id);
        } else {
            changes.delete(&open);
        }
    }

    fn payment(&self, id: &str) -> String {
        format!("{}/payment/{id}", self.log)
    }

    fn nonce(&self, transfer: &Transfer) -> String {
        format!("{}/nonce/{}/{:016x}", self.log, transfer.payer, transfer.nonce)
    }

    fn order(&self, order: u64) -> String {
        format!("{}/order/{order:020}", self.log)
    }
}
