//! The few unsafe lines, watched: Miri carries out the book's tests, and
//! valgrind the release build of the benches, which has what Miri leaves out:
//! the processor's hints and the advice to the kernel.

use crate::shell::{self, command};

/// Random runs of each of the book's tests: Miri is some hundred times slower.
const RUNS: &str = "1";

pub(crate) fn run() -> Result<(), String> {
    install()?;
    let mut miri = command("cargo", &["+nightly", "miri", "test", "--package", "berth-book", "--locked"]);
    // Tests read the number of their runs from outside.
    miri.env("MIRIFLAGS", "-Zmiri-disable-isolation").env("BERTH_BOOK_RUNS", RUNS);
    shell::run(miri, |_| ())?;
    shell::run(command("scripts/memcheck", &[]), |_| ())
}

/// Installs Miri unless it is there.
fn install() -> Result<(), String> {
    let version = command("cargo", &["+nightly", "miri", "--version"]).output();
    if version.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    println!("Miri is missing: installing it with today's nightly toolchain");
    let install = ["toolchain", "install", "nightly", "--profile", "minimal", "--component", "miri,rust-src"];
    shell::run(command("rustup", &install), |_| ())
}
