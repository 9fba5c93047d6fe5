//! Timers: a deterministic queue, driven only by stamped time.
//!
//! A binary heap of deadlines, and for each kind of timer a table that says
//! where in the heap the timer of an id stands, so that moving or clearing one
//! searches for nothing.

use berth_domain::codec::{Decode, DecodeError, Encode, Reader};
use berth_domain::{AccountId, BidId, LeaseId, Micros, OrderId, Seconds};

use super::content::sequence;
use crate::exchange::Capacity;
use crate::planted::{Planted, is};

/// What a timer is for; each has at most one deadline. At one deadline they fire
/// in the order in which they stand here, and then of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A `gtd` order's time is over.
    OrderExpiry(OrderId),
    /// An auction closes.
    AuctionClose(OrderId),
    /// A `gtd` bid's time is over.
    BidExpiry(BidId),
    /// A lease's end, by its duration or its prepaid time.
    LeaseEnd(LeaseId),
    /// What a lease's state waits for has not come: escrow, start, heartbeat,
    /// or the agent's word that the containers are gone.
    LeasePhase(LeaseId),
    /// An account has been silent for as long as it said.
    DeadMan(AccountId),
    /// Trust in an account may change by time alone.
    Trust(AccountId),
    /// An account's mandate ends, or a new day of it begins.
    Mandate(AccountId),
    /// A gang has failed and more of its leases have to close than one entry
    /// may touch.
    Gang(OrderId),
    /// Things that became eligible wait to enter the books again.
    Reentry,
    /// Announced terms come into force.
    NewTerms,
    /// Announced rules come into force.
    NewRules,
}

/// Kinds of timers.
const KINDS: usize = 12;

impl Timer {
    /// In the order in which they fire.
    const fn kind(self) -> u8 {
        match self {
            Self::OrderExpiry(_) => 0,
            Self::AuctionClose(_) => 1,
            Self::BidExpiry(_) => 2,
            Self::LeaseEnd(_) => 3,
            Self::LeasePhase(_) => 4,
            Self::DeadMan(_) => 5,
            Self::Trust(_) => 6,
            Self::Mandate(_) => 7,
            Self::Gang(_) => 8,
            Self::Reentry => 9,
            Self::NewTerms => 10,
            Self::NewRules => 11,
        }
    }

    const fn id(self) -> u64 {
        match self {
            Self::OrderExpiry(id) | Self::AuctionClose(id) | Self::Gang(id) => id.0,
            Self::BidExpiry(id) => id.0,
            Self::LeaseEnd(id) | Self::LeasePhase(id) => id.0,
            Self::DeadMan(id) | Self::Trust(id) | Self::Mandate(id) => id.0 as u64,
            Self::Reentry | Self::NewTerms | Self::NewRules => 0,
        }
    }
}

impl Encode for Timer {
    fn encode(&self, out: &mut Vec<u8>) {
        self.kind().encode(out);
        match *self {
            Self::OrderExpiry(id) | Self::AuctionClose(id) | Self::Gang(id) => id.encode(out),
            Self::BidExpiry(id) => id.encode(out),
            Self::LeaseEnd(id) | Self::LeasePhase(id) => id.encode(out),
            Self::DeadMan(id) | Self::Trust(id) | Self::Mandate(id) => id.encode(out),
            Self::Reentry | Self::NewTerms | Self::NewRules => {}
        }
    }
}

impl Decode for Timer {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match u8::decode(input)? {
            0 => Self::OrderExpiry(Decode::decode(input)?),
            1 => Self::AuctionClose(Decode::decode(input)?),
            2 => Self::BidExpiry(Decode::decode(input)?),
            3 => Self::LeaseEnd(Decode::decode(input)?),
            4 => Self::LeasePhase(Decode::decode(input)?),
            5 => Self::DeadMan(Decode::decode(input)?),
            6 => Self::Trust(Decode::decode(input)?),
            7 => Self::Mandate(Decode::decode(input)?),
            8 => Self::Gang(Decode::decode(input)?),
            9 => Self::Reentry,
            10 => Self::NewTerms,
            11 => Self::NewRules,
            tag => return Err(DecodeError::Tag { of: "Timer", tag: tag.into() }),
        })
    }
}

/// All timers, by deadline and then by what they are for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    heap: Vec<(Micros, Timer)>,
    /// For each kind and id, one more than its place in the heap; zero when it
    /// is not set.
    places: [Vec<u32>; KINDS],
}

impl Timers {
    /// Makes room for the timers of what is to come.
    pub(crate) fn reserve(&mut self, capacity: Capacity) {
        let Capacity { accounts, orders, bids, leases, .. } = capacity;
        self.heap.reserve(orders + bids + 2 * leases);
        for (places, ids) in self.places.iter_mut().zip([orders, orders, bids, leases, leases, accounts]) {
            places.reserve(ids + 1);
        }
    }

    /// Sets or moves a timer.
    pub(crate) fn set(&mut self, timer: Timer, deadline: Micros) {
        let at = match self.place(timer) {
            Some(at) => {
                self.heap[at].0 = deadline;
                at
            }
            None => {
                self.heap.push((deadline, timer));
                self.heap.len() - 1
            }
        };
        let at = self.sift_up(at);
        self.sift_down(at);
    }

    pub(crate) fn clear(&mut self, timer: Timer) {
        let Some(at) = self.place(timer) else { return };
        self.note(timer, 0);
        self.heap.swap_remove(at);
        if at < self.heap.len() {
            let at = self.sift_up(at);
            self.sift_down(at);
        }
    }

    #[inline]
    pub(crate) fn next_deadline(&self) -> Option<Micros> {
        self.heap.first().map(|(deadline, _)| *deadline)
    }

    /// Takes the next timer that is due at `at`.
    pub(crate) fn pop_due(&mut self, at: Micros) -> Option<Timer> {
        let (deadline, mut timer) = *self.heap.first()?;
        if deadline > (if is(Planted::FiresEarly) { at.plus(Seconds(1)) } else { at }) {
            return None;
        }
        if is(Planted::FiresById) {
            let due = self.heap.iter().filter(|(deadline, _)| *deadline <= at);
            timer = due.map(|(_, timer)| *timer).min().unwrap_or(timer);
        }
        self.clear(timer);
        Some(timer)
    }

    pub(crate) fn deadline(&self, timer: Timer) -> Option<Micros> {
        self.place(timer).map(|at| self.heap[at].0)
    }

    fn place(&self, timer: Timer) -> Option<usize> {
        let place = *self.places[usize::from(timer.kind())].get(usize::try_from(timer.id()).ok()?)?;
        (place as usize).checked_sub(1)
    }

    fn note(&mut self, timer: Timer, place: usize) {
        let id = usize::try_from(timer.id()).expect("what has a timer lies in memory");
        let places = &mut self.places[usize::from(timer.kind())];
        if places.len() <= id {
            places.resize(id + 1, 0);
        }
        places[id] = u32::try_from(place).expect("fewer timers than 2³²");
    }

    /// Moves an entry towards the front as far as it belongs; answers where it
    /// is then.
    fn sift_up(&mut self, mut at: usize) -> usize {
        while at > 0 && self.heap[at] < self.heap[(at - 1) / 2] {
            let parent = (at - 1) / 2;
            self.heap.swap(at, parent);
            self.note(self.heap[at].1, at + 1);
            at = parent;
        }
        self.note(self.heap[at].1, at + 1);
        at
    }

    fn sift_down(&mut self, mut at: usize) {
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let mut first = at;
            if left < self.heap.len() && self.heap[left] < self.heap[first] {
                first = left;
            }
            if right < self.heap.len() && self.heap[right] < self.heap[first] {
                first = right;
            }
            if first == at {
                return;
            }
            self.heap.swap(at, first);
            self.note(self.heap[at].1, at + 1);
            self.note(self.heap[first].1, first + 1);
            at = first;
        }
    }
}

impl Encode for Timers {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut sorted = self.heap.clone();
        sorted.sort_unstable();
        sequence(&sorted, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a plain sorted set, over a walk that sets, moves, clears and
    /// fires.
    #[test]
    fn timers_fire_in_the_order_of_deadline_and_id() {
        let mut timers = Timers::default();
        let mut plain = std::collections::BTreeSet::new();
        let mut seed = 7_u64;
        let mut draw = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % n
        };
        for _ in 0..20_000 {
            let id = draw(40) + 1;
            let timer = if draw(2) == 0 { Timer::LeaseEnd(LeaseId(id)) } else { Timer::OrderExpiry(OrderId(id)) };
            match draw(4) {
                0 | 1 => {
                    let deadline = Micros(draw(50));
                    plain.retain(|(_, t)| *t != timer);
                    plain.insert((deadline, timer));
                    timers.set(timer, deadline);
                }
                2 => {
                    plain.retain(|(_, t)| *t != timer);
                    timers.clear(timer);
                }
                _ => {
                    let at = Micros(draw(50));
                    let due = plain.first().copied().filter(|(deadline, _)| *deadline <= at);
                    if let Some(first) = due {
                        plain.remove(&first);
                    }
                    assert_eq!(timers.pop_due(at), due.map(|(_, t)| t));
                }
            }
            assert_eq!(timers.next_deadline(), plain.first().map(|(deadline, _)| *deadline));
            let known = plain.iter().find(|(_, t)| *t == timer).map(|(deadline, _)| *deadline);
            assert_eq!(timers.deadline(timer), known);
        }
    }
}
