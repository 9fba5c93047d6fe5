//! Whose turn it is. Pure: the caller brings the time.
//!
//! Envelopes of one account go out one after another. So while one may still
//! be applied, it is its intent's turn and nobody else's. Otherwise leases go
//! first, in the order of the log, for a lease that is opened or settled too
//! late is lost to somebody, and a withdrawal is not. An intent that met with
//! trouble waits, twice as long each time, and lets the others pass.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::plan::Name;

/// The first wait.
const FIRST: Duration = Duration::from_millis(100);
/// The longest wait of a lease's intent, and of anyone when the trouble is not
/// the intent's own.
const BRIEF_MAX: Duration = Duration::from_secs(10);
/// The longest wait of a withdrawal. Anyone can make withdrawals that cannot be
/// paid, such as those of an account that was merged away: trying them all
/// again and again shall not take up the settler's time.
const WITHDRAWAL_MAX: Duration = Duration::from_secs(300);

const _: () = assert!(FIRST.as_millis() < BRIEF_MAX.as_millis());
const _: () = assert!(BRIEF_MAX.as_millis() < WITHDRAWAL_MAX.as_millis());

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// This intent's.
    Of(Name),
    /// Nothing is to be done, or all of it waits.
    Nobodys,
}

/// How long an intent may have to wait at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As long as intents of its kind.
    Own,
    /// Briefly: it is not at fault.
    Brief,
}

#[derive(Debug)]
struct Wait {
    length: Duration,
    until: Instant,
    error: String,
}

/// Who waits, and for how long. It starts afresh with each process: trying
/// again once too often does no harm.
#[derive(Debug)]
pub(crate) struct Queue {
    in_flight: Option<Name>,
    waits: BTreeMap<Name, Wait>,
}

impl Queue {
    /// A queue after a start, given whose envelope may still be applied.
    pub(crate) fn resume(in_flight: Option<Name>) -> Self {
        Self { in_flight, waits: BTreeMap::new() }
    }

    /// Whose turn it is among `todo`, which is in the order of the log.
    pub(crate) fn turn(&self, todo: &[Name], now: Instant) -> Turn {
        if let Some(name) = self.in_flight {
            return if self.ready(name, now) { Turn::Of(name) } else { Turn::Nobodys };
        }
        let mut opening = BTreeSet::new();
        let mut withdrawals = Vec::new();
        for &name in todo {
            match name {
                Name::Open(lease) => {
                    opening.insert(lease);
                }
                // What is of one lease keeps its order.
                Name::Settle(lease) | Name::Refund(lease) if opening.contains(&lease) => continue,
                Name::Settle(_) | Name::Refund(_) => {}
                Name::PayWithdraw(_) => {
                    withdrawals.push(name);
                    continue;
                }
            }
            if self.ready(name, now) {
                return Turn::Of(name);
            }
        }
        // One that was never tried goes before one that failed, and of those
        // the one that is ready the longest: however many fail, new ones pass.
        withdrawals
            .into_iter()
            .filter(|name| self.ready(*name, now))
            .min_by_key(|name| self.waits.get(name).map(|wait| wait.until))
            .map_or(Turn::Nobodys, Turn::Of)
    }

    fn ready(&self, name: Name, now: Instant) -> bool {
        self.waits.get(&name).is_none_or(|wait| wait.until <= now)
    }

    /// This intent is at its end.
    pub(crate) fn done(&mut self, name: Name) {
        self.in_flight = None;
        self.waits.remove(&name);
    }

    /// This intent met with trouble. `in_flight` says whether an envelope of
    /// it may be applied all the same.
    pub(crate) fn failed(&mut self, name: Name, in_flight: bool, patience: Patience, error: String, now: Instant) {
        self.in_flight = in_flight.then_some(name);
        let most = match (name, patience) {
            (Name::PayWithdraw(_), Patience::Own) => WITHDRAWAL_MAX,
            _ => BRIEF_MAX,
        };
        let length = self.waits.get(&name).map_or(FIRST, |wait| wait.length * 2).min(most);
        self.waits.insert(name, Wait { length, until: now + length, error });
    }

    /// What stands in the way of the most urgent of those that wait.
    pub(crate) fn error(&self) -> Option<String> {
        let (name, wait) = self.waits.first_key_value()?;
        Some(format!("{name}: {}", wait.error))
    }
}

#[cfg(test)]
mod tests {
    use berth_wire::domain::LeaseId;

    use super::*;

    const OPEN: Name = Name::Open(LeaseId(1));
    const SETTLE: Name = Name::Settle(LeaseId(1));
    const OTHER: Name = Name::Settle(LeaseId(2));
    const PAY: Name = Name::PayWithdraw(7);
    const PAY_LATER: Name = Name::PayWithdraw(9);

    fn fail(queue: &mut Queue, name: Name, now: Instant) {
        queue.failed(name, false, Patience::Own, "trouble".to_owned(), now);
    }

    #[test]
    fn leases_go_before_withdrawals_and_in_the_order_of_the_log() {
        let (queue, now) = (Queue::resume(None), Instant::now());
        assert_eq!(queue.turn(&[PAY, OTHER, OPEN], now), Turn::Of(OTHER));
        assert_eq!(queue.turn(&[PAY, PAY_LATER], now), Turn::Of(PAY));
        assert_eq!(queue.turn(&[], now), Turn::Nobodys);
    }

    #[test]
    fn what_failed_lets_the_others_pass_and_comes_back() {
        let (mut queue, now) = (Queue::resume(None), Instant::now());
        fail(&mut queue, PAY, now);
        fail(&mut queue, OTHER, now);
        assert_eq!(queue.turn(&[PAY, OTHER, PAY_LATER], now), Turn::Of(PAY_LATER));
        assert_eq!(queue.turn(&[PAY, OTHER], now), Turn::Nobodys);
        assert_eq!(queue.turn(&[PAY, OTHER], now + FIRST), Turn::Of(OTHER));
        assert_eq!(queue.turn(&[PAY, PAY_LATER], now + FIRST), Turn::Of(PAY_LATER), "the new one first");
        assert_eq!(queue.turn(&[PAY], now + FIRST), Turn::Of(PAY));
        queue.done(OTHER);
        assert_eq!(queue.error().unwrap(), "withdrawal of event 7: trouble");
        queue.done(PAY);
        assert_eq!(queue.error(), None);
    }

    #[test]
    fn a_lease_keeps_its_own_order() {
        let (mut queue, now) = (Queue::resume(None), Instant::now());
        fail(&mut queue, OPEN, now);
        assert_eq!(queue.turn(&[OPEN, SETTLE, OTHER], now), Turn::Of(OTHER));
        assert_eq!(queue.turn(&[OPEN, SETTLE], now), Turn::Nobodys);
    }

    #[test]
    fn while_an_envelope_may_be_applied_nobody_else_has_a_turn() {
        let now = Instant::now();
        assert_eq!(Queue::resume(Some(PAY)).turn(&[OPEN, PAY], now), Turn::Of(PAY));
        let mut queue = Queue::resume(None);
        queue.failed(PAY, true, Patience::Brief, "no answer".to_owned(), now);
        assert_eq!(queue.turn(&[OPEN, PAY], now), Turn::Nobodys);
        assert_eq!(queue.turn(&[OPEN, PAY], now + FIRST), Turn::Of(PAY));
        queue.done(PAY);
        assert_eq!(queue.turn(&[OPEN], now), Turn::Of(OPEN));
    }

    #[test]
    fn waits_grow_up_to_a_bound() {
        let check = |name, patience, most: Duration| {
            let (mut queue, now) = (Queue::resume(None), Instant::now());
            for _ in 0..40 {
                queue.failed(name, false, patience, String::new(), now);
            }
            let just_before = now + most - Duration::from_millis(1);
            assert_eq!(queue.turn(&[name], just_before), Turn::Nobodys, "{name}");
            assert_eq!(queue.turn(&[name], now + most), Turn::Of(name));
        };
        check(SETTLE, Patience::Own, BRIEF_MAX);
        check(PAY, Patience::Own, WITHDRAWAL_MAX);
        check(PAY, Patience::Brief, BRIEF_MAX);
    }
}
