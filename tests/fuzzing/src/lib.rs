//! What the fuzz targets do with a byte string: read it as bytes of the log, as
//! a program that writes a log, or as the content that a snapshot keeps, in which
//! some bytes are others. All panic on what must never be.
//!
//! The targets in `fuzz/` are outside the workspace, since they need a fuzzer's
//! build; what they run is here, so that a plain test replays their seeds and
//! findings (`fuzz/seeds`) in every build. `docs/testing.md` says how to fuzz.

mod chain;
mod codec;
mod commands;
mod dice;
mod leases;
mod log;
mod operators;
mod orders;
mod rules;
mod snapshot;

pub use codec::read;
pub use log::play;
pub use snapshot::{Content, snapshot};
