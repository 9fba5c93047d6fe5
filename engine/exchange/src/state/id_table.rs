//! A table from hashes to places in a vector: open addressing in one array, so
//! that whoever looks ahead knows which memory a search will begin with.
//!
//! A search runs from a hash's own slot to the first empty one. Taking an entry
//! out closes the gap behind it, so nothing is left behind that a later search
//! would have to pass.

use berth_book::prefetch;

/// A slot; empty when it has no place.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Of the hash. It says which slot is the entry's own, so growing and
    /// closing gaps read nothing but this array.
    tag: u32,
    place: u32,
}

const EMPTY: Slot = Slot { tag: u32::MAX, place: u32::MAX };

/// Slots that a table begins with.
const LEAST: usize = 16;

/// Places by hash. A place is below `u32::MAX`.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdTable {
    /// A power of two of them, or none.
    slots: Vec<Slot>,
    len: usize,
}

impl IdTable {
    /// Makes room for so many entries more.
    pub(crate) fn reserve(&mut self, entries: usize) {
        // At most three of four slots are taken.
        let slots = ((self.len + entries) * 4).div_ceil(3).next_power_of_two().max(LEAST);
        if slots > self.slots.len() {
            self.resize(slots);
        }
    }

    /// Asks for the memory that a search for this hash begins with.
    #[inline]
    pub(crate) fn ask(&self, hash: u64) {
        if let Some(mask) = self.slots.len().checked_sub(1) {
            prefetch(&self.slots[tag(hash) as usize & mask]);
        }
    }

    /// The place with this hash that is the one.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let tag = tag(hash);
        let mut at = tag as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.place == EMPTY.place {
                return None;
            }
            if slot.tag == tag && is_it(slot.place) {
                return Some(slot.place);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a place that is not in it.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64, place: u32) {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.resize((self.slots.len() * 2).max(LEAST));
        }
        self.put(Slot { tag: tag(hash), place });
        self.len += 1;
    }

    /// Takes a place out that was added with this hash.
    pub(crate) fn remove(&mut self, hash: u64, place: u32) {
        let Some(mask) = self.slots.len().checked_sub(1) else { return };
        let mut gap = tag(hash) as usize & mask;
        while self.slots[gap].place != place {
            if self.slots[gap].place == EMPTY.place {
                return;
            }
            gap = (gap + 1) & mask;
        }
        self.len -= 1;
        let mut at = gap;
        loop {
            at = (at + 1) & mask;
            let slot = self.slots[at];
            if slot.place == EMPTY.place {
                break;
            }
            // It may come forward as far as its own slot.
            let passed = at.wrapping_sub(slot.tag as usize) & mask;
            if passed >= at.wrapping_sub(gap) & mask {
                self.slots[gap] = slot;
                gap = at;
            }
        }
        self.slots[gap] = EMPTY;
    }

    #[inline]
    fn put(&mut self, slot: Slot) {
        let mask = self.slots.len() - 1;
        let mut at = slot.tag as usize & mask;
        while self.slots[at].place != EMPTY.place {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
    }

    #[cold]
    #[inline(never)]
    fn resize(&mut self, slots: usize) {
        let old = std::mem::replace(&mut self.slots, vec![EMPTY; slots]);
        old.into_iter().filter(|slot| slot.place != EMPTY.place).for_each(|slot| self.put(slot));
    }
}

#[inline]
const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32 ^ hash as u32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Against a plain map, with hashes of which many share a slot, some at the
    /// end of the array, and some all of their bits.
    #[test]
    fn a_table_finds_what_is_in_it_and_nothing_else() {
        let mut seed = 11_u64;
        let mut draw = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % n
        };
        for spread in [3, 40, 5_000] {
            let (mut table, mut plain) = (IdTable::default(), BTreeMap::new());
            let hash_of = |place: u64| match place % 4 {
                0 => u64::from(u32::MAX - 1),
                1 => u64::from(u32::MAX - (place % spread) as u32),
                _ => place % spread,
            };
            for _ in 0..20_000 {
                let place = draw(900);
                let hash = hash_of(place);
                let number = u32::try_from(place).expect("below 900");
                if plain.remove(&place).is_some() {
                    table.remove(hash, number);
                } else {
                    plain.insert(place, ());
                    table.insert(hash, number);
                }
                let other = draw(900);
                let found = table.find(hash_of(other), |place| u64::from(place) == other);
                assert_eq!(found.map(u64::from), plain.contains_key(&other).then_some(other));
                assert_eq!(table.len, plain.len());
            }
            for place in 0..900 {
                table.ask(hash_of(place));
                let found = table.find(hash_of(place), |found| u64::from(found) == place);
                assert_eq!(found.is_some(), plain.contains_key(&place), "{place}");
            }
        }
    }

    #[test]
    fn room_that_was_made_is_enough() {
        let mut table = IdTable::default();
        assert_eq!(table.find(7, |_| true), None);
        table.ask(7);
        table.remove(7, 7);
        table.reserve(1_000);
        let slots = table.slots.len();
        (0..1_000).for_each(|place| table.insert(u64::from(place) << 7, place));
        assert_eq!(table.slots.len(), slots);
    }
}
