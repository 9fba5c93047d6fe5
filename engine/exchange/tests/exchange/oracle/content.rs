//! The content of the state as bytes, and its four hashes: written from
//! `docs/state.md`, with the vocabulary's own encoding of numbers, ids and what
//! commands bring.

mod books;
mod leases;
mod ledger;
mod providers;

use berth_domain::Digest;
use berth_domain::codec::Encode;

use super::Oracle;

/// The components in the order of the root.
pub(crate) const COMPONENTS: [&str; 4] = ["ledger", "books", "leases", "providers"];

impl Oracle {
    /// The bytes of each component.
    pub(crate) fn contents(&self) -> [Vec<u8>; 4] {
        [self.ledger(), self.books(), self.leases(), self.providers()]
    }

    /// The hash of each component.
    pub(crate) fn hashes(&self) -> [Digest; 4] {
        let contents = self.contents();
        std::array::from_fn(|i| {
            let bytes = [COMPONENTS[i].as_bytes(), &contents[i]].concat();
            Digest(blake3::hash(&bytes).into())
        })
    }
}

/// One value after the other.
fn put(out: &mut Vec<u8>, values: &[&dyn Encode]) {
    values.iter().for_each(|value| value.encode(out));
}

/// How many, then each of them.
fn sequence<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    put(out, &[&(items.len() as u64)]);
    items.iter().for_each(|item| write(out, item));
}
