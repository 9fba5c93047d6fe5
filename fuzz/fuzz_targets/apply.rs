//! Arbitrary bytes as a program that writes a log.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| berth_fuzzing::play(bytes));
