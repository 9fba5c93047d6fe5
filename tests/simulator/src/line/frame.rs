//! Batches as the simulated disk holds them: a length and a checksum, then what
//! `docs/journal.md` puts into a batch.
//!
//! ```text
//! length    u32       of all that follows the checksum
//! checksum  [8]       the first bytes of BLAKE3 over that
//! epoch     u64       grows with every start of the node
//! first     u64       sequence number of the first entry
//! count     u32       entries, from 1
//! previous  [32]      hash of the batch before; zero in the first
//! events    [32]      digest of all events before this batch
//! …         count times: u32 length, then the entry
//! ```

use berth_domain::codec::{Decode, Encode, Reader};
use berth_domain::{Digest, Entry, Event, Seq};

/// Length and checksum.
pub(crate) const HEAD: usize = 4 + 8;

/// Where a log ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) seq: Seq,
    pub(crate) epoch: u64,
    /// Hash of the last batch.
    pub(crate) hash: Digest,
    /// Digest of all events so far.
    pub(crate) events: Digest,
}

/// The digest of all events up to an entry, out of that up to the one before.
pub(crate) fn next_digest(before: Digest, seq: Seq, events: &[Event]) -> Digest {
    let mut bytes = Vec::new();
    u32::try_from(events.len()).expect("an entry has few events").encode(&mut bytes);
    events.iter().for_each(|event| event.encode(&mut bytes));
    let mut hasher = blake3::Hasher::new();
    hasher.update(&before.0).update(&seq.0.to_le_bytes()).update(&bytes);
    Digest(hasher.finalize().into())
}

/// One batch, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) epoch: u64,
    pub(crate) previous: Digest,
    pub(crate) events: Digest,
    pub(crate) entries: Vec<Entry>,
    /// BLAKE3 over everything behind the checksum.
    pub(crate) hash: Digest,
}

impl Frame {
    /// The bytes of a batch that follows `tip`, and its hash.
    pub(crate) fn seal<'a>(
        tip: &Tip,
        epoch: u64,
        entries: impl ExactSizeIterator<Item = &'a Entry>,
    ) -> (Vec<u8>, Digest) {
        let mut body = Vec::new();
        epoch.encode(&mut body);
        tip.seq.next().encode(&mut body);
        u32::try_from(entries.len()).expect("a batch is bounded").encode(&mut body);
        tip.hash.encode(&mut body);
        tip.events.encode(&mut body);
        for entry in entries {
            let bytes = entry.to_bytes();
            u32::try_from(bytes.len()).expect("an entry is bounded").encode(&mut body);
            body.extend_from_slice(&bytes);
        }
        let hash = Digest(blake3::hash(&body).into());
        let mut bytes = Vec::with_capacity(HEAD + body.len());
        u32::try_from(body.len()).expect("a batch is bounded").encode(&mut bytes);
        bytes.extend_from_slice(&hash.0[..8]);
        bytes.extend_from_slice(&body);
        (bytes, hash)
    }

    /// The batch that `bytes` begin with, and how many of them it takes; none
    /// when it is not whole.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let (length, checksum) = head.split_at(4);
        let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
        let body = rest.get(..length)?;
        let hash = Digest(blake3::hash(body).into());
        if hash.0[..8] != *checksum {
            return None;
        }
        Some((Self::decode(body, hash)?, HEAD + length))
    }

    fn decode(body: &[u8], hash: Digest) -> Option<Self> {
        let mut input = Reader::new(body);
        let epoch = u64::decode(&mut input).ok()?;
        let first = Seq::decode(&mut input).ok()?;
        let count = u32::decode(&mut input).ok()?;
        let previous = Digest::decode(&mut input).ok()?;
        let events = Digest::decode(&mut input).ok()?;
        let mut entries = Vec::new();
        for place in 0..u64::from(count) {
            let length = u32::decode(&mut input).ok()? as usize;
            let entry = Entry::from_bytes(input.take(length).ok()?).ok()?;
            if entry.seq.0 != first.0 + place {
                return None;
            }
            entries.push(entry);
        }
        input.finish().ok()?;
        Some(Self { epoch, previous, events, entries, hash })
    }
}
