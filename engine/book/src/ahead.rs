//! Looking ahead. In a deep book nearly all time goes into waiting for memory:
//! the thing, its neighbours, its old and its new row, and the last of that one.
//! A caller that knows its next calls reads all of that for several of them at
//! once, step by step, so that the waits overlap.
//!
//! Each step only reads. What it gives is good for the next step while the book
//! does not change, and means nothing else.

use std::hint::black_box;

use crate::cells::{Cell, NONE};
use crate::{Book, Ladder, Node};

/// What stands around a thing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around {
    prev: u32,
    next: u32,
    row: u32,
}

impl Book {
    /// The first step: reads a thing.
    #[inline]
    #[must_use]
    pub fn around(&self, node: Node) -> Around {
        let Cell { prev, next, home: row, .. } = *self.cells.at(node.0.get());
        Around { prev, next, row }
    }

    /// The second step: reads what stands around it. For a thing that is to be
    /// taken out this is the last one.
    #[inline]
    pub fn touch(&self, around: Around) {
        black_box(self.cells.get(around.prev).map(|cell| cell.home));
        black_box(self.cells.get(around.next).map(|cell| cell.home));
        black_box(self.cells.get(around.row).map(|cell| cell.home));
    }

    /// The third step, for a thing that is to be moved: finds its new row, if
    /// that is there and not far away.
    #[inline]
    #[must_use]
    pub fn toward(&self, around: Around, ladder: Ladder, key: u64) -> Around {
        let Some(Cell { home: parent, .. }) = self.cells.get(around.row).filter(|_| around.row != NONE) else {
            return Around::default();
        };
        match self.tries.find_near(&self.cells, *parent, ladder.index(), key) {
            NONE => Around::default(),
            row => Around { prev: self.cells.at(row).prev, next: NONE, row },
        }
    }
}
