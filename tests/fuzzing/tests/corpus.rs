//! The seeds of the fuzz targets, and whatever they have found: each in every
//! build, so that a fault that was mended stays so.

use std::fs;
use std::path::{Path, PathBuf};

use berth_fuzzing::Content;

/// Changes that are tried on each content.
const CHANGED: usize = 500;

/// Runs every seed of a target; answers how many there are.
fn replay(target: &str, run: fn(&[u8])) -> usize {
    let seeds = seeds(target);
    for seed in &seeds {
        // Shown by the test runner when one fails.
        eprintln!("{}", seed.display());
        run(&fs::read(seed).expect("a seed can be read"));
    }
    seeds.len()
}

fn seeds(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let files = fs::read_dir(&folder).expect("the target has seeds");
    let mut seeds: Vec<_> = files.map(|seed| seed.expect("a seed is a file").path()).collect();
    seeds.sort();
    seeds
}

#[test]
fn bytes_that_were_found_to_matter_are_read() {
    assert!(replay("command", berth_fuzzing::read) > 0, "there are seeds");
}

#[test]
fn batches_that_were_found_to_matter_are_read_or_refused() {
    assert!(replay("batch", |bytes| _ = berth_fuzzing::batch(bytes)) > 0, "there are seeds");
    let is_one = |seed: &PathBuf| berth_fuzzing::batch(&fs::read(seed).expect("a seed can be read"));
    let sound = seeds("batch").iter().filter(|&seed| is_one(seed)).count();
    assert!(sound > 3, "{sound} are batches, or nothing is read far");
}

/// One byte after the other is another in each batch.
#[test]
fn batches_with_other_bytes_are_read_or_refused() {
    let mut draw = numbers();
    for seed in seeds("batch") {
        let sound = fs::read(seed).expect("a seed can be read");
        for at in 0..sound.len() {
            let mut changed = sound.clone();
            changed[at] ^= 1 << (draw() % 8);
            berth_fuzzing::batch(&changed);
        }
    }
}

#[test]
fn bundles_that_were_found_to_matter_are_checked_or_refused() {
    assert!(replay("bundle", berth_fuzzing::bundle) > 0, "there are seeds");
}

#[test]
fn a_changed_bundle_is_refused_or_says_the_same() {
    // Each of its values, and others again, by each of the extremes.
    for (leaf, extreme) in (0..400_u32).flat_map(|leaf| (0..12).map(move |extreme| (leaf, extreme))) {
        let [a, b, c, d] = leaf.to_le_bytes();
        berth_fuzzing::bundle(&[a, b, c, d, 3, extreme]);
    }
    let mut draw = numbers();
    for _ in 0..1_000 {
        let changes: Vec<u8> = (0..=draw() % 3).flat_map(|_| draw().to_le_bytes().into_iter().take(6)).collect();
        berth_fuzzing::bundle(&changes);
    }
}

#[test]
fn logs_that_were_found_to_matter_apply() {
    assert!(replay("apply", berth_fuzzing::play) > 0, "there are seeds");
}

#[test]
fn contents_that_were_found_to_matter_restore_or_are_refused() {
    assert!(replay("snapshot", berth_fuzzing::snapshot) > 0, "there are seeds");
}

/// The content at the end of each log is one; with a few other bytes it is
/// refused, or an exchange that does not stumble.
#[test]
fn contents_of_logs_restore_and_with_other_bytes_or_are_refused() {
    let mut draw = numbers();
    for seed in seeds("apply") {
        let content = Content::after(&fs::read(seed).expect("a seed can be read"));
        assert!(content.restore(), "it is one");
        for _ in 0..CHANGED {
            let mut changed = content.clone();
            for _ in 0..=draw() % 3 {
                let bytes = &mut changed.bytes;
                let at = usize::try_from(draw() % bytes.len() as u64).expect("it is below a length");
                bytes[at] = match draw() % 3 {
                    0 => bytes[at] ^ (1 << (draw() % 8)),
                    1 => bytes[at].wrapping_add(1),
                    _ => draw().to_le_bytes()[0],
                };
            }
            changed.restore();
        }
    }
}

/// Numbers that nobody chose, the same ones in each run.
fn numbers() -> impl FnMut() -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 11
    }
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
