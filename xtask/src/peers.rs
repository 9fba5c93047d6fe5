//! Books that others have published, built from their own lock and run beside
//! Berth's: all of them must give the oracle's hash.

use crate::shell::{self, command};

const MANIFEST: [&str; 3] = ["--locked", "--manifest-path", "benches/peers/Cargo.toml"];

pub(crate) fn run() -> Result<(), String> {
    let mut lint = command("cargo", &["clippy"]);
    lint.args(MANIFEST).args(["--", "-D", "warnings"]);
    shell::run(lint, |_| ())?;
    let mut run = command("cargo", &["run", "--release"]);
    run.args(MANIFEST);
    shell::run(run, |_| ())
}
