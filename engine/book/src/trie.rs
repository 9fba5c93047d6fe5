//! The rows of each ladder, in the order of their keys: a trie with 64 children
//! a branch. A branch has two children or more, and stands at the first digit
//! (of six bits) in which the keys below it differ.

use crate::LADDERS;
use crate::cells::{Cell, Cells, NONE, OTHER};

/// Bits of the key that one branch looks at.
const DIGIT_BITS: u32 = 6;
const CHILDREN: u64 = 1 << DIGIT_BITS;

/// Marks a parent that is a ladder and no branch.
const LADDER: u32 = 1 << 30;

/// A branch.
#[derive(Clone, Debug)]
#[repr(C, align(32))]
pub(crate) struct Branch {
    /// What all keys below share, with zeros from its digit on.
    pub(crate) prefix: u64,
    /// Which children are there: bit `d` for digit `d`.
    pub(crate) present: u64,
    /// The lowest bit of its digit.
    pub(crate) shift: u32,
    /// The branch above it, or its ladder. In a free branch the next free one.
    pub(crate) parent: u32,
    /// The ladder that it belongs to.
    ladder: u32,
    /// Rows, and branches marked [`OTHER`].
    pub(crate) children: [u32; CHILDREN as usize],
}

impl Branch {
    /// The digit of a key here; 64 or more when the key does not belong below.
    #[inline]
    pub(crate) const fn digit(&self, key: u64) -> u64 {
        (key ^ self.prefix) >> self.shift
    }

    pub(crate) const fn ladder(&self) -> usize {
        self.ladder as usize
    }
}

/// Where a search for a key ended.
enum Spot {
    /// At its row.
    Row(u32),
    /// At a free place of this branch.
    Gap(u32),
    /// At something that stands beside it: a row, or a branch, marked.
    Beside(u32),
    /// In an empty ladder.
    Empty,
}

/// Where a key stands, as seen from one branch.
pub(crate) enum Near {
    /// At this row.
    Row(u32),
    /// At a free digit of that branch.
    Gap,
    /// Not below that branch, or further below.
    Unknown,
}

/// The tries of all ladders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tries {
    branches: Vec<Branch>,
    /// The first free branch, marked.
    free: u32,
    /// Of each ladder: its only row, or its topmost branch, marked.
    roots: [u32; LADDERS],
    /// Of each ladder: the row with the lowest key.
    best: [u32; LADDERS],
}

impl Tries {
    pub(crate) fn with_capacity(branches: usize) -> Self {
        Self { branches: Vec::with_capacity(branches), ..Self::default() }
    }

    #[inline]
    pub(crate) const fn best(&self, ladder: usize) -> u32 {
        self.best[ladder]
    }

    pub(crate) const fn root(&self, ladder: usize) -> u32 {
        self.roots[ladder]
    }

    /// A branch by its marked number.
    #[inline]
    pub(crate) fn branch(&self, id: u32) -> &Branch {
        &self.branches[(id & !OTHER) as usize]
    }

    #[inline]
    fn branch_mut(&mut self, id: u32) -> &mut Branch {
        &mut self.branches[(id & !OTHER) as usize]
    }

    /// The row of a key, or `NONE`.
    pub(crate) fn find(&self, cells: &Cells, ladder: usize, key: u64) -> u32 {
        match self.search(cells, self.roots[ladder], key) {
            Spot::Row(row) => row,
            Spot::Gap(_) | Spot::Beside(_) | Spot::Empty => NONE,
        }
    }

    /// The row of a key, an empty new one if there was none.
    #[inline(never)]
    pub(crate) fn row(&mut self, cells: &mut Cells, ladder: usize, key: u64) -> u32 {
        self.row_from(cells, self.roots[ladder], ladder, key)
    }

    /// Where a key stands that is likely to be near a row below this parent.
    #[inline]
    pub(crate) fn near(&self, cells: &Cells, parent: u32, ladder: usize, key: u64) -> Near {
        if parent & LADDER != 0 {
            return Near::Unknown;
        }
        let branch = self.branch(parent);
        let digit = branch.digit(key);
        if digit >= CHILDREN || branch.ladder() != ladder {
            return Near::Unknown;
        }
        let child = branch.children[digit as usize];
        if child == NONE {
            Near::Gap
        } else if child & OTHER == 0 && cells.at(child).rank == key {
            Near::Row(child)
        } else {
            Near::Unknown
        }
    }

    /// The lowest branch at or above this parent whose keys a key could be
    /// among, or else its ladder's root.
    #[inline]
    fn climb(&self, parent: u32, ladder: usize, key: u64) -> u32 {
        let mut at = parent;
        while at & LADDER == 0 {
            let branch = self.branch(at);
            if branch.digit(key) < CHILDREN && branch.ladder() == ladder {
                return at;
            }
            at = branch.parent;
        }
        self.roots[ladder]
    }

    /// The row of a key that is likely to be near a row below this parent, or
    /// `NONE`.
    #[inline]
    pub(crate) fn find_near(&self, cells: &Cells, parent: u32, ladder: usize, key: u64) -> u32 {
        match self.search(cells, self.climb(parent, ladder, key), key) {
            Spot::Row(row) => row,
            Spot::Gap(_) | Spot::Beside(_) | Spot::Empty => NONE,
        }
    }

    /// The row of a key that is likely to be near a row below this parent, an
    /// empty new one if there was none.
    #[inline(never)]
    pub(crate) fn row_near(&mut self, cells: &mut Cells, parent: u32, ladder: usize, key: u64) -> u32 {
        self.row_from(cells, self.climb(parent, ladder, key), ladder, key)
    }

    /// A new row at a free digit of this branch.
    #[inline]
    pub(crate) fn fill_gap(&mut self, cells: &mut Cells, parent: u32, ladder: usize, key: u64) -> u32 {
        let row = cells.take_row(key, parent);
        self.adopt(parent, key, row);
        self.keep_best(cells, ladder, row, key);
        row
    }

    /// Gives a row another key, whose digit in its branch is free.
    #[inline]
    pub(crate) fn rekey(&mut self, cells: &mut Cells, row: u32, parent: u32, ladder: usize, key: u64) {
        let cell = cells.at_mut(row);
        let old_key = cell.rank;
        cell.rank = key;
        let branch = self.branch_mut(parent);
        let (from, to) = (branch.digit(old_key), branch.digit(key));
        branch.present ^= 1 << from | 1 << to;
        branch.children[from as usize] = NONE;
        branch.children[to as usize] = row;
        if self.best[ladder] == row {
            // It was the first below its branch, and nothing came in before.
            let branch = self.branch(parent);
            self.best[ladder] = self.first(branch.children[branch.present.trailing_zeros() as usize]);
        } else {
            self.keep_best(cells, ladder, row, key);
        }
    }

    #[inline]
    fn row_from(&mut self, cells: &mut Cells, from: u32, ladder: usize, key: u64) -> u32 {
        match self.search(cells, from, key) {
            Spot::Row(row) => row,
            Spot::Gap(parent) => self.fill_gap(cells, parent, ladder, key),
            Spot::Beside(other) => {
                let row = self.part(cells, ladder, other, key);
                self.keep_best(cells, ladder, row, key);
                row
            }
            Spot::Empty => {
                let row = cells.take_row(key, ladder_parent(ladder));
                self.roots[ladder] = row;
                self.best[ladder] = row;
                row
            }
        }
    }

    #[inline]
    fn search(&self, cells: &Cells, from: u32, key: u64) -> Spot {
        let mut at = from;
        while at & OTHER != 0 {
            let branch = self.branch(at);
            let digit = branch.digit(key);
            if digit >= CHILDREN {
                return Spot::Beside(at);
            }
            let child = branch.children[digit as usize];
            if child == NONE {
                return Spot::Gap(at);
            }
            at = child;
        }
        if at == NONE {
            Spot::Empty
        } else if cells.at(at).rank == key {
            Spot::Row(at)
        } else {
            Spot::Beside(at)
        }
    }

    #[inline]
    fn keep_best(&mut self, cells: &Cells, ladder: usize, row: u32, key: u64) {
        if key < cells.at(self.best[ladder]).rank {
            self.best[ladder] = row;
        }
    }

    /// Enters a child at the free digit of its key.
    #[inline]
    fn adopt(&mut self, parent: u32, key: u64, child: u32) {
        let branch = self.branch_mut(parent);
        let digit = branch.digit(key);
        branch.present |= 1 << digit;
        branch.children[digit as usize] = child;
    }

    /// Puts a new branch in the place of `other`, with `other` and a new row of
    /// this key below it.
    #[inline(never)]
    fn part(&mut self, cells: &mut Cells, ladder: usize, other: u32, key: u64) -> u32 {
        let (other_key, parent) = if other & OTHER == 0 {
            (cells.at(other).rank, cells.at(other).home)
        } else {
            (self.branch(other).prefix, self.branch(other).parent)
        };
        let highest_difference = u64::BITS - 1 - (key ^ other_key).leading_zeros();
        let shift = highest_difference / DIGIT_BITS * DIGIT_BITS;
        let prefix = key & (u64::MAX << shift) & !((CHILDREN - 1) << shift);
        let branch = self.take(prefix, shift, parent, ladder);
        let row = cells.take_row(key, branch);
        self.adopt(branch, key, row);
        self.adopt(branch, other_key, other);
        if other & OTHER == 0 {
            cells.at_mut(other).home = branch;
        } else {
            self.branch_mut(other).parent = branch;
        }
        self.put_in_place(parent, key, branch);
        row
    }

    /// Gives a parent another child at the digit of this key.
    fn put_in_place(&mut self, parent: u32, key: u64, child: u32) {
        match as_ladder(parent) {
            Some(ladder) => self.roots[ladder] = child,
            None => self.adopt(parent, key, child),
        }
    }

    /// Takes an empty row out of its ladder.
    #[inline]
    pub(crate) fn drop_row(&mut self, cells: &mut Cells, row: u32) {
        let Cell { rank: key, home: parent, .. } = *cells.at(row);
        if let Some(ladder) = as_ladder(parent) {
            self.roots[ladder] = NONE;
            self.best[ladder] = NONE;
        } else {
            let ladder = self.branch(parent).ladder();
            if self.best[ladder] == row {
                self.best[ladder] = self.successor(cells, row);
            }
            let branch = self.branch_mut(parent);
            let digit = branch.digit(key);
            branch.present &= !(1 << digit);
            branch.children[digit as usize] = NONE;
            if branch.present.is_power_of_two() {
                self.collapse(cells, parent);
            }
        }
        cells.free_row(row);
    }

    /// Puts the only child of a branch in the branch's place.
    #[inline(never)]
    fn collapse(&mut self, cells: &mut Cells, id: u32) {
        let Branch { prefix, present, parent, children, .. } = self.branch(id);
        let (prefix, parent, child) = (*prefix, *parent, children[present.trailing_zeros() as usize]);
        if child & OTHER == 0 {
            cells.at_mut(child).home = parent;
        } else {
            self.branch_mut(child).parent = parent;
        }
        self.put_in_place(parent, prefix, child);
        let free = self.free;
        let branch = self.branch_mut(id);
        branch.present = 0;
        branch.parent = free;
        self.free = id;
    }

    /// The row behind this one in its ladder, or `NONE`.
    pub(crate) fn successor(&self, cells: &Cells, row: u32) -> u32 {
        let Cell { rank: key, home: mut parent, .. } = *cells.at(row);
        while parent & LADDER == 0 {
            let branch = self.branch(parent);
            let later = branch.present & (u64::MAX - 1) << branch.digit(key);
            if later != 0 {
                return self.first(branch.children[later.trailing_zeros() as usize]);
            }
            parent = branch.parent;
        }
        NONE
    }

    /// The first row below a child.
    pub(crate) fn first(&self, child: u32) -> u32 {
        let mut at = child;
        while at & OTHER != 0 {
            let branch = self.branch(at);
            at = branch.children[branch.present.trailing_zeros() as usize];
        }
        at
    }

    #[inline(never)]
    fn take(&mut self, prefix: u64, shift: u32, parent: u32, ladder: usize) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "below ten")]
        let branch =
            Branch { prefix, present: 0, shift, parent, ladder: ladder as u32, children: [NONE; CHILDREN as usize] };
        if self.free != NONE {
            let id = self.free;
            let place = self.branch_mut(id);
            let free = place.parent;
            *place = branch;
            self.free = free;
            return id;
        }
        let index = u32::try_from(self.branches.len()).ok().filter(|index| *index < LADDER);
        self.branches.push(branch);
        OTHER | index.expect("a machine's memory ends before 2³⁰ branches")
    }

    /// Branches in the slab, free or not.
    pub(crate) fn len(&self) -> usize {
        self.branches.len()
    }

    /// The free branches, marked, the next one to be used first.
    pub(crate) fn free_list(&self) -> impl Iterator<Item = u32> {
        let first = Some(self.free).filter(|id| *id != NONE);
        std::iter::successors(first, |id| Some(self.branch(*id).parent).filter(|id| *id != NONE))
    }
}

/// The ladder that a parent is, if it is no branch.
#[inline]
pub(crate) const fn as_ladder(parent: u32) -> Option<usize> {
    if parent & LADDER == 0 { None } else { Some((parent & !(OTHER | LADDER)) as usize) }
}

const fn ladder_parent(ladder: usize) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "below ten")]
    let index = ladder as u32;
    OTHER | LADDER | index
}
