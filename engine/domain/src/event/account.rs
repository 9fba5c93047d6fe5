//! Accounts.

use crate::codec::codec_struct;
use crate::ids::{AccountId, Address};
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
