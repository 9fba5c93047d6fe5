//! Levels, reputations, records and uptimes, recomputed from the log's events
//! alone, plainly and from the start after every move.

use std::collections::BTreeMap;

use berth_domain::{
    Address, BidState, CloseReason, Event, Genesis, LeaseId, LeaseState, Micros, Share, Stroops, TrustLevel,
    TrustRules, Uptime, fee,
};
use berth_exchange::{Exchange, Record};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::cast::{CAST, address, genesis};
use crate::desk::Frame;
use crate::script::Stage;

const DAY: u64 = 86_400_000_000;

/// Tight rules, so that few leases move everything.
fn rules([share, tenants, window, days]: [u8; 4]) -> Genesis {
    let bps = |bps| Share::new(bps).expect("a share");
    let trust = TrustRules {
        min_fee: Stroops::new(500_000).expect("an amount"),
        tenant_share: bps([0, 4_000, 5_000, 10_000][usize::from(share % 4)]),
        min_tenants: u32::from(tenants % 4),
        window: [2, 5, 9, 1_000][usize::from(window % 4)],
        min_leases: 2,
        completed_three: bps(5_000),
        completed_four: bps(7_500),
        uptime_four: Uptime::new(6_000).expect("an uptime"),
        uptime_days: u16::from(days % 2) + 1,
        ..TrustRules::default()
    };
    Genesis { trust, auditors: vec![address("dee"), address("eve")], ..genesis() }
}

/// What the events tell of one lease.
#[derive(Clone)]
struct Told {
    provider: Address,
    tenant: Address,
    escrow: Stroops,
    is_escrowed: bool,
    started: Option<(Micros, Micros)>,
    seen: Micros,
    closing: Option<Micros>,
}

/// A lease that counts.
#[derive(Clone)]
struct Counted {
    tenant: Address,
    is_completed: bool,
    is_dark: bool,
    day: u64,
    leased: u64,
    evidenced: u64,
}

/// What the events tell of one account.
struct Account {
    granted: TrustLevel,
    level: TrustLevel,
    reputation: u8,
    told_reputation: u8,
    stake: Stroops,
    words: BTreeMap<u32, Micros>,
    counted: Vec<Counted>,
}

#[derive(Debug, PartialEq)]
struct Standing {
    level: TrustLevel,
    reputation: u8,
    record: Record,
    uptime: Uptime,
}

impl Account {
    fn fold(&mut self, lease: &Told, closed: &berth_domain::LeaseClosed, at: Micros, genesis: &Genesis) {
        use CloseReason::{Completed, Dark, Exhausted, Failed, StartTimeout, Stopped};
        let rules = &genesis.trust;
        let served = matches!(closed.reason, Completed | Stopped | Exhausted) && lease.started.is_some();
        let failed = matches!(closed.reason, Failed | StartTimeout) && lease.is_escrowed;
        let is_dark = closed.reason == Dark;
        let fee = if served { closed.fee } else { fee(lease.escrow, genesis.fee) };
        if !(served || failed || is_dark) || fee < rules.min_fee {
            return;
        }
        let window = rules.window as usize;
        let kept = last(&self.counted, window - 1);
        let of_tenant = 1 + kept.iter().filter(|counted| counted.tenant == lease.tenant).count();
        if of_tenant > 1 && of_tenant * 10_000 > (kept.len() + 1) * usize::from(rules.tenant_share.bps()) {
            return;
        }
        let leased = lease.started.map_or(0, |(started, ends)| {
            let until = if is_dark { ends } else { lease.closing.map_or(lease.seen, |closing| closing.min(ends)) };
            (until.0 - started.0) / 1_000_000
        });
        let (tenant, day, evidenced) = (lease.tenant, at.0 / DAY, closed.evidenced.0);
        self.counted.push(Counted { tenant, is_completed: served, is_dark, day, leased, evidenced });
        let tenants = tenants(last(&self.counted, window)).len();
        self.reputation = if is_dark {
            self.reputation.saturating_sub(rules.dark_loss)
        } else if failed {
            self.reputation.saturating_sub(rules.failed_loss)
        } else if tenants >= rules.min_tenants as usize {
            (self.reputation + rules.completed_gain).min(100)
        } else {
            self.reputation
        };
    }

    fn standing(&self, now: Micros, rules: &TrustRules) -> Standing {
        let kept = last(&self.counted, rules.window as usize);
        let completed = kept.iter().filter(|counted| counted.is_completed).count();
        let dark = kept.iter().filter(|counted| counted.is_dark).count();
        let tenants = tenants(kept);
        let mut shares = Vec::new();
        for tenant in &tenants {
            let fresh = |c: &&Counted| c.tenant == *tenant && (c.day + u64::from(rules.uptime_days)) * DAY > now.0;
            let leased: u64 = kept.iter().filter(fresh).map(|counted| counted.leased).sum();
            let evidenced: u64 = kept.iter().filter(fresh).map(|counted| counted.evidenced).sum();
            shares.extend((evidenced * 10_000).checked_div(leased));
        }
        let mean = shares.iter().sum::<u64>().checked_div(shares.len() as u64);
        let met = |share: Share| completed * 10_000 >= kept.len() * usize::from(share.bps());
        let known = kept.len() >= rules.min_leases as usize && tenants.len() >= rules.min_tenants as usize;
        let was_up = mean.is_some_and(|mean| mean >= u64::from(rules.uptime_four.bps()))
            && shares.len() >= rules.min_tenants as usize;
        let two = self.stake >= rules.stake_two;
        let three = two && self.stake >= rules.stake_three && known && met(rules.completed_three);
        let four = three && met(rules.completed_four) && was_up;
        let five = four && self.words.values().any(|until| *until > now);
        let earned =
            [(two, TrustLevel::Two), (three, TrustLevel::Three), (four, TrustLevel::Four), (five, TrustLevel::Five)];
        let earned = earned.into_iter().filter(|(is_met, _)| *is_met).map(|(_, level)| level).max();
        let count = |n: usize| u32::try_from(n).expect("few");
        Standing {
            level: earned.unwrap_or(TrustLevel::One).max(self.granted),
            reputation: self.reputation,
            record: Record {
                counted: count(kept.len()),
                completed: count(completed),
                failed: count(kept.len() - completed - dark),
                dark: count(dark),
                tenants: count(tenants.len()),
            },
            uptime: mean.map_or(Uptime::MAX, |mean| Uptime::new(mean as u16).expect("an uptime")),
        }
    }
}

fn last(counted: &[Counted], n: usize) -> &[Counted] {
    &counted[counted.len().saturating_sub(n)..]
}

fn tenants(counted: &[Counted]) -> Vec<Address> {
    let mut tenants: Vec<_> = counted.iter().map(|counted| counted.tenant).collect();
    tenants.sort_unstable();
    tenants.dedup();
    tenants
}

/// Folds the whole log; each change that it tells must follow from the one
/// before.
fn fold(log: &[Frame], genesis: &Genesis) -> BTreeMap<u32, (Address, Account)> {
    let mut accounts: BTreeMap<u32, (Address, Account)> = BTreeMap::new();
    let mut leases: BTreeMap<LeaseId, Told> = BTreeMap::new();
    for frame in log {
        let at = frame.entry.at;
        for event in &frame.events {
            match event {
                Event::AccountOpened(e) => {
                    let account = Account {
                        granted: e.level,
                        level: e.level,
                        reputation: 100,
                        told_reputation: 100,
                        stake: Stroops::ZERO,
                        words: BTreeMap::new(),
                        counted: Vec::new(),
                    };
                    accounts.insert(e.account.0, (e.address, account));
                }
                Event::LeaseOpened(e) => {
                    let told = Told {
                        provider: e.provider_address,
                        tenant: e.tenant_address,
                        escrow: e.escrow,
                        is_escrowed: false,
                        started: None,
                        seen: Micros(0),
                        closing: None,
                    };
                    leases.insert(e.lease, told);
                }
                Event::LeaseEscrowed(e) => of(&mut leases, e.lease).is_escrowed = true,
                Event::LeaseStarted(e) => {
                    let lease = of(&mut leases, e.lease);
                    (lease.started, lease.seen) = (Some((at, e.ends_at)), at);
                }
                Event::LeaseHeartbeat(e) => {
                    let lease = of(&mut leases, e.lease);
                    lease.seen = at.min(lease.started.expect("it runs").1);
                }
                Event::LeaseClosing(e) => of(&mut leases, e.lease).closing = Some(at),
                Event::LeaseClosed(e) => {
                    let lease = &leases[&e.lease];
                    let provider = accounts.values_mut().find(|(address, _)| *address == lease.provider);
                    provider.expect("it has an account").1.fold(lease, e, at, genesis);
                }
                Event::StakeChanged(e) => accounts.get_mut(&e.account.0).expect("opened").1.stake = e.staked,
                Event::Attested(e) => {
                    let words = &mut accounts.get_mut(&e.account.0).expect("opened").1.words;
                    words.remove(&e.auditor.0);
                    words.extend(e.until.map(|until| (e.auditor.0, until)));
                }
                Event::TrustChanged(e) => {
                    let account = &mut accounts.get_mut(&e.account.0).expect("opened").1;
                    assert_eq!((account.level, e.from == e.to), (e.from, false));
                    account.level = e.to;
                }
                Event::ReputationChanged(e) => {
                    let account = &mut accounts.get_mut(&e.account.0).expect("opened").1;
                    assert_eq!((account.told_reputation, e.from == e.to), (e.from.get(), false));
                    account.told_reputation = e.to.get();
                }
                _ => {}
            }
        }
    }
    accounts
}

fn of(leases: &mut BTreeMap<LeaseId, Told>, id: LeaseId) -> &mut Told {
    leases.get_mut(&id).expect("a lease is opened first")
}

fn compare(stage: &Stage, genesis: &Genesis) {
    let (x, now) = (&stage.desk.exchange, stage.desk.now);
    for (address, told) in fold(&stage.desk.log, genesis).into_values() {
        let account = x.account_by_address(address).and_then(|id| x.account(id)).expect("opened");
        let found = Standing {
            level: account.level,
            reputation: account.reputation.get(),
            record: account.record(),
            uptime: account.uptime,
        };
        assert_eq!(found, told.standing(now, &genesis.trust), "the exchange (left), its events (right)");
        assert_eq!((told.level, told.told_reputation), (found.level, found.reputation), "every change is told");
        assert_eq!(x.ledger().stake(account.id), told.stake);
    }
    rests_where_its_level_is(x);
}

/// Each level's ladder holds the bids of that level's accounts and no others.
fn rests_where_its_level_is(x: &Exchange) {
    for market in x.markets() {
        let mut units: BTreeMap<TrustLevel, u64> = BTreeMap::new();
        for bid in x.bids().filter(|bid| bid.market == market.id && bid.is_standing() && bid.state == BidState::Open) {
            *units.entry(x.account(bid.account).expect("an owner").level).or_default() += u64::from(bid.remaining);
        }
        let mut rows: BTreeMap<TrustLevel, u64> = BTreeMap::new();
        for row in x.book(market.id).expect("a market").bids {
            *rows.entry(row.level).or_default() += row.quantity;
        }
        assert_eq!(rows, units, "bids of {}", market.class);
    }
}

type Dice = (u8, u16, u16, u16);

/// The lines that some dice say.
fn line(x: &Exchange, (kind, a, b, c): Dice) -> String {
    let pick = |from: &[&str], die: u16| from[usize::from(die) % from.len()].to_owned();
    let owner = |die: u16| [("ada", "p1"), ("ada", "p1"), ("bob", "p2"), ("cem", "p3")][usize::from(die % 4)];
    match kind % 32 {
        0..=4 => {
            let tenant = pick(&["tom", "tia", "tim", "dee"], a);
            let limits = pick(&["240", "240", "240", "One:240 Two:250 Three:260", "Two:245 Four:245 Five:250"], b);
            let more = pick(&["", "", "", "uptime=5000", "uptime=9000", "manual", "ioc"], c);
            format!("{tenant} order H100-80 1x1 @ {limits} for={} {more}", [30, 60, 300][usize::from(c % 3)])
        }
        5..=6 => {
            let (owner, provider) = owner(a);
            format!("{owner} bid {provider} H100-80 {} @ {}", 1 + b % 4, pick(&["230", "240", "250"], c))
        }
        7 => {
            let (owner, provider) = owner(a);
            format!("{owner} bid {provider} on o{} @ 240", 1 + b % 30)
        }
        8..=24 => lease_line(x, kind, a, b),
        25 => format!("wait {}", 1 + a % 70),
        26 => format!("wait {}", [300, 20_000, 86_400, 200_000][usize::from(a % 4)]),
        27..=28 => format!("chain stakes {} {}", owner(a).0, pick(&["0", "100", "1000", "1000", "1500"], b)),
        29..=30 => {
            let until = pick(&["0", "60", "900", "90000"], c);
            format!("{} attest {} +{until}", pick(&["dee", "eve", "dee", "eve", "tom"], b), owner(a).0)
        }
        _ => format!("chain credits {} 1000", pick(&["tom", "tia", "tim", "dee"], a)),
    }
}

/// The next thing in some lease's life.
fn lease_line(x: &Exchange, kind: u8, a: u16, b: u16) -> String {
    let open: Vec<_> = x.leases().filter(|lease| lease.state != LeaseState::Closed).collect();
    let Some(lease) = open.get(usize::from(a) % open.len().max(1)) else { return "wait 1".to_owned() };
    let id = lease.id;
    let name = |account| {
        let address_of = x.account(account).expect("opened").address;
        CAST.iter().map(|(name, _)| *name).find(|name| address(name) == address_of).expect("one of the cast")
    };
    let (owner, tenant) = (name(lease.provider_account), name(lease.tenant));
    match (lease.state, b % 8) {
        (LeaseState::Opened, 0) => format!("chain refuses l{id}"),
        (LeaseState::Opened, _) => format!("chain escrowed l{id}"),
        (LeaseState::Escrowed, 0) if a.is_multiple_of(2) => format!("{owner} finish l{id} failed"),
        (LeaseState::Escrowed, _) => format!("{owner} start l{id}"),
        (LeaseState::Running, 0) => format!("{tenant} stop l{id}"),
        (LeaseState::Running, 1) => {
            format!("wait 20;{owner} beat l{id};{owner} finish l{id} exited={}", u8::from(kind.is_multiple_of(4)))
        }
        (LeaseState::Running, _) => format!("wait {};{owner} beat l{id}", 5 + b % 35),
        _ => format!("{owner} finish l{id} stopped"),
    }
}

/// Plays a stream and compares after every line.
fn play(choice: [u8; 4], dice: &[Dice]) -> Stage {
    let genesis = rules(choice);
    let mut stage = Stage::new(genesis.clone());
    for dice in dice {
        let lines = line(&stage.desk.exchange, *dice);
        for line in lines.split(';') {
            stage.play(line);
            compare(&stage, &genesis);
        }
    }
    stage
}

fn streams() -> impl Strategy<Value = ([u8; 4], Vec<Dice>)> {
    (any::<[u8; 4]>(), proptest::collection::vec(any::<Dice>(), 100..200))
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the environment only says how long to try")]
fn levels_reputations_and_records_follow_from_the_events_alone() {
    let cases = std::env::var("BERTH_STREAMS").map_or(100, |n| n.parse().expect("BERTH_STREAMS is a number"));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&streams(), |(choice, dice)| {
            play(choice, &dice);
            Ok(())
        })
        .expect("every stream folds to the same");
}

/// The streams are worth their time only if they go everywhere.
#[test]
fn the_streams_of_trust_meet_every_cause() {
    let mut met = BTreeMap::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..100 {
        let (choice, dice) = streams().new_tree(&mut runner).expect("a stream").current();
        let stage = play(choice, &dice);
        for event in stage.desk.log.iter().flat_map(|frame| &frame.events) {
            let what = match event {
                Event::TrustChanged(e) => format!("{} by {}", e.to, e.cause.as_str()),
                Event::ReputationChanged(e) => e.cause.to_string(),
                _ => continue,
            };
            *met.entry(what).or_insert(0) += 1;
        }
    }
    let levels = ["One by stake", "Two by stake", "Two by lease", "Three by lease", "Three by expiry", "Four by lease"];
    let more = ["Four by attestation", "Four by expiry", "Five by attestation", "completed", "failed", "dark"];
    let missed: Vec<_> = levels.into_iter().chain(more).filter(|what| !met.contains_key(*what)).collect();
    assert!(missed.is_empty(), "no stream meets {missed:?}; they meet {met:#?}");
}
