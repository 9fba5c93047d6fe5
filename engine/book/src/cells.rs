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

/// All cells. The first one is nobody's, so that zero can say "none".
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    cells: Vec<Cell>,
    free: u32,
}

impl Cells {
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self { cells: Vec::with_capacity(count.saturating_add(1)), free: NONE }
    }

    #[inline]
    pub(crate) fn at(&self, id: u32) -> &Cell {
        &self.cells[id as usize]
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, id: u32) -> &mut Cell {
        &mut self.cells[id as usize]
    }

    /// Puts a cell into the slab.
    #[inline]
    pub(crate) fn take(&mut self, cell: Cell) -> u32 {
        if self.free == NONE {
            self.grow();
        }
        let id = self.free;
        let place = self.at_mut(id);
        let free = place.next;
        *place = cell;
        self.free = free;
        id
    }

    /// Adds a free cell.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        if self.cells.is_empty() {
            self.cells.push(Cell::default());
        }
        let id = u32::try_from(self.cells.len()).ok().filter(|id| *id < OTHER);
        self.cells.push(Cell::default());
        self.free = id.expect("a machine's memory ends before 2³¹ cells of a book");
    }

    #[inline]
    pub(crate) fn free(&mut self, id: u32) {
        let next = self.free;
        let cell = self.at_mut(id);
        cell.next = next;
        cell.home = NONE;
        self.free = id;
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

    /// The free cells, the next one to be used first.
    pub(crate) fn free_list(&self) -> impl Iterator<Item = u32> {
        let first = Some(self.free).filter(|id| *id != NONE);
        std::iter::successors(first, |id| Some(self.at(*id).next).filter(|id| *id != NONE))
    }
}

const _: () = assert!(size_of::<Cell>() == 32, "two cells fill a cache line");
