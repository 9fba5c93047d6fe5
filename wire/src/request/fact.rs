//! What the settler reports of the chain. Only the operator may.

use berth_domain::{
    Address, ChainEventId, Command, Deposit, EscrowFailed, Escrowed, LeaseId, SettlementPaid, SettlementRefunded,
    Stroops, Text, TopUpFailed, ToppedUp, TxHash, WithdrawalCancelled, WithdrawalFact, Withdrawn,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::json::{Malformed, objects, parse_value};
use crate::scalar::{WHOLE_MAX, in_text, whole};

/// A fact of the chain: a method of the WebSocket, and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// `fact.deposit`: money came in.
    Deposit(FactMovement),
    /// `fact.withdrawalRequested`: money shall leave; the amount is all that
    /// waits now.
    WithdrawalRequested(FactMovement),
    /// `fact.withdrawn`: money left.
    Withdrawn(FactMovement),
    /// `fact.withdrawalCancelled`: money that waited stays.
    WithdrawalCancelled(FactMovement),
    /// `fact.escrowed`: a lease's escrow is locked.
    Escrowed(FactEscrowed),
    /// `fact.escrowFailed`: it cannot be.
    EscrowFailed(FactEscrowFailed),
    /// `fact.paid`: a lease is paid out.
    Paid(FactPaid),
    /// `fact.refunded`: a lease ran past its deadline and was refunded.
    Refunded(FactRefunded),
    /// `fact.toppedUp`: a top-up is in a lease's escrow.
    ToppedUp(FactToppedUp),
    /// `fact.topUpFailed`: it cannot be.
    TopUpFailed(FactTopUpFailed),
}

/// Money that moved between an account and the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct FactMovement {
    /// The RPC's id of the event that says so.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::ChainEventText)]
    pub chain_event: ChainEventId,
    /// Whose money: a `G…` key.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::AccountKey)]
    pub address: Address,
    /// How much.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub amount: Stroops,
}

/// A lease's escrow is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct FactEscrowed {
    /// The lease.
    #[serde(deserialize_with = "whole::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub lease_id: u64,
    /// The transaction.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub tx: TxHash,
    /// The ledger that it is in.
    #[serde(deserialize_with = "whole::<1, 4_294_967_295, _, _>")]
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub ledger: u32,
}

/// A lease's escrow cannot be locked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct FactEscrowFailed {
    /// The lease.
    #[serde(deserialize_with = "whole::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub lease_id: u64,
    /// Why, in words; the log keeps the first 200 bytes.
    pub reason: String,
}

/// A lease is paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct FactPaid {
    /// The lease.
    #[serde(deserialize_with = "whole::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub lease_id: u64,
    /// The transaction.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub tx: TxHash,
    /// The ledger that it is in.
    #[serde(deserialize_with = "whole::<1, 4_294_967_295, _, _>")]
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub ledger: u32,
    /// What it cost: the provider's part and the fee.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub pay: Stroops,
    /// The platform's part of it.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub fee: Stroops,
    /// What went back to the tenant.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub refund: Stroops,
}

/// A lease ran past its deadline and was refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct FactRefunded {
    /// The lease.
    #[serde(deserialize_with = "whole::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub lease_id: u64,
    /// The transaction.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub tx: TxHash,
    /// The ledger that it is in.
    #[serde(deserialize_with = "whole::<1, 4_294_967_295, _, _>")]
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub ledger: u32,
    /// What went back to the tenant.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub amount: Stroops,
}

/// A top-up is in a lease's escrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct FactToppedUp {
    /// The lease.
    #[serde(deserialize_with = "whole::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub lease_id: u64,
    /// The transaction.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub tx: TxHash,
    /// The ledger that it is in.
    #[serde(deserialize_with = "whole::<1, 4_294_967_295, _, _>")]
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub ledger: u32,
    /// What was added.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub amount: Stroops,
}

/// A top-up cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct FactTopUpFailed {
    /// The lease.
    #[serde(deserialize_with = "whole::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub lease_id: u64,
    /// Which of its top-ups, from 1.
    #[serde(deserialize_with = "whole::<1, 4_294_967_295, _, _>")]
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub number: u32,
    /// Why, in words; the log keeps the first 200 bytes.
    pub reason: String,
}

objects!(FactToppedUp, FactTopUpFailed, FactMovement, FactEscrowed, FactEscrowFailed, FactPaid, FactRefunded);

impl Fact {
    /// The method that reports it.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Deposit(_) => "fact.deposit",
            Self::WithdrawalRequested(_) => "fact.withdrawalRequested",
            Self::Withdrawn(_) => "fact.withdrawn",
            Self::WithdrawalCancelled(_) => "fact.withdrawalCancelled",
            Self::Escrowed(_) => "fact.escrowed",
            Self::EscrowFailed(_) => "fact.escrowFailed",
            Self::Paid(_) => "fact.paid",
            Self::Refunded(_) => "fact.refunded",
            Self::ToppedUp(_) => "fact.toppedUp",
            Self::TopUpFailed(_) => "fact.topUpFailed",
        }
    }

    /// The parameters of that method.
    #[must_use]
    pub fn params(&self) -> Value {
        match self {
            Self::Deposit(fact)
            | Self::WithdrawalRequested(fact)
            | Self::Withdrawn(fact)
            | Self::WithdrawalCancelled(fact) => serde_json::to_value(fact),
            Self::Escrowed(fact) => serde_json::to_value(fact),
            Self::EscrowFailed(fact) => serde_json::to_value(fact),
            Self::Paid(fact) => serde_json::to_value(fact),
            Self::Refunded(fact) => serde_json::to_value(fact),
            Self::ToppedUp(fact) => serde_json::to_value(fact),
            Self::TopUpFailed(fact) => serde_json::to_value(fact),
        }
        .expect("texts and numbers are JSON")
    }

    /// Reads a fact; `None` when `method` names none.
    ///
    /// # Errors
    /// Names the parameter that is not what it should be.
    pub fn read(method: &str, params: Value) -> Option<Result<Self, Malformed>> {
        Some(match method {
            "fact.deposit" => parse_value(params).map(Self::Deposit),
            "fact.withdrawalRequested" => parse_value(params).map(Self::WithdrawalRequested),
            "fact.withdrawn" => parse_value(params).map(Self::Withdrawn),
            "fact.withdrawalCancelled" => parse_value(params).map(Self::WithdrawalCancelled),
            "fact.escrowed" => parse_value(params).map(Self::Escrowed),
            "fact.escrowFailed" => parse_value(params).map(Self::EscrowFailed),
            "fact.paid" => parse_value(params).map(Self::Paid),
            "fact.refunded" => parse_value(params).map(Self::Refunded),
            "fact.toppedUp" => parse_value(params).map(Self::ToppedUp),
            "fact.topUpFailed" => parse_value(params).map(Self::TopUpFailed),
            _ => return None,
        })
    }

    /// What the exchange takes.
    #[must_use]
    pub fn command(self) -> Command {
        let event = |fact: FactMovement| (fact.chain_event, fact.address, fact.amount);
        match self {
            Self::Deposit(fact) => {
                let (event, address, amount) = event(fact);
                Deposit { event, address, amount }.into()
            }
            Self::WithdrawalRequested(fact) => {
                let (event, address, amount) = event(fact);
                WithdrawalFact { event, address, amount }.into()
            }
            Self::Withdrawn(fact) => {
                let (event, address, amount) = event(fact);
                Withdrawn { event, address, amount }.into()
            }
            Self::WithdrawalCancelled(fact) => {
                let (event, address, amount) = event(fact);
                WithdrawalCancelled { event, address, amount }.into()
            }
            Self::Escrowed(FactEscrowed { lease_id, tx, ledger }) => {
                Escrowed { lease: LeaseId(lease_id), tx, ledger }.into()
            }
            Self::EscrowFailed(FactEscrowFailed { lease_id, reason }) => {
                EscrowFailed { lease: LeaseId(lease_id), reason: Text::lossy(&reason) }.into()
            }
            Self::Paid(FactPaid { lease_id, tx, ledger, pay, fee, refund }) => {
                SettlementPaid { lease: LeaseId(lease_id), tx, ledger, pay, fee, refund }.into()
            }
            Self::ToppedUp(FactToppedUp { lease_id, tx, ledger, amount }) => {
                ToppedUp { lease: LeaseId(lease_id), tx, ledger, amount }.into()
            }
            Self::TopUpFailed(FactTopUpFailed { lease_id, number, reason }) => {
                TopUpFailed { lease: LeaseId(lease_id), number, reason: Text::lossy(&reason) }.into()
            }
            Self::Refunded(FactRefunded { lease_id, tx, ledger, amount }) => {
                SettlementRefunded { lease: LeaseId(lease_id), tx, ledger, amount }.into()
            }
        }
    }
}
