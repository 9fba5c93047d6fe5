//! Random commands: what a move means in the state that it meets. Few accounts,
//! hosts and prices, so that things collide.

use berth_domain::{
    AccountId, Bounds, ChainEventId, Command, Deposit, Genesis, GpuInventory, OpenAccount, RegisterProvider, Resources,
    Resumed, Seconds, Tick, Timing,
};
use proptest::prelude::*;

use super::dice::{Dice, region, text};
use super::failing::failing;
use super::funding::{WINDOW, starved};
use super::keys::keys;
use super::leasing::{funds, going_well, is_over, leasing, stroops};
use super::mandates::mandate;
use super::operating::{operating, update};
use super::standing::{auditors, grants, standing, trust_rules};
use super::tape::Tape;
use super::trading;
use super::verifying::{verifying, wants_checks};
use crate::cast::{CAST, TENANTS, address, class, genesis};
use crate::oracle::Oracle;

/// One step of a stream: what to do, with which luck, after which pause.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub(crate) kind: u8,
    pub(crate) dice: [u16; 32],
    pub(crate) pause: Seconds,
    pub(crate) is_up: bool,
    pub(crate) resumes: bool,
    /// Without a signature where one can be.
    pub(crate) attests: bool,
}

/// A stream: which of its moves are made, under which rules, and the moves. A
/// failing one first does without moves, then its rules and the moves that are
/// left become plainer.
pub(crate) type Stream = (Vec<bool>, [u8; 8], Vec<Move>);

pub(crate) fn streams() -> impl Strategy<Value = Stream> {
    let made = proptest::collection::vec(proptest::bool::weighted(0.99), MOVES);
    (made, any::<[u8; 8]>(), proptest::collection::vec(moves(), MOVES))
}

/// So that about 200 are made.
const MOVES: usize = 202;

fn moves() -> impl Strategy<Value = Move> {
    let pause = prop_oneof![600 => Just(0), 200 => 0..6_u64, 30 => 10..70_u64, 10 => 70..1_000_u64, 1 => Just(86_400)];
    let node = prop_oneof![30 => Just((true, true)), 1 => Just((false, true)), 1 => Just((false, false))];
    let attests = prop_oneof![8 => Just(false), 1 => Just(true)];
    (0..115_u8, any::<[u16; 32]>(), pause, node, attests).prop_map(|(kind, dice, pause, (is_up, resumes), attests)| {
        Move { kind, dice, pause: Seconds(pause), is_up, resumes, attests }
    })
}

/// Tight rules, so that bounds are met.
pub(crate) fn rules_of([scan, tick, ids, timing, fills, depth, orders, trust]: [u8; 8]) -> Genesis {
    let pick = |choice: u8, from: [u32; 4]| from[usize::from(choice % 4)];
    let timing = [(30, 60, 20, 40, 20), (300, 600, 60, 180, 120), (10, 10, 8, 12, 8), (60, 30, 0, 1_000, 0)]
        [usize::from(timing % 4)];
    Genesis {
        timing: Timing {
            escrow_timeout: Seconds(timing.0),
            start_timeout: Seconds(timing.1),
            heartbeat_interval: Seconds(10),
            heartbeat_grace: Seconds(timing.2),
            dark_after: Seconds(timing.3),
            closing_timeout: Seconds(timing.4),
            settle_grace: Seconds(3_600),
            reconfigure_delay: Seconds(timing.4),
            runway_warning: Seconds(20),
            suspend_timeout: Seconds(timing.1),
            missed_checks: 2,
            backlog_window: WINDOW,
        },
        trust: trust_rules(trust),
        grants: grants(trust),
        bounds: Bounds {
            scan: pick(scan, [10_000, 10, 3, 1]),
            tick: pick(tick, [1_000, 1_000, 2, 1]),
            orders: pick(orders, [10, 20, 6, 3]),
            bids: 8,
            providers: 3,
            replicas: 6,
            duration: Seconds(10_000),
            client_ids: pick(ids, [4_096, 4, 2, 0]),
            fills: pick(fills, [1_000, 3, 2, 1]),
            depth: pick(depth, [1_000, 1_000, 20, 8]),
            quotes: 3,
            directed: pick(scan, [1, 3, 8, 0]),
        },
        ..auditors()
    }
}

/// The cast, small hosts of the owners, two for tenants, and money.
pub(crate) fn opening() -> Vec<(AccountId, Command)> {
    let open = |(name, _)| (AccountId::EXCHANGE, OpenAccount { address: address(name) }.into());
    let mut opening: Vec<(AccountId, Command)> = CAST.into_iter().map(open).collect();
    let host = |account: u32, gpus: u32, cpu: u32, name: &str| {
        let register = RegisterProvider {
            resources: Resources { cpu, memory: 8, storage: 100 },
            bandwidth: 100,
            gpus: vec![GpuInventory { class: class("H100-80"), count: gpus }],
            hostname: text("host.example"),
            port: 22,
            attributes: vec![region(name)],
            own_agent: false,
            client_id: None,
        };
        (AccountId(account), register.into())
    };
    opening.extend([host(2, 3, 6, "eu"), host(3, 2, 6, "us"), host(4, 4, 4, "eu"), host(5, 2, 8, "eu")]);
    opening.extend([host(6, 1, 8, "us"), host(7, 3, 6, "eu"), host(8, 2, 4, "us")]);
    for (i, tenant) in TENANTS.iter().chain(["ada"].iter()).enumerate() {
        let event = ChainEventId { toid: i as u64 + 1, index: 0 };
        opening
            .push((AccountId::EXCHANGE, Deposit { event, address: address(tenant), amount: stroops(700_000) }.into()));
    }
    opening
}

/// The command that a move means in the present state, and who gives it.
pub(crate) fn command<W>(tape: &Tape<W>, next: &Move) -> (AccountId, Command) {
    let (x, now) = (&tape.oracle, tape.now);
    let dice = &mut Dice(next.dice.iter());
    // Now and then somebody else says it.
    let other = dice.once_in(60).then(|| AccountId(dice.pick(&[0, 1, 2, 7, 8, 99])));
    let is_idle = x.leases.iter().all(is_over);
    // No market is paused for long.
    let resumes = !x.operation.paused.is_empty() && dice.once_in(24);
    let (account, mut command) = match next.kind {
        _ if resumes => operating(x, now, dice),
        0..60 if tape.checks && !dice.once_in(3) => {
            verifying(x, dice).unwrap_or_else(|| placed(trading::order(x, now, dice)))
        }
        0..60 if tape.goes_well && !is_idle && dice.once_in(2) => going_well(x, now, dice),
        67..90 if is_idle && next.kind.is_multiple_of(2) => placed(trading::bid(x, now, dice)),
        67..90 if is_idle => placed(trading::order(x, now, dice)),
        0..13 => placed(trading::bid(x, now, dice)),
        13..23 => placed(trading::directed(x, now, dice)),
        23..41 => placed(trading::order(x, now, dice)),
        41..45 => trading::amend_order(x, now, dice),
        45..49 => trading::amend_bid(x, now, dice),
        49..52 => trading::replace_order(x, now, dice),
        52..54 => trading::replace_bid(x, now, dice),
        54..57 => trading::mass_quote(x, dice),
        57..59 => mandate(x, now, dice),
        59 => trading::cancel_all(x, dice),
        60 => trading::dead_man(dice),
        61..67 => trading::ending(x, dice),
        67..91 => starved(x, now, dice).unwrap_or_else(|| leasing(x, now, dice)),
        91..94 => (AccountId::EXCHANGE, funds(x, dice)),
        94 => again(&tape.said, dice),
        95 => operating(x, now, dice),
        96..98 => update(x, dice),
        98..100 => rare(x, dice),
        100..105 => standing(x, now, dice),
        112..115 => keys(x, now, dice),
        _ => failing(x, dice).unwrap_or_else(|| leasing(x, now, dice)),
    };
    if let Command::PlaceOrder(place) = &mut command {
        wants_checks(place, tape.checks, &mut Dice(next.dice[20..].iter()));
    }
    (other.unwrap_or(account), command)
}

fn placed((account, place): (AccountId, impl Into<Command>)) -> (AccountId, Command) {
    (account, place.into())
}

/// What was said before, word for word.
fn again(said: &[(AccountId, Command)], dice: &mut Dice<'_>) -> (AccountId, Command) {
    let recent = &said[said.len().saturating_sub(60)..];
    let is_seldom = |said: &&(AccountId, Command)| match &said.1 {
        Command::RegisterProvider(says) => says.client_id.is_some(),
        Command::ReplaceBid(replace) => replace.place.client_id.is_some(),
        Command::ReplaceOrder(replace) => replace.place.client_id.is_some(),
        _ => false,
    };
    if let Some(seldom) = recent.iter().rev().find(is_seldom).filter(|_| dice.once_in(3)) {
        return seldom.clone();
    }
    let place = usize::try_from(dice.below(recent.len() as u64)).expect("small");
    recent[place].clone()
}

fn rare(x: &Oracle, dice: &mut Dice<'_>) -> (AccountId, Command) {
    match dice.below(7) {
        0 => (AccountId::EXCHANGE, Tick.into()),
        // The tape says when the node was down.
        1 => (AccountId::EXCHANGE, Resumed { down_from: x.head().1, up_at: x.head().1 }.into()),
        2 => (AccountId::EXCHANGE, OpenAccount { address: address(dice.pick(&["tom", "ned", "pat"])) }.into()),
        3 => (AccountId::EXCHANGE, genesis().into()),
        _ => {
            let names = dice.pick(&[["A100-40", "H100-80"], ["H100-80", "A100-40"], ["A100-40", "A100-40"]]);
            let mut gpus = Vec::from(names.map(|name| GpuInventory { class: class(name), count: 1 + dice.some(2) }));
            gpus.truncate(dice.pick(&[2, 2, 1, 0]));
            let memory = dice.pick(&[4, 6, 8, u64::MAX]);
            let register = RegisterProvider {
                resources: Resources { cpu: dice.pick(&[4, 8, 2, 0]), memory, storage: 3 },
                bandwidth: 0,
                gpus,
                hostname: text(""),
                port: 0,
                attributes: vec![region(dice.pick(&["eu", "us"]))],
                own_agent: true,
                client_id: dice.client_id(),
            };
            (AccountId(dice.pick(&[2, 3, 7])), register.into())
        }
    }
}
