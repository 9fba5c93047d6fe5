//! What concerns an account as a whole.

use crate::codec::codec_struct;
use crate::ids::{Address, MarketId};
use crate::key::Scopes;
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

/// Lets a key speak for the account, or changes what it may say and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterKey {
    /// The key, Ed25519; no account's own.
    pub key: [u8; 32],
    /// What it may say; at least one scope.
    pub scopes: Scopes,
    /// From when on it may say nothing; never when that is absent.
    pub expires_at: Option<Micros>,
    /// The key's own signature over [`key_proof_bytes`](crate::key_proof_bytes):
    /// nobody registers a key that somebody else has. Who takes the command checks
    /// it, and who audits the log.
    pub proof: [u8; 64],
}
codec_struct!(RegisterKey { key, scopes, expires_at, proof });

/// A registered key no longer speaks for the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokeKey {
    /// The key.
    pub key: [u8; 32],
}
codec_struct!(RevokeKey { key });
