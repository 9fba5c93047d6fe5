//! What holds after every entry.

use berth_exchange::{Exchange, Invariants};

/// All of it, whatever it takes.
#[track_caller]
pub(crate) fn check(x: &Exchange) {
    let Invariants { broken, is_cut, .. } = Invariants::of(x, u64::MAX);
    assert!(broken.is_empty() && !is_cut, "{broken:#?}");
}
