//! Mandates: what an account lets be done in its name.

use crate::codec::codec_struct;
use crate::money::{Rate, Stroops};
use crate::time::Micros;

/// The limits of an account. `None` limits nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mandate {
    /// As a tenant: the most that the escrow of one lease may hold.
    pub per_lease: Option<Stroops>,
    /// As a tenant: the most that may go into escrows from one midnight (UTC)
    /// to the next.
    pub per_day: Option<Stroops>,
    /// As a provider: the lowest price that a bid of it may trade at.
    pub floor: Option<Rate>,
    /// When it ends; there is none after that.
    pub until: Option<Micros>,
}
codec_struct!(Mandate { per_lease, per_day, floor, until });
