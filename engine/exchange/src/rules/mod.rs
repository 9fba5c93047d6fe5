//! The rules that several commands share: one file for each.

mod accounts;
mod auction;
mod closing;
mod directing;
mod ending;
mod entering;
mod failing;
mod filling;
mod gang;
mod level;
mod lists;
mod mandate;
mod matching;
mod parking;
mod plan;
mod proving;
mod reentry;
mod rerunning;
mod resting;
mod room;
mod runway;
mod standing_by;
mod trust;
mod verifying;

pub(crate) use entering::refuse;
pub(crate) use matching::{Entering, has_escrow};
pub(crate) use plan::{Action, Budget, Plan, Stop};

/// Whether a list is sorted by a key that stands in it once: what makes its
/// encoding the only one.
pub(crate) fn is_sorted<T, K: Ord>(items: &[T], key: impl Fn(&T) -> &K) -> bool {
    items.windows(2).all(|pair| key(&pair[0]) < key(&pair[1]))
}
