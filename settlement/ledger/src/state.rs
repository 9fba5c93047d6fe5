//! The entries of a ledger, and what a transaction would change in them.

use soroban_env_host::HostError;
use soroban_env_host::ledger_info::get_key_durability;
use soroban_env_host::storage::SnapshotSource;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use stellar_xdr::{
    AccountEntry, AccountEntryExt, AccountId, ContractDataDurability, LedgerEntry, LedgerEntryChange,
    LedgerEntryChanges, LedgerEntryData, LedgerEntryExt, LedgerKey, LedgerKeyAccount, SequenceNumber, Thresholds,
};

/// An entry and the last ledger in which it lives, if its kind can expire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) entry: LedgerEntry,
    pub(crate) live_until: Option<u32>,
}

/// What a change leaves at a key: nothing, or a slot.
pub(crate) type Writes = BTreeMap<LedgerKey, Option<Arc<Slot>>>;

/// Whatever entries can be read from.
pub(crate) trait Read {
    fn slot(&self, key: &LedgerKey) -> Option<&Arc<Slot>>;

    fn account(&self, id: &AccountId) -> Option<&AccountEntry> {
        match &self.slot(&account_key(id))?.entry.data {
            LedgerEntryData::Account(account) => Some(account),
            _ => None,
        }
    }
}

/// All entries after a close. Cloning is cheap and keeps what it saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct State(Arc<BTreeMap<LedgerKey, Arc<Slot>>>);

impl State {
    pub(crate) fn new(entries: BTreeMap<LedgerKey, Arc<Slot>>) -> Self {
        Self(Arc::new(entries))
    }

    /// The state after `writes`. Copies the map of references when a reader
    /// still holds the old one.
    pub(crate) fn write(&mut self, writes: &Writes) {
        let entries = Arc::make_mut(&mut self.0);
        for (key, slot) in writes {
            match slot {
                Some(slot) => entries.insert(key.clone(), slot.clone()),
                None => entries.remove(key),
            };
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&LedgerKey, &Arc<Slot>)> {
        self.0.iter()
    }
}

impl Read for State {
    fn slot(&self, key: &LedgerKey) -> Option<&Arc<Slot>> {
        self.0.get(key)
    }
}

/// Changes upon something, kept apart until they are absorbed or dropped.
pub(crate) struct Overlay<'a> {
    below: &'a dyn Read,
    /// The ledger that these changes belong to.
    seq: u32,
    writes: Writes,
}

impl<'a> Overlay<'a> {
    pub(crate) fn new(below: &'a dyn Read, seq: u32) -> Self {
        Self { below, seq, writes: Writes::new() }
    }

    /// Puts an entry, modified in this ledger.
    pub(crate) fn put(&mut self, mut entry: LedgerEntry, live_until: Option<u32>) {
        entry.last_modified_ledger_seq = self.seq;
        self.writes.insert(entry.to_key(), Some(Arc::new(Slot { entry, live_until })));
    }

    pub(crate) fn put_account(&mut self, account: AccountEntry) {
        let data = LedgerEntryData::Account(account);
        self.put(LedgerEntry { last_modified_ledger_seq: 0, data, ext: LedgerEntryExt::V0 }, None);
    }

    /// Moves the end of an entry's life, never back. The entry itself counts
    /// as unmodified.
    pub(crate) fn extend(&mut self, key: &LedgerKey, live_until: u32) {
        let Some(slot) = self.slot(key) else { return };
        if slot.live_until < Some(live_until) {
            let slot = Slot { entry: slot.entry.clone(), live_until: Some(live_until) };
            self.writes.insert(key.clone(), Some(Arc::new(slot)));
        }
    }

    pub(crate) fn remove(&mut self, key: LedgerKey) {
        self.writes.insert(key, None);
    }

    /// Takes over what another overlay, over this one, changed.
    pub(crate) fn absorb(&mut self, writes: Writes) {
        self.writes.extend(writes);
    }

    pub(crate) fn into_writes(self) -> Writes {
        self.writes
    }

    /// The changes as a transaction's meta tells them.
    pub(crate) fn changes(&self) -> LedgerEntryChanges {
        let mut changes = Vec::new();
        for (key, after) in &self.writes {
            let before = self.below.slot(key).map(|slot| &slot.entry);
            let after = after.as_ref().map(|slot| &slot.entry);
            if before == after {
                continue;
            }
            changes.extend(before.cloned().map(LedgerEntryChange::State));
            match (before, after) {
                (None, Some(entry)) => changes.push(LedgerEntryChange::Created(entry.clone())),
                (Some(_), Some(entry)) => changes.push(LedgerEntryChange::Updated(entry.clone())),
                (Some(_), None) => changes.push(LedgerEntryChange::Removed(key.clone())),
                (None, None) => {}
            }
        }
        LedgerEntryChanges(changes.try_into().expect("a footprint is far shorter than a vector may be"))
    }
}

impl Read for Overlay<'_> {
    fn slot(&self, key: &LedgerKey) -> Option<&Arc<Slot>> {
        match self.writes.get(key) {
            Some(slot) => slot.as_ref(),
            None => self.below.slot(key),
        }
    }
}

/// A state as the host reads it in the ledger `seq`.
pub(crate) struct View {
    pub(crate) state: State,
    pub(crate) seq: u32,
}

impl SnapshotSource for View {
    fn get(&self, key: &Rc<LedgerKey>) -> Result<Option<(Rc<LedgerEntry>, Option<u32>)>, HostError> {
        let slot = self.state.slot(key).filter(|slot| !is_gone(key, slot, self.seq));
        Ok(slot.map(|slot| (Rc::new(slot.entry.clone()), slot.live_until)))
    }
}

/// Whether a temporary entry has run out: it is then as if it never was. A
/// persistent one is archived instead, and can be restored.
pub(crate) fn is_gone(key: &LedgerKey, slot: &Slot, seq: u32) -> bool {
    get_key_durability(key) == Some(ContractDataDurability::Temporary)
        && slot.live_until.is_some_and(|live_until| live_until < seq)
}

pub(crate) fn account_key(id: &AccountId) -> LedgerKey {
    LedgerKey::Account(LedgerKeyAccount { account_id: id.clone() })
}

/// A new account as the network makes it.
pub(crate) fn new_account(id: AccountId, balance: i64, seq_num: i64) -> AccountEntry {
    AccountEntry {
        account_id: id,
        balance,
        seq_num: SequenceNumber(seq_num),
        num_sub_entries: 0,
        inflation_dest: None,
        flags: 0,
        home_domain: Default::default(),
        thresholds: Thresholds([1, 0, 0, 0]),
        signers: Default::default(),
        ext: AccountEntryExt::V0,
    }
}
