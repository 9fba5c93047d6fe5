//! The seeds of the fuzz targets, and whatever they have found: each in every
//! build, so that a fault that was mended stays so.

use std::fs;
use std::path::Path;

/// Runs every seed of a target; answers how many there are.
fn replay(target: &str, run: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut seeds: Vec<_> = fs::read_dir(&folder)
        .expect("the target has seeds")
        .map(|seed| seed.expect("a seed is a file").path())
        .collect();
    seeds.sort();
    for seed in &seeds {
        // Shown by the test runner when one fails.
        eprintln!("{}", seed.display());
        run(&fs::read(seed).expect("a seed can be read"));
    }
    seeds.len()
}

#[test]
fn bytes_that_were_found_to_matter_are_read() {
    assert!(replay("command", berth_fuzzing::read) > 0, "there are seeds");
}

#[test]
fn logs_that_were_found_to_matter_apply() {
    assert!(replay("apply", berth_fuzzing::play) > 0, "there are seeds");
}

/// Programs that nobody chose, so that the interpreter is driven in every build
/// even where no fuzzer can be.
#[test]
fn logs_out_of_arbitrary_bytes_apply() {
    // Any numbers do, as long as they are the same ones in each run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..60 {
        let program: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .take(3_000)
        .collect();
        berth_fuzzing::play(&program);
    }
}
