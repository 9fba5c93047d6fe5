//! The tenant's agent.

use berth_domain::{FinishLease, FinishOutcome, LeaseId, LeaseState, Text};
use berth_strategy::TenantConfig;

use crate::floor::{exchange, last_note, maker, money, order, pass, say, sit_maker, sit_tenant, tenant, told};

fn fail(x: &mut berth_strategy::LocalExchange, lease: u64) {
    let provider = x.exchange().lease(LeaseId(lease)).expect("a lease").provider_account;
    let (outcome, detail) = (FinishOutcome::Failed, Text::lossy("it broke"));
    say(x, provider, FinishLease { lease: LeaseId(lease), outcome, exit_code: None, result: None, detail });
}

#[test]
fn it_waits_for_supply_orders_and_is_done_when_all_have_run() {
    let mut x = exchange();
    let i = sit_tenant(&mut x, tenant(2));
    pass(&mut x, 1_000);
    assert_eq!(told(&x.seats()[i]), ["waits"]);
    assert_eq!(last_note(&x.seats()[i], "waits")["for"], "supply");
    sit_maker(&mut x, maker(), 4);
    pass(&mut x, 5_000);
    let view = x.seats()[i].view();
    assert!(view.own.leases().all(|lease| lease.state == LeaseState::Running));
    assert_eq!(view.own.leases().count(), 2);
    pass(&mut x, 2 * 3_600_000);
    let view = x.seats()[i].view();
    assert!(view.own.leases().all(|lease| lease.state == LeaseState::Closed));
    assert_eq!(x.seats()[i].ended(), Some("all leases have run to their end"));
    assert_eq!(told(&x.seats()[i]).iter().filter(|event| **event == "ordered").count(), 2);
}

#[test]
fn no_lease_and_no_day_costs_more_than_its_budget() {
    // The maker asks 1.65 for an hour, which is more than one lease may cost.
    let mut x = exchange();
    sit_maker(&mut x, maker(), 4);
    let i = sit_tenant(&mut x, TenantConfig { per_lease: money("1.6"), ..tenant(1) });
    pass(&mut x, 5_000);
    assert_eq!(last_note(&x.seats()[i], "waits")["for"], "supply");
    assert_eq!(x.exchange().leases().count(), 0);

    // Four leases are wanted, and a day has room for two; the next has, too.
    let mut x = exchange();
    sit_maker(&mut x, maker(), 8);
    let day = TenantConfig { per_day: money("4"), repeat: true, order: order("2", 86_400 * 3), ..tenant(4) };
    let order = berth_wire::request::OrderRequest { prepay_seconds: Some(3_600), ..day.order.clone() };
    let i = sit_tenant(&mut x, TenantConfig { order, ..day });
    pass(&mut x, 60_000);
    // What is left of the day buys no hour.
    assert_eq!(last_note(&x.seats()[i], "waits")["for"], "supply");
    let first_day = x.exchange().leases().count();
    assert_eq!(first_day, 2);
    let spent: i64 = x.exchange().leases().map(|lease| lease.escrow.get()).sum();
    assert!(spent <= money("4").get(), "{spent}");
    pass(&mut x, 86_400_000);
    assert!(x.exchange().leases().count() > first_day, "the next day has a budget of its own");
}

#[test]
fn a_lease_that_fails_is_ordered_again_and_too_many_end_it() {
    let mut x = exchange();
    sit_maker(&mut x, berth_strategy::MakerConfig { failures_max: 100, ..maker() }, 4);
    let i = sit_tenant(&mut x, tenant(1));
    for lease in 1..=3 {
        pass(&mut x, 20_000);
        assert_eq!(x.exchange().leases().count() as u64, lease);
        // Those that were started count as a new beginning, so the last two fail
        // before that.
        fail(&mut x, lease);
    }
    pass(&mut x, 20_000);
    assert_eq!(x.seats()[i].ended(), None, "each had started before it failed");
    assert_eq!(x.exchange().leases().count(), 4);
    assert_eq!(told(&x.seats()[i]).iter().filter(|event| **event == "closed").count(), 3);
}

#[test]
fn what_is_always_refused_ends_it() {
    let mut x = exchange();
    sit_maker(&mut x, maker(), 4);
    let operator = x.exchange().operator();
    pass(&mut x, 1_000);
    // The market stops with supply in its book.
    let market = x.exchange().markets().next().expect("a market").id;
    say(&mut x, operator, berth_domain::PauseMarket { market });
    let i = sit_tenant(&mut x, tenant(1));
    pass(&mut x, 60_000);
    let ended = x.seats()[i].ended().expect("it has ended");
    assert!(ended.starts_with("3 failures in a row, the last: MARKET_PAUSED"), "{ended}");
    let times: Vec<u64> =
        x.seats()[i].notes().iter().filter(|note| note.event == "ordered").map(|note| note.at.0).collect();
    assert_eq!(times.len(), 3);
    assert!(times[2] - times[1] >= 2 * (times[1] - times[0]) - 100_000, "each wait is longer: {times:?}");
}

#[test]
fn the_same_run_gives_the_same_log() {
    let run = || {
        let mut x = exchange();
        sit_maker(&mut x, maker(), 6);
        sit_tenant(&mut x, TenantConfig { repeat: true, ..tenant(3) });
        pass(&mut x, 3 * 3_600_000);
        (x.log().to_vec(), x.exchange().state_hash().root())
    };
    let (log, hash) = run();
    assert!(log.len() > 500, "{}", log.len());
    assert_eq!((log, hash), run());
}
