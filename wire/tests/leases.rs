//! Funds, evidence and mandates of leases as JSON.

use berth_domain::{
    AccountId, Address, Command, Event, LeaseBacklog, LeaseId, LeaseResumed, LeaseRunway, LeaseSuspended,
    LeaseToppedUp, MandateSet, MarketId, Micros, OrderId, OrderParked, OrderResumed, Rate, Seconds, SetMandate,
    Stroops, Text, TopUpFailed, TopUpLease, TopUpReleased, TopUpRequested, ToppedUp, TxHash,
};
use berth_wire::event::{Names, event_json};
use berth_wire::json::parse_value;
use berth_wire::request::{BacklogRequest, Fact, HeartbeatRequest, MandateRequest, TopUpRequest};
use serde_json::{Value, json};

struct Nobody;

impl Names for Nobody {
    fn market(&self, _market: MarketId) -> Option<String> {
        Some("H100-80".to_owned())
    }

    fn address(&self, _account: AccountId) -> Option<Address> {
        None
    }
}

fn stroops(amount: i64) -> Stroops {
    Stroops::new(amount).expect("in range")
}

const TX: TxHash = TxHash([0xAB; 32]);

#[test]
fn every_event_of_a_lease_s_funds_says_when_and_how_much() {
    let (lease, order, market) = (LeaseId(7), OrderId(3), MarketId(2));
    let tx = "ab".repeat(32);
    let (amount, hold) = (stroops(5_000_000), stroops(20_000_000));
    let reason = Text::new("balance too low").expect("short");
    let mandate = MandateSet {
        account: AccountId(4),
        per_lease: Some(hold),
        per_day: None,
        floor: Rate::new(15_000_000),
        until: Some(Micros(9)),
    };
    let cases: Vec<(Event, Value)> = vec![
        (LeaseRunway { lease, ends_at: Micros(8) }.into(), json!({"type": "lease.runway", "leaseId": 7, "endsAt": 8})),
        (
            LeaseSuspended { lease, closes_at: Micros(8) }.into(),
            json!({"type": "lease.suspended", "leaseId": 7, "closesAt": 8}),
        ),
        (
            LeaseResumed { lease, ends_at: Micros(8) }.into(),
            json!({"type": "lease.resumed", "leaseId": 7, "endsAt": 8}),
        ),
        (
            TopUpRequested { lease, number: 2, seconds: Seconds(60), amount }.into(),
            json!({"type": "lease.topUpRequested", "leaseId": 7, "number": 2, "seconds": 60, "amount": "0.5"}),
        ),
        (
            LeaseToppedUp { lease, tx: TX, amount, escrow: hold, prepay: Seconds(240) }.into(),
            json!({"type": "lease.toppedUp", "leaseId": 7, "tx": tx, "amount": "0.5", "escrow": "2",
                   "prepaySeconds": 240}),
        ),
        (
            TopUpReleased { lease, number: 2, amount, reason }.into(),
            json!({"type": "lease.topUpFailed", "leaseId": 7, "number": 2, "released": "0.5",
                   "reason": "balance too low"}),
        ),
        (
            OrderParked { order, market, released: hold }.into(),
            json!({"type": "order.parked", "orderId": 3, "market": "H100-80", "released": "2"}),
        ),
        (
            OrderResumed { order, market, hold }.into(),
            json!({"type": "order.resumed", "orderId": 3, "market": "H100-80", "hold": "2"}),
        ),
        (
            mandate.into(),
            json!({"type": "mandate.set", "accountId": 4, "address": null, "perLease": "2", "perDay": null,
                   "floor": "1.5", "until": 9}),
        ),
    ];
    for (event, expected) in cases {
        assert_eq!(event_json(&event, &Nobody), expected);
    }
}

#[test]
fn requests_about_a_lease_s_funds_are_parsed() {
    let parsed = parse_value::<TopUpRequest>(json!({"seconds": 60})).expect("a top-up").parse(Some(LeaseId(7)));
    assert_eq!(parsed.expect("a lease").1, TopUpLease { lease: LeaseId(7), seconds: Seconds(60) });
    let parsed = parse_value::<TopUpRequest>(json!({"leaseId": 8, "seconds": 60})).expect("a top-up");
    assert_eq!(parsed.parse(Some(LeaseId(7))).expect_err("two leases").field, "leaseId");
    assert_eq!(parse_value::<TopUpRequest>(json!({"seconds": 0})).expect_err("nothing").field, "seconds");

    let backlog = json!({"leaseId": 7, "address": "ada", "beats": [1, 2]});
    let (_, backlog) = parse_value::<BacklogRequest>(backlog).expect("a backlog").parse().expect("short");
    assert_eq!(backlog, LeaseBacklog { lease: LeaseId(7), beats: vec![Micros(1), Micros(2)] });
    let backlog = json!({"leaseId": 7, "address": "ada", "beats": vec![1; 4_097]});
    let backlog = parse_value::<BacklogRequest>(backlog).expect("a backlog");
    assert_eq!(backlog.parse().expect_err("too long").field, "beats");

    let beat = json!({"leaseId": 7, "address": "ada", "cpuMillis": 1, "memoryBytes": 2});
    assert!(parse_value::<HeartbeatRequest>(beat.clone()).expect("a heartbeat").parse().1.healthy);
    let mut ill = beat;
    ill["healthy"] = false.into();
    assert!(!parse_value::<HeartbeatRequest>(ill).expect("a heartbeat").parse().1.healthy);

    let mandate = json!({"perLease": "2", "floor": "1.5", "until": 9});
    let (_, mandate) = parse_value::<MandateRequest>(mandate).expect("a mandate").parse();
    let (floor, until) = (Rate::new(15_000_000), Some(Micros(9)));
    assert_eq!(mandate, SetMandate { per_lease: Some(stroops(20_000_000)), per_day: None, floor, until });
}

#[test]
fn the_chain_s_answers_to_a_top_up_are_facts() {
    let lease = LeaseId(7);
    let cases: Vec<(&str, Value, Command)> = vec![
        (
            "fact.toppedUp",
            json!({"leaseId": 7, "tx": "ab".repeat(32), "ledger": 5, "amount": "0.5"}),
            ToppedUp { lease, tx: TX, ledger: 5, amount: stroops(5_000_000) }.into(),
        ),
        (
            "fact.topUpFailed",
            json!({"leaseId": 7, "number": 2, "reason": "no"}),
            TopUpFailed { lease, number: 2, reason: Text::new("no").expect("short") }.into(),
        ),
    ];
    for (method, params, command) in cases {
        let fact = Fact::read(method, params.clone()).expect("a fact").expect("well formed");
        assert_eq!((fact.method(), fact.params()), (method, params));
        assert_eq!(fact.command(), command);
    }
}
