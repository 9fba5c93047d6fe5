//! The words of verification survive their bytes, and the draw is the one that
//! is documented.

use berth_domain::codec::{Decode, DecodeError, Encode};
use berth_domain::{
    Command, Digest, Event, LeaseId, LedgerSeen, Verdict, VerificationDrawn, VerificationEnded, VerificationRerun,
    VerificationStarted, Verify, is_drawn,
};
use sha2::{Digest as _, Sha256};

fn check<T: Encode + Decode + PartialEq + std::fmt::Debug>(value: &T) {
    let bytes = value.to_bytes();
    assert_eq!(T::from_bytes(&bytes).as_ref(), Ok(value));
    for len in 0..bytes.len() {
        assert!(T::from_bytes(&bytes[..len]).is_err(), "{len} bytes of {value:?}");
    }
}

#[test]
fn the_words_of_verification_are_their_bytes() {
    let (lease, hash) = (LeaseId(u64::MAX), Digest([7; 32]));
    check::<Command>(&LedgerSeen { lease, ledger: 9, hash }.into());
    check::<Event>(&VerificationStarted { lease }.into());
    check::<Event>(&VerificationDrawn { lease, ledger: 9, hash, drawn: true }.into());
    check::<Event>(&VerificationRerun { lease, rerun: LeaseId(1) }.into());
    for verdict in Verdict::ALL {
        check::<Event>(&VerificationEnded { lease, verdict: *verdict }.into());
    }
    for (verify, bytes) in [(Verify::None, vec![0]), (Verify::Spot, vec![1]), (Verify::Replicas(3), vec![2, 3])] {
        check(&verify);
        assert_eq!(verify.to_bytes(), bytes);
    }
    assert_eq!(Verify::from_bytes(&[3]), Err(DecodeError::Tag { of: "Verify", tag: 3 }));
}

/// A number is divisible by ten when its last bit is zero and it is divisible by
/// five; by five when the sum of its bytes is, since 256 leaves a rest of one.
#[test]
fn a_tenth_is_drawn_by_the_ledgers_hash_and_the_lease() {
    let mut drawn = 0;
    for lease in 0..2_000_u64 {
        let hash = Digest([u8::try_from(lease % 251).expect("small"); 32]);
        let digest: [u8; 32] = Sha256::new().chain_update(hash.0).chain_update(lease.to_le_bytes()).finalize().into();
        let sum: u32 = digest.iter().map(|byte| u32::from(*byte)).sum();
        let expected = digest[31].is_multiple_of(2) && sum.is_multiple_of(5);
        assert_eq!(is_drawn(hash, LeaseId(lease)), expected);
        drawn += u32::from(expected);
    }
    assert!((150..250).contains(&drawn), "{drawn} of 2000 are a tenth");
}
