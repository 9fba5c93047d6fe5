//! What lints cannot see.

use std::fs;

use crate::shell::{self, command};

/// A file that passes this many lines wants another shape.
const LINES_MAX: usize = 500;

pub(crate) fn check() -> Result<(), String> {
    let files = shell::output(command("git", &["ls-files", "--cached", "--others", "--exclude-standard"]))?;
    let mut faults = Vec::new();
    for path in files.lines() {
        let Ok(text) = fs::read_to_string(shell::root().join(path)) else { continue };
        let is_source = [".rs", ".ts", ".svelte", ".sh"].iter().any(|end| path.ends_with(end));
        if is_source {
            source(path, &text, &mut faults);
        }
        if path.ends_with(".rs") || path.ends_with(".md") {
            prose(path, &text, &mut faults);
        }
    }
    let readme = fs::read_to_string(shell::root().join("README.md")).map_err(|e| format!("README.md: {e}"))?;
    let words = readme.split_whitespace().count();
    if words >= 1_000 {
        faults.push(format!("README.md: {words} words, keep it under 1,000"));
    }
    if faults.is_empty() { Ok(()) } else { Err(format!("not tidy:\n  {}", faults.join("\n  "))) }
}

fn source(path: &str, text: &str, faults: &mut Vec<String>) {
    let lines = text.lines().count();
    if lines > LINES_MAX {
        faults.push(format!("{path}: {lines} lines, split it by nouns (at most {LINES_MAX})"));
    }
    for (i, line) in text.lines().enumerate() {
        // The words are put together so that this file does not hold them.
        for leftover in
            [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("dbg", "!("), concat!("unimple", "mented!(")]
        {
            if line.contains(leftover) {
                faults.push(format!("{path}:{}: {leftover}", i + 1));
            }
        }
    }
    let is_root = ["/lib.rs", "/main.rs"].iter().any(|end| path.ends_with(end));
    if is_root && !text.starts_with("//!") {
        faults.push(format!("{path}: begins without `//!` that says what the crate does"));
    }
}

fn prose(path: &str, text: &str, faults: &mut Vec<String>) {
    for (i, line) in text.lines().enumerate() {
        if line.ends_with(' ') {
            faults.push(format!("{path}:{}: a blank at the end of the line", i + 1));
        }
    }
}
