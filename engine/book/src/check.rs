//! What must be true of a book between two calls, for tests.

use crate::cells::{NONE, OTHER};
use crate::trie::as_ladder;
use crate::{Book, LADDERS, Ladder};

/// What one ladder holds.
#[derive(Default)]
struct Found {
    rows: usize,
    things: usize,
    branches: usize,
}

impl Book {
    /// Checks lists, sums, tries and free lists against each other, and says
    /// what is wrong. Walks over everything: for tests.
    ///
    /// # Errors
    /// The first thing that is not as it must be, in words.
    pub fn check(&self) -> Result<(), String> {
        let mut found = Found::default();
        for ladder in 0..LADDERS {
            let root = self.tries.root(ladder);
            let mut rows = Vec::new();
            if root != NONE {
                self.check_child(ladder, root, None, &mut rows, &mut found)?;
            }
            let first = rows.first().copied().unwrap_or(NONE);
            must(self.tries.best(ladder) == first, || format!("ladder {ladder}: best is not the first row"))?;
            let keys: Vec<u64> = rows.iter().map(|row| self.cells.at(*row).rank).collect();
            must(keys.is_sorted_by(|a, b| a < b), || format!("ladder {ladder}: rows out of order"))?;
            let walked: Vec<u64> = self.rows(Ladder::new(ladder)).map(|row| row.key).collect();
            must(walked == keys, || format!("ladder {ladder}: successors do not give the rows"))?;
            for row in rows {
                found.things += self.check_row(row)?;
                found.rows += 1;
            }
        }
        must(found.things == self.len, || format!("{} things, counted as {}", found.things, self.len))?;
        let free = self.cells.free_list().take(self.cells.len() + 1).count();
        must(found.things + found.rows + free == self.cells.len(), || "a cell is lost, or is used twice".into())?;
        let free = self.tries.free_list().take(self.tries.len() + 1).count();
        must(found.branches + free == self.tries.len(), || "a branch is lost, or is used twice".into())
    }

    /// Checks a branch or row and what is below it. `parent` is the branch above
    /// and the child's digit in it; without one the child is the ladder's root.
    fn check_child(
        &self,
        ladder: usize,
        child: u32,
        parent: Option<(u32, u64)>,
        rows: &mut Vec<u32>,
        found: &mut Found,
    ) -> Result<(), String> {
        let (key, named) = if child & OTHER == 0 {
            (self.cells.at(child).rank, self.cells.at(child).home)
        } else {
            (self.tries.branch(child).prefix, self.tries.branch(child).parent)
        };
        match parent {
            None => must(as_ladder(named) == Some(ladder), || format!("ladder {ladder}: its root names another"))?,
            Some((above, digit)) => {
                must(named == above, || format!("a child of {above:x} names {named:x}"))?;
                must(self.tries.branch(above).digit(key) == digit, || format!("{key} does not belong at {digit}"))?;
            }
        }
        if child & OTHER == 0 {
            rows.push(child);
            return Ok(());
        }
        found.branches += 1;
        let branch = self.tries.branch(child);
        must(branch.present.count_ones() >= 2, || format!("branch {child:x} has less than two children"))?;
        must(branch.shift.is_multiple_of(6) && branch.shift <= 60, || format!("shift {}", branch.shift))?;
        must(branch.prefix.trailing_zeros() >= (branch.shift + 6).min(64), || format!("prefix {:x}", branch.prefix))?;
        must(branch.ladder() == ladder, || format!("branch {child:x} is of another ladder"))?;
        if let Some((above, _)) = parent {
            must(self.tries.branch(above).shift > branch.shift, || format!("branch {child:x} is too high"))?;
        }
        for (digit, below) in (0..).zip(branch.children) {
            must((below != NONE) == (branch.present >> digit & 1 == 1), || format!("bitmap of {child:x}"))?;
            if below != NONE {
                self.check_child(ladder, below, Some((child, digit)), rows, found)?;
            }
        }
        Ok(())
    }

    /// Checks the list of a row, and gives its length.
    fn check_row(&self, row: u32) -> Result<usize, String> {
        let sentinel = *self.cells.at(row);
        let key = sentinel.rank;
        let (mut count, mut quantity, mut last) = (0, 0, None);
        let (mut prev, mut at) = (row, sentinel.next);
        while at != row {
            let thing = *self.cells.at(at);
            must(thing.home == row, || format!("row {key}: a thing of another row"))?;
            must(thing.prev == prev, || format!("row {key}: broken list"))?;
            must(last <= Some((thing.rank, thing.mark)), || format!("row {key}: things out of order"))?;
            last = Some((thing.rank, thing.mark));
            count += 1;
            quantity += u64::from(thing.amount);
            must(count <= self.cells.len(), || format!("row {key}: its list does not come back"))?;
            (prev, at) = (at, thing.next);
        }
        must(sentinel.prev == prev, || format!("row {key}: wrong last"))?;
        must(count > 0, || format!("row {key} is empty"))?;
        must(count == sentinel.amount as usize, || format!("row {key}: {count} counted as {}", sentinel.amount))?;
        must(quantity == sentinel.mark, || format!("row {key}: {quantity} added up as {}", sentinel.mark))?;
        Ok(count)
    }
}

fn must(is_so: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(fault()) }
}
