//! Mandates over random trade: what was opened is added up naively.

use std::collections::BTreeMap;

use berth_domain::{AccountId, Event};
use proptest::prelude::*;

use crate::cast::genesis;
use crate::script::Stage;

const DAY: u64 = 86_400_000_000;

/// Per lease, per day, and the floor, in hundredths.
fn play(limits: [u32; 3], lines: &[String]) {
    let mut stage = Stage::new(genesis());
    let amount = |hundredths: u32| format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let [per_lease, per_day, floor] = limits;
    stage.play(&format!("tom mandate lease={} day={}", amount(per_lease), amount(per_day)));
    stage.play(&format!("ada mandate floor={}", amount(floor)));
    stage.play("wait 86000");
    for line in lines {
        stage.play(line);
    }
    let stroops = |hundredths: u32| i64::from(hundredths) * 100_000;
    let tom = stage.account("tom");
    let x = &stage.desk.exchange;
    let mut by_day: BTreeMap<u64, i64> = BTreeMap::new();
    for frame in &stage.desk.log {
        let day = frame.entry.at.0 / DAY;
        for event in &frame.events {
            match event {
                Event::LeaseOpened(e) if tenant(x, e.lease) == tom => {
                    assert!(e.escrow.get() <= stroops(per_lease), "lease {} is beyond its budget", e.lease);
                    *by_day.entry(day).or_default() += e.escrow.get();
                }
                Event::TopUpRequested(e) if tenant(x, e.lease) == tom => {
                    *by_day.entry(day).or_default() += e.amount.get();
                }
                _ => {}
            }
            if let Event::LeaseOpened(e) = event {
                let is_adas = x.bid(e.bid).is_some_and(|bid| bid.account == stage.account("ada"));
                assert!(!is_adas || e.price.get() >= stroops(floor), "lease {} is below the floor", e.lease);
            }
        }
    }
    for (day, spent) in by_day {
        assert!(spent <= stroops(per_day), "day {day} is beyond its budget");
    }
    for lease in x.leases().filter(|lease| lease.tenant == tom) {
        assert!(lease.escrow.get() <= stroops(per_lease), "lease {} grew beyond its budget", lease.id);
    }
}

fn tenant(x: &berth_exchange::Exchange, lease: berth_domain::LeaseId) -> AccountId {
    x.lease(lease).expect("it was opened").tenant
}

fn line() -> impl Strategy<Value = String> {
    let price = (1..40_u32).prop_map(|tenths| format!("{}.{}", tenths / 10, tenths % 10));
    let tenant = prop_oneof![4 => Just("tom"), 1 => Just("tia")];
    let host = prop_oneof![Just("ada bid p1"), Just("bob bid p2"), Just("cem bid p3")];
    let size = (1..6_u32, 1..3_u32).prop_map(|(replicas, units)| format!("{replicas}x{units}"));
    let manner = prop_oneof![6 => Just(""), 1 => Just(" ioc"), 1 => Just(" fok"), 1 => Just(" manual")];
    let prepay = prop_oneof![Just(3_600_u32), Just(1_800), Just(600)];
    let id = 1..12_u32;
    prop_oneof![
        6 => (host.clone(), 1..9_u32, price.clone()).prop_map(|(h, n, p)| format!("{h} H100-80 {n} @ {p}")),
        8 => (tenant.clone(), size, price.clone(), prepay, manner)
            .prop_map(|(t, s, p, pre, m)| format!("{t} order H100-80 {s} @ {p} prepay={pre}{m}")),
        2 => (id.clone(), price.clone()).prop_map(|(o, p)| format!("tom amend o{o} @ {p}")),
        2 => (host, id.clone(), price.clone()).prop_map(|(h, o, p)| format!("{h} on o{o} @ {p}")),
        2 => (id.clone(), price).prop_map(|(b, p)| format!("ada amend b{b} @ {p}")),
        1 => id.clone().prop_map(|b| format!("tom accept b{b}")),
        1 => id.clone().prop_map(|o| format!("tom cancel o{o}")),
        3 => id.clone().prop_map(|l| format!("chain escrowed l{l}")),
        1 => id.clone().prop_map(|l| format!("chain refuses l{l}")),
        3 => (prop_oneof![Just("ada"), Just("bob"), Just("cem")], id.clone()).prop_map(|(h, l)| format!("{h} start l{l}")),
        2 => (id.clone(), 1..3_000_u32).prop_map(|(l, s)| format!("tom topup l{l} {s}")),
        2 => id.prop_map(|l| format!("chain tops l{l}")),
        2 => (1..300_u32).prop_map(|s| format!("wait {s}")),
        1 => (1..90_000_u32).prop_map(|s| format!("wait {s}")),
        1 => (1..1_000_u32).prop_map(|n| format!("chain asks tom {n}")),
        1 => (1..1_000_u32).prop_map(|n| format!("chain keeps tom {n}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_trade_goes_beyond_a_mandate(
        limits in (20..2_000_u32, 20..4_000_u32, 1..300_u32),
        lines in proptest::collection::vec(line(), 1..80),
    ) {
        play([limits.0, limits.1, limits.2], &lines);
    }
}
