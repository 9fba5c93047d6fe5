//! Events of stake, trust and reputation as JSON.

use berth_domain::{
    AccountId, Address, Attested, ChainEventId, Event, LeaseId, MarketId, Micros, Reputation, ReputationCause,
    ReputationChanged, StakeChanged, StakeSlashed, Stroops, TrustCause, TrustChanged, TrustLevel,
};
use berth_wire::event::{Names, event_json};
use serde_json::{Value, json};

const ADA: AccountId = AccountId(2);
const AUDITOR: AccountId = AccountId(3);

/// Account n has the key of n bytes n.
struct Keys;

impl Names for Keys {
    fn market(&self, _market: MarketId) -> Option<String> {
        None
    }

    fn address(&self, account: AccountId) -> Option<Address> {
        u8::try_from(account.0).ok().map(|byte| Address([byte; 32]))
    }
}

#[test]
fn every_event_of_trust_names_the_account_and_the_cause() {
    let (ada, auditor, tenant) = (key(2), key(3), key(4));
    let amount = |n| Stroops::new(n).expect("in range");
    let points = |n| Reputation::new(n).expect("in range");
    let chain = ChainEventId { toid: 4_096, index: 1 };
    let moved = |cause| TrustChanged { account: ADA, from: TrustLevel::Two, to: TrustLevel::Three, cause }.into();
    let moved_json = |cause: &str, lease: Value, event: Value, auditor: Value| {
        json!({"type": "trust.changed", "accountId": 2, "address": ada, "from": "Two", "to": "Three", "cause": cause,
               "leaseId": lease, "chainEvent": event, "auditorAddress": auditor})
    };
    let null = Value::Null;
    let cases: Vec<(Event, Value)> = vec![
        (
            StakeChanged { account: ADA, address: Address([2; 32]), staked: amount(15_000_000), event: chain }.into(),
            json!({"type": "stake.changed", "accountId": 2, "address": ada, "staked": "1.5",
                   "chainEvent": chain.to_string()}),
        ),
        (
            StakeSlashed {
                account: ADA,
                address: Address([2; 32]),
                tenant_address: Address([4; 32]),
                lease: LeaseId(7),
                amount: amount(5_000_000),
            }
            .into(),
            json!({"type": "stake.slashed", "accountId": 2, "address": ada, "tenantAddress": tenant, "leaseId": 7,
                   "amount": "0.5"}),
        ),
        (
            Attested { account: ADA, auditor: AUDITOR, until: Some(Micros(9)) }.into(),
            json!({"type": "trust.attested", "accountId": 2, "address": ada, "auditorAddress": auditor, "until": 9}),
        ),
        (
            Attested { account: ADA, auditor: AUDITOR, until: None }.into(),
            json!({"type": "trust.attested", "accountId": 2, "address": ada, "auditorAddress": auditor, "until": null}),
        ),
        (moved(TrustCause::Lease(LeaseId(7))), moved_json("lease", 7.into(), null.clone(), null.clone())),
        (moved(TrustCause::Slash(LeaseId(8))), moved_json("slash", 8.into(), null.clone(), null.clone())),
        (moved(TrustCause::Stake(chain)), moved_json("stake", null.clone(), chain.to_string().into(), null.clone())),
        (
            moved(TrustCause::Attestation(AUDITOR)),
            moved_json("attestation", null.clone(), null.clone(), auditor.clone().into()),
        ),
        (moved(TrustCause::Expiry), moved_json("expiry", null.clone(), null.clone(), null)),
        (
            ReputationChanged {
                account: ADA,
                from: points(95),
                to: points(90),
                lease: LeaseId(7),
                cause: ReputationCause::Failed,
            }
            .into(),
            json!({"type": "reputation.changed", "accountId": 2, "address": ada, "from": 95, "to": 90, "leaseId": 7,
                   "cause": "failed"}),
        ),
    ];
    for (event, expected) in cases {
        assert_eq!(event_json(&event, &Keys), expected);
    }
}

fn key(byte: u8) -> String {
    berth_wire::address::write(Address([byte; 32]))
}
