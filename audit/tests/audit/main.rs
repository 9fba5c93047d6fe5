//! Logs of whole simulated worlds, read as an auditor reads them.

mod bundles;
mod golden;
mod reasons;
mod records;
mod what_if;

use berth_audit::{
    Bisection, Fairness, PartingKind, Player, Selection, Story, Thing, Unfair, differences, line, picture, rows,
};
use berth_domain::{AccountId, CancelOrder, Command, Entry, LeaseId, OrderId, Seq};
use berth_exchange::Exchange;
use berth_simulator::{Run, simulate};

fn log(seed: u64) -> Vec<Entry> {
    simulate(&Run::of(seed)).unwrap_or_else(|failure| panic!("{failure}")).log
}

fn state(log: &[Entry]) -> Exchange {
    let mut player = Player::new();
    for entry in log {
        player.play(entry).expect("the world's log is valid");
    }
    player.exchange().clone()
}

/// What fairness finds in a log, and how many leases it judged.
fn judge(log: &[Entry]) -> (Vec<Unfair>, u64) {
    let (mut player, mut fairness, mut found) = (Player::new(), Fairness::new(), Vec::new());
    for entry in log {
        let moment = player.play(entry).expect("the world's log is valid");
        found.extend(fairness.judge(&moment).expect("the world's log is valid"));
    }
    (found, fairness.counts().judged)
}

#[test]
fn every_lease_of_a_sound_build_is_fair() {
    let mut judged = 0;
    for seed in 1..=60 {
        let (found, of_world) = judge(&log(seed));
        judged += of_world;
        assert!(found.is_empty(), "seed {seed}: {}", found[0]);
    }
    assert!(judged > 200, "{judged} leases were judged");
}

/// The same logs, matched by a build that ignores trust at equal prices, each as
/// far as such a build can follow it.
#[cfg(feature = "planted-bugs")]
#[test]
fn a_build_that_ignores_trust_is_unfair() {
    let logs: Vec<_> = (1..=40).map(log).collect();
    berth_exchange::planted::plant(Some(berth_exchange::Planted::TrustIgnored));
    let mut unfair = 0;
    for log in &logs {
        let (mut player, mut fairness) = (Player::new(), Fairness::new());
        for entry in log {
            let Ok(moment) = player.play(entry) else { break };
            let Ok(found) = fairness.judge(&moment) else { break };
            unfair += found.len();
        }
    }
    berth_exchange::planted::plant(None);
    assert!(unfair > 0, "nobody was passed over");
}

#[test]
fn every_entry_has_a_line() {
    let mut player = Player::new();
    let (mut of_orders, mut own) = (0, 0);
    let orders = Selection { types: vec!["order.*".into()], ..Selection::default() };
    let of_first = Selection { account: Some(AccountId(3)), ..Selection::default() };
    for entry in &log(4) {
        let moment = player.play(entry).expect("the world's log is valid");
        let line = line(&moment);
        assert_eq!(line["seq"], entry.seq.0);
        assert_eq!(line["command"]["type"], entry.command.name());
        assert_eq!(line["entryHash"], entry.hash().to_string());
        assert_eq!(line["events"].as_array().map(Vec::len), Some(moment.events.len()));
        assert!(line["outcome"]["is"].is_string(), "{line}");
        of_orders += usize::from(orders.has(&moment));
        own += usize::from(of_first.has(&moment));
        let late = Selection { from: Some(Seq(entry.seq.0 + 1)), ..Selection::default() };
        assert!(!late.has(&moment) && Selection::default().has(&moment));
    }
    assert!(of_orders > 0 && own > 0, "{of_orders} of orders, {own} of an account");
}

/// What is said of a lease is of its market, also where only the lease is named.
#[test]
fn a_lease_is_followed_to_its_end_by_its_market() {
    let log = log(7);
    let x = state(&log);
    let lease = x.leases().find(|lease| lease.started_at.is_some()).expect("a lease ran").clone();
    let name = x.market(lease.market).expect("it is there").class.to_string();
    let of = |market| Selection { market: Some(market), ..Selection::default() };
    let other = x.markets().find(|market| market.id != lease.market).map(|market| of(market.id));
    let (mut player, mut found) = (Player::new(), Vec::new());
    for entry in &log {
        let moment = player.play(entry).expect("the world's log is valid");
        for row in rows(&moment).filter(|row| row.lease == Some(lease.id.0) && row.kind.starts_with("lease.")) {
            assert_eq!(row.market.as_ref(), Some(&name), "{}", row.kind);
            assert!(of(lease.market).has(&moment), "{}", row.kind);
            found.push(row.kind);
        }
        if let Command::Heartbeat(beat) = &entry.command
            && beat.lease == lease.id
            && moment.events.is_empty()
        {
            assert!(of(lease.market).has(&moment) && other.as_ref().is_none_or(|other| !other.has(&moment)));
        }
    }
    for kind in ["lease.opened", "lease.escrowed", "lease.started", "lease.closed"] {
        assert!(found.contains(&kind), "{kind} is not in {found:?}");
    }
}

/// A lease's story has its opening and its end, and nothing of another lease.
#[test]
fn a_story_goes_from_the_order_to_the_end_of_its_leases() {
    let log = log(7);
    let x = state(&log);
    let lease = x.leases().find(|lease| lease.started_at.is_some()).expect("a lease ran").clone();
    let (mut story, mut player) = (Story::of(lease.order.into()).with_reasons(), Player::new());
    let mut told = Vec::new();
    for entry in &log {
        let moment = player.play(entry).expect("the world's log is valid");
        told.extend(story.hear(&moment));
    }
    assert!(story.things().any(|thing| thing == Thing::Lease(lease.id)));
    let leases: Vec<LeaseId> = x.leases_of_order(lease.order).map(|lease| lease.id).collect();
    let types = |line: &serde_json::Value| {
        let events = line["events"].as_array().cloned().unwrap_or_default();
        events.into_iter().map(|event| (event["type"].clone(), event["leaseId"].clone())).collect::<Vec<_>>()
    };
    let events: Vec<_> = told.iter().flat_map(types).collect();
    for name in ["order.accepted", "lease.opened", "lease.escrowed", "lease.started", "lease.closed"] {
        assert!(events.iter().any(|(kind, _)| kind == name), "{name} in {events:?}");
    }
    for (kind, id) in events.iter().filter(|(kind, id)| id.is_u64() && kind.as_str() == Some("lease.opened")) {
        assert!(leases.iter().any(|lease| *id == lease.0), "{kind} of {id}");
    }
    assert!(told[0]["explained"].is_array(), "why each provider was or was not chosen: {}", told[0]);
}

#[test]
fn differences_are_all_there_is_between_two_states() {
    let log = log(9);
    let (early, late) = (state(&log[..log.len() / 2]), state(&log));
    assert_eq!(differences(&late, &late).count(), 0);
    let found: Vec<_> = differences(&early, &late).collect();
    assert!(!found.is_empty());
    for difference in &found {
        assert_ne!(picture(&early, difference.thing), picture(&late, difference.thing), "{difference}");
    }
    let order = late.orders().last().expect("somebody ordered").id;
    let is_new = picture(&early, order.into()).is_null();
    assert_eq!(found.iter().any(|it| it.thing == order.into() && it.field.is_empty()), is_new);
}

#[test]
fn logs_part_where_they_part() {
    let log = log(11);
    let at = log.iter().position(|entry| matches!(entry.command, Command::CancelOrder(_)));
    let at = at.expect("somebody cancels an order");
    let mut other = log.clone();
    other[at].command = CancelOrder { order: OrderId(u64::MAX) }.into();

    let part = |a: &[Entry], b: &[Entry]| {
        let mut sides = Bisection::new();
        (0..=a.len().max(b.len())).find_map(|i| sides.step(a.get(i), b.get(i)).expect("both are valid"))
    };
    assert_eq!(part(&log, &log), None);
    let parting = part(&log, &other).expect("they differ");
    assert_eq!(parting.seq, log[at].seq);
    assert_eq!(parting.kind, PartingKind::Entries { a: log[at].hash(), b: other[at].hash() });
    let done = state(&log[..=at]);
    let refused = state(&other[..=at]);
    assert_eq!(parting.components.contains(&"books"), done.state_hash().books != refused.state_hash().books);
    assert_eq!(parting.differences, differences(&done, &refused).take(100).collect::<Vec<_>>());

    let parting = part(&log[..10], &log).expect("one ends");
    assert_eq!((parting.seq, parting.kind, parting.components), (Seq(11), PartingKind::EndOfA, vec![]));
}
