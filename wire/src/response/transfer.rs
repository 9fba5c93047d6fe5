//! Money on its way.

use berth_domain::{Digest, Stroops};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::in_text_option;

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum TransferState {
    /// `transaction` is to be signed and handed in.
    ToSign,
    /// The network has it. The account shows it as soon as it is in a ledger.
    HandedIn,
    /// It is in a ledger. The account shows it in a moment.
    Done,
}

/// What `POST /deposits` and `POST /withdrawals` answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    /// How far it is.
    pub state: TransferState,
    /// The escrow contract, `C…`.
    pub contract: String,
    /// The network's passphrase: what a wallet needs to sign for it.
    pub network_passphrase: String,
    /// The transaction to be signed: an envelope's XDR in base 64, with one call of
    /// the contract's `deposit` or `request_withdraw`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// Its hash: what a key signs, and by what the network knows it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Hex32>)]
    pub transaction_hash: Option<Digest>,
    /// The most that the network takes for it, beside the amount.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub fee: Option<Stroops>,
    /// Until when it has to be in a ledger: microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<u64>,
}
