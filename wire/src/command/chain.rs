//! Facts of the chain.

use berth_domain::{Address, ChainEventId, LeaseId, SettlementPaid, StakeFact, Stroops, TxHash};
use serde_json::{Value, json};

use crate::address;

pub(super) fn movement(event: ChainEventId, account: Address, amount: Stroops) -> Value {
    json!({
        "chainEvent": event.to_string(),
        "address": address::write(account),
        "amount": amount.to_string(),
    })
}

pub(super) fn transaction(lease: LeaseId, tx: TxHash, ledger: u32) -> Value {
    json!({ "leaseId": lease.0, "tx": tx.to_string(), "ledger": ledger })
}

pub(super) fn paid(c: &SettlementPaid) -> Value {
    let mut json = transaction(c.lease, c.tx, c.ledger);
    json["pay"] = c.pay.to_string().into();
    json["fee"] = c.fee.to_string().into();
    json["refund"] = c.refund.to_string().into();
    json
}

pub(super) fn stake(c: &StakeFact) -> Value {
    json!({
        "chainEvent": c.event.to_string(),
        "address": address::write(c.address),
        "staked": c.staked.to_string(),
        "slashedLeaseId": c.slashed.map(|lease| lease.0),
    })
}
