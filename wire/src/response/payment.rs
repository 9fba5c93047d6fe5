//! Payments for single calls.

use berth_domain::{Address, Stroops};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::{in_text, in_text_option};

/// How far a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PaymentState {
    /// Its transaction is on its way to a ledger.
    Paying,
    /// Nothing was paid, and nothing will be.
    Void,
    /// It is paid; what it is for follows.
    Paid,
    /// Its job is ordered, and not over.
    Ordered,
    /// What is due of it is being given out.
    Returning,
    /// Nothing is left to be done.
    Done,
    /// The operator has to find out what became of a transaction.
    Lost,
}

/// What a call was paid for with, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Its id, which is the hash of the transaction that paid it.
    pub id: String,
    /// How far it is.
    pub state: PaymentState,
    /// More about that in words.
    pub detail: String,
    /// Who paid.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::AccountKey)]
    pub payer: Address,
    /// How much.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub amount: Stroops,
    /// What of it is for the call itself.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub price: Stroops,
    /// The account of the exchange that it was paid into, where it was for that.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::AccountKey>)]
    pub account: Option<Address>,
    /// The order of the job that it was for, which is the job's id.
    pub order_id: Option<u64>,
    /// What was given out of it, to the payer or into the account, once that is
    /// known.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub returned: Option<Stroops>,
    /// The hash of the transaction that did it.
    pub return_transaction: Option<String>,
}
