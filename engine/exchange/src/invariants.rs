//! What must hold after every entry, recomputed naively.
//!
//! It reads what anybody can read and nothing else: no state of its own, no
//! function of the rules. So it is a second opinion on the exchange, for tests
//! and for an auditor who replays a log. Each check walks all things a bounded
//! number of times; only the search for crossed pairs is given a bound.

mod books;
mod keys;
mod money;
mod places;
mod things;

use std::fmt::Debug;

use crate::exchange::Exchange;

/// Findings that are told; where there are more, the state is beyond detail.
const BROKEN_MAX: usize = 100;

/// What a check of the invariants came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invariants {
    /// What does not hold, in words; empty when all is well. At most 100.
    pub broken: Vec<String>,
    /// Pairs of a resting order and a resting bid whose prices cross: each was
    /// looked at, whether a filter keeps the two apart.
    pub pairs: u64,
    /// Whether there were more such pairs than the bound allows.
    pub is_cut: bool,
}

impl Invariants {
    /// Checks everything: money, holds and escrows, leases, orders, bids,
    /// standbys, the room of each provider, counters, ladders and indexes, keys,
    /// that nothing which could trade rests side by side, and the next deadline. No
    /// more than `pairs_max` pairs are looked at for that.
    #[must_use]
    pub fn of(x: &Exchange, pairs_max: u64) -> Self {
        let mut found = Self::default();
        money::check(x, &mut found);
        things::check(x, &mut found);
        places::check(x, &mut found);
        books::check(x, &mut found);
        keys::check(x, &mut found);
        // Until a tick that is due at once, what became eligible may stand
        // beside what it could trade with.
        if is_settled(x) {
            found.no_crossed_pair(x, pairs_max);
        }
        found
    }

    /// That something is so.
    fn holds(&mut self, is_so: bool, what: impl FnOnce() -> String) {
        if !is_so && self.broken.len() < BROKEN_MAX {
            self.broken.push(what());
        }
    }

    /// That something is what it must be.
    fn same<T: PartialEq + Debug>(&mut self, is: T, must: T, what: impl FnOnce() -> String) {
        let is_so = is == must;
        self.holds(is_so, || format!("{}: {is:?}, and must be {must:?}", what()));
    }
}

/// Whether nothing waits for a tick that is due at once.
fn is_settled(x: &Exchange) -> bool {
    x.next_deadline().is_none_or(|deadline| deadline > x.last_at())
}

#[cfg(test)]
mod tests {
    use berth_domain::codec::Decode as _;
    use berth_domain::{AccountId, BidState, Entry, Rate, Scopes, Stroops};

    use super::*;

    /// Behind the golden log, of which much is still under way.
    fn played() -> Exchange {
        let mut bytes: &[u8] = include_bytes!("../tests/golden/v1.bin");
        let mut x = Exchange::new();
        while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
            let (entry, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
            x.apply(&Entry::from_bytes(entry).unwrap(), &mut Vec::new()).unwrap();
            bytes = rest;
        }
        x
    }

    /// Changes the state behind the exchange's back.
    #[track_caller]
    fn check(change: impl FnOnce(&mut Exchange), expected: &str) {
        let mut x = played();
        change(&mut x);
        let found = Invariants::of(&x, u64::MAX).broken;
        assert!(found.iter().any(|broken| broken.starts_with(expected)), "{expected}: {found:?}");
    }

    #[test]
    fn what_is_changed_behind_the_exchange_is_found() {
        assert_eq!(Invariants::of(&played(), u64::MAX).broken, Vec::<String>::new());
        check(|x| x.orders[0].hold = Stroops::new(7).unwrap(), "held by account");
        check(|x| x.orders[0].hold = Stroops::new(7).unwrap(), "hold of order 1");
        check(|x| x.orders[0].replicas += 1, "replicas of order 1");
        check(|x| x.leases[0].escrow = Stroops::new(7).unwrap(), "escrow of lease 1");
        check(|x| x.leases[0].fee = Stroops::new(7).unwrap(), "fee of lease 1");
        check(|x| x.providers[0].free.memory += 1, "memory of provider 1");
        check(|x| x.providers[0].total.cpu -= 1, "processors of provider 1");
        check(|x| x.bids[0].reserved += 1, "units of bid 1 that stand by");
        check(|x| x.orders[0].first_lease = berth_domain::LeaseId(0), "leases of order 1");
        let is_resting = |bid: &&mut crate::state::Bid| bid.state == BidState::Open && bid.is_standing();
        check(|x| x.bids.iter_mut().find(is_resting).unwrap().price = Rate::MAX, "the bids of level");
        check(|x| x.bids.iter_mut().find(is_resting).unwrap().state = BidState::Cancelled, "the book of");
        // Of the last who has one.
        let x = played();
        let (owner, key) = x.accounts().filter_map(|it| Some((it.id, it.keys().last()?.key))).next_back().unwrap();
        let key_of = |x: &mut Exchange| *x.accounts.key_mut(&key).unwrap();
        let told = |what: &str| format!("a key of account {owner} {what}");
        check(|x| x.accounts.key_mut(&key).unwrap().scopes = Scopes::EMPTY, &told("may say nothing"));
        check(|x| x.accounts.key_mut(&key).unwrap().nonce = u64::MAX, &told("has signed what is yet to come"));
        let twice = |x: &mut Exchange| {
            let key = key_of(x);
            x.account_mut(AccountId(1)).standing.get_or_insert_default().keys.push(key);
        };
        check(twice, &format!("whose {}", told("is, too")));
    }
}
