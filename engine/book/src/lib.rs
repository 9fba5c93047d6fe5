//! The ladders of one market as a data structure: what rests, and in which
//! order it stands. It knows keys, ages, owners and quantities, and nothing of
//! orders, bids, prices or trust.
//!
//! A [`Book`] has ten [`Ladder`]s, all alike. In each, things stand in ascending
//! order of (key, age, owner), and the best is the first. Whoever wants the
//! highest price first passes a mirrored key, `u64::MAX - price`, so that both
//! sides of a market take one path through the code.
//!
//! How it is laid out, and what that costs:
//!
//! - All that has one key is a *row*: a doubly linked list, with the row itself
//!   as its sentinel. A row keeps the count and the sum of its quantities.
//! - Rows and resting things are cells of 32 bytes in one slab with a free list,
//!   so a cell lies in one cache line, linking has no branches, and once the
//!   slab has grown nothing is allocated ([`Book::with_capacity`]).
//! - The rows of a ladder are found through a trie over the bits of the key, 64
//!   children a branch, with a bitmap that says which are there. A branch has at
//!   least two children and skips the bits that its rows share. So dense prices
//!   make a trie of two to four branches' depth, and any other spread of prices,
//!   hostile ones too, costs at most one branch (288 bytes) for each row and at
//!   most 11 steps.
//! - A thing that moves keeps its [`Node`], and finds its new row from the
//!   branch of the old one when it is near.

mod ahead;
mod book;
mod cells;
mod check;
mod prefetch;
mod rows;
mod trie;

pub use ahead::Around;
pub use book::{Book, Resting};
pub use prefetch::prefetch;
pub use rows::{Row, Rows};

use std::num::NonZeroU32;

/// Ladders of a book.
pub const LADDERS: usize = 10;

/// One of a book's ladders, by its index below [`LADDERS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ladder(u8);

impl Ladder {
    /// The ladder with this index.
    ///
    /// # Panics
    /// When there is none: `index` is not below [`LADDERS`].
    #[must_use]
    pub const fn new(index: usize) -> Self {
        assert!(index < LADDERS, "a book has ten ladders");
        #[expect(clippy::cast_possible_truncation, reason = "below ten")]
        Self(index as u8)
    }

    /// All ladders of a book.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..LADDERS).map(Self::new)
    }

    /// Its index, below [`LADDERS`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A resting thing, by its place in the slab: dense, starting at 1, used again
/// once the thing has left the book. `Option<Node>` takes no more room than a
/// `Node`, four bytes.
///
/// A node is valid from the call that returned it until it is removed. Passing
/// one that is not gives a panic or a wrong answer, never undefined behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(NonZeroU32);

impl Node {
    /// The number in the slab, for tables beside the book that are indexed by it.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0.get() as usize
    }
}
