//! Compiles the demo's page into a static binary that the crate embeds.
//!
//! The result is `OUT_DIR/page`. It runs in a container, which is Linux: where
//! this crate is built for another system the file is empty, and the demo has
//! to be given `--image`.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=page/main.rs");
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(variable("OUT_DIR")).join("page");
    if variable("CARGO_CFG_TARGET_OS") != "linux" {
        fs::write(&out, []).expect("OUT_DIR is cargo's own folder and can be written");
        return;
    }
    let mut rustc = Command::new(variable("RUSTC"));
    rustc
        .args(["--edition", "2024", "--crate-name", "page", "--target"])
        .arg(variable("TARGET"))
        .args(["-C", "target-feature=+crt-static", "-C", "panic=abort", "-C", "opt-level=s"])
        .args(["-C", "strip=symbols", "-C", "lto=fat", "-C", "codegen-units=1"])
        .arg("-o")
        .arg(&out)
        .arg("page/main.rs");
    let status = rustc.status().expect("cargo names a compiler that can be run");
    assert!(status.success(), "the demo's page does not compile: {rustc:?}");
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}
