//! The audit verbs: they read a data directory, also beside a running node, or
//! the log that a node serves, and change nothing.

pub(crate) mod bisect;
pub(crate) mod bundle;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod fairness;
pub(crate) mod log;
pub(crate) mod proof;
pub(crate) mod replay;
pub(crate) mod state;
pub(crate) mod verify;

mod name;
mod node_log;
mod progress;
mod source;
mod tree;
mod verify_node;
mod walk;
