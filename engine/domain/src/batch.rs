//! A batch: what one group commit takes. `docs/journal.md` draws its bytes.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::entry::Entry;
use crate::ids::{Digest, Seq};

/// The layout that this build writes and reads.
pub const BATCH_VERSION: u16 = 1;

/// The shortest entry: its length, rules, seq, stamp, account, authority and tag.
const ENTRY_BYTES_MIN: usize = 4 + 2 + 8 + 8 + 4 + 1 + 2;

/// Where the count stands: behind version, epoch and first sequence number.
const COUNT_AT: usize = 2 + 8 + 8;

/// A batch read back: consecutive entries with the links that bind them to
/// everything before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Which run of a node wrote it; grows with every start.
    pub epoch: u64,
    /// Hash of the batch before; zero in the first.
    pub previous: Digest,
    /// Running digest of all events before this batch; zero in the first.
    pub events: Digest,
    /// The entries, at least one, in consecutive order.
    pub entries: Vec<Entry>,
    /// BLAKE3 over all bytes of the batch before this field.
    pub hash: Digest,
}

impl Batch {
    /// Sequence number of the first entry.
    #[must_use]
    pub fn first(&self) -> Seq {
        self.entries.first().map_or(Seq(0), |entry| entry.seq)
    }

    /// Sequence number of the last entry.
    #[must_use]
    pub fn last(&self) -> Seq {
        self.entries.last().map_or(Seq(0), |entry| entry.seq)
    }

    /// Reads a batch that may be hostile. A batch has exactly one encoding:
    /// every other byte string is refused.
    ///
    /// # Errors
    /// [`DecodeError::Range`] names what is wrong: `batch hash` (its bytes were
    /// changed), `batch version`, `batch count`, `batch sequence` or `entry length`;
    /// otherwise what the entry's own decoding says.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        // The hash comes first: damage is then named as damage, not as the
        // nonsense that it happens to make of a field.
        let (body, hash) = bytes.split_last_chunk::<32>().ok_or(DecodeError::Truncated)?;
        if blake3::hash(body) != *hash {
            return Err(DecodeError::Range("batch hash"));
        }
        let mut input = Reader::new(body);
        if u16::decode(&mut input)? != BATCH_VERSION {
            return Err(DecodeError::Range("batch version"));
        }
        let epoch = u64::decode(&mut input)?;
        let first = Seq::decode(&mut input)?;
        let count = u32::decode(&mut input)?;
        let previous = Digest::decode(&mut input)?;
        let events = Digest::decode(&mut input)?;
        // An entry has at least its length and its header; a greater count is
        // a lie that must not become an allocation.
        let count = usize::try_from(count).map_err(|_| DecodeError::Range("batch count"))?;
        if count == 0 || count > input.remaining() / ENTRY_BYTES_MIN {
            return Err(DecodeError::Range("batch count"));
        }
        let mut entries = Vec::with_capacity(count);
        let mut seq = first;
        for place in 0..count {
            if place > 0 {
                seq = Seq(seq.0.checked_add(1).ok_or(DecodeError::Range("batch sequence"))?);
            }
            let len = usize::try_from(u32::decode(&mut input)?).map_err(|_| DecodeError::Range("entry length"))?;
            let entry = Entry::from_bytes(input.take(len)?)?;
            if entry.seq != seq {
                return Err(DecodeError::Range("batch sequence"));
            }
            entries.push(entry);
        }
        input.finish()?;
        Ok(Self { epoch, previous, events, entries, hash: Digest(*hash) })
    }
}

/// The first and the last entry of a batch, by its header alone, whether or not
/// the rest of it is sound; none when there is no such header.
#[must_use]
pub fn span(bytes: &[u8]) -> Option<(Seq, Seq)> {
    let mut header = Reader::new(bytes.get(2 + 8..)?);
    let first = Seq::decode(&mut header).ok()?;
    let count = u32::decode(&mut header).ok()?;
    let last = first.0.checked_add(u64::from(count).checked_sub(1)?)?;
    Some((first, Seq(last)))
}

/// A batch being filled. Entries are encoded once, straight into its bytes.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    bytes: Vec<u8>,
    first: Seq,
    count: u32,
}

/// A finished batch, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedBatch {
    /// Sequence number of the first entry.
    pub first: Seq,
    /// Sequence number of the last entry.
    pub last: Seq,
    /// Its own hash.
    pub hash: Digest,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
}

impl BatchBuilder {
    /// Begins a batch.
    #[must_use]
    pub fn new(epoch: u64, first: Seq, previous: Digest, events: Digest) -> Self {
        let mut bytes = Vec::with_capacity(512);
        BATCH_VERSION.encode(&mut bytes);
        epoch.encode(&mut bytes);
        first.encode(&mut bytes);
        0_u32.encode(&mut bytes);
        previous.encode(&mut bytes);
        events.encode(&mut bytes);
        Self { bytes, first, count: 0 }
    }

    /// Adds the next entry and gives its hash.
    ///
    /// # Panics
    /// When the entry is not the one that comes next.
    pub fn push(&mut self, entry: &Entry) -> Digest {
        assert_eq!(entry.seq.0, self.first.0 + u64::from(self.count), "entries of a batch are consecutive");
        let len_at = self.bytes.len();
        0_u32.encode(&mut self.bytes);
        entry.encode(&mut self.bytes);
        let body = &self.bytes[len_at + 4..];
        let hash = Digest(blake3::hash(body).into());
        let len = u32::try_from(body.len()).expect("every list and text of a command is bounded far below 4 GiB");
        self.bytes[len_at..len_at + 4].copy_from_slice(&len.to_le_bytes());
        self.count += 1;
        hash
    }

    /// How many entries it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether it holds none yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many bytes it takes so far.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Ends the batch.
    ///
    /// # Panics
    /// When it is empty: there is no such batch.
    #[must_use]
    pub fn seal(mut self) -> SealedBatch {
        assert!(self.count > 0, "a batch holds at least one entry");
        self.bytes[COUNT_AT..COUNT_AT + 4].copy_from_slice(&self.count.to_le_bytes());
        let hash = Digest(blake3::hash(&self.bytes).into());
        hash.encode(&mut self.bytes);
        let last = Seq(self.first.0 + u64::from(self.count) - 1);
        SealedBatch { first: self.first, last, hash, bytes: self.bytes }
    }
}
