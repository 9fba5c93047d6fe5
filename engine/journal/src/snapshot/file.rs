//! One snapshot as a file: header, content, state hash, checksum.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use berth_domain::codec::{Decode, DecodeError, Encode, Reader};
use berth_domain::{Digest, Micros, RULES_VERSION, Seq};
use berth_exchange::{Component, ContentError, Exchange, StateHash};
use thiserror::Error;

use crate::batch::Batch;
use crate::chain::Tip;
use crate::replica::{FollowError, Replica};

/// Version of the layout below, and of the content.
pub const SNAPSHOT_VERSION: u16 = 1;

const MAGIC: [u8; 8] = *b"berthsnp";
const HEADER_BYTES: usize = 132;
/// The hashes of the state's components.
const STATE_BYTES: usize = 4 * 32;
const CHECKSUM_BYTES: usize = 32;
/// Bytes that are written or read at a time.
const CHUNK: usize = 1 << 20;

/// Why a snapshot is not used.
#[derive(Debug, Error)]
pub enum SnapshotFault {
    /// The operating system does not give it.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is too short, or begins otherwise.
    #[error("it is no snapshot")]
    NoSnapshot,
    /// Its layout is another build's.
    #[error("it has version {0}, and this build reads version {SNAPSHOT_VERSION}")]
    Version(u16),
    /// It was made under rules that this build does not have.
    #[error("it goes on under rules {0}, which this build does not have")]
    Rules(u16),
    /// Its bytes were changed, or some are missing.
    #[error("its checksum does not match")]
    Checksum,
    /// Its name says another place.
    #[error("it was made at entry {0}, and its name says otherwise")]
    Misnamed(Seq),
    /// Its content is none.
    #[error("its content is unsound: {0}")]
    Content(ContentError),
    /// Its content has another hash than it says.
    #[error("its state has another hash than it says")]
    State,
    /// It is of another log.
    #[error("it is of log {0}")]
    OtherLog(Digest),
    /// It was made behind another batch than the log holds, or in its middle.
    #[error("the log holds another batch there than {0}")]
    OtherBatch(Digest),
    /// The log ends before it.
    #[error("the log ends before it")]
    Ahead,
    /// The log does not follow from it.
    #[error("the log does not follow from it: {0}")]
    Misleads(FollowError),
    /// Replay of the log comes to another state there.
    #[error("replay of the log comes to another state there")]
    OtherState,
    /// The event store ends before it, and must be filled from before.
    #[error("the event store ends at entry {0}, before it")]
    EventsBehind(Seq),
    /// The event store holds other events up to there.
    #[error("the event store holds other events up to there")]
    OtherEvents,
}

impl SnapshotFault {
    /// Whether it will never be used: a better one is made in time.
    pub(crate) const fn is_lasting(&self) -> bool {
        !matches!(self, Self::Unreadable(_) | Self::Ahead | Self::EventsBehind(_) | Self::OtherEvents)
    }
}

/// What a snapshot says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The rules that the next entry carries.
    pub(crate) rules: u16,
    /// The last entry of its batch.
    pub(crate) seq: Seq,
    /// That entry's stamp.
    pub(crate) at: Micros,
    pub(crate) epoch: u64,
    /// Hash of entry 1.
    pub(crate) log: Digest,
    pub(crate) batch: Digest,
    /// Digest of all events up to there.
    pub(crate) events: Digest,
}

impl Header {
    /// What a snapshot of a replica says; none before the first entry.
    pub(crate) fn of(replica: &Replica) -> Option<Self> {
        let (exchange, tip) = (replica.exchange(), replica.tip());
        let Tip { seq, hash: batch, epoch, events } = *tip;
        Some(Self {
            rules: exchange.rules(),
            seq,
            at: exchange.last_at(),
            epoch,
            log: replica.log_id()?,
            batch,
            events,
        })
    }

    /// Whether it was made behind this batch.
    pub(crate) fn is_behind(&self, batch: &Batch) -> bool {
        let at = batch.entries.last().map(|entry| entry.at);
        (batch.last(), batch.hash, batch.epoch, at) == (self.seq, self.batch, self.epoch, Some(self.at))
    }

    /// Where the log goes on.
    const fn tip(&self) -> Tip {
        Tip { seq: self.seq, hash: self.batch, epoch: self.epoch, events: self.events }
    }

    fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, SnapshotFault> {
        let mut input = Reader::new(bytes);
        let short = |_: DecodeError| SnapshotFault::NoSnapshot;
        if <[u8; 8]>::decode(&mut input).map_err(short)? != MAGIC {
            return Err(SnapshotFault::NoSnapshot);
        }
        let version = u16::decode(&mut input).map_err(short)?;
        if version != SNAPSHOT_VERSION {
            return Err(SnapshotFault::Version(version));
        }
        let mut fields = || -> Result<Self, DecodeError> {
            Ok(Self {
                rules: Decode::decode(&mut input)?,
                seq: Decode::decode(&mut input)?,
                at: Decode::decode(&mut input)?,
                epoch: Decode::decode(&mut input)?,
                log: Decode::decode(&mut input)?,
                batch: Decode::decode(&mut input)?,
                events: Decode::decode(&mut input)?,
            })
        };
        fields().map_err(short)
    }
}

impl Encode for Header {
    fn encode(&self, out: &mut Vec<u8>) {
        MAGIC.encode(out);
        SNAPSHOT_VERSION.encode(out);
        self.rules.encode(out);
        self.seq.encode(out);
        self.at.encode(out);
        self.epoch.encode(out);
        self.log.encode(out);
        self.batch.encode(out);
        self.events.encode(out);
    }
}

/// Writes a snapshot beside its place, syncs it, and moves it there: a file
/// under that name is whole, whenever the power goes.
pub(crate) fn write(path: &Path, replica: &Replica) -> io::Result<()> {
    let header = Header::of(replica).ok_or_else(|| io::Error::other("there is nothing before the first entry"))?;
    let beside = unfinished(path);
    let written = write_to(&beside, &header, replica.exchange()).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What is left of it would only take room. That it cannot be removed
        // says no more than the error at hand.
        let _ = fs::remove_file(&beside);
    }
    written?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Where a snapshot stands until it is whole.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("unfinished")
}

fn write_to(path: &Path, header: &Header, exchange: &Exchange) -> io::Result<()> {
    let file = File::create(path)?;
    let mut out = Summed { out: BufWriter::with_capacity(CHUNK, &file), sum: blake3::Hasher::new(), done: Ok(()) };
    out.put(&header.to_bytes());
    let mut hashes = Vec::with_capacity(STATE_BYTES);
    for component in Component::ALL {
        let mut hash = blake3::Hasher::new();
        hash.update(component.name().as_bytes());
        exchange.content(component, &mut |piece| {
            hash.update(piece);
            out.put(piece);
        });
        hashes.extend_from_slice(hash.finalize().as_bytes());
    }
    out.put(&hashes);
    let checksum = out.sum.finalize();
    out.put(checksum.as_bytes());
    out.done?;
    out.out.flush()?;
    file.sync_all()
}

/// A writer that sums up what it writes, and after an error writes no more.
struct Summed<W> {
    out: W,
    sum: blake3::Hasher,
    done: io::Result<()>,
}

impl<W: Write> Summed<W> {
    fn put(&mut self, bytes: &[u8]) {
        if self.done.is_ok() {
            self.sum.update(bytes);
            self.done = self.out.write_all(bytes);
        }
    }
}

/// Reads what a snapshot says of itself. Whether it is whole is not known yet.
pub(crate) fn read_header(path: &Path) -> Result<Header, SnapshotFault> {
    Ok(open(path)?.1)
}

/// Reads a snapshot. Its place in the log is for the caller to check.
pub(crate) fn read(path: &Path) -> Result<(Replica, StateHash), SnapshotFault> {
    let (mut file, header, content_bytes) = open(path)?;
    // The checksum comes first: damage is then named as damage, not as the
    // nonsense that it happens to make of a field.
    check_sum(&mut file)?;
    if header.rules > RULES_VERSION {
        return Err(SnapshotFault::Rules(header.rules));
    }
    file.seek(SeekFrom::Start(HEADER_BYTES as u64))?;
    let mut content = Read::by_ref(&mut file).take(content_bytes);
    let read = Exchange::from_content(header.seq, header.at, &mut content);
    let (exchange, state) = read.map_err(SnapshotFault::Content)?;
    let mut said = [0; STATE_BYTES];
    file.read_exact(&mut said)?;
    let hashes = [state.ledger, state.books, state.leases, state.providers];
    if said.as_chunks::<32>().0.iter().ne(hashes.iter().map(|hash| &hash.0)) {
        return Err(SnapshotFault::State);
    }
    if exchange.rules() != header.rules {
        return Err(SnapshotFault::State);
    }
    Ok((Replica::at(exchange, header.tip(), header.log), state))
}

/// Opens a snapshot: its header, and how many bytes its content has.
fn open(path: &Path) -> Result<(File, Header, u64), SnapshotFault> {
    let mut file = File::open(path)?;
    let around = (HEADER_BYTES + STATE_BYTES + CHECKSUM_BYTES) as u64;
    let content = file.metadata()?.len().checked_sub(around).ok_or(SnapshotFault::NoSnapshot)?;
    let mut bytes = [0; HEADER_BYTES];
    file.read_exact(&mut bytes)?;
    let header = Header::decode(&bytes)?;
    Ok((file, header, content))
}

fn check_sum(file: &mut File) -> Result<(), SnapshotFault> {
    file.rewind()?;
    let body = file.metadata()?.len() - CHECKSUM_BYTES as u64;
    let mut sum = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK];
    let mut body = Read::by_ref(file).take(body);
    loop {
        match body.read(&mut chunk)? {
            0 => break,
            read => sum.update(&chunk[..read]),
        };
    }
    let mut said = [0; CHECKSUM_BYTES];
    file.read_exact(&mut said)?;
    if sum.finalize() == said { Ok(()) } else { Err(SnapshotFault::Checksum) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::short_log;

    #[test]
    fn a_snapshot_reads_back_and_no_byte_of_it_can_change_or_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.snap");
        let replica = short_log();
        write(&path, &replica).unwrap();
        assert!(!unfinished(&path).exists());
        let (again, state) = read(&path).unwrap();
        assert_eq!((again.tip(), again.log_id()), (replica.tip(), replica.log_id()));
        assert_eq!(state, replica.exchange().state_hash());
        assert_eq!(again.exchange().state_hash(), state);

        let bytes = fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            assert!(read(&path).is_err(), "byte {at}");
        }
        for len in (0..bytes.len()).step_by(7) {
            fs::write(&path, &bytes[..len]).unwrap();
            assert!(read(&path).is_err(), "{len} bytes");
        }
        fs::write(&path, [&bytes[..], &[0]].concat()).unwrap();
        assert!(read(&path).is_err(), "a byte more");
    }

    #[test]
    fn under_a_right_checksum_the_content_is_still_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.snap");
        write(&path, &short_log()).unwrap();
        let bytes = fs::read(&path).unwrap();
        let forge = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut forged = bytes[..bytes.len() - CHECKSUM_BYTES].to_vec();
            change(&mut forged);
            let sum = blake3::hash(&forged);
            fs::write(&path, [&forged[..], sum.as_bytes()].concat()).unwrap();
            read(&path).err().map(|fault| fault.to_string())
        };
        assert_eq!(forge(&|_| {}), None);
        let told = |change: &dyn Fn(&mut Vec<u8>)| forge(change).unwrap();
        assert_eq!(told(&|b| b[0] = b'B'), "it is no snapshot");
        assert_eq!(told(&|b| b[8] = 9), "it has version 9, and this build reads version 1");
        assert_eq!(told(&|b| b[10] = 99), "it goes on under rules 99, which this build does not have");
        let sums = "its content is unsound: ledger: ledger 0: sums does not agree with the rest of the content";
        assert_eq!(told(&|b| b[HEADER_BYTES] ^= 1), sums);
        assert_eq!(
            told(&|b| b.insert(b.len() - STATE_BYTES, 0)),
            "its content is unsound: bytes are left over behind the content"
        );
        assert_eq!(told(&|b| *b.last_mut().unwrap() ^= 1), "its state has another hash than it says");
        for at in HEADER_BYTES..bytes.len() - CHECKSUM_BYTES - STATE_BYTES {
            assert!(forge(&|b| b[at] ^= 1).is_some(), "byte {at}");
        }
    }

    #[test]
    fn nothing_is_left_of_one_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        // A folder cannot be replaced by a file.
        let path = folder.path().join("one.snap");
        fs::create_dir(&path).unwrap();
        assert!(write(&path, &short_log()).is_err());
        assert!(!unfinished(&path).exists());
    }
}
