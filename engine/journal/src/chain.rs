//! What binds a log together: where it ends, and what may follow there.

use berth_domain::codec::{Decode, DecodeError, Encode, Reader};
use berth_domain::{Digest, Event, Seq};
use thiserror::Error;

use crate::batch::Batch;

/// The end of a log: what the next batch must link to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tip {
    /// Sequence number of the last entry; zero when there is none.
    pub seq: Seq,
    /// Hash of the last batch; zero when there is none.
    pub hash: Digest,
    /// Epoch of the last batch; zero when there is none.
    pub epoch: u64,
    /// Running digest of all events up to here; zero when there are none.
    pub events: Digest,
}

/// Why a batch cannot stand behind the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChainBreak {
    /// Entries are missing or stand twice.
    #[error("entry {found} stands where {expected} belongs")]
    Gap {
        /// What belongs here.
        expected: Seq,
        /// What stands here.
        found: Seq,
    },
    /// It was written behind another batch.
    #[error("it follows batch {found}, but the batch before it is {expected}")]
    Previous {
        /// Hash of the batch before.
        expected: Digest,
        /// Hash that this batch names.
        found: Digest,
    },
    /// An older run wrote it than the one that wrote the batch before.
    #[error("epoch {found} stands behind epoch {last}")]
    Epoch {
        /// Epoch of the batch before.
        last: u64,
        /// Epoch of this one.
        found: u64,
    },
    /// The build that wrote it saw other events than this one replays.
    #[error("events before it were {found} when it was written, and are {expected} on replay")]
    Events {
        /// Digest on replay.
        expected: Digest,
        /// Digest in the batch.
        found: Digest,
    },
}

impl Tip {
    /// Sequence number that comes next.
    #[must_use]
    pub const fn next(&self) -> Seq {
        self.seq.next()
    }

    /// Whether `batch` may follow here, its events aside: they are known only
    /// where the log is replayed.
    ///
    /// # Errors
    /// The first link that does not hold.
    pub fn check_links(&self, batch: &Batch) -> Result<(), ChainBreak> {
        if batch.first() != self.next() {
            return Err(ChainBreak::Gap { expected: self.next(), found: batch.first() });
        }
        if batch.previous != self.hash {
            return Err(ChainBreak::Previous { expected: self.hash, found: batch.previous });
        }
        if batch.epoch < self.epoch {
            return Err(ChainBreak::Epoch { last: self.epoch, found: batch.epoch });
        }
        Ok(())
    }

    /// Whether `batch` may follow here.
    ///
    /// # Errors
    /// The first link that does not hold.
    pub fn check(&self, batch: &Batch) -> Result<(), ChainBreak> {
        self.check_links(batch)?;
        if batch.events != self.events {
            return Err(ChainBreak::Events { expected: self.events, found: batch.events });
        }
        Ok(())
    }
}

/// The events of one entry in canonical bytes: a `u32` count, then each.
#[must_use]
pub fn encode_events(events: &[Event]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    encode_events_into(events, &mut out);
    out
}

/// The same, behind what is there.
pub(crate) fn encode_events_into(events: &[Event], out: &mut Vec<u8>) {
    let count = u32::try_from(events.len()).expect("one entry has as many events as the bounds of the genesis allow");
    count.encode(out);
    for event in events {
        event.encode(out);
    }
}

/// Reads the events of one entry back.
///
/// # Errors
/// When the bytes are not the canonical encoding of a list of events.
pub fn decode_events(bytes: &[u8]) -> Result<Vec<Event>, DecodeError> {
    let mut input = Reader::new(bytes);
    let count = usize::try_from(u32::decode(&mut input)?).map_err(|_| DecodeError::Range("event count"))?;
    // An event is at least its tag of two bytes.
    if count > input.remaining() / 2 {
        return Err(DecodeError::Range("event count"));
    }
    let events = (0..count).map(|_| Event::decode(&mut input)).collect::<Result<_, _>>()?;
    input.finish()?;
    Ok(events)
}

/// The running digest after one more entry:
/// `BLAKE3(digest before ‖ seq as u64 little-endian ‖ the entry's encoded events)`.
#[must_use]
pub fn next_digest(before: &Digest, seq: Seq, encoded_events: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&before.0);
    hasher.update(&seq.0.to_le_bytes());
    hasher.update(encoded_events);
    Digest(hasher.finalize().into())
}
