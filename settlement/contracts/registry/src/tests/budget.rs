//! What each call costs: the wasm's instructions, memory, ledger entries and
//! bytes, beside a golden file. A difference is a change of the contract, of
//! the compiler or of the host, and is to be looked at.
//!
//! `BERTH_BLESS=1 cargo test -p berth-registry costs` writes the file anew.

use super::*;
use std::{format, fs, string::String as Text};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/budget.txt");

#[test]
fn each_call_costs_what_it_did() {
    let world = World::new(Host::Wasm);
    let World { env, registry, provider, tenant, auditor, .. } = &world;
    let mut lines = format!(
        "{:<34}{:>12}{:>10}{:>7}{:>8}{:>9}{:>8}\n",
        "call", "instructions", "mem KiB", "reads", "writes", "bytes", "events"
    );
    let note = |lines: &mut Text, call: &str| {
        let used = env.cost_estimate().resources();
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
    for call in ["register_gpu, first", "register_gpu"] {
        world.register(provider, "NVIDIA GeForce RTX 4090", 24, 5_000_000).unwrap();
        note(&mut lines, call);
    }
    for _ in 2..64 {
        world.register(provider, "NVIDIA GeForce RTX 4090", 24, 5_000_000).unwrap();
    }
    note(&mut lines, "register_gpu, the 64th");
    registry.set_availability(provider, &1, &false);
    note(&mut lines, "set_availability");
    registry.update_price(provider, &1, &6_000_000);
    note(&mut lines, "update_price");
    registry.remove_gpu(provider, &1);
    note(&mut lines, "remove_gpu, of 64");
    registry.get_gpu(&2);
    note(&mut lines, "get_gpu");
    registry.get_provider_gpus(provider);
    note(&mut lines, "get_provider_gpus, 63");
    registry.get_gpus(&2, &20);
    note(&mut lines, "get_gpus, 20");
    registry.deposit_stake(provider, &500);
    note(&mut lines, "deposit_stake");
    world.unbond(100).unwrap();
    note(&mut lines, "request_unbonding");
    registry.cancel_unbonding(provider);
    note(&mut lines, "cancel_unbonding");
    world.unbond(100).unwrap();
    world.at(NOW + UNBONDING);
    registry.withdraw_stake(provider);
    note(&mut lines, "withdraw_stake");
    world.slash(1, 50).unwrap();
    note(&mut lines, "slash");
    registry.claim(tenant);
    note(&mut lines, "claim");
    registry.set_badge(provider, &2, &1, &world.hash(1));
    note(&mut lines, "set_badge");
    registry.set_auditor(tenant, &true);
    note(&mut lines, "set_auditor");
    registry.attest(auditor, provider, &(NOW + 9_000), &world.hash(1));
    note(&mut lines, "attest");
    registry.attested_until(provider);
    note(&mut lines, "attested_until, 2 auditors");
    registry.extend(&vec![env, 2], &vec![env, provider.clone()]);
    note(&mut lines, "extend, a GPU and an account");

    if std::env::var_os("BERTH_BLESS").is_some() {
        fs::write(GOLDEN, &lines).unwrap();
    }
    let golden = fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(golden == lines, "the budget is another: BERTH_BLESS=1 writes it anew\n{lines}");
}
