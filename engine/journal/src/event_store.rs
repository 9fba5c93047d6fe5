//! The events, by the entry that caused them. They follow from the log, so this
//! store is never synced: what a power loss takes is replayed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use berth_domain::codec::{Decode, DecodeError, Encode, Reader};
use berth_domain::{Digest, Entry, Event, Micros, Seq};
use rocksdb::{DB, Direction, IteratorMode, Options, WriteBatch};

use crate::chain::{decode_events, encode_events_into};
use crate::database::{StoreError, is_full, rebuildable_options, scan_options, spare_room};
use crate::keys::{DataDir, seq_key, seq_of_key};

/// The events of one entry; empty when it caused none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeqEvents {
    /// The entry.
    pub seq: Seq,
    /// Its stamp.
    pub at: Micros,
    /// What followed from it, in order.
    pub events: Vec<Event>,
}

/// All events, by sequence number. Clones share one database; reading is safe
/// from any thread while the sequencer appends.
#[derive(Clone)]
pub struct EventStore {
    db: Arc<DB>,
    path: PathBuf,
}

/// What is appended for some entries, in one piece of memory.
#[derive(Default)]
pub(crate) struct EventRecords {
    bytes: Vec<u8>,
    /// Each entry, and where its record ends.
    ends: Vec<(Seq, usize)>,
}

/// Bytes of a record before its events: stamp and digest. So many are hashed
/// before them, too: the digest of the entry before, and the sequence number.
const HEAD: usize = 8 + 32;

impl EventRecords {
    /// With room for so many entries.
    pub(crate) fn with_capacity(entries: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(entries) }
    }

    /// Adds what followed from an entry, and gives the running digest after it.
    pub(crate) fn follow(&mut self, before: &Digest, entry: &Entry, events: &[Event]) -> Digest {
        let start = self.bytes.len();
        // What is hashed stands in one piece, and then gives its place to what is
        // kept.
        before.encode(&mut self.bytes);
        entry.seq.encode(&mut self.bytes);
        encode_events_into(events, &mut self.bytes);
        let digest = Digest(blake3::hash(&self.bytes[start..]).into());
        let (at, own) = self.bytes[start..start + HEAD].split_at_mut(8);
        at.copy_from_slice(&entry.at.0.to_le_bytes());
        own.copy_from_slice(&digest.0);
        self.ends.push((entry.seq, self.bytes.len()));
        digest
    }

    /// Adds a record whose digest is known.
    pub(crate) fn push(&mut self, seq: Seq, at: Micros, digest: &Digest, encoded: &[u8]) {
        at.encode(&mut self.bytes);
        digest.encode(&mut self.bytes);
        self.bytes.extend_from_slice(encoded);
        self.ends.push((seq, self.bytes.len()));
    }

    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) const fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn iter(&self) -> impl Iterator<Item = (Seq, &[u8])> {
        self.ends.iter().scan(0, |start, (seq, end)| {
            let record = &self.bytes[std::mem::replace(start, *end)..*end];
            Some((*seq, record))
        })
    }
}

impl EventStore {
    /// Up to `limit` entries' events, from that of `from` on, without a gap.
    /// Empty when `from` is beyond the head.
    ///
    /// # Errors
    /// When the database fails, or holds what this program did not write.
    pub fn read(&self, from: Seq, limit: usize) -> Result<Vec<SeqEvents>, StoreError> {
        let key = seq_key(from);
        let mut found = Vec::new();
        for item in self.db.iterator_opt(IteratorMode::From(&key, Direction::Forward), scan_options()).take(limit) {
            let (key, value) = item.map_err(StoreError::database(&self.path))?;
            let expected = found.last().map_or(from, |last: &SeqEvents| last.seq.next());
            let seq = seq_of_key(&key).unwrap_or_default();
            if seq != expected {
                return Err(StoreError::Missing { path: self.path.clone(), seq: expected });
            }
            let (at, _, events) = decode(&value).map_err(self.unreadable(seq))?;
            let events = decode_events(events).map_err(self.unreadable(seq))?;
            found.push(SeqEvents { seq, at, events });
        }
        Ok(found)
    }

    /// The last entry whose events are here; zero when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub fn head(&self) -> Result<Seq, StoreError> {
        Ok(self.tip()?.map_or(Seq(0), |(seq, _)| seq))
    }

    /// Opens it or makes it. What cannot be opened is thrown away: the second
    /// value then says why.
    pub(crate) fn open(dir: &DataDir) -> Result<(Self, Option<StoreError>), StoreError> {
        let path = dir.events();
        let mut options = rebuildable_options();
        options.create_if_missing(true);
        spare_room(&mut options, dir.root());
        let (db, lost) = match DB::open(&options, &path) {
            Ok(db) => (db, None),
            // Nothing is wrong with it, and one made anew would take more.
            Err(source) if is_full(&source) => return Err(StoreError::Database { path, source }),
            Err(source) => {
                let lost = StoreError::Database { path: path.clone(), source };
                (Self::anew(&options, &path)?, Some(lost))
            }
        };
        Ok((Self { db: Arc::new(db), path }, lost))
    }

    fn anew(options: &Options, path: &Path) -> Result<DB, StoreError> {
        DB::destroy(options, path).map_err(StoreError::database(path))?;
        DB::open(options, path).map_err(StoreError::database(path))
    }

    /// The last entry here and the running digest after it.
    pub(crate) fn tip(&self) -> Result<Option<(Seq, Digest)>, StoreError> {
        let Some(item) = self.db.iterator(IteratorMode::End).next() else { return Ok(None) };
        let (key, value) = item.map_err(StoreError::database(&self.path))?;
        let seq = seq_of_key(&key).unwrap_or_default();
        let (_, digest, _) = decode(&value).map_err(self.unreadable(seq))?;
        Ok(Some((seq, digest)))
    }

    /// The running digest after an entry; none when its events are not here.
    pub(crate) fn digest_at(&self, seq: Seq) -> Result<Option<Digest>, StoreError> {
        let value = self.db.get(seq_key(seq)).map_err(StoreError::database(&self.path))?;
        let Some(value) = value else { return Ok(None) };
        let (_, digest, _) = decode(&value).map_err(self.unreadable(seq))?;
        Ok(Some(digest))
    }

    pub(crate) fn append(&self, records: &EventRecords) -> Result<(), StoreError> {
        // What RocksDB adds to a record is its kind, the lengths and the key.
        let mut batch = WriteBatch::with_capacity_bytes(records.size() + records.len() * 16 + 16);
        for (seq, record) in records.iter() {
            batch.put(seq_key(seq), record);
        }
        self.db.write(batch).map_err(StoreError::database(&self.path))
    }

    /// Drops the events of every entry behind `last`.
    pub(crate) fn cut(&self, last: Seq) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        batch.delete_range(seq_key(last.next()), seq_key(Seq(u64::MAX)));
        self.db.write(batch).map_err(StoreError::database(&self.path))
    }

    fn unreadable(&self, seq: Seq) -> impl FnOnce(DecodeError) -> StoreError {
        let path = self.path.clone();
        move |source| StoreError::Record { path, seq, source }
    }
}

pub(crate) fn decode(value: &[u8]) -> Result<(Micros, Digest, &[u8]), DecodeError> {
    let mut input = Reader::new(value);
    let at = Micros::decode(&mut input)?;
    let digest = Digest::decode(&mut input)?;
    let rest = input.remaining();
    Ok((at, digest, input.take(rest)?))
}

#[cfg(test)]
mod tests {
    use berth_domain::{AccountId, Authority, RULES_VERSION, Tick};

    use super::*;
    use crate::chain::{encode_events, next_digest};

    #[test]
    fn a_record_is_the_same_whoever_computes_its_digest() {
        let entry = |seq: u64| {
            let (account, authority, command) = (AccountId::EXCHANGE, Authority::Exchange, Tick.into());
            Entry { rules: RULES_VERSION, seq: Seq(seq), at: Micros(seq * 7), account, authority, command }
        };
        let paused = |n| vec![Event::from(berth_domain::MarketPaused { market: berth_domain::MarketId(n) }); n.into()];
        let (mut own, mut told, mut digest) = (EventRecords::default(), EventRecords::default(), Digest([9; 32]));
        for n in 0..3_u16 {
            let (entry, events) = (entry(u64::from(n) + 4), paused(n));
            let expected = next_digest(&digest, entry.seq, &encode_events(&events));
            assert_eq!(own.follow(&digest, &entry, &events), expected);
            told.push(entry.seq, entry.at, &expected, &encode_events(&events));
            digest = expected;
        }
        assert!(own.iter().eq(told.iter()) && own.len() == 3);
        let (seq, record) = own.iter().last().unwrap();
        let (at, of, events) = decode(record).unwrap();
        assert_eq!((seq, at, of), (Seq(6), Micros(42), digest));
        assert_eq!(decode_events(events).unwrap(), paused(2));
    }
}
