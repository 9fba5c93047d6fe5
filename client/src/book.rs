//! A market's book, kept from snapshots and updates.

use std::sync::Arc;

use berth_wire::book::BookPicture;
use berth_wire::domain::ResourceClass;
use berth_wire::frame::{BookFrame, BookFrameType, Push, Subscribe};
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::backoff::Backoff;
use crate::error::ClientError;
use crate::rest::Client;
use crate::socket::{Endpoint, Incoming};

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

/// Keeps a book from frames, and checks it after each.
#[derive(Clone, Debug, Default)]
pub struct BookBuilder {
    book: Option<BookState>,
}

impl BookBuilder {
    /// The book, once a snapshot has come.
    #[must_use]
    pub const fn book(&self) -> Option<&BookState> {
        self.book.as_ref()
    }

    /// Takes in a frame.
    ///
    /// # Errors
    /// When the frame does not continue the book; the book is dropped then, and
    /// only a snapshot begins a new one.
    pub fn apply(&mut self, frame: &BookFrame) -> Result<&BookState, BookFault> {
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
        Ok(self.book.insert(BookState { seq: frame.seq, picture }))
    }
}

/// A market's book as it is. Changes that come faster than they are looked at
/// are skipped: it is the newest that counts.
#[derive(Debug)]
pub struct BookStream {
    books: watch::Receiver<Result<Arc<BookState>, ClientError>>,
}

impl Client {
    /// The book of a market, kept up to date over disconnects.
    #[must_use]
    pub fn book_stream(&self, market: ResourceClass) -> BookStream {
        let (sender, books) = watch::channel(Ok(Arc::default()));
        tokio::spawn(keep(self.endpoint().clone(), market, sender));
        BookStream { books }
    }
}

impl BookStream {
    /// The book after its next change; the first call waits for the first
    /// snapshot. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the book can never be had: [`ClientError::Refused`] or
    /// [`ClientError::Protocol`].
    pub async fn next(&mut self) -> Result<Arc<BookState>, ClientError> {
        // The task ends only after it has said why, which stays readable.
        let changed = self.books.changed().await;
        let book = self.books.borrow_and_update().clone();
        match (changed, book) {
            (Ok(()), book) => book,
            (Err(_), Err(why)) => Err(why),
            (Err(_), Ok(_)) => Err(ClientError::Protocol("the book's task has ended".to_owned())),
        }
    }
}

type Books = watch::Sender<Result<Arc<BookState>, ClientError>>;

/// The task behind a stream.
async fn keep(endpoint: Endpoint, market: ResourceClass, books: Books) {
    let subscribe = Subscribe { ch: "book".to_owned(), market: Some(market), ..Subscribe::default() };
    let mut backoff = Backoff::default();
    loop {
        let why = tokio::select! {
            why = follow(&endpoint, &subscribe, &books, &mut backoff) => why,
            () = books.closed() => return,
        };
        if matches!(why, ClientError::Refused { .. } | ClientError::Protocol(_)) && !why.may_retry() {
            // Without a reader there is nobody to tell.
            let _ = books.send(Err(why));
            return;
        }
        debug!(%why, "the book's connection is over");
        tokio::select! {
            () = sleep(backoff.next()) => {}
            () = books.closed() => return,
        }
    }
}

/// One connection, from its start to its end.
async fn follow(endpoint: &Endpoint, subscribe: &Subscribe, books: &Books, backoff: &mut Backoff) -> ClientError {
    let connected = async {
        let mut socket = endpoint.connect().await?;
        let subscribed = socket.subscribe(subscribe).await?;
        Ok((socket, subscribed.sub))
    };
    let (mut socket, sub) = match connected.await {
        Ok(connected) => connected,
        Err(why) => return why,
    };
    let mut builder = BookBuilder::default();
    loop {
        let frame = match socket.next().await {
            Ok(Incoming::Push(Push::Book(frame))) if frame.sub == sub => frame,
            Ok(_) => continue,
            Err(why) => return why,
        };
        match builder.apply(&frame) {
            Ok(book) => {
                if frame.kind == BookFrameType::Update {
                    backoff.reset();
                }
                books.send_modify(|newest| *newest = Ok(Arc::new(book.clone())));
            }
            Err(fault) => {
                // Another connection brings another snapshot.
                warn!(%fault, "the book is not the node's and is fetched anew");
                return ClientError::Transport(fault.to_string());
            }
        }
    }
}
