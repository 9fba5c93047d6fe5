//! A market's book, kept from snapshots and updates.

use std::sync::Arc;

use berth_wire::book::BookPicture;
use berth_wire::domain::ResourceClass;
use berth_wire::frame::{BookFrame, BookFrameType, Push, Subscribe};
use thiserror::Error;

use crate::newest::{Built, Newest, Piece};
use crate::rest::Client;

/// A book after an entry of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookState {
    /// The entry.
    pub seq: u64,
    /// The book.
    pub picture: BookPicture,
}

/// Why a frame does not continue a book. A new snapshot mends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BookFault {
    /// An update before any snapshot.
    #[error("an update came before a snapshot")]
    NoSnapshot,
    /// A frame is missing.
    #[error("an update follows entry {found:?}, the book is at {expected}")]
    Gap {
        /// Where the book is.
        expected: u64,
        /// What the update follows.
        found: Option<u64>,
    },
    /// The book is not the one that the node has.
    #[error("the book's checksum is {found}, the node says {expected}")]
    Checksum {
        /// The node's.
        expected: u32,
        /// This book's.
        found: u32,
    },
}

/// Where a [`BookBuilder`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BookPhase {
    /// It waits for a snapshot. A subscription begins with one, so that, other than
    /// where snapshots come over REST, no updates have to be kept until then.
    #[default]
    Buffering,
    /// It has the node's book.
    Synced,
    /// It had it, and a frame was missing or wrong. Only a snapshot mends that:
    /// a [`BookStream`] subscribes anew by itself.
    Gap,
}

/// Keeps a book from frames, and checks it after each.
#[derive(Clone, Debug, Default)]
pub struct BookBuilder {
    book: Option<BookState>,
    phase: BookPhase,
}

impl BookBuilder {
    /// The book, once a snapshot has come.
    #[must_use]
    pub const fn book(&self) -> Option<&BookState> {
        self.book.as_ref()
    }

    /// Where it is.
    #[must_use]
    pub const fn phase(&self) -> BookPhase {
        self.phase
    }

    /// Takes in a frame.
    ///
    /// # Errors
    /// When the frame does not continue the book; the book is dropped then, and
    /// only a snapshot begins a new one.
    pub fn apply(&mut self, frame: &BookFrame) -> Result<&BookState, BookFault> {
        match self.next(frame) {
            Ok(book) => {
                self.phase = BookPhase::Synced;
                Ok(self.book.insert(book))
            }
            Err(fault) => {
                if self.phase == BookPhase::Synced {
                    self.phase = BookPhase::Gap;
                }
                Err(fault)
            }
        }
    }

    fn next(&mut self, frame: &BookFrame) -> Result<BookState, BookFault> {
        let before = self.book.take();
        let picture = match frame.kind {
            BookFrameType::Snapshot => BookPicture::new(frame.bids.clone(), frame.orders.clone()),
            BookFrameType::Update => {
                let before = before.ok_or(BookFault::NoSnapshot)?;
                if frame.prev_seq != Some(before.seq) {
                    return Err(BookFault::Gap { expected: before.seq, found: frame.prev_seq });
                }
                let mut picture = before.picture;
                picture.apply(&frame.bids, &frame.orders);
                picture
            }
        };
        let found = picture.crc();
        if found != frame.crc {
            return Err(BookFault::Checksum { expected: frame.crc, found });
        }
        Ok(BookState { seq: frame.seq, picture })
    }
}

/// A market's book as it is. Changes that come faster than they are looked at
/// are skipped: it is the newest that counts.
pub type BookStream = Newest<BookState>;

impl Client {
    /// The book of a market, kept up to date over disconnects.
    #[must_use]
    pub fn book_stream(&self, market: ResourceClass) -> BookStream {
        let subscribe = Subscribe { ch: "book".to_owned(), market: Some(market), ..Subscribe::default() };
        Newest::keep::<BookBuilder>(self.endpoint().clone(), subscribe)
    }
}

impl Built for BookBuilder {
    type State = BookState;

    fn take(&mut self, push: Push) -> Option<Piece<BookState>> {
        let Push::Book(frame) = push else { return None };
        let is_first = frame.kind == BookFrameType::Snapshot;
        let built = self.apply(&frame).cloned().map(Arc::new).map_err(|fault| fault.to_string());
        Some(Piece { sub: frame.sub, is_first, built })
    }
}
