//! Arbitrary bytes as the content that a snapshot keeps, with some bytes changed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| berth_fuzzing::snapshot(bytes));
