//! The slab that holds rows and resting things alike.

/// No cell.
pub(crate) const NONE: u32 = 0;

/// Says of a number that it is no cell: a branch of the trie, or a ladder.
pub(crate) const OTHER: u32 = 1 << 31;

/// A row or a resting thing. Both are one type so that the ends of a row's list
/// are linked as its middle is.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(32))]
pub(crate) struct Cell {
    /// A row's key; a thing's age.
    pub(crate) rank: u64,
    /// The sum of a row's quantities; a thing's owner.
    pub(crate) mark: u64,
    /// A row's count; a thing's quantity.
    pub(crate) amount: u32,
    /// A row's first, a thing's successor: the row again after the last. In a
    /// free cell the next free one.
    pub(crate) next: u32,
    /// A row's last, a thing's predecessor: the row again before the first.
    pub(crate) prev: u32,
    /// A thing's row. A row's parent: a branch, or the ladder whose only row it
    /// is, both marked [`OTHER`]. Zero in a free cell.
    pub(crate) home: u32,
}

/// Rows that are made room for together. They are read with nearly every call,
/// each beside others of its ladder, so they lie on few pages of memory and not
/// scattered among the things.
const ROWS_TOGETHER: u32 = 64;

/// All cells. The first one is nobody's, so that zero can say "none".
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    cells: Vec<Cell>,
    free_things: u32,
    free_rows: u32,
}

impl Cells {
    pub(crate) fn with_capacity(count: usize) -> Self {
        let count = count.saturating_add(1 + ROWS_TOGETHER as usize);
        Self { cells: Vec::with_capacity(count), free_things: NONE, free_rows: NONE }
    }

    #[inline]
    pub(crate) fn at(&self, id: u32) -> &Cell {
        &self.cells[id as usize]
    }

    /// The same for a number that may be nobody's.
    #[inline]
    pub(crate) fn get(&self, id: u32) -> Option<&Cell> {
        self.cells.get(id as usize)
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, id: u32) -> &mut Cell {
        &mut self.cells[id as usize]
    }

    /// Puts a resting thing into the slab.
    #[inline]
    pub(crate) fn take(&mut self, thing: Cell) -> u32 {
        if self.free_things == NONE {
            self.free_things = self.grow(1);
        }
        let id = self.free_things;
        let place = self.at_mut(id);
        let free = place.next;
        *place = thing;
        self.free_things = free;
        id
    }

    /// Puts an empty row into the slab.
    #[inline]
    pub(crate) fn take_row(&mut self, key: u64, parent: u32) -> u32 {
        if self.free_rows == NONE {
            self.free_rows = self.grow(ROWS_TOGETHER);
        }
        let id = self.free_rows;
        let place = self.at_mut(id);
        let free = place.next;
        *place = Cell { rank: key, mark: 0, amount: 0, next: id, prev: id, home: parent };
        self.free_rows = free;
        id
    }

    /// Adds so many free cells, linked with each other; gives the first.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, count: u32) -> u32 {
        if self.cells.is_empty() {
            self.cells.push(Cell::default());
        }
        let first = u32::try_from(self.cells.len()).ok().filter(|first| first.saturating_add(count) < OTHER);
        let first = first.expect("a machine's memory ends before 2³¹ cells of a book");
        let last = first + count - 1;
        let linked = (first..=last).map(|id| Cell { next: if id == last { NONE } else { id + 1 }, ..Cell::default() });
        self.cells.extend(linked);
        first
    }

    #[inline]
    pub(crate) fn free(&mut self, id: u32) {
        let next = self.free_things;
        let cell = self.at_mut(id);
        cell.next = next;
        cell.home = NONE;
        self.free_things = id;
    }

    #[inline]
    pub(crate) fn free_row(&mut self, id: u32) {
        let next = self.free_rows;
        let cell = self.at_mut(id);
        cell.next = next;
        cell.home = NONE;
        self.free_rows = id;
    }

    /// Links a cell into a row's list, behind another of it or the row itself.
    #[inline]
    pub(crate) fn link_behind(&mut self, prev: u32, id: u32) {
        let cells = self.cells.as_mut_slice();
        let next = cells[prev as usize].next;
        cells[prev as usize].next = id;
        cells[next as usize].prev = id;
        let cell = &mut cells[id as usize];
        cell.prev = prev;
        cell.next = next;
    }

    /// Takes a cell out of its row's list.
    #[inline]
    pub(crate) fn unlink(&mut self, id: u32) {
        let cells = self.cells.as_mut_slice();
        let Cell { prev, next, .. } = cells[id as usize];
        cells[prev as usize].next = next;
        cells[next as usize].prev = prev;
    }

    /// Cells in the slab, free or not, without the first.
    pub(crate) fn len(&self) -> usize {
        self.cells.len().saturating_sub(1)
    }

    /// The free cells of both kinds.
    pub(crate) fn free_list(&self) -> impl Iterator<Item = u32> {
        let some = |id: u32| Some(id).filter(|id| *id != NONE);
        let list = move |first| std::iter::successors(some(first), move |id| some(self.at(*id).next));
        list(self.free_things).chain(list(self.free_rows))
    }
}

const _: () = assert!(size_of::<Cell>() == 32, "two cells fill a cache line");
