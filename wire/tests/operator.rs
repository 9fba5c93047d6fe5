//! The operator's events as JSON.

use berth_domain::{
    AccountId, Address, Attribute, Bounds, Change, ChangeAnnounced, Event, ExchangeReconfigured, ExchangeUpgraded,
    FeeBps, MarketId, MarketPaused, MarketResumed, Micros, ProviderChanged, ProviderId, Text, Timing,
};
use berth_wire::event::{Names, event_json};
use serde_json::{Value, json};

struct OneMarket;

impl Names for OneMarket {
    fn market(&self, market: MarketId) -> Option<String> {
        (market == MarketId(2)).then(|| "H100-80".to_owned())
    }

    fn address(&self, _account: AccountId) -> Option<Address> {
        None
    }
}

#[test]
fn every_event_of_the_operator_says_what_it_changes() {
    let fee = FeeBps::new(700).expect("in range");
    let (timing, bounds) = (Timing::default(), Bounds::default());
    let timing_json = json!({
        "escrowTimeout": 300, "startTimeout": 900, "heartbeatInterval": 10, "heartbeatGrace": 60, "darkAfter": 180,
        "closingTimeout": 180, "settleGrace": 86_400, "reconfigureDelay": 86_400,
        "runwayWarning": 600, "suspendTimeout": 3_600, "missedChecks": 3, "backlogWindow": 3_600,
    });
    let bounds_json = json!({
        "scan": 10_000, "tick": 1_000, "orders": 1_000, "bids": 10_000, "providers": 1_000, "replicas": 256,
        "duration": 31_622_400, "clientIds": 4_096, "fills": 1_000, "depth": 1_000_000, "quotes": 200, "directed": 256,
    });
    let terms = Change::Terms { fee: Some(fee), timing: None, bounds: Some(bounds) };
    let region = Attribute { key: Text::new("region").expect("short"), value: Text::new("eu").expect("short") };
    let cases: Vec<(Event, Value)> = vec![
        (
            MarketPaused { market: MarketId(2) }.into(),
            json!({"type": "market.paused", "marketId": 2, "market": "H100-80"}),
        ),
        (
            MarketResumed { market: MarketId(2) }.into(),
            json!({"type": "market.resumed", "marketId": 2, "market": "H100-80"}),
        ),
        (
            ChangeAnnounced { change: terms, effective_at: Micros(9) }.into(),
            json!({"type": "exchange.announced", "change": "terms", "feeBps": 700, "timing": null,
                   "bounds": bounds_json, "effectiveAt": 9}),
        ),
        (
            ChangeAnnounced { change: Change::Rules { rules: 2 }, effective_at: Micros(9) }.into(),
            json!({"type": "exchange.announced", "change": "rules", "rules": 2, "effectiveAt": 9}),
        ),
        (
            ExchangeReconfigured { fee, timing, bounds }.into(),
            json!({"type": "exchange.reconfigured", "feeBps": 700, "timing": timing_json, "bounds": bounds_json}),
        ),
        (ExchangeUpgraded { rules: 2 }.into(), json!({"type": "exchange.upgraded", "rules": 2})),
        (
            ProviderChanged { provider: ProviderId(3), available: false, attributes: vec![region] }.into(),
            json!({"type": "provider.changed", "providerId": 3, "available": false,
                   "attributes": {"region": "eu"}}),
        ),
    ];
    for (event, expected) in cases {
        assert_eq!(event_json(&event, &OneMarket), expected);
    }
}
