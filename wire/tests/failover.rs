//! Standbys and what takes over, as JSON.

use berth_domain::{
    AccountId, Address, BidId, Code, Event, LeaseFailedOver, LeaseId, MarketId, OrderContinued, OrderDiscontinued,
    OrderId, ProviderId, Rate, StandbyEnd, StandbyMissing, StandbyReleased, StandbyReserved, Stroops,
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
fn every_event_of_a_failover_names_the_lease_and_what_takes_over() {
    let (lease, bid) = (LeaseId(7), BidId(3));
    let reserved = StandbyReserved {
        lease,
        bid,
        provider: ProviderId(2),
        price: Rate::new(15_000_000).expect("in range"),
        replicas: 2,
        hold: Stroops::new(5_000_000).expect("in range"),
    };
    let cases: Vec<(Event, Value)> = vec![
        (
            reserved.into(),
            json!({"type": "standby.reserved", "leaseId": 7, "bidId": 3, "providerId": 2, "price": "1.5",
                   "replicas": 2, "hold": "0.5"}),
        ),
        (
            StandbyReleased { lease, bid, reason: StandbyEnd::BidEnded }.into(),
            json!({"type": "standby.released", "leaseId": 7, "bidId": 3, "reason": "bidEnded"}),
        ),
        (StandbyMissing { lease }.into(), json!({"type": "standby.missing", "leaseId": 7})),
        (
            LeaseFailedOver { from: lease, to: LeaseId(8) }.into(),
            json!({"type": "lease.failedOver", "leaseId": 7, "toLeaseId": 8}),
        ),
        (
            OrderContinued { lease, order: OrderId(4) }.into(),
            json!({"type": "order.continued", "leaseId": 7, "orderId": 4}),
        ),
        (
            OrderDiscontinued { lease, code: Code::InsufficientFunds }.into(),
            json!({"type": "order.discontinued", "leaseId": 7, "code": "INSUFFICIENT_FUNDS"}),
        ),
    ];
    for (event, expected) in cases {
        assert_eq!(event_json(&event, &Nobody), expected);
    }
}
