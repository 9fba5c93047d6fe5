//! Client ids: what makes a repeated command safe.
//!
//! An account's ids are remembered while their things live, and the last
//! `Bounds::client_ids` of them in any case. One table holds the ids of all
//! accounts, so that an account with few of them costs nothing; nothing ever
//! walks the table, so its order does not matter.

use std::hash::{BuildHasher, RandomState};

use berth_book::prefetch;
use berth_domain::codec::Encode;
use berth_domain::{AccountId, ClientId, Fingerprint, hash_with};

use super::content::{content, sequence};
use super::id_table::IdTable;
use crate::outcome::Reply;

/// No record.
const NONE: u32 = u32::MAX;

/// What a client id stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientIdRecord {
    account: AccountId,
    id: ClientId,
    /// Of the command that came with it.
    payload: Fingerprint,
    reply: Reply,
    /// The account's next younger one among the last; of a free record, the
    /// next free one.
    next: u32,
    is_among_the_last: bool,
}

/// An account's last ids, from the oldest to the youngest.
#[derive(Clone, Copy, Debug)]
struct Window {
    oldest: u32,
    youngest: u32,
    len: u32,
}

impl Default for Window {
    fn default() -> Self {
        Self { oldest: NONE, youngest: NONE, len: 0 }
    }
}

/// Numbers of this process alone, out of which a table's hashes are made: who
/// chooses ids cannot know which of them would lie on top of each other. No hash
/// gets into the state, into events or answers.
#[derive(Clone, Copy, Debug)]
struct Secret([u64; 4]);

impl Default for Secret {
    fn default() -> Self {
        let random = RandomState::new();
        Self(std::array::from_fn(|i| random.hash_one(i)))
    }
}

impl Secret {
    #[inline]
    fn hash(&self, account: AccountId, id: &ClientId) -> u64 {
        hash_with(&self.0, account.0.into(), id.padded())
    }
}

/// The client ids of all accounts.
#[derive(Clone, Debug)]
pub(crate) struct ClientIds {
    secret: Secret,
    table: IdTable,
    records: Vec<ClientIdRecord>,
    free: u32,
    windows: Vec<Window>,
}

impl Default for ClientIds {
    fn default() -> Self {
        Self {
            secret: Secret::default(),
            table: IdTable::default(),
            records: Vec::new(),
            free: NONE,
            windows: Vec::new(),
        }
    }
}

impl ClientIds {
    /// Makes room for so many ids of so many accounts.
    pub(crate) fn reserve(&mut self, accounts: usize, ids: usize) {
        self.table.reserve(ids);
        self.records.reserve(ids);
        self.windows.reserve(accounts + 1);
    }

    /// Asks for the memory that a new id of an account will need.
    #[inline]
    pub(crate) fn ask(&self, account: AccountId, id: &ClientId) {
        self.table.ask(self.secret.hash(account, id));
        if let Some(window) = self.windows.get(account.0 as usize) {
            prefetch(window);
        }
    }

    /// Asks for the memory that is known only when that has come.
    #[inline]
    pub(crate) fn ask_for_youngest(&self, account: AccountId) {
        let window = self.windows.get(account.0 as usize);
        if let Some(record) = window.and_then(|window| self.records.get(window.youngest as usize)) {
            prefetch(&record.next);
        }
    }

    /// What an account's command with this client id answered the first time,
    /// and the fingerprint of its payload.
    pub(crate) fn get(&self, account: AccountId, id: &ClientId) -> Option<(Fingerprint, Reply)> {
        let place = self.find(account, id)?;
        let record = &self.records[place as usize];
        Some((record.payload, record.reply))
    }

    /// Remembers what a client id answered. When the account has more than
    /// `window` last ids, the oldest leaves them: it is forgotten unless its
    /// thing lives.
    pub(crate) fn remember(
        &mut self,
        account: AccountId,
        id: ClientId,
        payload: Fingerprint,
        reply: Reply,
        window: u32,
        is_live: impl Fn(Reply) -> bool,
    ) {
        let place = self.insert(ClientIdRecord { account, id, payload, reply, next: NONE, is_among_the_last: true });
        let last = self.window(account);
        let youngest = std::mem::replace(&mut last.youngest, place);
        last.len += 1;
        if youngest == NONE {
            last.oldest = place;
        } else {
            self.records[youngest as usize].next = place;
        }
        while self.window(account).len > window {
            let oldest = self.window(account).oldest;
            let ClientIdRecord { next, reply, .. } = self.records[oldest as usize];
            let last = self.window(account);
            last.oldest = next;
            last.len -= 1;
            if next == NONE {
                last.youngest = NONE;
            }
            self.records[oldest as usize].is_among_the_last = false;
            if !is_live(reply) {
                self.remove(oldest);
            }
        }
    }

    /// Remembers a client id while its thing lives: it has left the account's
    /// last ones.
    pub(crate) fn keep(&mut self, account: AccountId, id: ClientId, payload: Fingerprint, reply: Reply) {
        self.insert(ClientIdRecord { account, id, payload, reply, next: NONE, is_among_the_last: false });
    }

    /// A thing with a client id is over: the id is forgotten unless it is among
    /// the account's last.
    pub(crate) fn retire(&mut self, account: AccountId, id: &ClientId) {
        if let Some(place) = self.find(account, id)
            && !self.records[place as usize].is_among_the_last
        {
            self.remove(place);
        }
    }

    fn window(&mut self, account: AccountId) -> &mut Window {
        let id = account.0 as usize;
        if self.windows.len() <= id {
            self.windows.resize(id + 1, Window::default());
        }
        &mut self.windows[id]
    }

    fn find(&self, account: AccountId, id: &ClientId) -> Option<u32> {
        let records = &self.records;
        self.table.find(self.secret.hash(account, id), |place| {
            let record = &records[place as usize];
            record.account == account && record.id == *id
        })
    }

    fn insert(&mut self, record: ClientIdRecord) -> u32 {
        let hashed = self.secret.hash(record.account, &record.id);
        let place = if self.free == NONE {
            self.records.push(record);
            u32::try_from(self.records.len() - 1).expect("fewer client ids than 2³²")
        } else {
            let place = self.free;
            self.free = self.records[place as usize].next;
            self.records[place as usize] = record;
            place
        };
        self.table.insert(hashed, place);
        place
    }

    fn remove(&mut self, place: u32) {
        let record = &mut self.records[place as usize];
        let hashed = self.secret.hash(record.account, &record.id);
        record.next = std::mem::replace(&mut self.free, place);
        self.table.remove(hashed, place);
    }

    /// An account's ids: the last ones from the oldest, then those of things that
    /// have lived longer, by id. `live` are the ids of all that lives of it.
    pub(crate) fn encode(&self, account: AccountId, live: &[ClientId], out: &mut Vec<u8>) {
        let Window { oldest, len, .. } = self.windows.get(account.0 as usize).copied().unwrap_or_default();
        u64::from(len).encode(out);
        let mut place = oldest;
        while place != NONE {
            let record = &self.records[place as usize];
            record.encode(out);
            place = record.next;
        }
        let places = live.iter().filter_map(|id| self.find(account, id));
        let mut others: Vec<_> = places.map(|place| self.records[place as usize]).collect();
        others.retain(|record| !record.is_among_the_last);
        others.sort_unstable_by_key(|record| record.id);
        sequence(&others, out);
    }
}

content!(ClientIdRecord {
    id,
    payload with |record, out| record.payload.0.encode(out),
    reply,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_process_has_another_secret() {
        let id = ClientId::new("one").expect("an id");
        let hash = || Secret::default().hash(AccountId(1), &id);
        assert_ne!(hash(), hash());
    }
}
