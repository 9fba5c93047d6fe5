//! Looking ahead. In a deep book nearly all time goes into waiting for memory:
//! the thing, its neighbours, its old and its new row, and the last of that one.
//! A caller that knows its next calls asks for all of that early, in three steps
//! of which each needs what the one before has brought, with other work between.
//!
//! Each step only reads. What it gives is good while the book does not change,
//! and is never more than a hint: after a change it may ask for the wrong memory.

use crate::cells::{Cell, NONE, OTHER};
use crate::prefetch::prefetch;
use crate::{Book, Ladder, Node};

/// What stands around a thing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around {
    row: u32,
}

impl Book {
    /// The first step: asks for a thing.
    #[inline]
    pub fn expect(&self, node: Node) {
        self.ask(node.0.get());
    }

    /// The second step: asks for what stands around it. For a thing that is to
    /// be taken out this is the last one.
    #[inline]
    #[must_use]
    pub fn around(&self, node: Node) -> Around {
        let Some(Cell { prev, next, home: row, .. }) = self.cells.get(node.0.get()) else { return Around::default() };
        self.ask(*prev);
        self.ask(*next);
        self.ask(*row);
        Around { row: *row }
    }

    /// The third step, for a thing that is to be moved: asks for the row that it
    /// will have, if that is there, and for the last of it.
    #[inline]
    pub fn toward(&self, around: Around, ladder: Ladder, key: u64) {
        // What is no row any more has no parent.
        let is_row = |cell: &&Cell| cell.home & OTHER != 0;
        let Some(Cell { home: parent, .. }) = self.cells.get(around.row).filter(is_row) else { return };
        let row = self.tries.find_near(&self.cells, *parent, ladder.index(), key);
        if row != NONE {
            self.ask(self.cells.at(row).prev);
        }
    }

    #[inline]
    fn ask(&self, id: u32) {
        if let Some(cell) = self.cells.get(id) {
            prefetch(cell);
        }
    }
}
