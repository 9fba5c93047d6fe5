//! Events of the operator's commands, and of hosts that change.

use berth_domain::{
    Attribute, Bounds, Change, ChangeAnnounced, ExchangeReconfigured, ProviderChanged, Timing, TrustRules,
};
use serde_json::{Map, Value, json};

pub(super) fn announced(e: &ChangeAnnounced) -> Value {
    let mut json = match &e.change {
        Change::Terms { fee, timing, bounds } => json!({
            "change": "terms",
            "feeBps": fee.map(|fee| fee.get()),
            "timing": timing.as_ref().map(seconds),
            "bounds": bounds.as_ref().map(counts),
        }),
        Change::Rules { rules } => json!({ "change": "rules", "rules": rules }),
    };
    json["effectiveAt"] = e.effective_at.0.into();
    json
}

pub(super) fn reconfigured(e: &ExchangeReconfigured) -> Value {
    json!({ "feeBps": e.fee.get(), "timing": seconds(&e.timing), "bounds": counts(&e.bounds) })
}

pub(super) fn provider_changed(e: &ProviderChanged) -> Value {
    let pair = |attribute: &Attribute| (attribute.key.to_string(), Value::from(attribute.value.as_str()));
    let attributes: Map<String, Value> = e.attributes.iter().map(pair).collect();
    json!({ "providerId": e.provider.0, "available": e.available, "attributes": attributes })
}

/// Timeouts in seconds.
pub(crate) fn seconds(timing: &Timing) -> Value {
    json!({
        "escrowTimeout": timing.escrow_timeout.0,
        "startTimeout": timing.start_timeout.0,
        "heartbeatInterval": timing.heartbeat_interval.0,
        "heartbeatGrace": timing.heartbeat_grace.0,
        "darkAfter": timing.dark_after.0,
        "closingTimeout": timing.closing_timeout.0,
        "settleGrace": timing.settle_grace.0,
        "reconfigureDelay": timing.reconfigure_delay.0,
        "runwayWarning": timing.runway_warning.0,
        "suspendTimeout": timing.suspend_timeout.0,
        "missedChecks": timing.missed_checks,
        "backlogWindow": timing.backlog_window.0,
    })
}

/// Bounds as counts, `duration` in seconds.
pub(crate) fn counts(bounds: &Bounds) -> Value {
    json!({
        "scan": bounds.scan,
        "tick": bounds.tick,
        "orders": bounds.orders,
        "bids": bounds.bids,
        "providers": bounds.providers,
        "replicas": bounds.replicas,
        "duration": bounds.duration.0,
        "clientIds": bounds.client_ids,
        "fills": bounds.fills,
        "depth": bounds.depth,
        "quotes": bounds.quotes,
        "directed": bounds.directed,
    })
}

/// What trust levels and reputation are made of: money in units of the asset,
/// shares hundredths of a percent, `uptimeDays` days, gains and losses points.
pub(crate) fn thresholds(trust: &TrustRules) -> Value {
    json!({
        "minFee": trust.min_fee.to_string(),
        "tenantShareBps": trust.tenant_share.bps(),
        "minTenants": trust.min_tenants,
        "window": trust.window,
        "stakeTwo": trust.stake_two.to_string(),
        "stakeThree": trust.stake_three.to_string(),
        "minLeases": trust.min_leases,
        "completedThreeBps": trust.completed_three.bps(),
        "completedFourBps": trust.completed_four.bps(),
        "uptimeFour": trust.uptime_four.to_string(),
        "uptimeDays": trust.uptime_days,
        "completedGain": trust.completed_gain,
        "failedLoss": trust.failed_loss,
        "darkLoss": trust.dark_loss,
        "verificationLoss": trust.verification_loss,
        "slashMin": trust.slash_min.to_string(),
        "slashMax": trust.slash_max.to_string(),
    })
}
