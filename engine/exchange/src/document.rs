//! `docs/state.md` says what the code does.

use berth_domain::codec::Fields;
use berth_domain::{
    Attribute, BidState, Bounds, CloseReason, ContainerReport, Genesis, GpuInventory, Grant, JobResult, LeaseState,
    Mandate, Mode, OrderState, PortBinding, ProofStep, ProofStepped, Reconfigure, Resources, SelfTrade, TimeInForce,
    Timing, TrustLevel, TrustRules, Upgrade,
};

use crate::content::Component;
use crate::state::{
    Account, AccountKey, Bid, Check, ClientIdRecord, Config, Counted, Evidence, Funding, Funds, Gang, Gap, History,
    Lease, Ledger, Market, Order, Provider, Standby, Standing, Terms, TopUp,
};

fn document() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/state.md")).expect("it is there")
}

/// The first words in backticks of what a row's second cell lists.
fn listed(name: &str) -> Vec<String> {
    let document = document();
    let start = format!("| `{name}` | ");
    let rows: Vec<_> = document.lines().filter_map(|line| line.strip_prefix(start.as_str())).collect();
    let [row] = rows[..] else { panic!("{name} has {} rows", rows.len()) };
    row.split(" · ").map(|item| item.split('`').nth(1).unwrap_or_else(|| panic!("{name}: {item}")).to_owned()).collect()
}

#[test]
fn the_document_lists_every_field_in_the_order_of_its_bytes() {
    macro_rules! check {
        ($($type:ident),* $(,)?) => { $( assert_eq!(listed(stringify!($type)), $type::FIELDS, stringify!($type)); )* };
    }
    check!(Ledger, Funds, Market, Order, Bid, Lease, Evidence, Gap, Funding, TopUp, Standby, Gang, Check);
    check!(Config, Terms, Account, Standing, AccountKey, History, Counted, Provider, ClientIdRecord);
    check!(Genesis, Grant, Timing, Bounds, TrustRules, Reconfigure, Upgrade, Mandate, Resources, GpuInventory);
    check!(Attribute, ContainerReport, PortBinding, JobResult, ProofStepped);
}

#[test]
fn the_document_lists_every_tag() {
    macro_rules! check {
        ($($type:ident),* $(,)?) => { $(
            let tags: Vec<_> = $type::ALL.iter().map(|it| format!("{} `{}`", *it as u8, it.as_str())).collect();
            let row = format!("| `{}` | {} |", stringify!($type), tags.join(" · "));
            assert!(document().contains(&row), "{row}");
        )* };
    }
    check!(OrderState, BidState, LeaseState, CloseReason, Mode, TimeInForce, SelfTrade, TrustLevel, ProofStep);
}

#[test]
fn the_document_draws_the_hash_of_each_component() {
    let drawn = Component::ALL.map(|component| {
        let name = component.name();
        document().find(&format!("\n{name:<10} = BLAKE3( \"{name}\" ‖ content )"))
    });
    assert!(drawn.iter().all(Option::is_some) && drawn.is_sorted(), "{drawn:?}");
}
