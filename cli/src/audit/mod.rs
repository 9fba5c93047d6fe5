//! The audit verbs: they read a data directory, also beside a running node, and
//! change nothing.

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
mod progress;
mod walk;
