//! Events as JSON: each with its protocol name and what followers need.

mod failover;
mod operator;
mod verification;

use berth_domain::{
    AccountId, Address, BidId, BidTarget, Code, Event, LeaseOpened, MarketId, MarketPaused, MarketResumed,
    ProofPayload, ProofValue, Scope, Subject, TrustCause, TrustLevel,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::address;
use crate::price::MaxPrice;

pub(crate) use self::operator::{counts, seconds, thresholds};

/// All events of one entry of the log: an NDJSON line, an SSE message, and the
/// part of a WebSocket frame that says the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventFrame {
    /// The entry.
    pub seq: u64,
    /// When it was stamped: microseconds since 1970.
    pub at: u64,
    /// Its events, in their order; each has a `type`.
    pub events: Vec<Value>,
}

/// What an event refers to by number and the outside knows by name.
pub trait Names {
    /// The name of a market.
    fn market(&self, market: MarketId) -> Option<String>;
    /// The key of an account; `None` for the exchange itself.
    fn address(&self, account: AccountId) -> Option<Address>;
    /// Whether a bid's price is nobody's business yet: it is directed at an
    /// auction that has not closed.
    fn is_sealed(&self, _bid: BidId) -> bool {
        false
    }
}

/// The protocol's name of an event: what `type` says and filters match.
#[must_use]
pub const fn event_type(event: &Event) -> &'static str {
    match event {
        Event::CommandRefused(refused) => match refused.subject {
            Subject::Exchange => "exchange.refused",
            Subject::Account => "account.refused",
            Subject::Provider => "provider.refused",
            Subject::Order => "order.refused",
            Subject::Bid => "bid.refused",
            Subject::Lease => "lease.refused",
            Subject::Deposit => "deposit.refused",
            Subject::Withdrawal => "withdrawal.refused",
            Subject::Market => "market.refused",
        },
        other => other.name(),
    }
}

/// An event as JSON. Addresses are `G…`, money and rates decimal strings in
/// units of the asset, times microseconds, `chainDeadline` seconds since 1970.
/// The price of a sealed bid is null.
#[must_use]
pub fn event_json(event: &Event, names: &impl Names) -> Value {
    let market = |id: MarketId| names.market(id);
    let account = |id: AccountId| names.address(id).map(address::write);
    let mut json = match event {
        Event::ExchangeOpened(e) => {
            json!({ "network": e.network.to_string(), "escrowContract": e.escrow_contract.to_string() })
        }
        Event::MarketOpened(e) => json!({ "marketId": e.market.0, "market": e.class.to_string() }),
        Event::AccountOpened(e) => {
            json!({ "accountId": e.account.0, "address": address::write(e.address), "trustLevel": e.level.as_str() })
        }
        Event::DeadManSet(e) => json!({
            "accountId": e.account.0,
            "address": account(e.account),
            "firesAt": e.deadline.map(|at| at.0),
        }),
        Event::DepositCredited(e) => json!({
            "accountId": e.account.0,
            "address": account(e.account),
            "amount": e.amount.to_string(),
            "chainEvent": e.event.to_string(),
        }),
        Event::WithdrawalRequested(e) => movement(e.account, e.address, e.amount),
        Event::WithdrawalPaid(e) => movement(e.account, e.address, e.amount),
        Event::WithdrawalCancelled(e) => movement(e.account, e.address, e.amount),
        Event::ProviderRegistered(e) => json!({
            "providerId": e.provider.0,
            "accountId": e.account.0,
            "address": address::write(e.address),
            "agent": if e.own_agent { "own" } else { "house" },
        }),
        Event::MarketPaused(MarketPaused { market: id }) | Event::MarketResumed(MarketResumed { market: id }) => {
            json!({ "marketId": id.0, "market": market(*id) })
        }
        Event::ChangeAnnounced(e) => operator::announced(e),
        Event::ExchangeReconfigured(e) => operator::reconfigured(e),
        Event::ExchangeUpgraded(e) => json!({ "rules": e.rules }),
        Event::ProviderChanged(e) => operator::provider_changed(e),
        Event::OrderAccepted(e) => json!({
            "orderId": e.order.0,
            "tenantAddress": address::write(e.address),
            "market": market(e.market),
            "quantity": e.replicas,
            "hold": e.hold.to_string(),
        }),
        Event::OrderFilled(e) => json!({
            "orderId": e.order.0,
            "market": market(e.market),
            "leaseId": e.lease.0,
            "replicas": e.replicas,
            "remaining": e.remaining,
            "hold": e.hold.to_string(),
        }),
        Event::OrderCancelled(e) => json!({
            "orderId": e.order.0,
            "market": market(e.market),
            "reason": e.reason.as_str(),
            "released": e.released.to_string(),
        }),
        Event::OrderExpired(e) => {
            json!({ "orderId": e.order.0, "market": market(e.market), "released": e.released.to_string() })
        }
        Event::MandateSet(e) => json!({
            "accountId": e.account.0,
            "address": account(e.account),
            "perLease": e.per_lease.map(|amount| amount.to_string()),
            "perDay": e.per_day.map(|amount| amount.to_string()),
            "floor": e.floor.map(|floor| floor.to_string()),
            "until": e.until.map(|at| at.0),
        }),
        Event::KeyRegistered(e) => json!({
            "accountId": e.account.0,
            "address": account(e.account),
            "key": address::write(Address(e.key)),
            "scopes": e.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
            "expiresAt": e.expires_at.map(|at| at.0),
        }),
        Event::KeyRevoked(e) => json!({
            "accountId": e.account.0,
            "address": account(e.account),
            "key": address::write(Address(e.key)),
        }),
        Event::OrderParked(e) => {
            json!({ "orderId": e.order.0, "market": market(e.market), "released": e.released.to_string() })
        }
        Event::OrderResumed(e) => {
            json!({ "orderId": e.order.0, "market": market(e.market), "hold": e.hold.to_string() })
        }
        Event::OrderAmended(e) => json!({
            "orderId": e.order.0,
            "market": market(e.market),
            "quantity": e.replicas,
            "remaining": e.remaining,
            "maxPrice": MaxPrice::from(&e.limits),
            "trustLevels": e.limits.levels().iter().map(TrustLevel::as_str).collect::<Vec<_>>(),
            "hold": e.hold.to_string(),
        }),
        Event::BidAccepted(e) => {
            let (order, quantity) = match e.target {
                BidTarget::Standing { quantity, .. } => (None, Some(quantity)),
                BidTarget::Directed { order } => (Some(order.0), None),
            };
            json!({
                "bidId": e.bid.0,
                "providerId": e.provider.0,
                "providerAddress": address::write(e.address),
                "market": market(e.market),
                "orderId": order,
                "quantity": quantity,
                "bidPrice": (!names.is_sealed(e.bid)).then(|| e.price.to_string()),
            })
        }
        Event::BidParked(e) => json!({ "bidId": e.bid.0, "market": market(e.market) }),
        Event::BidResumed(e) => json!({ "bidId": e.bid.0, "market": market(e.market) }),
        Event::BidLost(e) => json!({ "bidId": e.bid.0, "market": market(e.market) }),
        Event::BidAmended(e) => json!({
            "bidId": e.bid.0,
            "market": market(e.market),
            "bidPrice": (!names.is_sealed(e.bid)).then(|| e.price.to_string()),
            "remaining": e.remaining,
        }),
        Event::BidExpired(e) => json!({ "bidId": e.bid.0, "market": market(e.market) }),
        Event::BidCancelled(e) => {
            json!({ "bidId": e.bid.0, "market": market(e.market), "reason": e.reason.as_str() })
        }
        Event::LeaseOpened(e) => lease_opened(e, market(e.market)),
        Event::LeaseEscrowed(e) => json!({ "leaseId": e.lease.0, "tx": e.tx.to_string() }),
        Event::LeaseStarted(e) => json!({ "leaseId": e.lease.0, "endsAt": e.ends_at.0 }),
        Event::LeaseHeartbeat(e) => {
            json!({
                "leaseId": e.lease.0,
                "evidencedSeconds": e.evidenced.0,
                "cost": e.cost.to_string(),
                "healthy": e.healthy,
            })
        }
        Event::LeaseRunway(e) => json!({ "leaseId": e.lease.0, "endsAt": e.ends_at.0 }),
        Event::LeaseSuspended(e) => json!({ "leaseId": e.lease.0, "closesAt": e.closes_at.0 }),
        Event::LeaseResumed(e) => json!({ "leaseId": e.lease.0, "endsAt": e.ends_at.0 }),
        Event::TopUpRequested(e) => json!({
            "leaseId": e.lease.0,
            "number": e.number,
            "seconds": e.seconds.0,
            "amount": e.amount.to_string(),
        }),
        Event::LeaseToppedUp(e) => json!({
            "leaseId": e.lease.0,
            "tx": e.tx.to_string(),
            "amount": e.amount.to_string(),
            "escrow": e.escrow.to_string(),
            "prepaySeconds": e.prepay.0,
        }),
        Event::TopUpReleased(e) => json!({
            "leaseId": e.lease.0,
            "number": e.number,
            "released": e.amount.to_string(),
            "reason": e.reason.as_str(),
        }),
        Event::LeaseClosing(e) => json!({ "leaseId": e.lease.0, "reason": e.reason.as_str() }),
        Event::LeaseClosed(e) => json!({
            "leaseId": e.lease.0,
            "reason": e.reason.as_str(),
            "detail": e.detail.as_str(),
            "evidencedSeconds": e.evidenced.0,
            "pay": e.pay.to_string(),
            "fee": e.fee.to_string(),
            "refund": e.refund.to_string(),
            "escrowed": e.escrowed,
            "proofHash": e.proof.to_string(),
        }),
        Event::LeasePaid(e) => json!({
            "leaseId": e.lease.0,
            "tx": e.tx.to_string(),
            "pay": e.pay.to_string(),
            "fee": e.fee.to_string(),
            "refund": e.refund.to_string(),
        }),
        Event::ProofStepped(e) => json!({
            "leaseId": e.lease.0,
            "number": e.step as u8,
            "step": e.step.as_str(),
            "seq": e.seq.0,
            "payload": payload_json(&e.payload),
            "hash": e.hash.to_string(),
        }),
        Event::StakeChanged(e) => json!({
            "accountId": e.account.0,
            "address": address::write(e.address),
            "staked": e.staked.to_string(),
            "chainEvent": e.event.to_string(),
        }),
        Event::StakeSlashed(e) => json!({
            "accountId": e.account.0,
            "address": address::write(e.address),
            "tenantAddress": address::write(e.tenant_address),
            "leaseId": e.lease.0,
            "amount": e.amount.to_string(),
        }),
        Event::Attested(e) => json!({
            "accountId": e.account.0,
            "address": account(e.account),
            "auditorAddress": account(e.auditor),
            "until": e.until.map(|until| until.0),
        }),
        Event::TrustChanged(e) => {
            let (lease, event, auditor) = match e.cause {
                TrustCause::Lease(lease) | TrustCause::Slash(lease) => (Some(lease.0), None, None),
                TrustCause::Stake(event) => (None, Some(event.to_string()), None),
                TrustCause::Attestation(auditor) => (None, None, account(auditor)),
                TrustCause::Expiry => (None, None, None),
            };
            json!({
                "accountId": e.account.0,
                "address": account(e.account),
                "from": e.from.as_str(),
                "to": e.to.as_str(),
                "cause": e.cause.as_str(),
                "leaseId": lease,
                "chainEvent": event,
                "auditorAddress": auditor,
            })
        }
        Event::ReputationChanged(e) => json!({
            "accountId": e.account.0,
            "address": account(e.account),
            "from": e.from.get(),
            "to": e.to.get(),
            "leaseId": e.lease.0,
            "cause": e.cause.as_str(),
        }),
        Event::StandbyReserved(e) => failover::reserved(e),
        Event::StandbyReleased(e) => failover::released(e),
        Event::StandbyMissing(e) => failover::missing(e),
        Event::LeaseFailedOver(e) => failover::failed_over(e),
        Event::OrderContinued(e) => failover::continued(e),
        Event::OrderDiscontinued(e) => failover::discontinued(e),
        Event::VerificationStarted(e) => verification::started(e),
        Event::VerificationDrawn(e) => verification::drawn(e),
        Event::VerificationRerun(e) => verification::rerun(e),
        Event::VerificationEnded(e) => verification::ended(e),
        Event::CommandRefused(e) => {
            json!({ "accountId": e.account.0, "address": account(e.account), "code": Code::as_str(e.code) })
        }
    };
    json["type"] = event_type(event).into();
    json
}

fn movement(account: AccountId, address: Address, amount: berth_domain::Stroops) -> Value {
    json!({ "accountId": account.0, "address": address::write(address), "amount": amount.to_string() })
}

fn lease_opened(e: &LeaseOpened, market: Option<String>) -> Value {
    json!({
        "leaseId": e.lease.0,
        "orderId": e.order.0,
        "bidId": e.bid.0,
        "market": market,
        "providerId": e.provider.0,
        "tenantAddress": address::write(e.tenant_address),
        "providerAddress": address::write(e.provider_address),
        "trustLevel": e.level.as_str(),
        "price": e.price.to_string(),
        "ratePerHour": e.rate.to_string(),
        "units": e.units,
        "replicas": e.replicas,
        "escrow": e.escrow.to_string(),
        "durationSeconds": e.duration.0,
        "chainDeadline": e.chain_deadline,
    })
}

/// A proof step's public payload as JSON.
#[must_use]
pub fn payload_json(payload: &ProofPayload) -> Map<String, Value> {
    payload
        .fields()
        .map(|(name, value)| {
            let value = match value {
                ProofValue::Number(n) => (*n).into(),
                ProofValue::Text(text) => text.as_str().into(),
                ProofValue::Null => Value::Null,
            };
            (name.to_owned(), value)
        })
        .collect()
}
