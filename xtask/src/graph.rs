//! The graph of our crates, pinned by a golden file: an arrow that the layers
//! do not have is seen in review.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::shell::{self, command};

const GOLDEN: &str = "docs/crate-graph.txt";

pub(crate) fn check(bless: bool) -> Result<(), String> {
    let metadata = shell::output(command("cargo", &["metadata", "--format-version=1", "--no-deps", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|e| e.to_string())?;
    let drawn = draw(&metadata);
    let path = shell::root().join(GOLDEN);
    if bless {
        return fs::write(&path, drawn).map_err(|e| format!("{GOLDEN}: {e}"));
    }
    let golden = fs::read_to_string(&path).map_err(|e| format!("{GOLDEN}: {e}"))?;
    if golden == drawn {
        Ok(())
    } else {
        Err(format!("the crate graph is not {GOLDEN} (cargo xtask graph --bless writes it):\n{drawn}"))
    }
}

/// A line a crate: what it builds on, tests and build scripts aside.
fn draw(metadata: &Value) -> String {
    let mut graph: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let mut on: Vec<&str> = package["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|d| d["kind"].is_null() && !d["path"].is_null())
            .filter_map(|d| d["name"].as_str())
            .collect();
        on.sort_unstable();
        graph.insert(name, on);
    }
    graph.iter().fold(String::new(), |mut drawn, (name, on)| {
        let line = if on.is_empty() { (*name).to_owned() } else { format!("{name} -> {}", on.join(" ")) };
        writeln!(drawn, "{line}").expect("a string takes every line");
        drawn
    })
}
