//! The events, by the entry that caused them. They follow from the log, so this
//! store is never synced: what a power loss takes is replayed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use berth_domain::codec::{Decode, DecodeError, Encode, Reader};
use berth_domain::{Digest, Event, Micros, Seq};
use rocksdb::{DB, Direction, IteratorMode, Options, WriteBatch};

use crate::chain::decode_events;
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

/// What is appended for one entry.
pub(crate) struct EventRecord<'a> {
    pub(crate) seq: Seq,
    pub(crate) at: Micros,
    pub(crate) digest: Digest,
    pub(crate) encoded: &'a [u8],
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

    pub(crate) fn append<'a>(&self, records: impl Iterator<Item = EventRecord<'a>>) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        let mut value = Vec::new();
        for record in records {
            value.clear();
            record.at.encode(&mut value);
            record.digest.encode(&mut value);
            value.extend_from_slice(record.encoded);
            batch.put(seq_key(record.seq), &value);
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
