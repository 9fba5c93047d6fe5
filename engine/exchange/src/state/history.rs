//! What an account's leases say of it as a provider: the last ones that count,
//! folded so that closing one more costs the logarithm of their number.

use std::collections::{BTreeMap, VecDeque};

use berth_domain::codec::{Decode, DecodeError, Encode, Reader};
use berth_domain::{AccountId, Micros, Seconds, TrustRules, Uptime};

use super::content::{content, sequence};
use super::recall::{Parts, Recall, Unread};

/// Microseconds of a day.
const DAY: u64 = 86_400_000_000;

/// How a lease that counts ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Completed = 0,
    Failed = 1,
    Dark = 2,
}

impl Encode for Ending {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }
}

impl Decode for Ending {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(input)? {
            0 => Ok(Self::Completed),
            1 => Ok(Self::Failed),
            2 => Ok(Self::Dark),
            tag => Err(DecodeError::Tag { of: "Ending", tag: tag.into() }),
        }
    }
}

/// A lease that counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) tenant: AccountId,
    pub(crate) ending: Ending,
    /// The day on which it closed, counted from 1970.
    pub(crate) day: u32,
    /// How long it should have run by what is known.
    pub(crate) leased: Seconds,
    /// How long of that it was seen to run.
    pub(crate) evidenced: Seconds,
}

/// A provider's record: its last counted leases in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Leases, at most `TrustRules::window`.
    pub counted: u32,
    /// Those that were served to their end, or until the tenant stopped them.
    pub completed: u32,
    /// Those that could not start or ended badly.
    pub failed: u32,
    /// Those whose heartbeats stopped.
    pub dark: u32,
    /// Distinct tenants behind them.
    pub tenants: u32,
}

/// One tenant's part.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Counted leases.
    leases: u32,
    /// Time leased and evidenced in those that still speak for the uptime.
    leased: u64,
    evidenced: u64,
}

impl Tally {
    /// The tenant's own uptime in hundredths of a percent, when it leased any
    /// time.
    fn uptime(&self) -> Option<u64> {
        (self.leased > 0).then(|| {
            let share = u128::from(self.evidenced) * u128::from(Uptime::MAX.bps()) / u128::from(self.leased);
            u64::try_from(share).expect("no more is evidenced than leased")
        })
    }
}

/// The last leases that count, the oldest first. At most `TrustRules::window`
/// of them, and with them at most as many tenants.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    leases: VecDeque<Counted>,
    /// How many of the oldest are too old to speak for the uptime.
    aged: usize,
    completed: u32,
    failed: u32,
    dark: u32,
    tenants: BTreeMap<AccountId, Tally>,
    /// Sum of the tenants' uptimes, and of how many tenants.
    uptimes: u64,
    timed: u32,
}

impl History {
    /// Whether one more lease of a tenant counts: the tenant then has no more
    /// than its share of all that the record holds, or just one.
    pub(crate) fn admits(&self, tenant: AccountId, rules: &TrustRules) -> bool {
        let window = rules.window as usize;
        let makes_room_for_itself =
            self.leases.len() >= window && self.leases.front().is_some_and(|oldest| oldest.tenant == tenant);
        let there = self.tenants.get(&tenant).map_or(0, |tally| tally.leases) - u32::from(makes_room_for_itself);
        let counted = u32::try_from((self.leases.len() + 1).min(window)).expect("a window has 16 bits");
        there < rules.tenant_share.of(counted).max(1)
    }

    /// Counts a lease; the oldest makes room.
    pub(crate) fn count(&mut self, lease: Counted, rules: &TrustRules) {
        while self.leases.len() >= rules.window as usize {
            self.forget_oldest();
        }
        self.push(lease);
    }

    fn push(&mut self, lease: Counted) {
        self.leases.push_back(lease);
        *self.of(lease.ending) += 1;
        self.tenants.entry(lease.tenant).or_default().leases += 1;
        self.time(lease.tenant, |tally| {
            tally.leased += lease.leased.0;
            tally.evidenced += lease.evidenced.0.min(lease.leased.0);
        });
    }

    /// Leases that count.
    pub(crate) fn len(&self) -> usize {
        self.leases.len()
    }

    /// Whose they were, one by one.
    pub(crate) fn lessees(&self) -> impl Iterator<Item = AccountId> {
        self.leases.iter().map(|lease| lease.tenant)
    }

    /// Lets leases that closed too long ago no longer speak for the uptime.
    pub(crate) fn age(&mut self, at: Micros, rules: &TrustRules) {
        while let Some(lease) = self.leases.get(self.aged).copied()
            && first_day_without(lease.day, rules).is_some_and(|until| until <= at)
        {
            self.untime(lease);
            self.aged += 1;
        }
    }

    /// When the next lease is too old.
    pub(crate) fn ages_at(&self, rules: &TrustRules) -> Option<Micros> {
        first_day_without(self.leases.get(self.aged)?.day, rules)
    }

    pub(crate) fn record(&self) -> Record {
        let count = |n: usize| u32::try_from(n).expect("a window has 16 bits");
        Record {
            counted: count(self.leases.len()),
            completed: self.completed,
            failed: self.failed,
            dark: self.dark,
            tenants: count(self.tenants.len()),
        }
    }

    /// For each tenant the share of its leased time that was evidenced; of
    /// these shares the mean, rounded down. Each tenant weighs the same, so one
    /// key with a long lease cannot outweigh the others. `None` when fewer than
    /// `least` tenants speak, or none.
    pub(crate) fn uptime(&self, least: u32) -> Option<Uptime> {
        if self.timed == 0 || self.timed < least {
            return None;
        }
        let mean = self.uptimes / u64::from(self.timed);
        u16::try_from(mean).ok().and_then(Uptime::new)
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.leases.pop_front() else { return };
        match self.aged.checked_sub(1) {
            Some(aged) => self.aged = aged,
            None => self.untime(oldest),
        }
        *self.of(oldest.ending) -= 1;
        let tally = self.tenants.get_mut(&oldest.tenant).expect("a counted lease's tenant is there");
        tally.leases -= 1;
        if tally.leases == 0 {
            self.tenants.remove(&oldest.tenant);
        }
    }

    fn untime(&mut self, lease: Counted) {
        self.time(lease.tenant, |tally| {
            tally.leased -= lease.leased.0;
            tally.evidenced -= lease.evidenced.0.min(lease.leased.0);
        });
    }

    /// Changes a tenant's times, and the sum with them.
    fn time(&mut self, tenant: AccountId, change: impl FnOnce(&mut Tally)) {
        let tally = self.tenants.get_mut(&tenant).expect("a counted lease's tenant is there");
        if let Some(uptime) = tally.uptime() {
            self.uptimes -= uptime;
            self.timed -= 1;
        }
        change(tally);
        if let Some(uptime) = tally.uptime() {
            self.uptimes += uptime;
            self.timed += 1;
        }
    }

    const fn of(&mut self, ending: Ending) -> &mut u32 {
        match ending {
            Ending::Completed => &mut self.completed,
            Ending::Failed => &mut self.failed,
            Ending::Dark => &mut self.dark,
        }
    }
}

/// The day of a moment.
pub(crate) fn day_of(at: Micros) -> u32 {
    u32::try_from(at.0 / DAY).expect("2⁶⁴ µs are fewer than 2³² days")
}

/// When the day begins on which a lease of `day` no longer speaks for the
/// uptime; never, at the end of time.
fn first_day_without(day: u32, rules: &TrustRules) -> Option<Micros> {
    (u64::from(day) + u64::from(rules.uptime_days)).checked_mul(DAY).map(Micros)
}

content!(Counted { tenant, ending, day, leased, evidenced });

// The sums follow from the leases.
content!(History {
    leases with |history, out| sequence(&history.leases, out),
    aged with |history, out| (history.aged as u64).encode(out),
});

impl Recall for History {
    fn recall(parts: &mut Parts<'_, '_>) -> Result<Self, Unread> {
        let leases: Vec<Counted> = parts.list("history.leases")?;
        let aged: u64 = parts.get("history.aged")?;
        let aged = usize::try_from(aged).ok().filter(|aged| *aged <= leases.len());
        parts.refuse_unless(aged.is_some(), "history.aged", "leases that are too old")?;
        // So many of the longest are far from the end of what can be counted.
        let are_short = leases.iter().all(|lease| lease.leased.0 <= u64::from(u32::MAX));
        parts.refuse_unless(are_short, "history.leases", "leased time")?;
        let mut history = Self::default();
        leases.into_iter().for_each(|lease| history.push(lease));
        for place in 0..aged.unwrap_or_default() {
            history.untime(history.leases[place]);
            history.aged += 1;
        }
        Ok(history)
    }
}

impl Decode for History {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::recall(&mut Parts::new(input)).map_err(|unread| unread.why)
    }
}

#[cfg(test)]
mod tests {
    use berth_domain::Share;
    use proptest::prelude::*;

    use super::*;

    fn rules(window: u32, share: u16, days: u16) -> TrustRules {
        let tenant_share = Share::new(share).expect("below 10,000");
        TrustRules { window, tenant_share, uptime_days: days, ..TrustRules::default() }
    }

    fn lease(tenant: u32, day: u32, ending: Ending, leased: u64, evidenced: u64) -> Counted {
        let (leased, evidenced) = (Seconds(leased), Seconds(evidenced));
        Counted { tenant: AccountId(tenant), ending, day, leased, evidenced }
    }

    #[test]
    fn a_tenant_has_one_lease_or_its_share_of_all() {
        let rules = rules(100, 1_000, 30);
        let mut history = History::default();
        let counts = |history: &History, tenant| history.admits(AccountId(tenant), &rules);
        for tenant in 1..=18 {
            assert!(counts(&history, tenant));
            history.count(lease(tenant, 0, Ending::Completed, 60, 60), &rules);
            assert!(!counts(&history, tenant), "a second of {tenant} beside {} others", tenant - 1);
        }
        // Two of twenty are a tenth.
        history.count(lease(19, 0, Ending::Completed, 60, 60), &rules);
        assert!(counts(&history, 1));
        history.count(lease(1, 0, Ending::Completed, 60, 60), &rules);
        assert!(!counts(&history, 1));
        assert!(counts(&history, 2));
    }

    #[test]
    fn in_a_full_record_a_tenant_replaces_its_own_oldest() {
        let rules = rules(10, 1_000, 30);
        let mut history = History::default();
        for tenant in 1..=10 {
            history.count(lease(tenant, 0, Ending::Completed, 60, 60), &rules);
        }
        assert!(history.admits(AccountId(1), &rules));
        assert!(!history.admits(AccountId(2), &rules));
        history.count(lease(1, 0, Ending::Dark, 60, 0), &rules);
        assert_eq!(history.record(), Record { counted: 10, completed: 9, failed: 0, dark: 1, tenants: 10 });
    }

    #[test]
    fn each_tenant_weighs_the_same_in_the_uptime() {
        let rules = rules(100, 10_000, 30);
        let mut history = History::default();
        assert_eq!(history.uptime(0), None);
        history.count(lease(1, 0, Ending::Failed, 0, 0), &rules);
        assert_eq!(history.uptime(0), None, "a lease that never ran says nothing of time");
        history.count(lease(1, 0, Ending::Dark, 100, 50), &rules);
        history.count(lease(2, 0, Ending::Completed, 1_000_000, 1_000_000), &rules);
        assert_eq!(history.uptime(0), Uptime::new(7_500));
        assert_eq!(history.uptime(2), Uptime::new(7_500));
        assert_eq!(history.uptime(3), None);
        history.count(lease(3, 0, Ending::Completed, 3, 2), &rules);
        assert_eq!(history.uptime(0), Uptime::new((5_000 + 10_000 + 6_666) / 3));
    }

    #[test]
    fn a_lease_speaks_for_the_uptime_on_so_many_days() {
        let rules = rules(100, 10_000, 30);
        let mut history = History::default();
        history.count(lease(1, 5, Ending::Dark, 100, 0), &rules);
        let until = Micros(35 * DAY);
        assert_eq!(history.ages_at(&rules), Some(until));
        history.age(Micros(until.0 - 1), &rules);
        assert_eq!(history.uptime(0), Uptime::new(0));
        history.age(until, &rules);
        assert_eq!((history.uptime(0), history.ages_at(&rules)), (None, None));
        assert_eq!(history.record().counted, 1, "the record keeps it");
        // What lies at the end of time never ages.
        history.count(lease(1, day_of(Micros(u64::MAX)), Ending::Dark, 1, 0), &rules);
        assert_eq!(history.ages_at(&rules), None);
    }

    proptest! {
        /// Against counting everything anew each time.
        #[test]
        fn the_sums_are_what_the_leases_add_up_to(
            window in 1..20_u32,
            share in 0..=10_000_u16,
            days in 1..5_u16,
            leases in proptest::collection::vec((1..6_u32, 0..3_u8, 0..2_u32, 0..50_u64, 0..60_u64), 0..80),
        ) {
            let rules = rules(window, share, days);
            let (mut history, mut all, mut today) = (History::default(), Vec::new(), 0);
            for (tenant, ending, pause, leased, evidenced) in leases {
                today += pause;
                history.age(Micros(u64::from(today) * DAY), &rules);
                let ending = [Ending::Completed, Ending::Failed, Ending::Dark][usize::from(ending)];
                let new = lease(tenant, today, ending, leased, evidenced);
                let kept = |all: &[Counted]| all[all.len().saturating_sub(window as usize)..].to_vec();
                let mut with = all.clone();
                with.push(new);
                let mine = kept(&with).iter().filter(|l| l.tenant.0 == tenant).count();
                let may = (kept(&with).len() * usize::from(share) / 10_000).max(1);
                prop_assert_eq!(history.admits(AccountId(tenant), &rules), mine <= may);
                if mine <= may {
                    history.count(new, &rules);
                    all = with;
                }
                let kept = kept(&all);
                let of = |ending| kept.iter().filter(|l| l.ending == ending).count() as u32;
                let tenants: std::collections::BTreeSet<_> = kept.iter().map(|l| l.tenant).collect();
                prop_assert_eq!(history.record(), Record {
                    counted: kept.len() as u32,
                    completed: of(Ending::Completed),
                    failed: of(Ending::Failed),
                    dark: of(Ending::Dark),
                    tenants: tenants.len() as u32,
                });
                let mut shares = Vec::new();
                for tenant in tenants {
                    let speak = |l: &&Counted| l.tenant == tenant && l.day + u32::from(days) > today;
                    let leased: u64 = kept.iter().filter(speak).map(|l| l.leased.0).sum();
                    let seen: u64 = kept.iter().filter(speak).map(|l| l.evidenced.0.min(l.leased.0)).sum();
                    shares.extend((seen * 10_000).checked_div(leased));
                }
                let mean = shares.iter().sum::<u64>().checked_div(shares.len() as u64);
                prop_assert_eq!(history.uptime(0).map(|uptime| u64::from(uptime.bps())), mean);
            }
        }
    }
}
