//! A disk for tests: it loses power, fills up, lies about what it kept, and
//! breaks, each when it is told to. It is a FUSE filesystem in memory, so the
//! program under test runs over the real kernel, unchanged.
//!
//! - A file has two contents: what was written, and what a power cut would leave.
//!   Only `fsync` (or `fdatasync`) makes the second the first.
//! - A name (made, renamed, removed) is durable only once its directory was
//!   synced. Real filesystems often keep more; none has to.
//! - [`Disk::cut`] takes the power away at one moment. Nothing is answered after
//!   it but errors, so whoever had an answer had it before. How much of what was
//!   not synced survives is a [`Survival`].
//! - A [`Fault`] makes an operation on files of some names fail, lie or stop
//!   half-way.
//!
//! One thread serves one disk, and all chance is drawn from its seed: what a
//! single-threaded program does to a disk has the same outcome every time.
//!
//! Times and owners are not kept, and space that is reserved without being
//! written (`fallocate` that keeps the size) is not counted.

mod chance;
mod content;
mod disk;
mod fault;
mod fuse;
mod state;
mod tree;

pub use content::Survival;
pub use disk::{Disk, Image, is_available};
pub use fault::{Effect, Fault, Operation};
