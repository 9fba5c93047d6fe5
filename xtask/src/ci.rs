//! Everything that must pass, in the order in which a failure is cheapest. Ends
//! with the sum of what the test runners said.

use std::process::Command;
use std::time::Instant;

use crate::shell::{self, command};
use crate::simulate::{self, Simulate};
use crate::{graph, tidy};

#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Tally {
    /// Adds a line of the test runner's, such as
    /// `test result: ok. 12 passed; 0 failed; 0 ignored; …`.
    fn read(&mut self, line: &str) {
        if !line.trim_start().starts_with("test result:") {
            return;
        }
        let count = |word: &str| -> u64 {
            let words: Vec<&str> = line.split_whitespace().collect();
            let at = words.iter().position(|w| w.trim_end_matches(';') == word);
            at.and_then(|at| words.get(at.checked_sub(1)?)?.parse().ok()).unwrap_or(0)
        };
        self.passed += count("passed");
        self.failed += count("failed");
        self.skipped += count("ignored");
    }
}

pub(crate) fn run() -> Result<(), String> {
    let mut tally = Tally::default();
    let mut minutes = Vec::new();
    let outcome = suites(&mut tally, &mut minutes);
    println!("\nminutes per suite:");
    for (suite, taken) in &minutes {
        println!("  {taken:>6.1}  {suite}");
    }
    if let Err(fault) = &outcome {
        println!("\n{fault}");
        tally.failed = tally.failed.max(1);
    }
    let summary = format!("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
    println!("{summary}");
    // Kept for whoever runs something else behind the tests and ends with this.
    std::fs::write(shell::root().join("target/test-summary"), summary + "\n").map_err(|e| e.to_string())?;
    outcome
}

fn suites(tally: &mut Tally, minutes: &mut Vec<(&'static str, f64)>) -> Result<(), String> {
    let mut suite = |name: &'static str, run: &mut dyn FnMut(&mut Tally) -> Result<(), String>| {
        println!("\n── {name}");
        let from = Instant::now();
        let outcome = run(tally);
        minutes.push((name, from.elapsed().as_secs_f64() / 60.0));
        outcome
    };
    suite("format", &mut |_| {
        let format = ["fmt", "--all", "--check"];
        shell::run(command("cargo", &format), |_| ())?;
        shell::run(contracts("cargo", &format), |_| ())
    })?;
    suite("tidy", &mut |_| tidy::check())?;
    suite("crate graph", &mut |_| graph::check(false))?;
    suite("build", &mut |_| {
        shell::run(command("cargo", &["build", "--workspace", "--all-targets", "--locked"]), |_| ())
    })?;
    suite("tests", &mut |tally| {
        let test = command("cargo", &["test", "--workspace", "--locked", "--no-fail-fast"]);
        shell::run(test, |line| tally.read(line))
    })?;
    suite("simulator", &mut |_| simulate::run(&Simulate::seeds(1_000)))?;
    suite("planted bugs", &mut |tally| {
        let find =
            ["test", "--package", "berth-simulator", "--features", "planted-bugs", "--test", "planted", "--locked"];
        shell::run(command("cargo", &find), |line| tally.read(line))?;
        let judge = ["test", "--package", "berth-audit", "--features", "planted-bugs", "--test", "audit", "--locked"];
        shell::run(command("cargo", &[&judge[..], &["a_build"]].concat()), |line| tally.read(line))
    })?;
    suite("contracts", &mut |tally| {
        shell::run(contracts("cargo", &["test", "--workspace", "--locked"]), |line| tally.read(line))
    })?;
    suite("contracts' wasm", &mut |_| wasm())?;
    suite("lints", &mut |_| {
        let lint = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
        shell::run(command("cargo", &lint), |_| ())?;
        shell::run(contracts("cargo", &lint), |_| ())?;
        let planted = ["clippy", "--package", "berth-simulator", "--all-targets", "--features", "planted-bugs"];
        let mut lint = command("cargo", &planted);
        lint.args(["--locked", "--", "-D", "warnings"]);
        shell::run(lint, |_| ())
    })
}

/// A command in the contracts' own workspace.
fn contracts(program: &str, args: &[&str]) -> Command {
    let mut command = command(program, args);
    command.current_dir(shell::root().join("settlement/contracts"));
    command
}

/// Checks each contract's committed wasm against its hash, rebuilds it and compares.
/// Where it cannot be compared, for want of the pinned compiler or the target, the script
/// says so.
fn wasm() -> Result<(), String> {
    const CANNOT_COMPARE: i32 = 2;
    let status = command("sh", &["settlement/contracts/check-wasm.sh"]).status().map_err(|e| e.to_string())?;
    match status.code() {
        Some(0 | CANNOT_COMPARE) => Ok(()),
        _ => Err(format!("the contracts' wasm is not what is committed: {status}")),
    }
}
