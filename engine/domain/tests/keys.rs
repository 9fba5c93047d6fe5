//! Keys, and those who speak by them: one value, one encoding.

use berth_domain::codec::{Decode, DecodeError, Encode};
use berth_domain::{
    AccountId, Authority, Command, Digest, Entry, Event, KeyRegistered, KeyRevoked, Micros, RULES_VERSION, RegisterKey,
    RevokeKey, Scopes, Seq,
};
use proptest::prelude::*;

fn scopes() -> impl Strategy<Value = Scopes> {
    (0..16_u8).prop_map(|bits| Scopes::from_bytes(&[bits]).expect("four bits"))
}

fn signature() -> impl Strategy<Value = [u8; 64]> {
    proptest::collection::vec(any::<u8>(), 64).prop_map(|bytes| bytes.try_into().expect("64 of them"))
}

fn authority() -> impl Strategy<Value = Authority> {
    let key = any::<[u8; 32]>();
    prop_oneof![
        Just(Authority::Exchange),
        Just(Authority::OperatorAttested),
        key.prop_map(|key| Authority::KeyAttested { key }),
        (key, any::<u64>(), signature()).prop_map(|(key, nonce, signature)| Authority::Signed {
            key,
            nonce,
            signature
        }),
        (key, any::<u64>(), signature()).prop_map(|(key, nonce, signature)| Authority::SignedMessage {
            key,
            nonce,
            signature
        }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let micros = proptest::option::of(any::<u64>().prop_map(Micros));
    prop_oneof![
        (any::<[u8; 32]>(), scopes(), micros, signature()).prop_map(|(key, scopes, expires_at, proof)| RegisterKey {
            key,
            scopes,
            expires_at,
            proof
        }
        .into()),
        any::<[u8; 32]>().prop_map(|key| RevokeKey { key }.into()),
    ]
}

proptest! {
    #[test]
    fn an_entry_is_its_bytes(authority in authority(), command in command(), flip in any::<usize>()) {
        let entry = Entry { rules: RULES_VERSION, seq: Seq(7), at: Micros(8), account: AccountId(9), authority, command };
        let mut bytes = entry.to_bytes();
        prop_assert_eq!(&Entry::from_bytes(&bytes).expect("its own bytes"), &entry);
        for len in 0..bytes.len() {
            prop_assert!(Entry::from_bytes(&bytes[..len]).is_err(), "{len} of {} bytes", bytes.len());
        }
        let at = flip % (bytes.len() * 8);
        bytes[at / 8] ^= 1 << (at % 8);
        if let Ok(other) = Entry::from_bytes(&bytes) {
            prop_assert_ne!(&other, &entry);
            prop_assert_eq!(other.to_bytes(), bytes);
        }
        prop_assert_eq!(entry.is_signed_well(Digest([1; 32])), authority.is_signed().then_some(false));
    }

    #[test]
    fn an_event_is_its_bytes(id in any::<u32>(), key in any::<[u8; 32]>(), scopes in scopes(), end in any::<Option<u64>>()) {
        let (account, expires_at) = (AccountId(id), end.map(Micros));
        for event in [Event::from(KeyRegistered { account, key, scopes, expires_at }), KeyRevoked { account, key }.into()] {
            prop_assert_eq!(Event::from_bytes(&event.to_bytes()), Ok(event));
        }
    }
}

#[test]
fn no_other_byte_is_an_authority() {
    for tag in 5..=u8::MAX {
        let mut bytes = [0; 200];
        bytes[0] = tag;
        assert_eq!(Authority::from_bytes(&bytes), Err(DecodeError::Tag { of: "Authority", tag: tag.into() }));
    }
}
