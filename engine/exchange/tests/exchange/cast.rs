//! Who trades in the scenarios, and under which rules.

use berth_domain::{
    Address, Digest, FeeBps, Genesis, Grant, LeaseId, ResourceClass, Seconds, Text, Timing, TrustLevel, TxHash,
};

/// Who there is: the providers' owners with their levels, then the tenants.
/// Each owner has one host of eight GPUs, `p1` to `p5`; each tenant has 1,000.
pub(crate) const CAST: [(&str, TrustLevel); 8] = [
    ("ada", TrustLevel::One),
    ("bob", TrustLevel::Two),
    ("cem", TrustLevel::Three),
    ("dee", TrustLevel::Four),
    ("eve", TrustLevel::Five),
    ("tom", TrustLevel::One),
    ("tia", TrustLevel::One),
    ("tim", TrustLevel::One),
];
pub(crate) const OWNERS: [&str; 5] = ["ada", "bob", "cem", "dee", "eve"];
pub(crate) const TENANTS: [&str; 3] = ["tom", "tia", "tim"];

/// The rules of the scenarios: a fee of 5 %, short timeouts.
pub(crate) fn genesis() -> Genesis {
    let grant = |(name, level): (&str, TrustLevel)| Grant { address: address(name), level };
    Genesis {
        network: Digest([1; 32]),
        escrow_contract: Digest([2; 32]),
        asset: Text::new("XLM").expect("short"),
        // One key for both, so that the cast's accounts are numbered from 2.
        operator: address("treasury"),
        treasury: address("treasury"),
        fee: FeeBps::new(500).expect("below 10,000"),
        default_level: TrustLevel::One,
        grants: CAST.into_iter().map(grant).collect(),
        markets: vec![ResourceClass::Cpu, class("H100-80")],
        open_markets: true,
        timing: Timing {
            escrow_timeout: Seconds(300),
            start_timeout: Seconds(600),
            heartbeat_interval: Seconds(10),
            heartbeat_grace: Seconds(60),
            dark_after: Seconds(180),
            closing_timeout: Seconds(120),
            settle_grace: Seconds(3_600),
            reconfigure_delay: Seconds(1_000),
            runway_warning: Seconds(30),
            suspend_timeout: Seconds(300),
            missed_checks: 3,
            backlog_window: Seconds(150),
        },
        bounds: Default::default(),
        trust: Default::default(),
        auditors: Vec::new(),
    }
}

/// An address that is easy to tell: the name, then zeros.
pub(crate) fn address(name: &str) -> Address {
    let mut bytes = [0; 32];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    Address(bytes)
}

pub(crate) fn class(name: &str) -> ResourceClass {
    name.parse().expect("a market's name")
}

/// A hash that is easy to tell.
pub(crate) fn tx(kind: u8, lease: LeaseId) -> TxHash {
    TxHash([kind; 32].map(|byte| byte ^ u8::try_from(lease.0 % 16).expect("below 16")))
}
