//! Money on its way into the exchange, and out of it again.

use berth_domain::Stroops;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::address::Name;
use crate::json::{Malformed, objects};
use crate::scalar::in_text_option;

/// `POST /deposits`: what is to be paid in, or the signed transaction that pays it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct DepositRequest {
    /// Whose account is credited; whoever asks when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
    /// Who pays, and signs; `address` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Name>,
    /// How much; either this or `transaction`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub amount: Option<Stroops>,
    /// The transaction that this route gave, signed: the envelope's XDR in base 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
}

/// `POST /withdrawals`: what is to be paid out, or the signed transaction that asks
/// for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct WithdrawalRequest {
    /// Whose, and who signs; whoever asks when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
    /// How much; either this or `transaction`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub amount: Option<Stroops>,
    /// The transaction that this route gave, signed: the envelope's XDR in base 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
}

objects!(DepositRequest, WithdrawalRequest);

/// What is wanted of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewTransfer {
    /// To begin it.
    Begin {
        /// Whose account.
        address: Option<Name>,
        /// Who pays a deposit.
        from: Option<Name>,
        /// How much.
        amount: Stroops,
    },
    /// To hand in what was signed for it.
    HandIn(String),
}

impl DepositRequest {
    /// What is wanted.
    ///
    /// # Errors
    /// Names the field that is missing or too much.
    pub fn parse(self) -> Result<NewTransfer, Malformed> {
        new_transfer(self.address, self.from, self.amount, self.transaction)
    }
}

impl WithdrawalRequest {
    /// What is wanted.
    ///
    /// # Errors
    /// Names the field that is missing or too much.
    pub fn parse(self) -> Result<NewTransfer, Malformed> {
        new_transfer(self.address, None, self.amount, self.transaction)
    }
}

fn new_transfer(
    address: Option<Name>,
    from: Option<Name>,
    amount: Option<Stroops>,
    transaction: Option<String>,
) -> Result<NewTransfer, Malformed> {
    match (amount, transaction) {
        (None, None) => Err(Malformed::new("amount", "is missing")),
        (Some(_), Some(_)) => Err(Malformed::new("amount", "is in the transaction already")),
        (Some(Stroops::ZERO), None) => Err(Malformed::new("amount", "must be more than zero")),
        (Some(amount), None) => Ok(NewTransfer::Begin { address, from, amount }),
        (None, Some(_)) if address.is_some() => Err(Malformed::new("address", "is in the transaction already")),
        (None, Some(_)) if from.is_some() => Err(Malformed::new("from", "is in the transaction already")),
        (None, Some(transaction)) => Ok(NewTransfer::HandIn(transaction)),
    }
}
