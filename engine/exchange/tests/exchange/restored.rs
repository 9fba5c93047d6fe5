//! An exchange out of its content does what the one that was written does:
//! `desk` and `streams` go on with one every few entries. Here: bytes that are
//! no content.

use berth_domain::{Micros, Seq};
use berth_exchange::{Component, ContentError, Exchange, StateHash};

use crate::cast::genesis;
use crate::desk::Desk;
use crate::script::Stage;
use crate::streams::ends;

/// The content of an exchange, from front to back.
pub(crate) fn content_of(x: &Exchange) -> Vec<u8> {
    let mut bytes = Vec::new();
    for component in Component::ALL {
        x.content(component, &mut |piece| bytes.extend_from_slice(piece));
    }
    bytes
}

pub(crate) fn restored(x: &Exchange) -> Exchange {
    let (again, hash) = read(x, &content_of(x)).unwrap_or_else(|e| panic!("an exchange reads back: {e}"));
    assert_eq!(hash, x.state_hash(), "what was read is what was written");
    assert_eq!(again.state_hash(), hash, "an exchange reads back as itself");
    again
}

fn read(x: &Exchange, mut bytes: &[u8]) -> Result<(Exchange, StateHash), ContentError> {
    Exchange::from_content(x.head(), x.last_at(), &mut bytes)
}

/// Numbers that look random and are the same in each run.
fn dice(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    }
}

#[test]
fn an_exchange_that_has_not_begun_reads_back() {
    let x = Exchange::new();
    let (again, _) = Exchange::from_content(Seq(0), Micros(0), &mut &content_of(&x)[..]).expect("it is sound");
    assert_eq!(again.state_hash(), x.state_hash());
}

#[test]
fn every_changed_byte_is_an_error_or_another_state() {
    for (seed, x) in (1..).zip(ends(6)) {
        let bytes = content_of(&x);
        let mut dice = dice(seed);
        for _ in 0..1_500 {
            let mut changed = bytes.clone();
            let at = dice(bytes.len());
            changed[at] ^= 1 << dice(8);
            if let Ok((again, hash)) = read(&x, &changed) {
                assert_ne!(hash, x.state_hash(), "bit of byte {at}");
                assert_eq!(again.state_hash(), hash, "what is accepted is canonical: byte {at}");
            }
        }
    }
}

#[test]
fn every_other_length_is_an_error() {
    for (seed, x) in (1..).zip(ends(3)) {
        let bytes = content_of(&x);
        let mut dice = dice(seed);
        for _ in 0..300 {
            let len = dice(bytes.len());
            assert!(read(&x, &bytes[..len]).is_err(), "{len} of {} bytes", bytes.len());
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(matches!(read(&x, &longer), Err(ContentError::Trailing)));
    }
}

#[test]
fn a_count_that_lies_is_no_allocation() {
    let x = Desk::open(genesis()).exchange;
    let bytes = content_of(&x);
    // Wherever a count stands: with all bits set it is more than there is.
    for at in 0..bytes.len() - 8 {
        let mut changed = bytes.clone();
        changed[at..at + 8].fill(0xff);
        drop(read(&x, &changed));
    }
}

#[test]
fn what_is_wrong_is_named() {
    let x = Stage::new(genesis()).desk.exchange;
    let bytes = content_of(&x);
    let told = |bytes: &[u8]| read(&x, bytes).expect_err("it is changed").to_string();
    assert_eq!(told(&bytes[..4]), "ledger: ledger 0: deposited: the input ends inside a value");
    let mut minus = bytes.clone();
    // Behind four totals, a count and an account's id.
    minus[4 * 16 + 8 + 4 + 7] = 0x80;
    assert_eq!(told(&minus), "ledger: funds 1: value: a value is outside the range of stroops");
    let mut more = bytes.clone();
    more[0] = 1;
    assert_eq!(told(&more), "ledger: ledger 0: sums does not agree with the rest of the content");
}
