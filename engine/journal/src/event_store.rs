//! The events, by the entry that caused them. They follow from the log, so this
//! store is never synced: what a power loss takes is replayed.
//!
//! What is appended at once, a batch as a rule, is one record under its last
//! entry's key: so the first record from an entry's key on is the one that holds
//! it, and RocksDB is asked once a batch.

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

/// Its last entry, and its bytes.
type Record = (Seq, Box<[u8]>);

/// What is appended for some entries: one record, in one piece of memory.
#[derive(Default)]
pub(crate) struct EventRecord {
    bytes: Vec<u8>,
    last: Seq,
    entries: usize,
}

/// Bytes of an entry's part before its stamp: how many follow.
const LENGTH: usize = 4;
/// Bytes of its stamp and digest. So many are hashed before the events, too: the
/// digest of the entry before, and the sequence number.
const HEAD: usize = 8 + 32;

/// An entry's part of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) at: Micros,
    /// The running digest behind the entry.
    pub(crate) digest: Digest,
    /// What followed from it, encoded.
    pub(crate) events: &'a [u8],
}

impl EventRecord {
    /// With room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// Adds what followed from an entry, and gives the running digest after it.
    pub(crate) fn follow(&mut self, before: &Digest, entry: &Entry, events: &[Event]) -> Digest {
        let start = self.begin(entry.seq);
        // What is hashed stands in one piece, and then gives its place to what is
        // kept.
        before.encode(&mut self.bytes);
        entry.seq.encode(&mut self.bytes);
        encode_events_into(events, &mut self.bytes);
        let digest = Digest(blake3::hash(&self.bytes[start..]).into());
        let (at, own) = self.bytes[start..start + HEAD].split_at_mut(8);
        at.copy_from_slice(&entry.at.0.to_le_bytes());
        own.copy_from_slice(&digest.0);
        self.end(start);
        digest
    }

    /// Adds an entry whose digest is known.
    pub(crate) fn push(&mut self, seq: Seq, part: Part<'_>) {
        let start = self.begin(seq);
        part.at.encode(&mut self.bytes);
        part.digest.encode(&mut self.bytes);
        self.bytes.extend_from_slice(part.events);
        self.end(start);
    }

    fn begin(&mut self, seq: Seq) -> usize {
        debug_assert!(self.entries == 0 || seq == self.last.next(), "entries of a record are consecutive");
        self.last = seq;
        self.entries += 1;
        self.bytes.extend_from_slice(&[0; LENGTH]);
        self.bytes.len()
    }

    fn end(&mut self, start: usize) {
        let length =
            u32::try_from(self.bytes.len() - start).expect("the bounds of the genesis bound an entry's events");
        self.bytes[start - LENGTH..start].copy_from_slice(&length.to_le_bytes());
    }

    pub(crate) const fn entries(&self) -> usize {
        self.entries
    }

    pub(crate) const fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.entries = 0;
    }
}

/// The parts of a record.
///
/// # Errors
/// When the bytes are not a record, at the first part that is none.
pub(crate) fn parts(record: &[u8]) -> impl Iterator<Item = Result<Part<'_>, DecodeError>> {
    let mut input = Reader::new(record);
    std::iter::from_fn(move || {
        if input.remaining() == 0 {
            return None;
        }
        let part = part(&mut input);
        if part.is_err() {
            // Nothing behind it can be told apart.
            input = Reader::new(&[]);
        }
        Some(part)
    })
}

fn part<'a>(input: &mut Reader<'a>) -> Result<Part<'a>, DecodeError> {
    let length = usize::try_from(u32::decode(input)?).map_err(|_| DecodeError::Range("length of an entry's events"))?;
    let mut part = Reader::new(input.take(length)?);
    let (at, digest) = (Micros::decode(&mut part)?, Digest::decode(&mut part)?);
    let rest = part.remaining();
    Ok(Part { at, digest, events: part.take(rest)? })
}

/// The entries of a record that ends with `last`, each with its part.
///
/// # Errors
/// When the bytes are not a record, or one of more entries than there can be.
pub(crate) fn entries(last: Seq, record: &[u8]) -> Result<Vec<(Seq, Part<'_>)>, DecodeError> {
    let parts = parts(record).collect::<Result<Vec<_>, _>>()?;
    let before = last.0.checked_sub(parts.len() as u64).ok_or(DecodeError::Range("entries of a record"))?;
    Ok((before + 1..).map(Seq).zip(parts).collect())
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
        for item in self.db.iterator_opt(IteratorMode::From(&key, Direction::Forward), scan_options()) {
            if found.len() >= limit {
                break;
            }
            let (key, value) = item.map_err(StoreError::database(&self.path))?;
            let last = seq_of_key(&key).unwrap_or_default();
            for (seq, part) in entries(last, &value).map_err(self.unreadable(last))? {
                let expected = found.last().map_or(from, |last: &SeqEvents| last.seq.next());
                if seq < from {
                    continue;
                }
                if found.len() == limit {
                    break;
                }
                if seq != expected {
                    return Err(StoreError::Missing { path: self.path.clone(), seq: expected });
                }
                let events = decode_events(part.events).map_err(self.unreadable(seq))?;
                found.push(SeqEvents { seq, at: part.at, events });
            }
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
        let parts = entries(seq, &value).map_err(self.unreadable(seq))?;
        Ok(parts.last().map(|(seq, part)| (*seq, part.digest)))
    }

    /// The running digest after an entry; none when its events are not here.
    pub(crate) fn digest_at(&self, seq: Seq) -> Result<Option<Digest>, StoreError> {
        let Some((last, value)) = self.record_of(seq)? else { return Ok(None) };
        let parts = entries(last, &value).map_err(self.unreadable(last))?;
        Ok(parts.into_iter().find(|(at, _)| *at == seq).map(|(_, part)| part.digest))
    }

    /// The record that would hold an entry, with its last one.
    fn record_of(&self, seq: Seq) -> Result<Option<Record>, StoreError> {
        let key = seq_key(seq);
        let found = self.db.iterator(IteratorMode::From(&key, Direction::Forward)).next();
        let found = found.transpose().map_err(StoreError::database(&self.path))?;
        Ok(found.map(|(key, value)| (seq_of_key(&key).unwrap_or_default(), value)))
    }

    /// Appends what follows; nothing when that is of no entry.
    pub(crate) fn append(&self, record: &EventRecord) -> Result<(), StoreError> {
        if record.entries == 0 {
            return Ok(());
        }
        self.db.put(seq_key(record.last), &record.bytes).map_err(StoreError::database(&self.path))
    }

    /// Drops the events of every entry behind `last`.
    pub(crate) fn cut(&self, last: Seq) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        // Of the record that goes over the place, what is before it stays.
        if let Some((end, value)) = self.record_of(last)? {
            let mut kept = EventRecord::default();
            for (seq, part) in entries(end, &value).map_err(self.unreadable(end))? {
                if seq <= last {
                    kept.push(seq, part);
                }
            }
            if kept.entries > 0 {
                batch.put(seq_key(last), &kept.bytes);
            }
        }
        batch.delete_range(seq_key(last.next()), seq_key(Seq(u64::MAX)));
        self.db.write(batch).map_err(StoreError::database(&self.path))
    }

    fn unreadable(&self, seq: Seq) -> impl FnOnce(DecodeError) -> StoreError {
        let path = self.path.clone();
        move |source| StoreError::Record { path, seq, source }
    }
}

#[cfg(test)]
mod tests {
    use berth_domain::{AccountId, Authority, RULES_VERSION, Tick};

    use super::*;
    use crate::chain::{encode_events, next_digest};

    fn entry(seq: u64) -> Entry {
        let (account, authority, command) = (AccountId::EXCHANGE, Authority::Exchange, Tick.into());
        Entry { rules: RULES_VERSION, seq: Seq(seq), at: Micros(seq * 7), account, authority, command }
    }

    fn paused(n: u16) -> Vec<Event> {
        vec![Event::from(berth_domain::MarketPaused { market: berth_domain::MarketId(n) }); n.into()]
    }

    #[test]
    fn a_record_is_the_same_whoever_computes_its_digests() {
        let (mut own, mut told, mut digest) = (EventRecord::default(), EventRecord::default(), Digest([9; 32]));
        for n in 0..3_u16 {
            let (entry, events) = (entry(u64::from(n) + 4), paused(n));
            let encoded = encode_events(&events);
            let expected = next_digest(&digest, entry.seq, &encoded);
            assert_eq!(own.follow(&digest, &entry, &events), expected);
            told.push(entry.seq, Part { at: entry.at, digest: expected, events: &encoded });
            digest = expected;
        }
        assert_eq!((&own.bytes, own.entries, own.last), (&told.bytes, 3, Seq(6)));
        let found = entries(own.last, &own.bytes).unwrap();
        assert_eq!(found.iter().map(|(seq, _)| seq.0).collect::<Vec<_>>(), [4, 5, 6]);
        let (_, last) = found[2];
        assert_eq!((last.at, last.digest), (Micros(42), digest));
        assert_eq!(decode_events(last.events).unwrap(), paused(2));
    }

    #[test]
    fn bytes_that_are_no_record_are_an_error_and_no_more() {
        let mut record = EventRecord::default();
        record.follow(&Digest::default(), &entry(1), &paused(1));
        for cut in 1..record.bytes.len() {
            assert_eq!(parts(&record.bytes[..cut]).map(|part| part.is_ok()).collect::<Vec<_>>(), [false], "{cut}");
        }
        assert!(entries(Seq(0), &record.bytes).is_err(), "no record ends before the first entry");
    }

    #[test]
    fn a_store_is_read_from_and_cut_at_any_entry() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::new(folder.path());
        let (store, _) = EventStore::open(&dir).unwrap();
        let (mut digests, mut seq) = (vec![Digest::default()], 0);
        for length in [1, 3, 2_u64] {
            let mut record = EventRecord::default();
            for _ in 0..length {
                seq += 1;
                digests.push(record.follow(digests.last().unwrap(), &entry(seq), &paused(seq as u16 % 3)));
            }
            store.append(&record).unwrap();
        }
        let whole = store.read(Seq(1), 100).unwrap();
        assert_eq!(whole.len(), 6);
        for from in 1..=7 {
            for limit in 0..=7 {
                let expected: Vec<_> = whole.iter().skip(from - 1).take(limit).cloned().collect();
                assert_eq!(store.read(Seq(from as u64), limit).unwrap(), expected, "from {from}, {limit}");
            }
            assert_eq!(store.digest_at(Seq(from as u64)).unwrap(), digests.get(from).copied());
        }
        for last in (0..=5_u64).rev() {
            store.cut(Seq(last)).unwrap();
            assert_eq!(store.read(Seq(1), 100).unwrap(), whole[..last as usize], "cut behind {last}");
            assert_eq!(store.tip().unwrap(), (last > 0).then(|| (Seq(last), digests[last as usize])));
        }
    }
}
