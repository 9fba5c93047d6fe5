//! The book: what its callers do with it.

use std::num::NonZeroU32;

use crate::cells::{Cell, Cells, NONE};
use crate::rows::{Row, Rows};
use crate::trie::{Near, Tries};
use crate::{Ladder, Node};

/// What rests in a ladder, and where it stands: in ascending order of (key, age,
/// owner).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Its price, as a number of which the lowest is the best.
    pub key: u64,
    /// Time priority: the lower is the older.
    pub age: u64,
    /// Whose it is, in the caller's numbers.
    pub owner: u64,
    /// How much of it rests. Zero is allowed; the sum of a row's quantities
    /// cannot overflow.
    pub quantity: u32,
}

/// The ladders of one market.
#[derive(Clone, Debug, Default)]
pub struct Book {
    pub(crate) cells: Cells,
    pub(crate) tries: Tries,
    pub(crate) len: usize,
}

impl Book {
    /// A book that takes this many resting things and rows together, and this
    /// many branches of its index (288 bytes each), before it allocates again.
    ///
    /// There are never more rows than things, nor more branches than rows; and
    /// on `n` adjacent prices about `n / 63` branches a ladder.
    #[must_use]
    pub fn with_capacity(cells: usize, branches: usize) -> Self {
        Self { cells: Cells::with_capacity(cells), tries: Tries::with_capacity(branches), len: 0 }
    }

    /// Puts a thing into a ladder. What has the same key, age and owner as
    /// another stands behind it.
    ///
    /// Constant time but for two things: the descent to its row, at most 11
    /// steps; and a row whose last is younger is searched from both ends.
    #[inline]
    pub fn rest(&mut self, ladder: Ladder, thing: Resting) -> Node {
        let Resting { key, age, owner, quantity } = thing;
        let row = self.tries.row(&mut self.cells, ladder.index(), key);
        let id = self.cells.take(Cell { rank: age, mark: owner, amount: quantity, home: row, ..Cell::default() });
        self.enter(row, id, age, owner, quantity);
        self.len += 1;
        Node(NonZeroU32::new(id).expect("the slab's first cell is nobody's"))
    }

    /// Takes a thing out of its ladder. Its node is free for another.
    #[inline]
    pub fn remove(&mut self, node: Node) -> Resting {
        let id = node.0.get();
        let Cell { rank: age, mark: owner, amount: quantity, home: row, .. } = *self.cells.at(id);
        let key = self.cells.at(row).rank;
        self.cells.unlink(id);
        self.forget(row, quantity);
        self.cells.free(id);
        self.len -= 1;
        Resting { key, age, owner, quantity }
    }

    /// Moves a thing to another key, age or ladder, with the quantity that rests
    /// there. Its node and owner stay.
    pub fn shift(&mut self, node: Node, ladder: Ladder, key: u64, age: u64, quantity: u32) {
        let id = node.0.get();
        let ladder = ladder.index();
        let Cell { mark: owner, amount: old_quantity, home: old_row, .. } = *self.cells.at(id);
        let Cell { amount: count, home: parent, .. } = *self.cells.at(old_row);
        // The new row first: it is often beside the old one, which may end.
        let row = match self.tries.near(&self.cells, parent, ladder, key) {
            Near::Row(row) => row,
            Near::Gap if count == 1 => {
                self.tries.rekey(&mut self.cells, old_row, parent, ladder, key);
                self.cells.at_mut(old_row).mark = u64::from(quantity);
                let cell = self.cells.at_mut(id);
                cell.rank = age;
                cell.amount = quantity;
                return;
            }
            Near::Gap => self.tries.fill_gap(&mut self.cells, parent, ladder, key),
            Near::Unknown => self.tries.row_near(&mut self.cells, parent, ladder, key),
        };
        self.cells.unlink(id);
        let cell = self.cells.at_mut(id);
        cell.rank = age;
        cell.amount = quantity;
        cell.home = row;
        self.enter(row, id, age, owner, quantity);
        self.forget(old_row, old_quantity);
    }

    /// Changes how much of a thing rests; it stays where it stands.
    #[inline]
    pub fn set_quantity(&mut self, node: Node, quantity: u32) {
        let cell = self.cells.at_mut(node.0.get());
        let (row, old) = (cell.home, cell.amount);
        cell.amount = quantity;
        let row = self.cells.at_mut(row);
        row.mark = row.mark - u64::from(old) + u64::from(quantity);
    }

    /// The first of a ladder.
    #[inline]
    #[must_use]
    pub fn best(&self, ladder: Ladder) -> Option<Node> {
        match self.tries.best(ladder.index()) {
            NONE => None,
            row => as_node(self.cells.at(row).next),
        }
    }

    /// The lowest key of a ladder.
    #[inline]
    #[must_use]
    pub fn best_key(&self, ladder: Ladder) -> Option<u64> {
        match self.tries.best(ladder.index()) {
            NONE => None,
            row => Some(self.cells.at(row).rank),
        }
    }

    /// What stands behind a thing in its ladder.
    #[inline]
    #[must_use]
    pub fn next(&self, node: Node) -> Option<Node> {
        let Cell { next, home: row, .. } = *self.cells.at(node.0.get());
        if next != row {
            return as_node(next);
        }
        match self.tries.successor(&self.cells, row) {
            NONE => None,
            later => as_node(self.cells.at(later).next),
        }
    }

    /// All of a resting thing.
    #[inline]
    #[must_use]
    pub fn get(&self, node: Node) -> Resting {
        let Cell { rank: age, mark: owner, amount: quantity, home, .. } = *self.cells.at(node.0.get());
        Resting { key: self.cells.at(home).rank, age, owner, quantity }
    }

    /// Its key.
    #[inline]
    #[must_use]
    pub fn key(&self, node: Node) -> u64 {
        self.cells.at(self.cells.at(node.0.get()).home).rank
    }

    /// Its age.
    #[inline]
    #[must_use]
    pub fn age(&self, node: Node) -> u64 {
        self.cells.at(node.0.get()).rank
    }

    /// Its owner.
    #[inline]
    #[must_use]
    pub fn owner(&self, node: Node) -> u64 {
        self.cells.at(node.0.get()).mark
    }

    /// How much of it rests.
    #[inline]
    #[must_use]
    pub fn quantity(&self, node: Node) -> u32 {
        self.cells.at(node.0.get()).amount
    }

    /// What rests at one key of a ladder, added up.
    #[must_use]
    pub fn row(&self, ladder: Ladder, key: u64) -> Option<Row> {
        match self.tries.find(&self.cells, ladder.index(), key) {
            NONE => None,
            row => Some(self.row_at(row)),
        }
    }

    /// The rows of a ladder in the order of their keys.
    #[must_use]
    pub fn rows(&self, ladder: Ladder) -> Rows<'_> {
        Rows::new(self, self.tries.best(ladder.index()))
    }

    /// The things of a ladder in the order in which they stand.
    pub fn nodes(&self, ladder: Ladder) -> impl Iterator<Item = Node> {
        std::iter::successors(self.best(ladder), |node| self.next(*node))
    }

    /// Things that rest in one ladder. Walks over its rows.
    #[must_use]
    pub fn resting(&self, ladder: Ladder) -> usize {
        self.rows(ladder).map(|row| row.count as usize).sum()
    }

    /// Things that rest in all ladders.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing rests.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn row_at(&self, row: u32) -> Row {
        let Cell { rank: key, mark: quantity, amount: count, .. } = *self.cells.at(row);
        Row { key, quantity, count }
    }

    /// Links a thing into a row, where its age and owner put it.
    #[inline]
    fn enter(&mut self, row: u32, id: u32, age: u64, owner: u64, quantity: u32) {
        let cell = self.cells.at_mut(row);
        cell.mark += u64::from(quantity);
        cell.amount += 1;
        let last = cell.prev;
        let prev = if last == row || self.cells.at(last).rank < age { last } else { self.rank(row, age, owner) };
        self.cells.link_behind(prev, id);
    }

    /// The last in a row that does not stand behind this age and owner, or the
    /// row itself; of a row with at least one thing. It is looked for from both
    /// ends: what comes back with an old age often belongs to the front.
    #[inline(never)]
    fn rank(&self, row: u32, age: u64, owner: u64) -> u32 {
        let stands_behind = |id: u32| (self.cells.at(id).rank, self.cells.at(id).mark) > (age, owner);
        let Cell { next: mut front, prev: mut back, .. } = *self.cells.at(row);
        loop {
            if !stands_behind(back) {
                return back;
            }
            if stands_behind(front) {
                return self.cells.at(front).prev;
            }
            (front, back) = (self.cells.at(front).next, self.cells.at(back).prev);
        }
    }

    /// Takes a thing that is no longer linked there off a row's sums, and the
    /// row out of its ladder when nothing is left of it.
    #[inline]
    fn forget(&mut self, row: u32, quantity: u32) {
        let cell = self.cells.at_mut(row);
        cell.mark -= u64::from(quantity);
        cell.amount -= 1;
        if cell.amount == 0 {
            self.tries.drop_row(&mut self.cells, row);
        }
    }
}

#[inline]
fn as_node(id: u32) -> Option<Node> {
    NonZeroU32::new(id).map(Node)
}
