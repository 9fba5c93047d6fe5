//! What agents and the settler report.

use berth_domain::{Address, Command, FinishOutcome, LeaseId};
use berth_wire::address;
use berth_wire::json::parse_value;
use berth_wire::request::{Fact, FinishRequest, HeartbeatRequest, StartRequest, StopRequest};
use serde_json::{Value, json};

use crate::field;

#[test]
fn reports_of_agents_are_parsed() {
    let container = |index: u32| json!({"index": index, "id": format!("c{index}"), "ports": [{"containerPort": 80, "hostPort": 32_768, "protocol": "udp"}]});
    let start = |containers: Value| {
        let params = json!({"leaseId": 7, "address": "p", "imageId": "sha256:1", "containers": containers});
        parse_value::<StartRequest>(params).and_then(StartRequest::parse)
    };
    let (name, command) = start(json!([container(1), container(0)])).expect("good");
    let name = name.expect("it is named");
    assert_eq!((name.as_str(), command.lease, command.image.as_str()), ("p", LeaseId(7), "sha256:1"));
    assert_eq!(command.containers.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["c0", "c1"]);
    assert!(command.containers[0].ports[0].udp);
    for (containers, at) in [
        (json!([]), "containers"),
        (json!([container(1)]), "containers[0].index"),
        (json!([container(0), container(0)]), "containers[1].index"),
        (json!([{"index": 0, "id": "x".repeat(65)}]), "containers[0].id"),
        (json!([{"index": 0, "id": ""}]), "containers[0].id"),
    ] {
        assert_eq!(field(start(containers)).0, at);
    }

    let beat = json!({"leaseId": 7, "address": "p", "cpuMillis": 1_500, "memoryBytes": 4_096});
    let (_, beat) = parse_value::<HeartbeatRequest>(beat).expect("good").parse();
    assert_eq!((beat.cpu_millis, beat.memory_bytes), (1_500, 4_096));

    let finish = json!({
        "leaseId": 7, "address": "p", "exitCode": null, "resultSha256": "ab".repeat(32), "resultSize": 9,
        "reason": "stopped",
    });
    let (_, command) = parse_value::<FinishRequest>(finish.clone()).and_then(FinishRequest::parse).expect("good");
    assert_eq!((command.outcome, command.exit_code), (FinishOutcome::Stopped, None));
    assert_eq!(command.result.map(|result| result.size), Some(9));
    for (name, value, at) in [
        ("reason", json!("bored"), "reason"),
        ("exitCode", json!(4_000_000_000_u64), "exitCode"),
        ("resultSha256", json!("ab"), "resultSha256"),
        ("resultSha256", json!(null), "resultSha256"),
        ("detail", json!("x".repeat(257)), "detail"),
    ] {
        let mut bad = finish.clone();
        bad[name] = value;
        assert_eq!(field(parse_value::<FinishRequest>(bad).and_then(FinishRequest::parse)).0, at);
    }
}

#[test]
fn a_stop_names_one_lease() {
    let stop = |params: Value, path: Option<u64>| {
        parse_value::<StopRequest>(params).and_then(|request| request.parse(path.map(LeaseId)))
    };
    assert_eq!(stop(json!({}), Some(7)).map(|(name, command)| (name, command.lease)), Ok((None, LeaseId(7))));
    let (name, command) = stop(json!({"leaseId": 7, "address": "t"}), None).expect("good");
    assert_eq!((name.map(|name| name.to_string()).as_deref(), command.lease), (Some("t"), LeaseId(7)));
    assert_eq!(field(stop(json!({}), None)).0, "leaseId");
    assert_eq!(field(stop(json!({"leaseId": 8}), Some(7))).0, "leaseId");
}

#[test]
fn facts_are_parsed_and_written_alike() {
    let key = address::write(Address([7; 32]));
    let movement = json!({"chainEvent": "0000000017179873280-0000000001", "address": key, "amount": "2.5"});
    let lease = json!({"leaseId": 7, "tx": "ab".repeat(32), "ledger": 5});
    let mut paid = lease.clone();
    for (name, amount) in [("pay", "1"), ("fee", "0.05"), ("refund", "3")] {
        paid[name] = json!(amount);
    }
    let mut refunded = lease.clone();
    refunded["amount"] = json!("4");
    let facts = [
        ("fact.deposit", movement.clone(), "deposit.fact"),
        ("fact.withdrawalRequested", movement.clone(), "withdrawal.requested"),
        ("fact.withdrawn", movement.clone(), "withdrawal.paid"),
        ("fact.withdrawalCancelled", movement.clone(), "withdrawal.cancelled"),
        ("fact.escrowed", lease, "lease.escrowed"),
        ("fact.escrowFailed", json!({"leaseId": 7, "reason": "x".repeat(300)}), "lease.escrowFailed"),
        ("fact.paid", paid, "lease.paid"),
        ("fact.refunded", refunded, "lease.refunded"),
    ];
    for (method, params, command) in facts {
        let fact = Fact::read(method, params.clone()).expect("a fact").expect("good");
        assert_eq!((fact.method(), fact.params()), (method, params));
        assert_eq!(Command::name(&fact.command()), command);
    }
    assert!(Fact::read("fact.other", json!({})).is_none());
    for (name, value) in [("chainEvent", json!("1")), ("address", json!("tenant")), ("amount", json!(2.5))] {
        let mut bad = movement.clone();
        bad[name] = value;
        assert_eq!(field(Fact::read("fact.deposit", bad).expect("a fact")).0, name);
    }
}
