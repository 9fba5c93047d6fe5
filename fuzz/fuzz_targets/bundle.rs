//! Arbitrary bytes as a lease's bundle, or as changes of a sound one.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| berth_fuzzing::bundle(bytes));
