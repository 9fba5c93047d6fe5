//! What each call costs: the wasm's instructions, memory, ledger entries and
//! bytes, beside a golden file. A difference is a change of the contract, of
//! the compiler or of the host, and is to be looked at.
//!
//! `BERTH_BLESS=1 cargo test -p berth-escrow costs` writes the file anew.

use super::*;
use crate::Settle;
use std::{format, fs, path::Path, string::String};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/budget.txt");

struct Bill {
    world: World,
    lines: String,
}

impl Bill {
    /// Notes what the last call has cost.
    fn note(&mut self, call: &str) {
        let used = self.world.env.cost_estimate().resources();
        let reads = used.disk_read_entries + used.memory_read_entries;
        self.lines += &format!(
            "{call:<34}{:>12}{:>10}{reads:>7}{:>8}{:>9}{:>8}\n",
            used.instructions,
            used.mem_bytes / 1024,
            used.write_entries,
            used.write_bytes,
            used.contract_events_size_bytes,
        );
    }

    fn open(&mut self, lease: u64) {
        self.world.open(lease, 10).unwrap();
    }
}

#[test]
fn each_call_costs_what_it_did() {
    let world = World::new(Host::Wasm);
    let header = format!(
        "{:<34}{:>12}{:>10}{:>7}{:>8}{:>9}{:>8}\n",
        "call", "instructions", "mem KiB", "reads", "writes", "bytes", "events"
    );
    let mut bill = Bill { world, lines: header };
    let (tenant, provider) = (bill.world.tenant.clone(), bill.world.provider.clone());
    let (token, operator) = (bill.world.token.address.clone(), bill.world.operator.clone());

    bill.world.deposit(&tenant, 400);
    bill.note("deposit, first");
    bill.world.deposit(&tenant, 400);
    bill.note("deposit");
    bill.world.allow(&tenant, 1_000, 10_000);
    bill.note("set_tenant_mandate");
    bill.world.escrow.set_provider_mandate(&provider, &token, &1, &DEADLINE);
    bill.note("set_provider_mandate");
    bill.world.escrow.request_withdraw(&tenant, &token, &20);
    bill.note("request_withdraw");
    bill.world.escrow.cancel_withdraw(&tenant, &token);
    bill.note("cancel_withdraw");
    bill.world.escrow.request_withdraw(&tenant, &token, &20);
    bill.world.escrow.pay_withdraw(&tenant, &token, &operator);
    bill.note("pay_withdraw");
    bill.open(1);
    bill.note("open");
    bill.world.top_up(1, 1, 10, DEADLINE).unwrap();
    bill.note("top_up");
    bill.world.receipt(1, 5, 1).unwrap();
    bill.note("submit_receipt");
    bill.world.settle(1, 20).unwrap();
    bill.note("settle, first of a provider");
    bill.open(2);
    bill.world.settle(2, 10).unwrap();
    bill.note("settle");
    for count in [1, 10, 25] {
        let from = 100 * count;
        let mut batch = Vec::new(&bill.world.env);
        for lease in from..from + count {
            bill.open(lease);
            batch.push_back(Settle { lease, seconds: 10, proof: bill.world.proof() });
        }
        bill.world.escrow.settle_many(&batch);
        bill.note(&format!("settle_many, {count}"));
    }
    bill.open(3);
    bill.open(4);
    bill.world.at(NOW + CANCEL_AFTER).cancel(3).unwrap();
    bill.note("cancel");
    bill.world.at(DEADLINE + WINDOW + 1).refund(4).unwrap();
    bill.note("refund");
    bill.world.escrow.balance(&tenant, &token);
    bill.note("balance");
    bill.world.lease(4);
    bill.note("lease");
    let one = (tenant.clone(), token.clone());
    bill.world.escrow.extend(&vec![&bill.world.env, 1], &vec![&bill.world.env, one]);
    bill.note("extend, a lease and an account");

    if std::env::var_os("BERTH_BLESS").is_some() {
        fs::write(GOLDEN, &bill.lines).unwrap();
    }
    let golden = fs::read_to_string(Path::new(GOLDEN)).unwrap_or_default();
    assert!(golden == bill.lines, "the budget is another: BERTH_BLESS=1 writes it anew\n{}", bill.lines);
}
