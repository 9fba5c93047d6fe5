//! Bytes of a batch, with a hash that fits them or not.

use berth_domain::batch::{Batch, BatchBuilder, span};

/// Reads bytes as a batch: as they are, and with their hash behind them, as a
/// forger would write it. Answers whether either is one.
///
/// # Panics
/// When reading panics, or what was read has another spelling than the one that
/// it was read from.
pub fn batch(bytes: &[u8]) -> bool {
    let sealed = [bytes, blake3::hash(bytes).as_bytes()].concat();
    // Both are looked at in any case.
    one_spelling(bytes) | one_spelling(&sealed)
}

fn one_spelling(bytes: &[u8]) -> bool {
    let said = span(bytes);
    let Ok(batch) = Batch::decode(bytes) else { return false };
    let (first, last) = (batch.first(), batch.last());
    assert_eq!(said, Some((first, last)), "the header says what is there");
    let mut again = BatchBuilder::new(batch.epoch, first, batch.previous, batch.events);
    for (entry, place) in batch.entries.iter().zip(first.0..) {
        assert_eq!(entry.seq.0, place, "entries are consecutive");
        assert_eq!(again.push(entry), entry.hash(), "an entry has one hash");
    }
    let again = again.seal();
    assert!(again.bytes == bytes, "a batch has one spelling");
    assert_eq!((again.last, again.hash), (last, batch.hash), "a batch has one hash");
    true
}
