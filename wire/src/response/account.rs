//! An account and its money.

use berth_domain::{Address, Rate, Scope, Stroops, TrustLevel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::{in_text, in_text_list, in_text_option};

/// `GET /accounts/{address}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id.
    pub id: u64,
    /// Its key.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::AccountKey)]
    pub address: Address,
    /// Its trust level.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::LevelWord)]
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
    /// Keys that may speak for it beside its own, until they expire or are
    /// revoked. Nodes of before do not say it.
    #[serde(default)]
    pub keys: Vec<AccountKey>,
    /// What it has limited to be done in its name; null where it has not. Nodes of
    /// before do not say it.
    #[serde(default)]
    pub mandate: Option<Mandate>,
}

/// The limits of what may be done in an account's name. What is null is not
/// limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mandate {
    /// The most that the escrow of one lease may hold.
    #[serde(with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub per_lease: Option<Stroops>,
    /// The most that may go into escrows from one midnight (UTC) to the next.
    #[serde(with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub per_day: Option<Stroops>,
    /// The lowest price, per unit-hour, that a bid may trade at.
    #[serde(with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub floor: Option<Rate>,
    /// When it ends: microseconds since 1970.
    pub until: Option<u64>,
}

/// A registered key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountKey {
    /// The key, as `G…`.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::AccountKey)]
    pub key: Address,
    /// What it may say and read.
    #[serde(with = "in_text_list")]
    #[schema(value_type = Vec<crate::schema::ScopeWord>)]
    pub scopes: Vec<Scope>,
    /// From when on it may say nothing, in microseconds since 1970; null where it
    /// never ends.
    pub expires_at: Option<u64>,
}

/// Money of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Balance {
    /// The asset's code.
    pub asset: String,
    /// Free to be used.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub available: Stroops,
    /// Held for open orders.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub held: Stroops,
    /// In escrows of leases.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub escrowed: Stroops,
    /// Waits to be withdrawn.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub withdrawing: Stroops,
    /// What the contract paid out while it was in the escrow of a lease that the
    /// chain had not locked, or held for a top-up. What comes in repays it
    /// first; until then nothing is free. Nodes of before do not say it.
    #[serde(with = "in_text", default)]
    #[schema(value_type = crate::schema::Decimal)]
    pub owed: Stroops,
    /// Staked.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub staked: Stroops,
}
