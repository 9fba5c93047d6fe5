//! The long loops: the same tests as in CI, with the numbers turned up by the
//! environment variables that each of them documents, the fuzz targets, and the
//! simulator's seeds. And what CI leaves out: the unsafe code under Miri and
//! valgrind, and other people's books.

use crate::fuzz::{self, Fuzz};
use crate::memory;
use crate::peers;
use crate::shell::{self, command};
use crate::simulate::{self, Simulate};

/// Variables that turn a loop up, and by how much.
const LOOPS: [(&str, &str); 7] = [
    ("BERTH_STREAMS", "100000"),
    ("BERTH_KILLS", "200"),
    ("BERTH_NODE_KILLS", "1000"),
    ("BERTH_POWER_CUTS", "200"),
    ("BERTH_FLIPS", "1000"),
    ("BERTH_EXAMPLES", "500"),
    ("BERTH_SETTLER_CRASHES", "1000"),
];

/// How long each fuzz target runs.
const FUZZ_SECONDS: u64 = 1_800;

/// Worlds of the simulator.
const SEEDS: u64 = 100_000;

pub(crate) fn run() -> Result<(), String> {
    let mut test = command("cargo", &["test", "--workspace", "--locked", "--no-fail-fast"]);
    for (name, value) in LOOPS {
        println!("{name}={value}");
        test.env(name, value);
    }
    shell::run(test, |_| ())?;
    memory::run()?;
    peers::run()?;
    fuzz::run(&Fuzz::all(FUZZ_SECONDS))?;
    simulate::run(&Simulate::seeds(SEEDS))
}
