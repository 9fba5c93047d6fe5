//! What an account's leases say of it as a provider: all that ever counted are
//! kept, and what follows from the last of them is added up anew each time.

use berth_domain::{AccountId, CloseReason, LeaseId, Micros, Seconds, Uptime};

use super::{Lease, Oracle, Rule};

/// Microseconds of a day.
const DAY: u64 = 86_400_000_000;

/// A lease that counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) tenant: AccountId,
    pub(crate) ending: Ending,
    /// The day on which it closed, counted from 1970.
    pub(crate) day: u64,
    /// For how long its containers should have run, and for how long they were
    /// seen to.
    pub(crate) leased: Seconds,
    pub(crate) evidenced: Seconds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Completed,
    Failed,
    Dark,
}

/// A record in numbers: leases, those that were completed, failed and went
/// dark, and tenants.
pub(crate) type Record = [usize; 5];

impl Oracle {
    /// The leases that speak for an account: the last that counted.
    pub(crate) fn record(&self, account: AccountId) -> &[Counted] {
        let counted = &self.account(account).standing.counted;
        &counted[counted.len().saturating_sub(self.rules().trust.window as usize)..]
    }

    pub(crate) fn record_of(&self, account: AccountId) -> Record {
        let record = self.record(account);
        let ended = |ending| record.iter().filter(|counted| counted.ending == ending).count();
        let ends = [Ending::Completed, Ending::Failed, Ending::Dark].map(ended);
        [record.len(), ends[0], ends[1], ends[2], tenants(record).len()]
    }

    /// Counts a lease that has closed, if it counts: how it ended.
    pub(super) fn count(&mut self, id: LeaseId) -> Option<Ending> {
        let lease = self.find_lease(id).expect("it has closed").clone();
        let (bps, rules) = (i128::from(lease.fee_bps.get()), self.rules().trust);
        let ending = ending_of(&lease)?;
        let fee = if ending == Ending::Completed { lease.fee } else { lease.escrow() * bps / 10_000 };
        if fee < i128::from(rules.min_fee.get()) {
            self.reach(Rule::FeeTooSmallToCount);
            return None;
        }

        // The record that it would be in: the oldest makes room.
        let record = self.record(lease.owner);
        let makes_room = record.len() == rules.window as usize;
        let kept = &record[usize::from(makes_room)..];
        let of_the_tenant = 1 + kept.iter().filter(|counted| counted.tenant == lease.tenant).count();
        let share = (kept.len() + 1) * usize::from(rules.tenant_share.bps()) / 10_000;
        if of_the_tenant > share.max(1) {
            self.reach(Rule::TenantHasItsShare);
            return None;
        }
        if makes_room {
            self.reach(Rule::OldestLeaseMakesRoom);
        }
        let counted = Counted {
            tenant: lease.tenant,
            ending,
            day: self.step.at.0 / DAY,
            leased: leased_time(&lease, ending),
            evidenced: lease.evidenced(),
        };
        self.reach(match ending {
            Ending::Completed => Rule::CompletedLeaseCounts,
            Ending::Failed => Rule::FailedLeaseCounts,
            Ending::Dark => Rule::DarkLeaseCounts,
        });
        self.account_mut(lease.owner).standing.counted.push(counted);
        Some(ending)
    }

    /// The first moment at which a lease of the record no longer speaks for the
    /// uptime.
    pub(super) fn speaks_until(&self, counted: &Counted) -> Micros {
        Micros((counted.day + u64::from(self.rules().trust.uptime_days)) * DAY)
    }

    /// The uptime that each tenant saw, of those whose leases speak for it.
    pub(super) fn uptimes(&self, account: AccountId, at: Micros) -> Vec<u64> {
        let record = self.record(account);
        let speaks = |counted: &&Counted| self.speaks_until(counted) > at;
        let mut uptimes = Vec::new();
        for tenant in tenants(record) {
            let own = record.iter().filter(speaks).filter(|counted| counted.tenant == tenant);
            let leased: u64 = own.clone().map(|counted| counted.leased.0).sum();
            let evidenced: u64 = own.map(|counted| counted.evidenced.0).sum();
            uptimes.extend((10_000 * evidenced).checked_div(leased));
        }
        uptimes
    }
}

/// The mean of what the tenants saw; always up where nobody did.
pub(super) fn mean(uptimes: &[u64]) -> Uptime {
    let mean = uptimes.iter().sum::<u64>().checked_div(uptimes.len() as u64);
    mean.map_or(Uptime::MAX, |mean| u16::try_from(mean).ok().and_then(Uptime::new).expect("no more than all"))
}

fn tenants(record: &[Counted]) -> Vec<AccountId> {
    let mut tenants: Vec<_> = record.iter().map(|counted| counted.tenant).collect();
    tenants.sort_unstable();
    tenants.dedup();
    tenants
}

fn ending_of(lease: &Lease) -> Option<Ending> {
    use CloseReason::{Completed, Dark, Exhausted, Failed, FailedVerification, StartTimeout, Stopped};
    match lease.reason? {
        Completed | Exhausted | Stopped => lease.started_at.is_some().then_some(Ending::Completed),
        Failed | StartTimeout | FailedVerification => lease.escrow_tx.is_some().then_some(Ending::Failed),
        Dark => Some(Ending::Dark),
        _ => None,
    }
}

/// From the start until it began to close or was to end, by its time or its
/// funds; of one that went dark until it was to end, and of one that ended by
/// itself until it was last seen. Time that it was suspended is left out.
fn leased_time(lease: &Lease, ending: Ending) -> Seconds {
    let Some(started) = lease.started_at else { return Seconds(0) };
    let ends = [lease.ends_at, lease.funded_until(), lease.funding.suspended_at];
    let to_end = ends.into_iter().flatten().min().expect("it ran");
    let until = match lease.closing_at {
        _ if ending == Ending::Dark => to_end,
        Some(closing) => closing.min(to_end),
        None => lease.heard_at.or(lease.funding.resumed_at).expect("it ran").min(to_end),
    };
    Seconds((until.since(started) - lease.funding.suspended_micros) / 1_000_000)
}
