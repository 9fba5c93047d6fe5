//! Bytes that may be anything.

use berth_domain::codec::{Decode, Encode};
use berth_domain::{Command, Entry, Event};

/// Reads bytes as a command, an entry and an event.
///
/// # Panics
/// When reading panics, or what was read has another spelling than the one that
/// it was read from.
pub fn read(bytes: &[u8]) {
    one_spelling::<Command>(bytes);
    one_spelling::<Entry>(bytes);
    one_spelling::<Event>(bytes);
}

fn one_spelling<T: Decode + Encode>(bytes: &[u8]) {
    if let Ok(value) = T::from_bytes(bytes) {
        assert_eq!(value.to_bytes(), bytes, "a value has one encoding");
    }
}
