//! A ring that one thread fills and any number of readers follow.
//!
//! Readers hold a position and nothing else: the ring knows none of them, so a
//! slow one costs nobody anything. Whoever is overtaken is told and reads on
//! from elsewhere: the event store, or a fresh snapshot.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

/// The newest items of an endless sequence.
pub(crate) struct Ring<T> {
    slots: RwLock<Slots<T>>,
    capacity: usize,
}

struct Slots<T> {
    items: VecDeque<Arc<T>>,
    /// Position of the item that comes next.
    next: u64,
}

/// What a reader finds at its position.
pub(crate) enum Slice<T> {
    /// The items from there on, possibly none.
    Items(Vec<Arc<T>>),
    /// The ring has gone on beyond it.
    Overtaken,
}

impl<T> Ring<T> {
    /// A ring whose first item will stand at `first`.
    pub(crate) fn new(first: u64, capacity: usize) -> Self {
        let slots = Slots { items: VecDeque::with_capacity(capacity.min(1_024)), next: first };
        Self { slots: RwLock::new(slots), capacity }
    }

    /// Adds items.
    pub(crate) fn push(&self, items: impl IntoIterator<Item = T>) {
        // The items are whole at any time, so a poisoned lock holds nothing torn.
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        for item in items {
            if slots.items.len() == self.capacity {
                slots.items.pop_front();
            }
            slots.items.push_back(Arc::new(item));
            slots.next += 1;
        }
    }

    /// At most `limit` items from `position` on.
    pub(crate) fn read(&self, position: u64, limit: usize) -> Slice<T> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let oldest = slots.next - slots.items.len() as u64;
        if position < oldest {
            return Slice::Overtaken;
        }
        let skip = usize::try_from(position - oldest).unwrap_or(usize::MAX);
        Slice::Items(slots.items.iter().skip(skip).take(limit).cloned().collect())
    }

    /// Position of the item that comes next.
    pub(crate) fn next(&self) -> u64 {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(ring: &Ring<u64>, position: u64) -> Option<Vec<u64>> {
        match ring.read(position, 2) {
            Slice::Items(items) => Some(items.iter().map(|item| **item).collect()),
            Slice::Overtaken => None,
        }
    }

    #[test]
    fn a_reader_gets_what_follows_its_position_or_learns_that_it_was_overtaken() {
        let ring = Ring::new(10, 3);
        assert_eq!(read(&ring, 10), Some(vec![]));
        ring.push([10, 11]);
        assert_eq!(read(&ring, 10), Some(vec![10, 11]));
        assert_eq!(read(&ring, 11), Some(vec![11]));
        assert_eq!(read(&ring, 12), Some(vec![]));
        ring.push([12, 13]);
        assert_eq!(read(&ring, 10), None);
        assert_eq!(read(&ring, 11), Some(vec![11, 12]));
        assert_eq!(read(&ring, 99), Some(vec![]));
        assert_eq!(ring.next(), 14);
    }
}
