//! Batches that were moved out of the database, into files beside it: raw, so
//! that the chain of hashes goes on over them. `docs/journal.md` draws the bytes.
//!
//! Whoever reads the log reads these, too: where the database has a gap, the
//! archive is looked at. The genesis batch is never moved, so that a log names
//! itself, and neither is what lies behind the newest sound snapshot.

mod mover;
mod segment;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use berth_domain::Seq;

use self::segment::{EXTENSION, Header, SegmentReader};
use crate::keys::DataDir;
use crate::reader::{RawBatch, ReadError, Record};
use crate::watermark::Mark;

pub use self::mover::{ArchiveError, ArchivePolicy, Archived, archive};
pub use self::segment::SegmentFault;

/// The segments of one data directory, and how far it was archived.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    folder: PathBuf,
    marker: PathBuf,
}

impl Archive {
    pub(crate) fn of(dir: &DataDir) -> Self {
        Self { folder: dir.archive(), marker: dir.archived() }
    }

    /// The batches from the one that holds `from` to the one that ends at `until`.
    /// None where there is no such segment and nothing says that there was one.
    pub(crate) fn fill(&self, from: Seq, until: Seq) -> Option<Filling> {
        let segments = match self.segments() {
            Ok(segments) => segments,
            Err(e) => return Some(Filling::failed(e)),
        };
        let holds = segments.iter().any(|segment| segment.header.first <= from && from <= segment.header.last);
        let was_archived = matches!(Mark::read_one(&self.marker), Some(mark) if mark.seq >= until);
        (holds || was_archived).then(|| Filling {
            folder: self.folder.clone(),
            segments: segments.into_iter(),
            reading: None,
            next: from,
            until,
            failed: None,
            is_over: false,
        })
    }

    /// The segments in the order of the log.
    fn segments(&self) -> Result<Vec<Segment>, ReadError> {
        let unreadable = |e: io::Error| ReadError::Archive { file: self.folder.clone(), fault: Box::new(e.into()) };
        let listing = match fs::read_dir(&self.folder) {
            Ok(listing) => listing,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(unreadable(e)),
        };
        let mut segments = Vec::new();
        for file in listing {
            let path = file.map_err(unreadable)?.path();
            if path.extension().is_some_and(|end| end == EXTENSION) {
                let header = Header::read(&path)
                    .map_err(|fault| ReadError::Archive { file: path.clone(), fault: fault.into() })?;
                segments.push(Segment { header, path });
            }
        }
        segments.sort_by_key(|segment| segment.header.first);
        Ok(segments)
    }
}

struct Segment {
    header: Header,
    path: PathBuf,
}

/// Batches out of an archive that stand where the database has a gap.
pub(crate) struct Filling {
    folder: PathBuf,
    segments: std::vec::IntoIter<Segment>,
    reading: Option<SegmentReader>,
    next: Seq,
    until: Seq,
    failed: Option<ReadError>,
    is_over: bool,
}

impl Filling {
    fn failed(e: ReadError) -> Self {
        Self {
            folder: PathBuf::new(),
            segments: Vec::new().into_iter(),
            reading: None,
            next: Seq(1),
            until: Seq(0),
            failed: Some(e),
            is_over: false,
        }
    }

    /// Opens the segment that holds what comes next.
    fn open(&mut self) -> Result<SegmentReader, ReadError> {
        let next = self.next;
        let missing = || ReadError::Archived { first: next, last: self.until, folder: self.folder.clone() };
        let segment = self.segments.find(|segment| segment.header.last >= next);
        let segment = segment.filter(|segment| segment.header.first <= next).ok_or_else(missing)?;
        let file = segment.path;
        SegmentReader::open(&file, next).map_err(|fault| ReadError::Archive { file, fault: fault.into() })
    }

    fn read(&mut self) -> Option<Record> {
        if let Some(e) = self.failed.take() {
            return Some(Err(e));
        }
        while self.next <= self.until {
            let reading = match self.reading.take() {
                Some(reading) => reading,
                None => match self.open() {
                    Ok(reading) => reading,
                    Err(e) => return Some(Err(e)),
                },
            };
            let reading = self.reading.insert(reading);
            match reading.next() {
                Some(Ok(RawBatch { first, last, bytes })) => {
                    self.next = last.next();
                    return Some(Ok((first, bytes)));
                }
                Some(Err(fault)) => {
                    return Some(Err(ReadError::Archive { file: reading.path().to_owned(), fault: fault.into() }));
                }
                None => self.reading = None,
            }
        }
        None
    }
}

impl Iterator for Filling {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        if self.is_over {
            return None;
        }
        let item = self.read();
        // Behind what cannot be read nothing has a place.
        self.is_over = !matches!(item, Some(Ok(_)));
        item
    }
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}
