//! What a log has to say to those who were not there: auditors, tenants in a
//! dispute, developers who hunt a bug.
//!
//! All of it is derived from entries alone, by playing them on the same state
//! machine ([`Player`]); nothing here reads a disk or a socket, and nothing
//! trusts what the log claims of itself.
//!
//! - [`line`] is one entry with what came of it, as JSON; [`Selection`] chooses
//!   lines.
//! - [`Story`] walks from cause to effect: all that ever touched one thing.
//! - [`differences`] of two states; [`Fairness`] of each lease; a [`Bisection`]
//!   of two logs.
//! - A [`Bundle`] lets a third party check one lease; [`rows`] are for those who
//!   ask with SQL.

mod bisect;
mod bundle;
mod calendar;
mod diff;
mod export;
mod fairness;
mod line;
mod player;
mod reasons;
mod select;
mod story;
mod thing;
mod touch;
mod what_if;

pub use bisect::{Bisection, Parting, PartingKind};
pub use bundle::{Bundle, BundleFault, BundleReport, BundledEntry};
pub use calendar::{day, stamp};
pub use diff::{Difference, differences, picture};
pub use export::{Row, rows};
pub use fairness::{Fairness, Fault, Judged, Unfair};
pub use line::line;
pub use player::{Moment, Player};
pub use select::{Selection, is_type};
pub use story::Story;
pub use thing::Thing;
pub use touch::touched;
pub use what_if::{
    Extra, Heard, OwnLease, Plan, PlanError, Served, Speech, WhatIf, WhatIfError, WhatIfReport, speaker,
};
