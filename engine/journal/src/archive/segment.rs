//! One file of an archive: a header that says what it is, then batches as they
//! stood in the log.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use berth_domain::codec::{Decode, DecodeError, Encode, Reader};
use berth_domain::{Digest, Seq};
use thiserror::Error;

use crate::batch::{Batch, span};
use crate::chain::{ChainBreak, Tip};
use crate::reader::RawBatch;

/// What the names of segments end in.
pub(super) const EXTENSION: &str = "batches";
const MAGIC: [u8; 8] = *b"berthseg";
const VERSION: u16 = 1;
/// Magic, version, log, first, last, previous, hash, bytes.
const FIELDS: usize = 8 + 2 + 32 + 8 + 8 + 32 + 32 + 8;
const HEADER: usize = FIELDS + 32;
/// No batch is longer: a lie must not become an allocation.
const BATCH_BYTES_MAX: u32 = 64 << 20;
const BUFFER: usize = 1 << 20;

/// What is wrong with a segment.
#[derive(Debug, Error)]
pub enum SegmentFault {
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// It is shorter than it says, or longer.
    #[error("its length is not what its header says")]
    Length,
    /// Its header is none, or was changed.
    #[error("its header is damaged")]
    Header,
    /// Another build wrote it.
    #[error("its layout is version {0}")]
    Version(u16),
    /// It has another name than its header says.
    #[error("it is named otherwise than it begins")]
    Name,
    /// A record in it is no batch.
    #[error("the batch at {at}: {source}")]
    Batch {
        /// Where it should begin.
        at: Seq,
        /// Why.
        source: DecodeError,
    },
    /// A batch does not follow the one before it.
    #[error("the batch at {at}: {source}")]
    Break {
        /// Its first entry.
        at: Seq,
        /// Why.
        source: ChainBreak,
    },
    /// It does not end as its header says.
    #[error("it does not end with the batch that its header names")]
    End,
}

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Hash of the log's genesis entry.
    pub(super) log: Digest,
    pub(super) first: Seq,
    pub(super) last: Seq,
    /// Hash of the batch before its first.
    pub(super) previous: Digest,
    /// Hash of its last batch.
    pub(super) hash: Digest,
    /// Bytes behind the header.
    pub(super) bytes: u64,
}

impl Header {
    pub(super) fn name(first: Seq) -> String {
        format!("{:020}.{EXTENSION}", first.0)
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        VERSION.encode(&mut out);
        self.log.encode(&mut out);
        self.first.encode(&mut out);
        self.last.encode(&mut out);
        self.previous.encode(&mut out);
        self.hash.encode(&mut out);
        self.bytes.encode(&mut out);
        let checksum = blake3::hash(&out);
        out.extend_from_slice(checksum.as_bytes());
        out
    }

    fn from_bytes(bytes: &[u8; HEADER]) -> Result<Self, SegmentFault> {
        let (fields, checksum) = bytes.split_last_chunk::<32>().ok_or(SegmentFault::Header)?;
        let fields = fields.strip_prefix(&MAGIC).ok_or(SegmentFault::Header)?;
        let mut input = Reader::new(fields);
        let header = |_: DecodeError| SegmentFault::Header;
        let version = u16::decode(&mut input).map_err(header)?;
        if version != VERSION {
            return Err(SegmentFault::Version(version));
        }
        if blake3::hash(&bytes[..FIELDS]) != *checksum {
            return Err(SegmentFault::Header);
        }
        let read = Self {
            log: Digest::decode(&mut input).map_err(header)?,
            first: Seq::decode(&mut input).map_err(header)?,
            last: Seq::decode(&mut input).map_err(header)?,
            previous: Digest::decode(&mut input).map_err(header)?,
            hash: Digest::decode(&mut input).map_err(header)?,
            bytes: u64::decode(&mut input).map_err(header)?,
        };
        (read.first <= read.last).then_some(read).ok_or(SegmentFault::Header)
    }

    /// Reads it from a segment that has its own name and length.
    pub(super) fn read(path: &Path) -> Result<Self, SegmentFault> {
        let header = Self::read_any(&File::open(path)?)?;
        let name = path.file_name().and_then(|name| name.to_str());
        if name == Some(&Self::name(header.first)) { Ok(header) } else { Err(SegmentFault::Name) }
    }

    fn read_any(file: &File) -> Result<Self, SegmentFault> {
        let mut bytes = [0; HEADER];
        file.read_exact_at(&mut bytes, 0).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => SegmentFault::Length,
            _ => e.into(),
        })?;
        let header = Self::from_bytes(&bytes)?;
        if file.metadata()?.len() != header.bytes.saturating_add(HEADER as u64) {
            return Err(SegmentFault::Length);
        }
        Ok(header)
    }
}

/// Reads the batches of a segment in order, each still to be checked.
pub(super) struct SegmentReader {
    path: PathBuf,
    file: BufReader<File>,
    left: u64,
    next: Seq,
}

impl SegmentReader {
    /// From the batch that holds `from`, or the first.
    pub(super) fn open(path: &Path, from: Seq) -> Result<Self, SegmentFault> {
        let file = File::open(path)?;
        let header = Header::read_any(&file)?;
        let mut file = BufReader::with_capacity(BUFFER, file);
        file.seek(SeekFrom::Start(HEADER as u64))?;
        let mut this = Self { path: path.to_owned(), file, left: header.bytes, next: header.first };
        while this.next < from && this.skip_before(from)? {}
        Ok(this)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Passes over a batch that ends before `from`; whether there was one.
    fn skip_before(&mut self, from: Seq) -> Result<bool, SegmentFault> {
        let at = self.file.stream_position()?;
        let Some(length) = self.length()? else { return Ok(false) };
        let mut head = [0; 2 + 8 + 8 + 4];
        self.file.read_exact(&mut head)?;
        let (_, last) = span(&head).ok_or(SegmentFault::Length)?;
        if last >= from {
            self.file.seek(SeekFrom::Start(at))?;
            self.left += 4;
            return Ok(false);
        }
        self.file.seek_relative(i64::from(length) - head.len() as i64)?;
        self.left -= u64::from(length);
        self.next = last.next();
        Ok(true)
    }

    /// The next record's length; none at the end.
    fn length(&mut self) -> Result<Option<u32>, SegmentFault> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut length = [0; 4];
        self.left = self.left.checked_sub(4).ok_or(SegmentFault::Length)?;
        self.file.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length);
        let fits = u64::from(length) <= self.left && length <= BATCH_BYTES_MAX;
        if fits { Ok(Some(length)) } else { Err(SegmentFault::Length) }
    }

    fn read(&mut self) -> Result<Option<RawBatch>, SegmentFault> {
        let Some(length) = self.length()? else { return Ok(None) };
        let mut bytes = vec![0; length as usize].into_boxed_slice();
        self.file.read_exact(&mut bytes)?;
        self.left -= u64::from(length);
        let (first, last) = span(&bytes).ok_or(SegmentFault::Length)?;
        if first != self.next {
            let source = ChainBreak::Gap { expected: self.next, found: first };
            return Err(SegmentFault::Break { at: self.next, source });
        }
        self.next = last.next();
        Ok(Some(RawBatch { first, last, bytes }))
    }
}

impl Iterator for SegmentReader {
    type Item = Result<RawBatch, SegmentFault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Writes a segment; nothing is one before [`Self::finish`].
pub(super) struct SegmentWriter {
    file: BufWriter<File>,
    header: Header,
}

impl SegmentWriter {
    /// Begins behind `tip`.
    pub(super) fn create(path: &Path, log: Digest, tip: &Tip) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(BUFFER, File::create(path)?);
        file.write_all(&[0; HEADER])?;
        let header = Header { log, first: tip.next(), last: tip.seq, previous: tip.hash, hash: tip.hash, bytes: 0 };
        Ok(Self { file, header })
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.header.bytes
    }

    /// Adds the next batch.
    pub(super) fn push(&mut self, batch: &Batch, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(bytes)?;
        self.header.bytes += 4 + u64::from(length);
        (self.header.last, self.header.hash) = (batch.last(), batch.hash);
        Ok(())
    }

    /// Writes the header; all of it is durable then.
    pub(super) fn finish(mut self) -> io::Result<Header> {
        self.file.flush()?;
        let file = self.file.get_ref();
        file.write_all_at(&self.header.to_bytes(), 0)?;
        file.sync_all()?;
        Ok(self.header)
    }
}

/// Reads a whole segment back: each batch, and that it links to the one before.
pub(super) fn check(path: &Path, header: &Header) -> Result<(), SegmentFault> {
    if Header::read_any(&File::open(path)?)? != *header {
        return Err(SegmentFault::Header);
    }
    let mut tip = Tip { seq: Seq(header.first.0 - 1), hash: header.previous, ..Tip::default() };
    for record in SegmentReader::open(path, header.first)? {
        let RawBatch { first: at, bytes, .. } = record?;
        let batch = Batch::decode(&bytes).map_err(|source| SegmentFault::Batch { at, source })?;
        tip.check_links(&batch).map_err(|source| SegmentFault::Break { at, source })?;
        tip = Tip { seq: batch.last(), hash: batch.hash, epoch: batch.epoch, events: batch.events };
    }
    if (tip.seq, tip.hash) == (header.last, header.hash) { Ok(()) } else { Err(SegmentFault::End) }
}
