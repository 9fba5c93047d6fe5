//! What concerns an account as a whole.

use crate::codec::codec_struct;
use crate::ids::{Address, MarketId};
use crate::money::{Rate, Stroops};
use crate::time::Micros;

/// Opens an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenAccount {
    /// Its key.
    pub address: Address,
}
codec_struct!(OpenAccount { address });

/// Ends the account's open orders and live bids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelAll {
    /// Of this market only.
    pub market: Option<MarketId>,
    /// Only what was placed in this session.
    pub session: Option<u64>,
}
codec_struct!(CancelAll { market, session });

/// Arms the account's dead-man timer: unless a command of the account comes in
/// time, all its orders and bids end. Each command sets the time anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetDeadMan {
    /// Time without a command, in milliseconds; 0 disarms.
    pub millis: u32,
}
codec_struct!(SetDeadMan { millis });

/// Sets the account's mandate, or takes it back where nothing is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetMandate {
    /// As a tenant: the most that the escrow of one lease may hold.
    pub per_lease: Option<Stroops>,
    /// As a tenant: the most that may go into escrows from one midnight (UTC)
    /// to the next.
    pub per_day: Option<Stroops>,
    /// As a provider: the lowest price that a bid of it may trade at.
    pub floor: Option<Rate>,
    /// When it ends.
    pub until: Option<Micros>,
}
codec_struct!(SetMandate { per_lease, per_day, floor, until });
