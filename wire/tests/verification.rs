//! Verification as JSON.

use berth_domain::{
    AccountId, Address, Digest, Event, LeaseId, MarketId, Verdict, VerificationDrawn, VerificationEnded,
    VerificationRerun, VerificationStarted,
};
use berth_wire::event::{Names, event_json};
use serde_json::{Value, json};

struct Nobody;

impl Names for Nobody {
    fn market(&self, _market: MarketId) -> Option<String> {
        None
    }

    fn address(&self, _account: AccountId) -> Option<Address> {
        None
    }
}

#[test]
fn every_event_of_a_verification_names_the_lease_and_never_the_result() {
    let lease = LeaseId(7);
    let hash = Digest([0xAB; 32]);
    let cases: Vec<(Event, Value)> = vec![
        (VerificationStarted { lease }.into(), json!({"type": "verification.started", "leaseId": 7})),
        (
            VerificationDrawn { lease, ledger: 12, hash, drawn: true }.into(),
            json!({"type": "verification.drawn", "leaseId": 7, "ledger": 12, "hash": "ab".repeat(32), "drawn": true}),
        ),
        (
            VerificationRerun { lease, rerun: LeaseId(8) }.into(),
            json!({"type": "verification.rerun", "leaseId": 7, "rerunLeaseId": 8}),
        ),
        (
            VerificationEnded { lease, verdict: Verdict::NotDrawn }.into(),
            json!({"type": "verification.ended", "leaseId": 7, "verdict": "notDrawn"}),
        ),
    ];
    for (event, expected) in cases {
        assert_eq!(event_json(&event, &Nobody), expected);
    }
}
