//! Benchmarks, each beside a baseline of the same run: workload files and their
//! generator, the drivers that carry them out, and what is measured of them.
//!
//! The program `berth-benches` is a thin driver of this; so is `berth bench`.

pub mod allocations;
pub mod drive;
#[cfg(feature = "gateway")]
pub mod gateway;
pub mod generate;
#[cfg(feature = "journal")]
pub mod journal;
pub mod measure;
pub mod report;
pub mod verbs;
pub mod workload;
