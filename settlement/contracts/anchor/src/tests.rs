//! The contract, each test twice: on the native host, and as the committed
//! wasm, which is what is deployed.

extern crate std;

use super::*;
use soroban_sdk::{
    Event as _, IntoVal as _, InvokeError,
    testutils::{
        Address as _, EnvTestConfig, Events as _, Ledger as _, MockAuth, MockAuthInvoke,
        storage::{Instance as _, Persistent as _},
    },
};
use std::{format, fs, string::String};

const WASM: &[u8] = include_bytes!("../../wasm/anchor.wasm");
const NOW: u64 = 1_700_000_000;
const KEPT: u32 = 16;
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/budget.txt");

/// What runs the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    Native,
    Wasm,
}

struct World {
    env: Env,
    log: LogAnchorClient<'static>,
    operator: Address,
}

impl World {
    fn new(host: Host) -> Self {
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
        env.mock_all_auths();
        env.ledger().set_timestamp(NOW);
        let operator = Address::generate(&env);
        let id = deploy(&env, host, &operator, KEPT);
        let log = LogAnchorClient::new(&env, &id);
        Self { env, log, operator }
    }

    fn anchor(&self, seq: u64) -> Result<(), Error> {
        self.log.try_anchor(&seq, &self.root(seq)).map(|value| value.unwrap()).map_err(typed)
    }

    fn root(&self, seq: u64) -> BytesN<32> {
        BytesN::from_array(&self.env, &[seq as u8; 32])
    }

    fn at(&self, seq: u64) -> Option<u64> {
        self.log.at(&seq).map(|anchor| anchor.seq)
    }
}

fn deploy(env: &Env, host: Host, operator: &Address, kept: u32) -> Address {
    match host {
        Host::Native => env.register(LogAnchor, (operator, kept)),
        Host::Wasm => env.register(WASM, (operator, kept)),
    }
}

fn typed(error: Result<Error, InvokeError>) -> Error {
    error.expect("a typed error of the contract")
}

fn the_log_is_anchored_only_forward(host: Host) {
    let world = World::new(host);
    assert_eq!((world.log.latest(), world.log.count(), world.at(0)), (None, 0, None));
    world.anchor(5).unwrap();
    let told = world.env.events().all();
    assert_eq!(told, [Anchored { seq: 5, root: world.root(5) }.to_xdr(&world.env, &world.log.address)]);
    for seq in [5, 4, 0] {
        assert_eq!(world.anchor(seq), Err(Error::NotForward));
    }
    world.env.ledger().set_timestamp(NOW + 60);
    world.anchor(6).unwrap();
    world.anchor(u64::MAX).unwrap();
    assert_eq!(world.anchor(u64::MAX), Err(Error::NotForward));
    assert_eq!(world.log.latest(), Some(Anchor { seq: u64::MAX, root: world.root(u64::MAX), at: NOW + 60 }));
    assert_eq!(world.log.at(&6), Some(Anchor { seq: 6, root: world.root(6), at: NOW + 60 }));
    assert_eq!(world.log.count(), 3);
}

fn an_entry_is_under_the_first_anchor_after_it(host: Host) {
    let world = World::new(host);
    for seq in [10, 20, 30, 40, 50] {
        world.anchor(seq).unwrap();
    }
    for (seq, under) in [(0, 10), (10, 10), (11, 20), (20, 20), (29, 30), (41, 50), (50, 50)] {
        assert_eq!(world.at(seq), Some(under), "{seq}");
    }
    assert_eq!(world.at(51), None);
}

fn only_the_operator_writes(host: Host) {
    let world = World::new(host);
    let stranger = Address::generate(&world.env);
    for (signer, allowed) in [(&stranger, false), (&world.operator, true)] {
        let args = (7u64, world.root(7)).into_val(&world.env);
        let invoke = MockAuthInvoke { contract: &world.log.address, fn_name: "anchor", args, sub_invokes: &[] };
        world.env.mock_auths(&[MockAuth { address: signer, invoke: &invoke }]);
        assert_eq!(world.log.try_anchor(&7, &world.root(7)).is_ok(), allowed);
    }
    world.env.mock_auths(&[]);
    assert!(world.log.try_anchor(&8, &world.root(8)).is_err());
    assert_eq!((world.log.operator(), world.at(7)), (world.operator.clone(), Some(7)));
    world.log.extend(&9);
}

fn as_many_are_kept_as_the_deployment_says(host: Host) {
    let world = World::new(host);
    for seq in 1..=u64::from(KEPT) + 3 {
        world.anchor(10 * seq).unwrap();
    }
    assert_eq!(world.log.count(), 19);
    // The first three are overwritten.
    for (seq, under) in [(1, 40), (40, 40), (41, 50), (100, 100), (181, 190)] {
        assert_eq!(world.at(seq), Some(under), "{seq}");
    }
    assert_eq!(world.at(191), None);
    let slots = world.env.as_contract(&world.log.address, || world.env.storage().persistent().all().len());
    assert_eq!(slots, KEPT + 1, "and how many there were");
    for (kept, fits) in [(0, false), (1, true), (KEPT_MAX, true), (KEPT_MAX + 1, false)] {
        let deployed = std::panic::catch_unwind(|| {
            let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
            deploy(&env, host, &Address::generate(&env), kept);
        });
        assert_eq!(deployed.is_ok(), fits, "{kept}");
    }
}

fn what_is_archived_is_restored_and_can_be_kept_alive(host: Host) {
    let world = World::new(host);
    world.log.extend(&9);
    for seq in 1..=5 {
        world.anchor(seq).unwrap();
    }
    world.env.ledger().with_mut(|ledger| ledger.sequence_number += 200 * LEDGERS_PER_DAY);
    assert_eq!(world.anchor(5), Err(Error::NotForward));
    world.anchor(6).unwrap();
    assert_eq!(world.at(3), Some(3));
    world.log.extend(&2);
    let ttl = |key: &Key| world.env.as_contract(&world.log.address, || world.env.storage().persistent().get_ttl(key));
    for key in [Key::Count, Key::Slot(5), Key::Slot(4)] {
        assert!(ttl(&key) >= TTL_EXTENDED);
    }
    assert!(ttl(&Key::Slot(3)) < TTL_EXTENDED);
    let instance = world.env.as_contract(&world.log.address, || world.env.storage().instance().get_ttl());
    assert!(instance >= TTL_EXTENDED);
}

/// `BERTH_BLESS=1 cargo test -p berth-anchor costs` writes the golden file anew.
#[test]
fn each_call_costs_what_it_did() {
    let world = World::new(Host::Wasm);
    let mut lines = format!(
        "{:<34}{:>12}{:>10}{:>7}{:>8}{:>9}{:>8}\n",
        "call", "instructions", "mem KiB", "reads", "writes", "bytes", "events"
    );
    let note = |lines: &mut String, call: &str| {
        let used = world.env.cost_estimate().resources();
        let reads = used.disk_read_entries + used.memory_read_entries;
        *lines += &format!(
            "{call:<34}{:>12}{:>10}{reads:>7}{:>8}{:>9}{:>8}\n",
            used.instructions,
            used.mem_bytes / 1024,
            used.write_entries,
            used.write_bytes,
            used.contract_events_size_bytes,
        );
    };
    for seq in 1..=u64::from(KEPT) {
        world.anchor(seq).unwrap();
        if seq < 3 {
            note(&mut lines, if seq == 1 { "anchor, first" } else { "anchor" });
        }
    }
    world.anchor(300).unwrap();
    note(&mut lines, "anchor, over an old one");
    world.log.latest();
    note(&mut lines, "latest");
    world.log.at(&10);
    note(&mut lines, "at, of 16");
    world.log.extend(&1);
    note(&mut lines, "extend, one anchor");

    if std::env::var_os("BERTH_BLESS").is_some() {
        fs::write(GOLDEN, &lines).unwrap();
    }
    let golden = fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(golden == lines, "the budget is another: BERTH_BLESS=1 writes it anew\n{lines}");
}

/// Makes each of these functions a test on both hosts. One that is left out is
/// dead code.
macro_rules! on_both_hosts {
    ($($test:ident),* $(,)?) => {
        mod native {
            $(#[test] fn $test() { super::$test(super::Host::Native) })*
        }
        mod wasm {
            $(#[test] fn $test() { super::$test(super::Host::Wasm) })*
        }
    };
}

on_both_hosts!(
    the_log_is_anchored_only_forward,
    an_entry_is_under_the_first_anchor_after_it,
    only_the_operator_writes,
    as_many_are_kept_as_the_deployment_says,
    what_is_archived_is_restored_and_can_be_kept_alive,
);
