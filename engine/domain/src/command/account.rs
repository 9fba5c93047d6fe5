//! What concerns an account as a whole.

use crate::codec::codec_struct;
use crate::ids::{Address, MarketId};

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
