//! What each account has paid for its leases, by day, market and host. The exchange
//! itself keeps no such sums.

use std::collections::BTreeMap;

use berth_domain::{AccountId, Event, MarketId, Micros, ProviderId, Stroops};
use berth_exchange::{Exchange, Lease};
use berth_wire::day::Day;

use crate::limits::SPENDS_SCAN_MAX;

/// Sums by account, day (UTC), market and host. There are no more of them than
/// leases.
#[derive(Default)]
pub(crate) struct Spends(BTreeMap<(AccountId, Day, MarketId, ProviderId), Sum>);

/// What some leases came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    /// How many.
    pub(crate) leases: u64,
    /// What their tenant paid.
    pub(crate) paid: Stroops,
}

/// What sums are made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Day,
    Market,
    Provider,
}

/// Which day, market or host a sum is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Day(Day),
    Market(MarketId),
    Provider(ProviderId),
}

/// More is asked for than one answer adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

impl Spends {
    /// Those of a state.
    pub(crate) fn of(x: &Exchange) -> Self {
        let mut spends = Self::default();
        for lease in x.leases() {
            if let Some(at) = lease.paid_at {
                spends.add(lease, at);
            }
        }
        spends
    }

    /// Follows an event; `x` is the state behind it, or a later one.
    pub(crate) fn follow(&mut self, event: &Event, x: &Exchange) {
        if let Event::LeasePaid(paid) = event
            && let Some(lease) = x.lease(paid.lease)
            && let Some(at) = lease.paid_at
        {
            self.add(lease, at);
        }
    }

    fn add(&mut self, lease: &Lease, at: Micros) {
        let sum = self.0.entry((lease.tenant, Day::of(at), lease.market, lease.provider)).or_default();
        sum.leases += 1;
        // It was paid out of the asset's supply, which fits; what is paid again and
        // again may not.
        sum.paid = sum.paid.checked_add(lease.cost()).unwrap_or(sum.paid);
    }

    /// An account's sums between two days, both included.
    pub(crate) fn sums(&self, account: AccountId, by: By, from: Day, to: Day) -> Result<BTreeMap<Key, Sum>, TooMuch> {
        let mut sums: BTreeMap<Key, Sum> = BTreeMap::new();
        let first = (account, from, MarketId(0), ProviderId(0));
        let within = self.0.range(first..).take_while(|((of, day, ..), _)| *of == account && *day <= to);
        for (seen, ((_, day, market, provider), part)) in within.enumerate() {
            if seen == SPENDS_SCAN_MAX {
                return Err(TooMuch);
            }
            let key = match by {
                By::Day => Key::Day(*day),
                By::Market => Key::Market(*market),
                By::Provider => Key::Provider(*provider),
            };
            let sum = sums.entry(key).or_default();
            sum.leases += part.leases;
            sum.paid = sum.paid.checked_add(part.paid).ok_or(TooMuch)?;
        }
        Ok(sums)
    }
}
