//! The simulator, a crate of its own, so that this one stays light.

use crate::shell::{self, command};

/// What to simulate.
#[derive(clap::Args)]
pub(crate) struct Simulate {
    /// How many seeds, from 1 on.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// One seed alone: that run again, step by step the same.
    #[arg(long)]
    seed: Option<u64>,
    /// Tells everything that happens in it.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Says at the end what was met, and how often.
    #[arg(long)]
    met: bool,
}

impl Simulate {
    pub(crate) const fn seeds(seeds: u64) -> Self {
        Self { seeds, seed: None, trace: false, met: false }
    }
}

pub(crate) fn run(what: &Simulate) -> Result<(), String> {
    let mut simulate = command("cargo", &["run", "--quiet", "--locked", "--package", "berth-simulator", "--"]);
    simulate.arg("--seeds").arg(what.seeds.to_string());
    if let Some(seed) = what.seed {
        simulate.arg("--seed").arg(seed.to_string());
    }
    for (flag, is_set) in [("--trace", what.trace), ("--met", what.met)] {
        if is_set {
            simulate.arg(flag);
        }
    }
    shell::run(simulate, |_| ())
}
