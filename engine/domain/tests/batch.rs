//! Batches read back as they were written, and no others are read.

use berth_domain::batch::{Batch, BatchBuilder, SealedBatch, span};
use berth_domain::{AccountId, Address, Authority, Digest, Entry, Micros, OpenAccount, RULES_VERSION, Seq};
use proptest::prelude::*;

/// Where the count stands: behind version, epoch and first sequence number.
const COUNT_AT: usize = 2 + 8 + 8;

/// An entry that decodes; what it says is of no matter.
fn entry(seq: u64, salt: u8) -> Entry {
    let authority = match salt % 3 {
        0 => Authority::Exchange,
        1 => Authority::OperatorAttested,
        _ => Authority::Signed { key: [salt; 32], nonce: seq, signature: [salt; 64] },
    };
    Entry {
        rules: RULES_VERSION,
        seq: Seq(seq),
        at: Micros(seq * 1_000),
        account: AccountId(salt.into()),
        authority,
        command: OpenAccount { address: Address([salt; 32]) }.into(),
    }
}

fn sealed(epoch: u64, first: u64, count: u64, salt: u8) -> SealedBatch {
    let mut builder = BatchBuilder::new(epoch, Seq(first), Digest([salt; 32]), Digest([!salt; 32]));
    for n in 0..count {
        builder.push(&entry(first + n, salt));
    }
    builder.seal()
}

/// Seals the bytes anew, as a forger would after a change.
fn reseal(bytes: &mut [u8]) {
    let (body, hash) = bytes.split_last_chunk_mut::<32>().expect("sealed");
    *hash = blake3::hash(body).into();
}

proptest! {
    #[test]
    fn batches_read_back_as_they_were_written(epoch: u64, first in 1..1_u64 << 40, count in 1..20_u64, salt: u8) {
        let written = sealed(epoch, first, count, salt);
        let read = Batch::decode(&written.bytes).expect("sealed");
        prop_assert_eq!(read.epoch, epoch);
        prop_assert_eq!((read.first(), read.last(), read.hash), (written.first, written.last, written.hash));
        prop_assert_eq!(span(&written.bytes), Some((written.first, written.last)));
        let mut again = BatchBuilder::new(read.epoch, read.first(), read.previous, read.events);
        for entry in &read.entries {
            prop_assert_eq!(again.push(entry), entry.hash());
        }
        prop_assert_eq!(again.seal(), written);
    }

    #[test]
    fn no_bytes_panic_and_every_flipped_bit_is_refused(
        noise in proptest::collection::vec(any::<u8>(), 0..300),
        at: prop::sample::Index,
        bit in 0..8_u32,
    ) {
        let _ = Batch::decode(&noise);
        let mut bytes = sealed(1, 1, 3, 7).bytes;
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(Batch::decode(&bytes).is_err());
    }

    #[test]
    fn a_forged_batch_decodes_to_what_encodes_to_its_own_bytes(at: prop::sample::Index, byte: u8) {
        let mut bytes = sealed(1, 1, 3, 7).bytes;
        let at = at.index(bytes.len());
        bytes[at] = byte;
        reseal(&mut bytes);
        if let Ok(read) = Batch::decode(&bytes) {
            let mut again = BatchBuilder::new(read.epoch, read.first(), read.previous, read.events);
            for entry in &read.entries {
                again.push(entry);
            }
            prop_assert_eq!(again.seal().bytes, bytes);
        }
    }
}

#[test]
fn a_lying_count_is_refused_before_it_is_believed() {
    for count in [0_u32, 2, 4, u32::MAX] {
        let mut bytes = sealed(1, 1, 3, 7).bytes;
        bytes[COUNT_AT..COUNT_AT + 4].copy_from_slice(&count.to_le_bytes());
        reseal(&mut bytes);
        assert!(Batch::decode(&bytes).is_err(), "a count of {count} for 3 entries");
    }
}
