//! Arbitrary bytes as a batch of the log.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = berth_fuzzing::batch(bytes);
});
