//! What the exchange is, its terms, and its hosts.

use berth_domain::{Genesis, Reconfigure, RegisterProvider};
use serde_json::{Value, json};

use super::attributes;
use crate::address;
use crate::event::{counts, seconds, thresholds};

pub(super) fn genesis(c: &Genesis) -> Value {
    let grants = c.grants.iter().map(|grant| (address::write(grant.address), Value::from(grant.level.as_str())));
    json!({
        "network": c.network.to_string(),
        "escrowContract": c.escrow_contract.to_string(),
        "asset": c.asset.as_str(),
        "operator": address::write(c.operator),
        "treasury": address::write(c.treasury),
        "feeBps": c.fee.get(),
        "defaultTrustLevel": c.default_level.as_str(),
        "grants": grants.collect::<serde_json::Map<_, _>>(),
        "markets": c.markets.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "openMarkets": c.open_markets,
        "timing": seconds(&c.timing),
        "bounds": counts(&c.bounds),
        "trust": thresholds(&c.trust),
        "auditors": c.auditors.iter().map(|&auditor| address::write(auditor)).collect::<Vec<_>>(),
    })
}

pub(super) fn reconfigure(c: &Reconfigure) -> Value {
    json!({
        "feeBps": c.fee.map(|fee| fee.get()),
        "timing": c.timing.as_ref().map(seconds),
        "bounds": c.bounds.as_ref().map(counts),
        "effectiveAt": c.effective_at.0,
    })
}

pub(super) fn register(c: &RegisterProvider) -> Value {
    let gpus = c.gpus.iter().map(|gpu| json!({ "market": gpu.class.to_string(), "count": gpu.count }));
    json!({
        "resources": {
            "cpu": c.resources.cpu,
            "memory": c.resources.memory,
            "storage": c.resources.storage,
            "bandwidth": c.bandwidth,
            "gpus": gpus.collect::<Vec<_>>(),
        },
        "hostname": c.hostname.as_str(),
        "port": c.port,
        "attributes": attributes(&c.attributes),
        "agent": if c.own_agent { "own" } else { "house" },
        "clientOrderId": c.client_id.map(|id| id.to_string()),
    })
}
