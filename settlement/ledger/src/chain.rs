//! The running ledger: its head, its journal, and what waits to enter.

use crate::account::spendable;
use crate::apply::Context;
use crate::check::{Refused, check};
use crate::config::{Config, Trouble};
use crate::fee_window::FeeWindow;
use crate::genesis::genesis;
use crate::header::close_time;
use crate::journal::Journal;
use crate::modules::Modules;
use crate::outline::Outline;
use crate::pending::{Pending, Turn};
use crate::settings::Settings;
use crate::state::{Read as _, State};
use crate::{Error, codec, time};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use stellar_xdr::{LedgerHeader, TransactionEnvelope, TransactionResultResult as Code};

/// A ledger that can be asked, given transactions, and closed.
pub(crate) struct Ledger {
    pub(crate) passphrase: String,
    pub(crate) network_id: [u8; 32],
    pub(crate) retention_ledgers: u32,
    pub(crate) trouble: Trouble,
    /// Transactions that were sent so far.
    sent: AtomicU32,
    pub(crate) settings: Settings,
    pub(crate) modules: Modules,
    pub(crate) chain: RwLock<Chain>,
    /// Locked after `chain`, where both are.
    pub(crate) pending: Mutex<Pending>,
    /// Held while a ledger is being closed: one at a time.
    pub(crate) closing: Mutex<()>,
}

/// What is closed: the head and, in the journal, everything before it. Both
/// change together, under the write lock.
pub(crate) struct Chain {
    pub(crate) head: Head,
    pub(crate) journal: Journal,
    pub(crate) fees: FeeWindow,
}

/// The last closed ledger.
#[derive(Clone)]
pub(crate) struct Head {
    pub(crate) header: LedgerHeader,
    pub(crate) hash: [u8; 32],
    pub(crate) state: State,
}

impl Head {
    pub(crate) fn seq(&self) -> u32 {
        self.header.ledger_seq
    }

    /// Unix seconds.
    pub(crate) fn time(&self) -> u64 {
        close_time(&self.header)
    }
}

/// What became of a transaction that was sent.
#[derive(Debug)]
pub(crate) enum Sent {
    /// It enters the next ledger.
    Pending,
    /// It waits already.
    Duplicate,
    /// Its account has another one waiting, or too many wait.
    TryAgainLater,
    /// It can never enter, as things stand.
    Refused(Refused),
}

impl Ledger {
    /// Opens the data folder; an empty one gets a genesis.
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        config.validate()?;
        let settings = Settings::embedded(config.persistent_ttl_ledgers)?;
        let network_id = codec::sha256(config.passphrase.as_bytes());
        let mut journal = Journal::open(&config.data_dir, network_id)?;
        let head = match journal.load()? {
            Some(head) => head,
            None => {
                let (header, writes) = genesis(&settings, network_id, time::now_seconds())?;
                let hash = journal.close(&header, &writes, &[], config.retention_ledgers)?;
                let mut state = State::default();
                state.write(&writes);
                Head { header, hash, state }
            }
        };
        let fees = FeeWindow::load(&journal, head.seq())?;
        let modules = Modules::new(head.state.iter().map(|(_, slot)| slot))?;
        Ok(Self {
            passphrase: config.passphrase.clone(),
            network_id,
            retention_ledgers: config.retention_ledgers,
            trouble: config.trouble,
            sent: AtomicU32::new(0),
            settings,
            modules,
            chain: RwLock::new(Chain { head, journal, fees }),
            pending: Mutex::new(Pending::default()),
            closing: Mutex::new(()),
        })
    }

    /// What is closed, held still.
    pub(crate) fn chain(&self) -> RwLockReadGuard<'_, Chain> {
        self.chain.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The head as it is now; it can be read without holding up a close.
    pub(crate) fn head(&self) -> Head {
        self.chain().head.clone()
    }

    /// The ledger that would follow `head` if it closed at `now` (unix
    /// seconds). Its time never lies before the head's.
    pub(crate) fn next<'a>(&'a self, head: &Head, now: u64) -> Context<'a> {
        Context {
            settings: &self.settings,
            modules: &self.modules,
            network_id: self.network_id,
            seq: head.seq() + 1,
            time: now.max(head.time()),
        }
    }

    /// Takes a transaction in, if it could enter the next ledger.
    pub(crate) fn send(&self, envelope: TransactionEnvelope, now: u64) -> Sent {
        let number = self.sent.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if self.trouble.try_again_every > 0 && number.is_multiple_of(self.trouble.try_again_every) {
            return Sent::TryAgainLater;
        }
        // Held until it is admitted: no ledger closes in between that would
        // make the check worthless.
        let chain = self.chain();
        let head = &chain.head;
        let context = self.next(head, now);
        let refuse = |code: Code| Sent::Refused(code.into());
        let Some(outline) = Outline::of(&envelope, self.network_id) else { return refuse(Code::TxNotSupported) };
        if outline.inclusion < 0 {
            return refuse(Code::TxMalformed);
        }
        if let Some(answer) = taken(self.pending().turn(&outline)) {
            return answer;
        }
        if let Err(refused) = check(&context, &head.state, &envelope) {
            return Sent::Refused(refused);
        }
        let balance = head.state.account(&outline.payer).map_or(0, spendable);
        // Another may have come in meanwhile.
        let mut pending = self.pending();
        if let Some(answer) = taken(pending.turn(&outline)) {
            return answer;
        }
        if balance.saturating_sub(outline.bid) < pending.owed(&outline) {
            return refuse(Code::TxInsufficientBalance);
        }
        pending.admit(outline, envelope);
        Sent::Pending
    }
}

/// What a transaction is told that is not let in before it is checked.
fn taken(turn: Turn) -> Option<Sent> {
    match turn {
        Turn::Free => None,
        Turn::Duplicate => Some(Sent::Duplicate),
        Turn::TryAgainLater => Some(Sent::TryAgainLater),
        Turn::Refused(refused) => Some(Sent::Refused(refused)),
    }
}
