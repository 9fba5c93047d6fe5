//! Specifications whose orders are under way: each waits for its order's fate.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use berth_domain::Digest;
use crossbeam_channel::{Receiver, Sender, unbounded};

use super::vault::Vault;
use crate::database::StoreError;
use crate::keys::spec_key;

const HELD: u8 = 0;
const SUBMITTED: u8 = 1;
const REFUSED: u8 = 2;
const ACCEPTED: u8 = 3;

/// A specification that is kept for an order under way. Clones are the same. When
/// the last is dropped, the order's fate is what was told last: without a word it
/// was never submitted. The specification is removed where nobody else has named
/// it and the order is not in the log, or refused there.
///
/// Telling and dropping it waits for nothing, so that a thread of the sequencer's may.
#[derive(Clone)]
pub struct Kept(Arc<Held>);

struct Held {
    keeper: Arc<Keeper>,
    hash: Digest,
    fate: AtomicU8,
}

impl Kept {
    pub(super) fn new(keeper: &Arc<Keeper>, hash: Digest, stored: &[u8]) -> Result<Self, StoreError> {
        keeper.shared.enter(&hash)?;
        // From here on its fate is settled, also when it cannot be written.
        let held = Held { keeper: Arc::clone(keeper), hash, fate: AtomicU8::new(HELD) };
        keeper.vault().put(&spec_key(&hash), stored)?;
        Ok(Self(Arc::new(held)))
    }

    /// Hash of the specification.
    #[must_use]
    pub fn hash(&self) -> Digest {
        self.0.hash
    }

    /// The order is on its way: without another word it may be in the log.
    pub fn submitted(&self) {
        self.tell(SUBMITTED);
    }

    /// The order is not in the log, or it was refused there.
    pub fn refused(&self) {
        self.tell(REFUSED);
    }

    /// An order names it.
    pub fn accepted(&self) {
        self.tell(ACCEPTED);
    }

    fn tell(&self, fate: u8) {
        self.0.fate.store(fate, Ordering::Release);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let fate = self.fate.load(Ordering::Acquire);
        self.keeper.tell(Word::Over { hash: self.hash, stays: fate == SUBMITTED || fate == ACCEPTED });
    }
}

enum Word {
    Over {
        hash: Digest,
        stays: bool,
    },
    /// For tests: everything before it is settled when it is answered.
    #[cfg(test)]
    Answer(Sender<()>),
}

/// Removes what was refused, on a thread of its own.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    words: Option<Sender<Word>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    vault: Vault,
    under_way: Mutex<BTreeMap<Digest, UnderWay>>,
}

/// Orders under way that name one specification.
struct UnderWay {
    orders: usize,
    /// It was not there before, and no order has been accepted that names it.
    is_new: bool,
}

impl Keeper {
    pub(super) fn start(vault: Vault) -> io::Result<Self> {
        let shared = Arc::new(Shared { vault, under_way: Mutex::default() });
        let (words, heard) = unbounded();
        let thread = std::thread::Builder::new().name("private".to_owned());
        let thread = thread.spawn({
            let shared = Arc::clone(&shared);
            move || shared.listen(&heard)
        })?;
        Ok(Self { shared, words: Some(words), thread: Some(thread) })
    }

    pub(super) fn vault(&self) -> &Vault {
        &self.shared.vault
    }

    fn tell(&self, word: Word) {
        if let Some(words) = &self.words {
            // The thread ends after the last word.
            let _ = words.send(word);
        }
    }

    #[cfg(test)]
    pub(super) fn settle(&self) {
        let (answer, answered) = unbounded();
        self.tell(Word::Answer(answer));
        answered.recv().unwrap();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.words.take();
        if let Some(thread) = self.thread.take() {
            // A panic there was told there.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn enter(&self, hash: &Digest) -> Result<(), StoreError> {
        let mut under_way = self.under_way();
        if let Some(known) = under_way.get_mut(hash) {
            known.orders += 1;
            return Ok(());
        }
        // Under the lock: what is being removed is gone, or not yet begun with.
        let is_new = self.vault.get(&spec_key(hash))?.is_none();
        under_way.insert(*hash, UnderWay { orders: 1, is_new });
        Ok(())
    }

    fn listen(&self, words: &Receiver<Word>) {
        for word in words {
            match word {
                Word::Over { hash, stays } => self.over(&hash, stays),
                #[cfg(test)]
                Word::Answer(answer) => answer.send(()).unwrap(),
            }
        }
    }

    fn over(&self, hash: &Digest, stays: bool) {
        let mut under_way = self.under_way();
        let Some(known) = under_way.get_mut(hash) else { return };
        known.orders -= 1;
        known.is_new &= !stays;
        if known.orders > 0 {
            return;
        }
        let is_new = known.is_new;
        under_way.remove(hash);
        if is_new && let Err(e) = self.vault.remove(&spec_key(hash)) {
            tracing::warn!("a specification that no order names stays until the next start: {e}");
        }
    }

    fn under_way(&self) -> MutexGuard<'_, BTreeMap<Digest, UnderWay>> {
        // The map is whole whenever the lock is free.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
