//! What the fuzz targets do with a byte string: read it as bytes of the log, as
//! a batch, as a program that writes a log, as the content that a snapshot keeps,
//! in which some bytes are others, or as a lease's bundle. All panic on what must
//! never be.
//!
//! The targets in `fuzz/` are outside the workspace, since they need a fuzzer's
//! build; what they run is here, so that a plain test replays their seeds and
//! findings (`fuzz/seeds`) in every build. `docs/testing.md` says how to fuzz.

mod batch;
mod bundle;
mod chain;
mod codec;
mod commands;
mod dice;
mod keys;
mod leases;
mod log;
mod operators;
mod orders;
mod rules;
mod snapshot;

pub use batch::batch;
pub use bundle::bundle;
pub use codec::read;
pub use log::play;
pub use snapshot::{Content, snapshot};
