//! The journal on a disk that loses power, and in a process that is killed:
//! nothing that was acknowledged is lost.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

#[path = "../shared/cast.rs"]
mod cast;

mod archive;
mod full;
mod kill;
mod load;
mod matrix;
mod node;
mod power;
mod private;
mod witness;
