//! Commands as JSON: what the log says, for those who read it. Requests have
//! shapes of their own; this is what they came to.

mod bid;
mod chain;
mod lease;
mod operator;
mod order;

use berth_domain::{Address, Attribute, Authority, Command, Digest, Entry, Scope};
use serde_json::{Map, Value, json};

use crate::address;
use crate::event::Names;

/// An entry of the log: its place, who said it and why that is believed, and
/// the command with its `type`.
#[must_use]
pub fn entry_json(entry: &Entry, hash: Digest, names: &impl Names) -> Value {
    let mut json = json!({
        "seq": entry.seq.0,
        "at": entry.at.0,
        "rules": entry.rules,
        "accountId": entry.account.0,
        "address": names.address(entry.account).map(address::write),
        "authority": match entry.authority {
            Authority::Exchange => "exchange",
            Authority::OperatorAttested => "operatorAttested",
            Authority::Signed { .. } => "signed",
            Authority::KeyAttested { .. } => "keyAttested",
            Authority::SignedMessage { .. } => "signedMessage",
        },
        "entryHash": hash.to_string(),
        "command": command_json(&entry.command, names),
    });
    if let Some(key) = entry.authority.key() {
        json["key"] = address::write(Address(*key)).into();
    }
    if let Authority::Signed { nonce, signature, .. } | Authority::SignedMessage { nonce, signature, .. } =
        entry.authority
    {
        json["nonce"] = nonce.into();
        json["signature"] = hex::encode(signature).into();
    }
    json
}

/// A command with its `type`. Addresses are `G…`, money and rates decimal
/// strings in units of the asset, times microseconds, durations seconds; what
/// was not said is null.
#[must_use]
pub fn command_json(command: &Command, names: &impl Names) -> Value {
    let mut json = match command {
        Command::Genesis(c) => operator::genesis(c),
        Command::Tick(_) => json!({}),
        Command::Resumed(c) => json!({ "downFrom": c.down_from.0, "upAt": c.up_at.0 }),
        Command::OpenAccount(c) => json!({ "address": address::write(c.address) }),
        Command::CancelAll(c) => {
            json!({ "market": c.market.and_then(|market| names.market(market)), "session": c.session })
        }
        Command::SetDeadMan(c) => json!({ "ms": c.millis }),
        Command::SetMandate(c) => json!({
            "perLease": c.per_lease.map(|amount| amount.to_string()),
            "perDay": c.per_day.map(|amount| amount.to_string()),
            "floor": c.floor.map(|floor| floor.to_string()),
            "until": c.until.map(|until| until.0),
        }),
        Command::RegisterKey(c) => json!({
            "key": address::write(Address(c.key)),
            "scopes": c.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
            "expiresAt": c.expires_at.map(|at| at.0),
            "proof": hex::encode(c.proof),
        }),
        Command::RevokeKey(c) => json!({ "key": address::write(Address(c.key)) }),
        Command::RegisterProvider(c) => operator::register(c),
        Command::UpdateProvider(c) => json!({
            "providerId": c.provider.0,
            "available": c.available,
            "attributes": attributes(&c.attributes),
        }),
        Command::PlaceBid(c) => bid::place(c, names),
        Command::CancelBid(c) => json!({ "bidId": c.bid.0 }),
        Command::AmendBid(c) => bid::amend(c),
        Command::ReplaceBid(c) => with(bid::place(&c.place, names), "bidId", c.bid.0),
        Command::MassQuote(c) => bid::mass(c, names),
        Command::AcceptBid(c) => json!({ "bidId": c.bid.0 }),
        Command::PlaceOrder(c) => order::place(c, names),
        Command::CancelOrder(c) => json!({ "orderId": c.order.0 }),
        Command::AmendOrder(c) => order::amend(c),
        Command::ReplaceOrder(c) => with(order::place(&c.place, names), "orderId", c.order.0),
        Command::StartLease(c) => lease::start(c),
        Command::Heartbeat(c) => lease::heartbeat(c),
        Command::LeaseBacklog(c) => lease::backlog(c),
        Command::FinishLease(c) => lease::finish(c),
        Command::StopLease(c) => json!({ "leaseId": c.lease.0 }),
        Command::TopUpLease(c) => json!({ "leaseId": c.lease.0, "durationSeconds": c.seconds.0 }),
        Command::Deposit(c) => chain::movement(c.event, c.address, c.amount),
        Command::WithdrawalRequested(c) => chain::movement(c.event, c.address, c.amount),
        Command::Withdrawn(c) => chain::movement(c.event, c.address, c.amount),
        Command::WithdrawalCancelled(c) => chain::movement(c.event, c.address, c.amount),
        Command::Escrowed(c) => chain::transaction(c.lease, c.tx, c.ledger),
        Command::EscrowFailed(c) => json!({ "leaseId": c.lease.0, "reason": c.reason.as_str() }),
        Command::SettlementPaid(c) => chain::paid(c),
        Command::SettlementRefunded(c) => {
            with(chain::transaction(c.lease, c.tx, c.ledger), "amount", c.amount.to_string())
        }
        Command::ToppedUp(c) => with(chain::transaction(c.lease, c.tx, c.ledger), "amount", c.amount.to_string()),
        Command::TopUpFailed(c) => {
            json!({ "leaseId": c.lease.0, "number": c.number, "reason": c.reason.as_str() })
        }
        Command::LedgerSeen(c) => {
            json!({ "leaseId": c.lease.0, "ledger": c.ledger, "hash": c.hash.to_string() })
        }
        Command::StakeFact(c) => chain::stake(c),
        Command::Attest(c) => json!({ "address": address::write(c.address), "until": c.until.0 }),
        Command::OpenMarket(c) => json!({ "market": c.class.to_string() }),
        Command::PauseMarket(c) => json!({ "market": names.market(c.market) }),
        Command::ResumeMarket(c) => json!({ "market": names.market(c.market) }),
        Command::CycleMarket(c) => json!({ "market": names.market(c.market) }),
        Command::Reconfigure(c) => operator::reconfigure(c),
        Command::Upgrade(c) => json!({ "rules": c.rules, "effectiveAt": c.effective_at.0 }),
    };
    json["type"] = command.name().into();
    json
}

fn with(mut json: Value, name: &str, value: impl Into<Value>) -> Value {
    json[name] = value.into();
    json
}

fn attributes(attributes: &[Attribute]) -> Map<String, Value> {
    attributes.iter().map(|pair| (pair.key.to_string(), pair.value.as_str().into())).collect()
}
