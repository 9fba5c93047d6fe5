//! The journal's measurements run, measure what they say, and leave nothing.

use std::time::Duration;

use berth_benches::journal::{Start, Write, measure_start, measure_writing};

#[test]
fn writing_is_measured_beside_a_plain_file_and_read_back() {
    for (batch, commands) in [(1, 300), (256, 100_000), (65_536, 70_000)] {
        let dir = tempfile::tempdir().unwrap();
        let write = Write { batch, commands, spend: Duration::from_secs(2), dir: dir.path().to_owned() };
        let report = measure_writing(&write).unwrap();
        assert_eq!(report.batch, batch);
        let [of_node, alone] = report.commands;
        assert!(of_node > 0 && of_node <= commands && alone > 0, "{report:?}");
        for at in 0..2 {
            // Of any command there are some dozens of bytes; of a batch its header.
            assert!(report.bytes[at] as u64 > 40 * report.commands[at], "{report:?}");
            assert!(report.batches[at] >= (report.commands[at] as usize).div_ceil(batch), "{report:?}");
        }
        // All that was timed was read back, and what was there before it.
        assert!(report.replayed > of_node + 5_000 && alone <= report.replayed, "{report:?}");
        let ratio = report.journal_per_second as f64 / report.raw_per_second as f64;
        assert!((ratio / report.ratio - 1.0).abs() < 0.05 && report.node_ratio > 0.0, "{report:?}");
        assert!(report.p50_us <= report.p99_us && report.raw_p50_us <= report.raw_p99_us, "{report:?}");
        assert!(report.node_p50_us <= report.node_p99_us, "{report:?}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "the run's folder is removed");
    }
}

#[test]
fn a_start_is_measured_from_a_snapshot_and_from_the_log_alone() {
    let dir = tempfile::tempdir().unwrap();
    let report = measure_start(&Start { commands: 30_000, tail: 4_000, dir: dir.path().to_owned() }).unwrap();
    let tail = report.entries - report.snapshot_at;
    // Snapshots stand at the ends of batches.
    assert!((4_000 - 1_024..=4_000).contains(&tail), "{report:?}");
    assert!(report.entries >= 30_000 + 5_000 && report.snapshot_bytes > 0, "{report:?}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "the run's folder is removed");
    let more = measure_start(&Start { commands: 1_000, tail: 501, dir: dir.path().to_owned() });
    assert_eq!(more.unwrap_err().to_string(), "--tail: 501 is more than half of the commands");
}
