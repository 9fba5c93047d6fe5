//! The proof chain, computed again by hand: SHA-256 over bytes, JSON written
//! out.

use berth_domain::{Command, ContainerReport, Event, LeaseId, StartLease, Text};
use sha2::{Digest, Sha256};

use crate::cast::genesis;
use crate::desk::OPENING;
use crate::script::Stage;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `SHA-256(previous ‖ step ‖ seq ‖ JSON)`, each step after the other.
fn chain(steps: &[(u8, u64, String)]) -> Vec<String> {
    let mut head = vec![0; 32];
    let mut heads = Vec::new();
    for (step, seq, json) in steps {
        let bytes = [&head[..], &[*step], &seq.to_le_bytes(), json.as_bytes()].concat();
        head = Sha256::digest(bytes).to_vec();
        heads.push(hex(&head));
    }
    heads
}

/// The sequence number of the last command of a kind.
fn seq_of(stage: &Stage, name: &str) -> u64 {
    let frame = stage.desk.log.iter().rfind(|frame| frame.entry.command.name() == name);
    frame.expect("the script has one").entry.seq.0
}

/// The proof in the lease's record, in the events, and in what `lease.closed`
/// hands to the contract.
fn compare(stage: &Stage, steps: &[(u8, u64, String)]) {
    let heads = chain(steps);
    let lease = stage.desk.exchange.lease(LeaseId(1)).expect("the script opens one");
    let record: Vec<_> = lease.proof.iter().map(|step| (step.step as u8, step.seq.0, step.payload.to_jcs())).collect();
    assert_eq!(record, steps);
    let recorded: Vec<_> = lease.proof.iter().map(|step| hex(&step.hash.0)).collect();
    assert_eq!(recorded, heads);

    let events = || stage.desk.log.iter().flat_map(|frame| &frame.events);
    let told: Vec<_> = events()
        .filter_map(|event| if let Event::ProofStepped(step) = event { Some(hex(&step.hash.0)) } else { None })
        .collect();
    assert_eq!(told, heads);
    let closed =
        events().find_map(|event| if let Event::LeaseClosed(e) = event { Some(hex(&e.proof.0)) } else { None });
    let verified = steps.iter().position(|(step, ..)| *step == 8).expect("pay is verified before it is paid");
    assert_eq!(closed.as_ref(), Some(&heads[verified]));
}

#[test]
fn a_completed_lease_has_nine_steps() {
    let mut stage = Stage::new(genesis());
    for line in [
        "cem bid p3 H100-80 4 @ 1.8",
        "wait 2",
        "tom order H100-80 2x1 @ 3 memory=2048 storage=10 cpu=4 for=600",
        "chain escrowed l1",
        "wait 3",
        "cem start l1",
        "wait 60",
        "cem beat l1",
        "wait 5",
        "cem finish l1 exited=0",
        "chain pays l1",
    ] {
        stage.play(line);
    }
    let at = |seconds: u64| OPENING.0 + seconds * 1_000_000;
    let spec = "ab".repeat(32);
    let result = "cd".repeat(32);
    let (locked, paid) = ("e1".repeat(32), "51".repeat(32));
    let seq = |name| seq_of(&stage, name);
    // 2 × 1.8 an hour: 0.6 for 600 s, 0.06 for the 60 s that are evidenced.
    let steps = [
        (1, seq("order.place"), format!(r#"{{"at":{},"order":1,"replicas":2,"specHash":"{spec}"}}"#, at(2))),
        (
            2,
            seq("order.place"),
            r#"{"bid":1,"lease":1,"level":"Three","price":"1.8","provider":3,"replicas":2}"#.to_owned(),
        ),
        (3, seq("lease.escrowed"), format!(r#"{{"amount":"0.6","ledger":7,"tx":"{locked}"}}"#)),
        (
            4,
            seq("lease.start"),
            r#"{"cpu":4,"image":"sha256:page","memory":2048,"replicas":2,"storage":10,"units":1}"#.to_owned(),
        ),
        (5, seq("lease.start"), format!(r#"{{"at":{},"container":"container-1-0","containers":2}}"#, at(5))),
        (6, seq("lease.finish"), format!(r#"{{"at":{},"reason":"completed","started":{}}}"#, at(70), at(5))),
        (7, seq("lease.finish"), format!(r#"{{"sha256":"{result}","size":42}}"#)),
        (
            8,
            seq("lease.finish"),
            r#"{"evidencedSeconds":60,"fee":"0.003","heartbeats":1,"pay":"0.06","refund":"0.54"}"#.to_owned(),
        ),
        (9, seq("lease.paid"), format!(r#"{{"fee":"0.003","ledger":9,"pay":"0.06","refund":"0.54","tx":"{paid}"}}"#)),
    ];
    compare(&stage, &steps);
}

#[test]
fn a_lease_that_never_ran_says_so() {
    let mut stage = Stage::new(genesis());
    for line in ["ada bid p1 H100-80 4 @ 2", "tom order H100-80 1x2 @ 2", "wait 1", "chain refuses l1"] {
        stage.play(line);
    }
    let at = |seconds: u64| OPENING.0 + seconds * 1_000_000;
    let seq = |name| seq_of(&stage, name);
    let spec = "ab".repeat(32);
    let steps = [
        (1, seq("order.place"), format!(r#"{{"at":{},"order":1,"replicas":1,"specHash":"{spec}"}}"#, at(0))),
        (
            2,
            seq("order.place"),
            r#"{"bid":1,"lease":1,"level":"One","price":"2","provider":1,"replicas":1}"#.to_owned(),
        ),
        (6, seq("lease.escrowFailed"), format!(r#"{{"at":{},"reason":"escrowFailed","started":null}}"#, at(1))),
        (7, seq("lease.escrowFailed"), r#"{"sha256":null,"size":null}"#.to_owned()),
        (
            8,
            seq("lease.escrowFailed"),
            r#"{"evidencedSeconds":0,"fee":"0","heartbeats":0,"pay":"0","refund":"4"}"#.to_owned(),
        ),
    ];
    compare(&stage, &steps);
}

#[test]
fn words_from_outside_are_escaped_as_json_wants_it() {
    let mut stage = Stage::new(genesis());
    for line in ["ada bid p1 H100-80 1 @ 2", "tom order H100-80 1x1 @ 2", "chain escrowed l1"] {
        stage.play(line);
    }
    let container = ContainerReport { id: Text::new(r#"</é"\>"#).expect("short"), ports: vec![] };
    let start = StartLease {
        lease: LeaseId(1),
        image: Text::new("a\"b\\c/\u{1F680}").expect("short"),
        containers: vec![container],
    };
    stage.desk.submit(stage.account("ada"), Command::from(start));
    let lease = stage.desk.exchange.lease(LeaseId(1)).expect("the script opens one");
    let json: Vec<_> = lease.proof[3..].iter().map(|step| step.payload.to_jcs()).collect();
    let image = "\"a\\\"b\\\\c/\u{1F680}\"";
    assert_eq!(
        json,
        [
            format!(r#"{{"cpu":0,"image":{image},"memory":0,"replicas":1,"storage":0,"units":1}}"#),
            format!(r#"{{"at":{},"container":"</é\"\\>","containers":1}}"#, OPENING.0),
        ]
    );
}

/// An order that goes on for one lease of two asks for that one's replicas.
#[test]
fn an_order_that_goes_on_is_received_for_what_it_asks() {
    let mut stage = Stage::new(genesis());
    for line in [
        "ada bid p1 H100-80 1 @ 1",
        "cem bid p3 H100-80 1 @ 1",
        "tom order H100-80 2x1 @ 2 failover",
        "chain escrowed l1",
        "cem finish l1 failed",
        "chain pays l1",
        "bob bid p2 H100-80 1 @ 2",
        "chain escrowed l3",
    ] {
        stage.play(line);
    }
    let lease = stage.desk.exchange.lease(LeaseId(3)).expect("the order goes on");
    let received = &lease.proof[0];
    let (at, spec) = (OPENING.0, "ab".repeat(32));
    let expected = format!(r#"{{"at":{at},"order":2,"replicas":1,"specHash":"{spec}"}}"#);
    assert_eq!((received.seq.0, received.payload.to_jcs()), (seq_of(&stage, "lease.paid"), expected));
}
