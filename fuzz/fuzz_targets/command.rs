//! Arbitrary bytes as a command, an entry and an event.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| berth_fuzzing::read(bytes));
