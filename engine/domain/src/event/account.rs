//! Accounts.

use crate::codec::codec_struct;
use crate::ids::{AccountId, Address};
use crate::key::Scopes;
use crate::money::{Rate, Stroops};
use crate::time::Micros;
use crate::trust::TrustLevel;

/// A key has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountOpened {
    /// The account.
    pub account: AccountId,
    /// Its key.
    pub address: Address,
    /// Its trust level.
    pub level: TrustLevel,
}
codec_struct!(AccountOpened { account, address, level });

/// An account's dead-man timer was armed, disarmed, or fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadManSet {
    /// The account.
    pub account: AccountId,
    /// When it fires unless a command of the account comes before; `None` when
    /// it is disarmed.
    pub deadline: Option<Micros>,
}
codec_struct!(DeadManSet { account, deadline });

/// An account's mandate is another. All of it is `None` when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MandateSet {
    /// The account.
    pub account: AccountId,
    /// The most that the escrow of one lease may hold.
    pub per_lease: Option<Stroops>,
    /// The most that may go into escrows in a day.
    pub per_day: Option<Stroops>,
    /// The lowest price that a bid may trade at.
    pub floor: Option<Rate>,
    /// When it ends.
    pub until: Option<Micros>,
}
codec_struct!(MandateSet { account, per_lease, per_day, floor, until });

/// A key speaks for an account, or what it may say is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRegistered {
    /// The account.
    pub account: AccountId,
    /// The key.
    pub key: [u8; 32],
    /// What it may say.
    pub scopes: Scopes,
    /// From when on it may say nothing.
    pub expires_at: Option<Micros>,
}
codec_struct!(KeyRegistered { account, key, scopes, expires_at });

/// A key speaks for an account no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRevoked {
    /// The account.
    pub account: AccountId,
    /// The key.
    pub key: [u8; 32],
}
codec_struct!(KeyRevoked { account, key });
