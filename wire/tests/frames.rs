//! The protocol's examples, read and written back; and every event as JSON.

use berth_domain::{
    AccountId, AccountOpened, Address, BidAccepted, BidAmended, BidCancelled, BidChanged, BidExpired, BidId, BidLost,
    BidResumed, BidTarget, CancelReason, CloseReason, Code, CommandRefused, DeadManSet, DepositCredited, Digest, Event,
    ExchangeOpened, LeaseAccrued, LeaseClosed, LeaseClosing, LeaseEscrowed, LeaseId, LeaseOpened, LeasePaid,
    LeaseStarted, Limits, MarketId, MarketOpened, Micros, OrderAccepted, OrderAmended, OrderEnded, OrderExpired,
    OrderFilled, OrderId, ProofPayload, ProofStep, ProofStepped, ProviderId, ProviderRegistered, Rate, ResourceClass,
    Seconds, Seq, Stroops, Subject, Text, TrustLevel, TxHash, WithdrawalMoved, WithdrawalPaid, WithdrawalReturned,
};
use berth_wire::address;
use berth_wire::event::{Names, event_json, event_type};
use berth_wire::frame::{Answer, EventFilter, EventsBody, Push, Request, Subscribe};
use berth_wire::json::parse_value;
use serde_json::{Value, json};

/// Reads a frame and writes it back.
fn back(frame: &Value) -> Value {
    let frame: Push = serde_json::from_value(frame.clone()).expect("a frame");
    serde_json::to_value(frame).expect("JSON")
}

#[test]
fn the_protocols_frames_are_read_and_written() {
    for frame in [
        json!({"sub":7,"ch":"book","market":"H100-80","type":"snapshot","seq":918_233,"prevSeq":null,
               "bids":[["Five","2.5",8,3]],"orders":[],"crc":2_718_281_828_u32}),
        json!({"sub":7,"ch":"book","market":"H100-80","type":"update","seq":918_240,"prevSeq":918_233,
               "bids":[["Five","2.5",0,0]],"orders":[["Five","2.4",4,1]],"crc":31_415_926}),
        json!({"sub":9,"ch":"events","type":"replay","seq":900_004,"prevSeq":900_001,"at":1_790_000_000_000_123_u64,
               "events":[{"type":"lease.started","leaseId":7}]}),
        json!({"sub":9,"ch":"events","type":"caughtUp","seq":918_241}),
        json!({"sub":9,"ch":"events","type":"cursorExpired","oldestSeq":5}),
        json!({"sub":9,"ch":"events","type":"fellBehind","resumeSeq":5}),
        json!({"ch":"status","type":"serverShutdown","resumeSeq":5}),
    ] {
        assert_eq!(back(&frame), frame);
    }
}

#[test]
fn events_carry_their_gap() {
    let frame = json!({"sub":9,"ch":"events","type":"update","seq":4,"prevSeq":1,"at":5,"events":[]});
    let Push::Events(frame) = serde_json::from_value(frame).expect("a frame") else { panic!("of events") };
    let EventsBody::Update { prev_seq, frame } = frame.body else { panic!("an update") };
    assert_eq!((prev_seq, frame.seq, frame.at), (Some(1), 4, 5));
}

#[test]
fn requests_and_answers_are_those_of_the_protocol() {
    let request = Request::parse(br#"{"id":1,"method":"ping"}"#).expect("good");
    assert_eq!(request.take_params(), json!({}));
    for (bad, field) in [
        (r#"{"method":"ping"}"#, "id"),
        (r#"{"id":-1,"method":"ping"}"#, "id"),
        (r#"{"id":1,"method":7}"#, "method"),
        (r#"{"id":1,"method":"ping","param":{}}"#, "param"),
        ("[1]", ""),
    ] {
        assert_eq!(Request::parse(bad.as_bytes()).expect_err(bad).field, field);
    }
    assert_eq!(
        serde_json::to_value(Answer::done(1, Some(9), json!({}))).expect("JSON"),
        json!({"id": 1, "ok": true, "seq": 9, "result": {}})
    );
    assert_eq!(
        serde_json::to_value(Answer::refused(Some(1), None, Code::NotYours.into())).expect("JSON"),
        json!({"id": 1, "ok": false, "error":
            {"code": "NOT_YOURS", "detail": "It belongs to another account", "retry": "never"}})
    );
    let subscribe = json!({"ch": "events", "fromSeq": 5, "epoch": "e", "types": ["lease.*"]});
    let subscribe: Subscribe = parse_value(subscribe).expect("good");
    assert_eq!((subscribe.from_seq, subscribe.types.as_slice()), (Some(5), ["lease.*".to_owned()].as_slice()));
    let market: Result<Subscribe, _> = parse_value(json!({"ch": "book", "market": "h100"}));
    assert_eq!(market.expect_err("no market").field, "market");
}

#[test]
fn filters_match_types_and_kinds() {
    let filter = EventFilter::new(&["lease.*", "order.filled"]).expect("good");
    for (name, wanted) in
        [("lease.opened", true), ("order.filled", true), ("order.accepted", false), ("leases.x", false)]
    {
        assert_eq!(filter.wants(name), wanted, "{name}");
    }
    assert!(EventFilter::new::<&str>(&[]).expect("good").wants("anything.atAll"));
    for bad in ["", "lease", "lease.", "*.opened", "lease.**", "lease.a.b", "*"] {
        assert_eq!(EventFilter::new(&["lease.*", bad]).expect_err(bad).field, "types[1]");
    }
}

struct OneMarket;

impl Names for OneMarket {
    fn market(&self, market: MarketId) -> Option<String> {
        (market == MarketId(1)).then(|| "H100-80".to_owned())
    }
    fn address(&self, account: AccountId) -> Option<Address> {
        (account == AccountId(1)).then_some(TENANT)
    }
}

const TENANT: Address = Address([1; 32]);
const HOST: Address = Address([2; 32]);

fn stroops(n: i64) -> Stroops {
    Stroops::new(n).expect("not negative")
}

/// Kinds of events; a refusal counts once.
const EVENT_KINDS: usize = 30;

/// One event of every kind, with what it must say.
fn events() -> Vec<(Event, Value)> {
    let (market, order, bid, lease) = (MarketId(1), OrderId(3), BidId(4), LeaseId(7));
    let (tenant, host) = (address::write(TENANT), address::write(HOST));
    let price = Rate::new(25_000_000).expect("in range");
    let hex = "05".repeat(32);
    let tx = TxHash([5; 32]);
    let money = json!({"accountId": 1, "address": tenant, "amount": "2.5"});
    let (account, amount) = (AccountId(1), stroops(25_000_000));
    vec![
        (
            ExchangeOpened { network: Digest([5; 32]), escrow_contract: Digest([5; 32]) }.into(),
            json!({"type": "exchange.opened", "network": hex, "escrowContract": hex}),
        ),
        (
            MarketOpened { market, class: ResourceClass::gpu("H100", 80).expect("a class") }.into(),
            json!({"type": "market.opened", "marketId": 1, "market": "H100-80"}),
        ),
        (
            AccountOpened { account: AccountId(1), address: TENANT, level: TrustLevel::Five }.into(),
            json!({"type": "account.opened", "accountId": 1, "address": tenant, "trustLevel": "Five"}),
        ),
        (
            DepositCredited {
                account: AccountId(1),
                amount: stroops(25_000_000),
                event: "0000000000000000005-0000000001".parse().expect("an id"),
            }
            .into(),
            with(&money, json!({"type": "deposit.credited", "chainEvent": "0000000000000000005-0000000001"})),
        ),
        (
            WithdrawalMoved { account, address: TENANT, amount }.into(),
            with(&money, json!({"type": "withdrawal.requested"})),
        ),
        (WithdrawalPaid { account, address: TENANT, amount }.into(), with(&money, json!({"type": "withdrawal.paid"}))),
        (
            WithdrawalReturned { account, address: TENANT, amount }.into(),
            with(&money, json!({"type": "withdrawal.cancelled"})),
        ),
        (
            ProviderRegistered { provider: ProviderId(2), account: AccountId(2), address: HOST, own_agent: true }
                .into(),
            json!({"type": "provider.registered", "providerId": 2, "accountId": 2, "address": host, "agent": "own"}),
        ),
        (
            OrderAccepted { order, account: AccountId(1), address: TENANT, market, replicas: 2, hold: stroops(1) }
                .into(),
            json!({"type": "order.accepted", "orderId": 3, "tenantAddress": tenant, "market": "H100-80",
                   "quantity": 2, "hold": "0.0000001"}),
        ),
        (
            OrderFilled { order, market, lease, replicas: 1, remaining: 1, hold: stroops(0) }.into(),
            json!({"type": "order.filled", "orderId": 3, "market": "H100-80", "leaseId": 7, "replicas": 1,
                   "remaining": 1, "hold": "0"}),
        ),
        (
            OrderEnded { order, market, reason: CancelReason::NotFilledAtOnce, released: stroops(10) }.into(),
            json!({"type": "order.cancelled", "orderId": 3, "market": "H100-80", "reason": "notFilledAtOnce",
                   "released": "0.000001"}),
        ),
        (
            OrderExpired { order, market: MarketId(9), released: stroops(0) }.into(),
            json!({"type": "order.expired", "orderId": 3, "market": null, "released": "0"}),
        ),
        (
            BidAccepted {
                bid,
                provider: ProviderId(2),
                address: HOST,
                market,
                target: BidTarget::Directed { order },
                price,
            }
            .into(),
            json!({"type": "bid.accepted", "bidId": 4, "providerId": 2, "providerAddress": host, "market": "H100-80",
                   "orderId": 3, "quantity": null, "bidPrice": "2.5"}),
        ),
        (BidChanged { bid, market }.into(), json!({"type": "bid.parked", "bidId": 4, "market": "H100-80"})),
        (BidResumed { bid, market }.into(), json!({"type": "bid.resumed", "bidId": 4, "market": "H100-80"})),
        (BidLost { bid, market }.into(), json!({"type": "bid.lost", "bidId": 4, "market": "H100-80"})),
        (
            BidCancelled { bid, market, reason: CancelReason::Requested }.into(),
            json!({"type": "bid.cancelled", "bidId": 4, "market": "H100-80", "reason": "requested"}),
        ),
        (
            BidAmended { bid, market, price, remaining: 6 }.into(),
            json!({"type": "bid.amended", "bidId": 4, "market": "H100-80", "bidPrice": "2.5", "remaining": 6}),
        ),
        (BidExpired { bid, market }.into(), json!({"type": "bid.expired", "bidId": 4, "market": "H100-80"})),
        (
            OrderAmended {
                order,
                market,
                replicas: 3,
                remaining: 2,
                limits: Limits::new([(TrustLevel::One, price), (TrustLevel::Five, Rate::MAX)]).expect("two"),
                hold: stroops(10_000_000),
            }
            .into(),
            json!({"type": "order.amended", "orderId": 3, "market": "H100-80", "quantity": 3, "remaining": 2,
                   "maxPrice": {"One": "2.5", "Five": "1000000000"}, "trustLevels": ["One", "Five"], "hold": "1"}),
        ),
        (
            DeadManSet { account, deadline: Some(Micros(9)) }.into(),
            json!({"type": "account.deadman", "accountId": 1, "address": tenant, "firesAt": 9}),
        ),
        (
            LeaseOpened {
                lease,
                order,
                bid,
                market,
                provider: ProviderId(2),
                provider_address: HOST,
                tenant_address: TENANT,
                price,
                rate: price.of(2, 3).expect("fits"),
                units: 2,
                replicas: 3,
                escrow: stroops(150_000_000),
                duration: Seconds(3_600),
                chain_deadline: 1_790_000_000,
                level: TrustLevel::Four,
            }
            .into(),
            json!({"type": "lease.opened", "leaseId": 7, "orderId": 3, "bidId": 4, "market": "H100-80",
                   "providerId": 2, "tenantAddress": tenant, "providerAddress": host, "trustLevel": "Four",
                   "price": "2.5", "ratePerHour": "15", "units": 2, "replicas": 3, "escrow": "15",
                   "durationSeconds": 3_600, "chainDeadline": 1_790_000_000}),
        ),
        (LeaseEscrowed { lease, tx }.into(), json!({"type": "lease.escrowed", "leaseId": 7, "tx": hex})),
        (
            LeaseStarted { lease, ends_at: Micros(9) }.into(),
            json!({"type": "lease.started", "leaseId": 7, "endsAt": 9}),
        ),
        (
            LeaseAccrued { lease, evidenced: Seconds(60), cost: stroops(2), healthy: true }.into(),
            json!({"type": "lease.heartbeat", "leaseId": 7, "evidencedSeconds": 60, "cost": "0.0000002", "healthy": true}),
        ),
        (
            LeaseClosing { lease, reason: CloseReason::Stopped }.into(),
            json!({"type": "lease.closing", "leaseId": 7, "reason": "stopped"}),
        ),
        (
            LeaseClosed {
                lease,
                reason: CloseReason::Stopped,
                detail: Text::lossy(""),
                evidenced: Seconds(60),
                pay: stroops(100),
                fee: stroops(5),
                refund: stroops(10),
                escrowed: true,
                proof: Digest([5; 32]),
            }
            .into(),
            json!({"type": "lease.closed", "leaseId": 7, "reason": "stopped", "detail": "", "evidencedSeconds": 60,
                   "pay": "0.00001", "fee": "0.0000005", "refund": "0.000001", "escrowed": true, "proofHash": hex}),
        ),
        (
            LeasePaid { lease, tx, pay: stroops(100), fee: stroops(5), refund: stroops(10) }.into(),
            json!({"type": "lease.paid", "leaseId": 7, "tx": hex, "pay": "0.00001", "fee": "0.0000005",
                   "refund": "0.000001"}),
        ),
        (
            ProofStepped {
                lease,
                step: ProofStep::Matched,
                seq: Seq(9),
                payload: ProofPayload::new([("bidId", 4_u64.into()), ("market", "H100-80".into())]),
                hash: Digest([5; 32]),
            }
            .into(),
            json!({"type": "proof.step", "leaseId": 7, "number": 2, "step": "matched", "seq": 9,
                   "payload": {"bidId": 4, "market": "H100-80"}, "hash": hex}),
        ),
        (
            CommandRefused { account: AccountId(1), subject: Subject::Order, code: Code::InsufficientFunds }.into(),
            json!({"type": "order.refused", "accountId": 1, "address": tenant, "code": "INSUFFICIENT_FUNDS"}),
        ),
    ]
}

fn with(base: &Value, more: Value) -> Value {
    let mut out = base.clone();
    let (Value::Object(map), Value::Object(more)) = (&mut out, more) else { panic!("two objects") };
    map.extend(more);
    out
}

#[test]
fn every_event_says_what_followers_need() {
    let events = events();
    assert_eq!(events.len(), EVENT_KINDS);
    for (event, expected) in events {
        let json = event_json(&event, &OneMarket);
        assert_eq!(json, expected);
        assert_eq!(json["type"], event_type(&event));
    }
}

#[test]
fn a_refusal_is_named_by_its_subject() {
    for subject in Subject::ALL {
        let event: Event = CommandRefused { account: AccountId(0), subject: *subject, code: Code::NotYours }.into();
        assert_eq!(event_type(&event), format!("{subject}.refused"));
        assert_eq!(event_json(&event, &OneMarket)["address"], Value::Null);
    }
}
