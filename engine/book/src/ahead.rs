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

    /// For a thing that is to come: asks for the row that it will have, if that
    /// is there.
    #[inline]
    #[must_use]
    pub fn at(&self, ladder: Ladder, key: u64) -> Around {
        // No row is read on the way, so it may be one beside the key.
        let mut row = self.tries.root(ladder.index());
        while row & OTHER != 0 {
            let branch = self.tries.branch(row);
            row = branch.children.get(branch.digit(key) as usize).copied().unwrap_or(NONE);
        }
        self.ask(row);
        Around { row }
    }

    /// The step behind that: asks for the last of the row.
    #[inline]
    pub fn last(&self, around: Around) {
        if around.row != NONE
            && let Some(row) = self.cells.get(around.row)
        {
            self.ask(row.prev);
        }
    }

    #[inline]
    fn ask(&self, id: u32) {
        if let Some(cell) = self.cells.get(id) {
            prefetch(cell);
        }
    }
}
