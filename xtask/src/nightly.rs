//! The long loops: the same tests as in CI, with the numbers turned up by the
//! environment variables that each of them documents, and the simulator's seeds.

use crate::shell::{self, command};
use crate::simulate::{self, Simulate};

/// Variables that turn a loop up, and by how much.
const LOOPS: [(&str, &str); 2] = [("BERTH_STREAMS", "100000"), ("BERTH_KILLS", "200")];

/// Worlds of the simulator.
const SEEDS: u64 = 100_000;

pub(crate) fn run() -> Result<(), String> {
    let mut test = command("cargo", &["test", "--workspace", "--locked", "--no-fail-fast"]);
    for (name, value) in LOOPS {
        println!("{name}={value}");
        test.env(name, value);
    }
    shell::run(test, |_| ())?;
    simulate::run(&Simulate::seeds(SEEDS))
}
