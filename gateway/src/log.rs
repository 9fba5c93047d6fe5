//! The log on the disk, read beside the sequencer that writes it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use berth_domain::Seq;
use berth_journal::{DataDir, LogReader, ReadError, StoreError};
use berth_wire::errors::EdgeCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{LOG_ANSWERS_MAX, LOG_BYTES_MAX, LOG_READS_MAX, LOG_WAIT_MAX};
use crate::problem::Refusal;

/// The log of this node's data directory.
pub(crate) struct Log {
    dir: DataDir,
    /// Opened by who first asks: it reads the newest part of the log into memory.
    reader: Mutex<Option<Arc<LogReader>>>,
    reads: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

/// Memory that counts among the answers until the last byte of it is sent.
struct Answer {
    bytes: Vec<u8>,
    _place: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Log {
    pub(crate) fn new(dir: DataDir) -> Self {
        let (reads, answers) = (Arc::new(Semaphore::new(LOG_READS_MAX)), Arc::new(Semaphore::new(LOG_ANSWERS_MAX)));
        Self { dir, reader: Mutex::default(), reads, answers }
    }

    pub(crate) const fn dir(&self) -> &DataDir {
        &self.dir
    }

    /// The log as it is now. Waits for a disk.
    pub(crate) fn now(&self) -> Result<Arc<LogReader>, StoreError> {
        // Nothing torn is ever left in it.
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = reader.as_ref() {
            match known.catch_up() {
                Ok(()) => return Ok(known.clone()),
                // What could not follow is opened anew, the next time that somebody
                // asks.
                Err(error) => {
                    *reader = None;
                    return Err(error);
                }
            }
        }
        let opened = Arc::new(LogReader::open(&self.dir)?);
        Ok(reader.insert(opened).clone())
    }

    /// The batches from the one that holds `from` up to the last that ends by
    /// `to`, as they lie in the log, each with its length before it (`u32`,
    /// little-endian); not all of them, when they are many.
    pub(crate) async fn batches(self: &Arc<Self>, from: Seq, to: Seq) -> Result<Bytes, Refusal> {
        // An answer that its client is slow to take waits in memory.
        let answers = self.answers.clone();
        let place = answers.try_acquire_owned().map_err(|_| EdgeCode::Overloaded)?;
        let turn = tokio::time::timeout(LOG_WAIT_MAX, self.reads.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(EdgeCode::Overloaded.into()) };
        let log = self.clone();
        // Reading goes on when its client is gone, and counts until it ends.
        let read = move || {
            let bytes = log.read(from, to);
            drop(turn);
            bytes.map(|bytes| Answer { bytes, _place: place })
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(answer)) => Ok(Bytes::from_owner(answer)),
            Ok(Err(error)) => Err(unreadable(&error, "from")),
            Err(_) => Err(EdgeCode::Unavailable.into()),
        }
    }

    fn read(&self, from: Seq, to: Seq) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        for batch in self.now()?.read_raw(from) {
            let batch = match batch {
                // What comes before it is answered; who asks for it is told.
                Err(_) if !bytes.is_empty() => break,
                batch => batch?,
            };
            // Where nothing stands behind `from`, reading begins with what is
            // before it.
            if batch.last > to || batch.last < from {
                break;
            }
            let length = u32::try_from(batch.bytes.len()).expect("a batch is closed far below 4 GiB");
            bytes.extend(length.to_le_bytes());
            bytes.extend(batch.bytes);
            if bytes.len() >= LOG_BYTES_MAX {
                break;
            }
        }
        Ok(bytes)
    }
}

/// Why a part of the log cannot be answered that `field` asks for.
pub(crate) fn unreadable(error: &ReadError, field: &str) -> Refusal {
    if let ReadError::Archived { first, last, .. } = error {
        let detail = format!("entries {first} to {last} were archived, and this node does not have the archive");
        return Refusal::new(EdgeCode::Gone, detail).at(field);
    }
    tracing::error!(%error, "the log cannot be read");
    EdgeCode::Unavailable.into()
}
