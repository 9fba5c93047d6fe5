//! Top-ups and what the chain says to them; backlogs of what was not heard.

use berth_domain::{
    AccountId, Command, Heartbeat, LeaseBacklog, LeaseState, Micros, Seconds, TopUpFailed, TopUpLease, ToppedUp, TxHash,
};

use super::dice::{Dice, text};
use super::leasing::stroops;
use crate::oracle::{Lease, Oracle, rest_of};

/// The longest gap that a backlog may fill, by all rules of streams.
pub(crate) const WINDOW: Seconds = Seconds(100);

/// What is said of a lease's funds and of its gaps, when it is time for either.
pub(crate) fn funding(lease: &Lease, now: Micros, dice: &mut Dice<'_>) -> Option<(AccountId, Command)> {
    let is_asked = lease.funding.pending().is_some();
    let may_fill = lease.gap.is_some_and(|gap| gap.to.since(gap.from) <= WINDOW.micros() || dice.once_in(8));
    let has_gap = may_fill && lease.state != LeaseState::Closed;
    // Once in a while without any reason.
    let kind = match dice.below(16) {
        0..10 if has_gap => 2,
        0..8 if is_asked => 1,
        0..7 if may_grow(lease) => 0,
        0..8 if lease.is_late(now) => 3,
        8 if is_asked => 0,
        8..10 if !lease.funding.top_ups.is_empty() => 1,
        15 => dice.below(3),
        _ => return None,
    };
    Some(match kind {
        0 => (lease.tenant, top_up(lease, dice).into()),
        1 => (AccountId::EXCHANGE, answer(lease, dice)),
        2 => (lease.owner, backlog(lease, dice).into()),
        _ => (lease.owner, beat(lease).into()),
    })
}

fn beat(lease: &Lease) -> Heartbeat {
    Heartbeat { lease: lease.id, cpu_millis: 1, memory_bytes: 1, healthy: true }
}

/// What a lease that is suspended waits for, so that some go on more than once.
pub(crate) fn starved(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> Option<(AccountId, Command)> {
    let suspended = x.leases.iter().filter(|lease| lease.state == LeaseState::Suspended);
    let lease = suspended.max_by_key(|lease| (lease.funding.suspended_micros, lease.id))?;
    Some(match lease.funding.pending() {
        _ if lease.is_late(now) && !dice.once_in(4) => (lease.owner, beat(lease).into()),
        _ if lease.gap.is_some() && dice.once_in(2) => (lease.owner, backlog(lease, dice).into()),
        _ if dice.once_in(4) => return None,
        Some(_) => (AccountId::EXCHANGE, answer(lease, dice)),
        None => (lease.tenant, top_up(lease, dice).into()),
    })
}

/// Whether more of a lease can be paid for now.
pub(crate) fn may_grow(lease: &Lease) -> bool {
    matches!(lease.state, LeaseState::Running | LeaseState::Suspended) && lease.prepay < lease.duration
}

fn top_up(lease: &Lease, dice: &mut Dice<'_>) -> TopUpLease {
    let rest = rest_of(lease).0;
    let seconds = dice.pick(&[5, 1, 10, 20, rest, rest / 2, 5, rest + 1, 0, u64::MAX]);
    TopUpLease { lease: lease.id, seconds: Seconds(seconds) }
}

/// What the chain says to a top-up, most often to the one that waits.
fn answer(lease: &Lease, dice: &mut Dice<'_>) -> Command {
    let (number, amount) = lease.funding.pending().map_or((0, stroops(1)), |(n, top_up)| (n, top_up.stroops()));
    let is_other = dice.once_in(8) || number == 0;
    let number = if is_other { dice.pick(&[1, 0, number + 1, u32::MAX]) } else { number };
    if dice.once_in(4) {
        return TopUpFailed { lease: lease.id, number, reason: text("no") }.into();
    }
    let is_wrong = dice.once_in(10);
    let amount = if is_wrong { dice.pick(&[stroops(0), lease.stroops()]) } else { amount };
    let tx = TxHash([u8::try_from(number % 256).expect("small"); 32]);
    ToppedUp { lease: lease.id, tx, ledger: 4, amount }.into()
}

/// Beats over the lease's gap, most often as many as fill it.
fn backlog(lease: &Lease, dice: &mut Dice<'_>) -> LeaseBacklog {
    let grace = lease.grace().micros();
    let (from, to) = lease.gap.map_or((0, 1), |gap| (gap.from.0, gap.to.0));
    let step = match dice.below(12) {
        8 => grace + 1,
        9 => grace / 2,
        10 => (to - from) / 2,
        _ => grace,
    };
    let first = from + if dice.once_in(12) { 0 } else { step };
    let mut beats: Vec<Micros> = Vec::new();
    let mut at = first;
    while at < to && beats.len() < 40 {
        beats.push(Micros(at));
        at += step.max(1);
    }
    match dice.below(20) {
        15 => beats.push(Micros(to)),
        16 => beats.reverse(),
        17 => drop(beats.pop()),
        18 => beats.extend(beats.last().copied()),
        19 => beats = vec![Micros(from + 1); 4_097],
        _ => {}
    }
    LeaseBacklog { lease: lease.id, beats }
}
