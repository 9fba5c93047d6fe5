//! What followers of a book are sent: whole pictures, and rows that changed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use berth_domain::{MarketId, Seq};
use berth_exchange::Book;
use berth_wire::book::{BookPicture, BookRow};

use crate::fanout::Ring;
use crate::limits::BOOK_RING;
use crate::quote::{Best, Glance, Newest, Quote};

/// The rows of one book that one batch of the log changed.
pub(crate) struct BookUpdate {
    /// The last entry that the rows follow from.
    pub(crate) seq: Seq,
    /// `"bids":[…],"orders":[…],"crc":…`, rendered once for all its followers.
    pub(crate) body: String,
}

/// One market's updates, and how many follow them; its best rows and its ticker,
/// when somebody has asked for them.
pub(crate) struct Channel {
    updates: Ring<BookUpdate>,
    followers: AtomicUsize,
    pub(crate) quote: Newest<Quote>,
    pub(crate) glance: Newest<Glance>,
}

/// Keeps a market's updates coming for as long as it lives.
pub(crate) struct Following(Arc<Channel>);

impl Channel {
    pub(crate) fn new() -> Self {
        Self {
            updates: Ring::new(0, BOOK_RING),
            followers: AtomicUsize::new(0),
            quote: Newest::default(),
            glance: Newest::default(),
        }
    }

    /// Keeps the best rows up to date that somebody has asked for.
    pub(crate) fn follow_best(&self, seq: Seq, best: impl FnOnce() -> Best) {
        if let Some(before) = self.quote.get() {
            let best = best();
            if best != before.best {
                self.quote.set(Quote::new(seq, best));
            }
        }
    }

    pub(crate) fn is_followed(&self) -> bool {
        self.followers.load(Ordering::Acquire) > 0
    }

    pub(crate) fn push(&self, update: BookUpdate) {
        self.updates.push([update]);
    }
}

impl Following {
    pub(crate) fn new(channel: Arc<Channel>) -> Self {
        channel.followers.fetch_add(1, Ordering::AcqRel);
        Self(channel)
    }

    pub(crate) fn updates(&self) -> &Ring<BookUpdate> {
        &self.0.updates
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.0.followers.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The books that somebody follows, as the last batch left them. Belongs to
/// the thread that applies the log.
#[derive(Default)]
pub(crate) struct Published {
    books: BTreeMap<MarketId, BookPicture>,
}

impl Published {
    /// Remembers a followed book before a batch is applied to it.
    pub(crate) fn keep(&mut self, market: MarketId, current: impl FnOnce() -> Book) {
        self.books.entry(market).or_insert_with(|| picture(&current()));
    }

    /// Forgets a book that nobody follows.
    pub(crate) fn forget(&mut self, market: MarketId) {
        self.books.remove(&market);
    }

    /// What changed since the book was last seen; `None` when nothing did, or
    /// nobody follows it.
    pub(crate) fn update(&mut self, market: MarketId, seq: Seq, current: impl FnOnce() -> Book) -> Option<BookUpdate> {
        let before = self.books.get_mut(&market)?;
        let current = picture(&current());
        let (bids, orders) = before.diff(&current);
        if bids.is_empty() && orders.is_empty() {
            return None;
        }
        let body = body(&bids, &orders, current.crc());
        *before = current;
        Some(BookUpdate { seq, body })
    }
}

/// A book in the shapes of the outside.
pub(crate) fn picture(book: &Book) -> BookPicture {
    let rows = |rows: &[berth_exchange::BookRow]| rows.iter().copied().map(berth_render::row).collect();
    BookPicture::new(rows(&book.bids), rows(&book.orders))
}

/// A whole book as the body of a frame.
pub(crate) fn snapshot_body(book: &BookPicture) -> String {
    body(book.bids(), book.orders(), book.crc())
}

fn body(bids: &[BookRow], orders: &[BookRow], crc: u32) -> String {
    let rows = |rows: &[BookRow]| serde_json::to_string(rows).expect("texts and numbers are JSON");
    format!(r#""bids":{},"orders":{},"crc":{crc}"#, rows(bids), rows(orders))
}
