//! The journal from outside: a node's log is written, damaged, read back.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

#[path = "../shared/cast.rs"]
mod cast;

mod archive;
mod audit;
mod document;
mod flips;
mod node;
mod pipeline;
mod recovery;
mod sequencing;
mod snapshots;
mod trees;
