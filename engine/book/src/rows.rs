//! Rows: what has one key, added up.

use crate::Book;
use crate::cells::NONE;

/// What rests at one key of a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: u64,
    /// The sum of the quantities.
    pub quantity: u64,
    /// How many things.
    pub count: u32,
}

/// The rows of a ladder in the order of their keys.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    book: &'a Book,
    next: u32,
}

impl<'a> Rows<'a> {
    pub(crate) const fn new(book: &'a Book, first: u32) -> Self {
        Self { book, next: first }
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.next == NONE {
            return None;
        }
        let row = self.book.row_at(self.next);
        self.next = self.book.tries.successor(&self.book.cells, self.next);
        Some(row)
    }
}
