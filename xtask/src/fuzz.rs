//! The fuzz targets, one after the other. They are built for libFuzzer without a
//! sanitizer, which the stable toolchain can: what they look for are panics and
//! wrong answers, and the engine has next to no unsafe code.

use std::fs;

use crate::shell::{self, command};

const TARGETS: [&str; 5] = ["command", "batch", "bundle", "apply", "snapshot"];

/// What cargo-fuzz is installed when there is none.
const CARGO_FUZZ: &str = "0.13.2";

/// Inputs are no longer than this, in bytes: a program of some hundred commands.
const BYTES_MAX: u32 = 4_096;

/// How long an input may take, in seconds.
const INPUT_SECONDS_MAX: u32 = 60;

/// What to fuzz.
#[derive(clap::Args)]
pub(crate) struct Fuzz {
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// One target alone.
    #[arg(long, value_parser = TARGETS)]
    target: Option<String>,
}

impl Fuzz {
    pub(crate) const fn all(seconds: u64) -> Self {
        Self { seconds, target: None }
    }
}

pub(crate) fn run(what: &Fuzz) -> Result<(), String> {
    install()?;
    for target in TARGETS.iter().filter(|target| what.target.as_deref().is_none_or(|named| named == **target)) {
        fuzz(target, what.seconds)?;
    }
    Ok(())
}

/// Installs cargo-fuzz unless it is there.
fn install() -> Result<(), String> {
    let is_there = command("cargo", &["fuzz", "--version"]).output().is_ok_and(|output| output.status.success());
    if is_there {
        return Ok(());
    }
    println!("cargo-fuzz is missing: installing {CARGO_FUZZ} from crates.io");
    shell::run(command("cargo", &["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ]), |_| ())
}

fn fuzz(target: &str, seconds: u64) -> Result<(), String> {
    let fuzz = shell::root().join("fuzz");
    let (corpus, seeds) = (fuzz.join("corpus").join(target), fuzz.join("seeds").join(target));
    fs::create_dir_all(&corpus).map_err(|e| format!("{}: {e}", corpus.display()))?;
    println!("{target}: {seconds} s");
    let mut run = command("cargo", &["fuzz", "run", "--sanitizer", "none", target]);
    // What is found anew goes into the first of the folders.
    run.args([corpus, seeds]);
    run.args(["--", &format!("-max_total_time={seconds}"), &format!("-max_len={BYTES_MAX}")]);
    run.args([format!("-timeout={INPUT_SECONDS_MAX}"), "-print_final_stats=1".to_owned()]);
    shell::run(run, |_| ()).map_err(|fault| {
        format!(
            "{fault}\nThe input lies in fuzz/artifacts/{target}. Kept in fuzz/seeds/{target}, every build replays it."
        )
    })
}
