//! What waits for the next close. It is not journalled: like any validator's
//! queue it is lost when the process ends, and its senders send again.

use std::collections::VecDeque;
use stellar_xdr::{AccountId, TransactionEnvelope};
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
    pub(crate) hash: [u8; 32],
    pub(crate) source: AccountId,
    pub(crate) envelope: TransactionEnvelope,
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

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    Admitted,
    Known,
    NoRoom,
}

impl Pending {
    /// Lets a transaction wait. Each account may have one at a time, as on the
    /// network, so that none can be invalidated by another of its own.
    pub(crate) fn admit(&mut self, hash: [u8; 32], source: AccountId, envelope: TransactionEnvelope) -> Admission {
        if self.contains(&hash) {
            return Admission::Known;
        }
        let busy = self.waiting.iter().any(|waiting| waiting.source == source);
        if busy || self.waiting.len() >= WAITING_MAX {
            return Admission::NoRoom;
        }
        self.waiting.push_back(Waiting { hash, source, envelope });
        Admission::Admitted
    }

    pub(crate) fn contains(&self, hash: &[u8; 32]) -> bool {
        self.waiting.iter().any(|waiting| waiting.hash == *hash)
    }

    /// The oldest that wait. They stay until they are `done`, so that a second
    /// copy is known while the first is being applied.
    pub(crate) fn batch(&self, at_most: usize) -> Vec<Waiting> {
        self.waiting.iter().take(at_most).cloned().collect()
    }

    pub(crate) fn done(&mut self, batch: &[Waiting]) {
        self.waiting.retain(|waiting| batch.iter().all(|done| done.hash != waiting.hash));
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
