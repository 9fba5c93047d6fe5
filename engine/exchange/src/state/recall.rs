//! Reading things of the state back from their content, which may be hostile:
//! a snapshot is data from a disk.

use std::collections::BTreeSet;

use berth_domain::codec::{Decode, DecodeError, Reader};

/// Why a thing cannot be read, and in which of its fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unread {
    pub(crate) field: &'static str,
    pub(crate) why: DecodeError,
}

/// What reads itself back from its content. What follows from the content of
/// other things is empty then.
pub(crate) trait Recall: Sized {
    /// Takes the fields in the order in which they were written.
    fn recall(parts: &mut Parts<'_, '_>) -> Result<Self, Unread>;
}

/// The fields of one thing, one after the other.
pub(crate) struct Parts<'r, 'a> {
    input: &'r mut Reader<'a>,
}

impl<'r, 'a> Parts<'r, 'a> {
    pub(crate) const fn new(input: &'r mut Reader<'a>) -> Self {
        Self { input }
    }

    /// The next field.
    pub(crate) fn get<T: Decode>(&mut self, field: &'static str) -> Result<T, Unread> {
        T::decode(self.input).map_err(|why| Unread { field, why })
    }

    /// The next field, a list that nothing bounds: a `u64` count, then its
    /// items.
    pub(crate) fn list<T: Decode>(&mut self, field: &'static str) -> Result<Vec<T>, Unread> {
        let count: u64 = self.get(field)?;
        // No item is empty, so a count beyond the bytes left is a lie that must
        // not become an allocation.
        let count = usize::try_from(count).ok().filter(|count| *count <= self.input.remaining());
        let count = count.ok_or(Unread { field, why: DecodeError::Truncated })?;
        (0..count).map(|_| self.get(field)).collect()
    }

    /// The next field, a list of which each item is greater than the one before.
    pub(crate) fn set<T: Decode + Ord>(&mut self, field: &'static str) -> Result<BTreeSet<T>, Unread> {
        let items: Vec<T> = self.list(field)?;
        self.refuse_unless(items.is_sorted_by(|a, b| a < b), field, "what ascends")?;
        Ok(items.into_iter().collect())
    }

    /// Refuses a field that is read and is not what it must be.
    pub(crate) const fn refuse_unless(
        &self,
        is_right: bool,
        field: &'static str,
        what: &'static str,
    ) -> Result<(), Unread> {
        if is_right { Ok(()) } else { Err(Unread { field, why: DecodeError::Range(what) }) }
    }
}
