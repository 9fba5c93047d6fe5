//! An account and its money.

use berth_domain::{Address, Stroops, TrustLevel};
use serde::{Deserialize, Serialize};

use crate::scalar::in_text;

/// `GET /accounts/{address}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id.
    pub id: u64,
    /// Its key.
    #[serde(with = "in_text")]
    pub address: Address,
    /// Its trust level.
    #[serde(with = "in_text")]
    pub trust_level: TrustLevel,
    /// Its reputation, 0 to 100.
    pub reputation: u8,
    /// Its money.
    pub balances: Vec<Balance>,
    /// Orders that wait for bids.
    pub open_orders: u32,
    /// Bids that are open or parked.
    pub live_bids: u32,
    /// Hosts that it has registered.
    pub providers: u32,
}

/// Money of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// The asset's code.
    pub asset: String,
    /// Free to be used.
    #[serde(with = "in_text")]
    pub available: Stroops,
    /// Held for open orders.
    #[serde(with = "in_text")]
    pub held: Stroops,
    /// In escrows of leases.
    #[serde(with = "in_text")]
    pub escrowed: Stroops,
    /// Waits to be withdrawn.
    #[serde(with = "in_text")]
    pub withdrawing: Stroops,
    /// What the contract paid out while it was in the escrow of a lease that the
    /// chain had not locked, or held for a top-up. What comes in repays it
    /// first; until then nothing is free. Nodes of before do not say it.
    #[serde(with = "in_text", default)]
    pub owed: Stroops,
    /// Staked.
    #[serde(with = "in_text")]
    pub staked: Stroops,
}
