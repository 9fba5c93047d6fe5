//! A market's best rows and its ticker, made once for all who follow them. Who
//! looks gets the newest, never what lay between.

use std::sync::{Arc, Mutex, PoisonError};

use berth_domain::Seq;
use berth_wire::book::BookRow;

/// The best row of each side of a book: of the bids and of the orders.
pub(crate) type Best = (Option<BookRow>, Option<BookRow>);

/// The best rows, since an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    /// The entry that made them so, or a later one at which they were.
    pub(crate) seq: Seq,
    pub(crate) best: Best,
    /// `"bid":…,"order":…`.
    pub(crate) body: String,
}

/// Something that is kept up to date from when it is first asked for.
pub(crate) struct Newest<T>(Mutex<Option<Arc<T>>>);

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Newest<T> {
    pub(crate) fn get(&self) -> Option<Arc<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, newest: T) -> Arc<T> {
        let newest = Arc::new(newest);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(newest.clone());
        newest
    }
}

impl Quote {
    pub(crate) fn new(seq: Seq, best: Best) -> Self {
        let row = |row: &Option<BookRow>| serde_json::to_string(row).expect("texts and numbers are JSON");
        let body = format!(r#""bid":{},"order":{}"#, row(&best.0), row(&best.1));
        Self { seq, best, body }
    }
}

/// A market at a glance, rendered.
pub(crate) struct Glance {
    /// The entry that it is the state after.
    pub(crate) seq: Seq,
    /// Up to which entry it has been found to be still so.
    pub(crate) looked: Seq,
    /// The fields of a `Ticker`, without braces.
    pub(crate) body: Arc<str>,
}
