//! What waits for the next close. It is not journalled: like any validator's
//! queue it is lost when the process ends, and its senders send again.

use crate::check::Refused;
use crate::outline::Outline;
use std::collections::VecDeque;
use stellar_xdr::{AccountId, TransactionEnvelope, TransactionResultResult as Code};
use tokio::sync::oneshot;

/// Transactions that may wait at once.
const WAITING_MAX: usize = 1_000;
/// Accounts that may wait for money at once.
const GRANTS_MAX: usize = 1_000;

/// The queue.
#[derive(Default)]
pub(crate) struct Pending {
    waiting: VecDeque<Waiting>,
    grants: VecDeque<Grant>,
}

/// A checked transaction.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) outline: Outline,
    pub(crate) envelope: TransactionEnvelope,
    /// It is in the ledger that is being closed.
    entering: bool,
}

/// An account that asked the faucet, and where to tell what came of it.
pub(crate) struct Grant {
    pub(crate) account: AccountId,
    pub(crate) reply: oneshot::Sender<Granted>,
}

/// What came of asking the faucet.
#[derive(Clone, Debug)]
pub(crate) enum Granted {
    /// In this transaction and ledger.
    Created { transaction: [u8; 32], ledger: u32 },
    /// There is such an account.
    Exists,
    /// The faucet's transaction failed.
    Failed,
}

/// What the queue says of a transaction before it is checked.
#[derive(Debug)]
pub(crate) enum Turn {
    /// It may be checked and let in.
    Free,
    /// It waits already.
    Duplicate,
    /// Its account has another one waiting, or too many wait.
    TryAgainLater,
    Refused(Refused),
}

impl Pending {
    /// Whether there is room. Each account may have one transaction waiting,
    /// as on the network, so that none can be invalidated by another of its
    /// own; a fee bump may take its place.
    pub(crate) fn turn(&self, new: &Outline) -> Turn {
        let Some(old) = self.waiting.iter().find(|waiting| waiting.outline.source == new.source) else {
            return if self.waiting.len() < WAITING_MAX { Turn::Free } else { Turn::TryAgainLater };
        };
        if old.outline.is_sent_again_by(new) {
            return Turn::Duplicate;
        }
        if new.sequence < old.outline.sequence {
            return Turn::Refused(Code::TxBadSeq.into());
        }
        if new.within.is_none() || new.sequence != old.outline.sequence || old.entering {
            return Turn::TryAgainLater;
        }
        match old.outline.outbid_by(new) {
            Ok(()) => Turn::Free,
            Err(fee) => Turn::Refused(Refused { fee, ..Refused::new(Code::TxInsufficientFee) }),
        }
    }

    /// Stroops that waiting transactions of others than `new`'s source ask of
    /// its payer.
    pub(crate) fn owed(&self, new: &Outline) -> i64 {
        let of_payer = self.waiting.iter().filter(|waiting| waiting.outline.payer == new.payer);
        let others = of_payer.filter(|waiting| waiting.outline.source != new.source);
        others.fold(0, |sum: i64, waiting| sum.saturating_add(waiting.outline.bid))
    }

    /// Lets a transaction wait whose turn was free.
    pub(crate) fn admit(&mut self, outline: Outline, envelope: TransactionEnvelope) {
        self.waiting.retain(|waiting| waiting.outline.source != outline.source);
        self.waiting.push_back(Waiting { outline, envelope, entering: false });
    }

    /// The oldest that wait. They stay until they are `done`, so that a second
    /// copy is known while the first is being applied.
    pub(crate) fn batch(&mut self, at_most: usize) -> Vec<Waiting> {
        let batch = self.waiting.iter_mut().take(at_most);
        batch
            .map(|waiting| {
                waiting.entering = true;
                waiting.clone()
            })
            .collect()
    }

    pub(crate) fn done(&mut self, batch: &[Waiting]) {
        self.waiting.retain(|waiting| batch.iter().all(|done| done.outline.hash != waiting.outline.hash));
    }

    /// Lets an account wait for money; false if too many do.
    pub(crate) fn ask(&mut self, grant: Grant) -> bool {
        let room = self.grants.len() < GRANTS_MAX;
        if room {
            self.grants.push_back(grant);
        }
        room
    }

    pub(crate) fn take_grants(&mut self, at_most: usize) -> Vec<Grant> {
        let taken = at_most.min(self.grants.len());
        self.grants.drain(..taken).collect()
    }
}
