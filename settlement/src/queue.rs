//! Whose turn it is. Pure: the caller brings the time.
//!
//! Each account that pays for transactions is a lane, with one envelope in
//! flight at a time: while an envelope may still be applied, its lane is its
//! own. Free lanes go to leases in the order of the log, for a lease that is
//! opened or settled too late is lost to somebody, and a withdrawal is not;
//! but one lane is for withdrawals when there are several, so that a crowd of
//! leases does not keep them waiting for ever. What is of one lease keeps its
//! order, and one account is paid by one envelope at a time. Where more waits than there are lanes,
//! settlements share envelopes. An intent that met with trouble waits, twice
//! as long each time, and lets the others pass.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::outbox::{Subject, Todo, Waiting};
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

/// What one envelope brings about, and whose sequence number it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// One intent, or several settlements.
    pub(crate) names: Vec<Name>,
    /// The lane: 0 is the operator's own account.
    pub(crate) lane: u32,
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
    /// Lanes that may be given away.
    open: BTreeSet<u32>,
    /// Lanes that are taken.
    taken: BTreeSet<u32>,
    /// Jobs whose envelope may be applied, and which nobody carries out now.
    sealed: Vec<Job>,
    /// Intents of jobs that are sealed or being carried out.
    busy: BTreeSet<Name>,
    waits: BTreeMap<Name, Wait>,
    batch_max: usize,
}

impl Queue {
    /// A queue after a start, given the jobs whose envelope may still be applied,
    /// and how many settlements may share one at most.
    pub(crate) fn resume(sealed: Vec<Job>, batch_max: usize) -> Self {
        Self {
            open: BTreeSet::new(),
            taken: sealed.iter().map(|job| job.lane).collect(),
            busy: sealed.iter().flat_map(|job| job.names.iter().copied()).collect(),
            sealed,
            waits: BTreeMap::new(),
            batch_max: batch_max.max(1),
        }
    }

    /// The lanes that may be given away from now on.
    pub(crate) fn open(&mut self, lanes: impl IntoIterator<Item = u32>) {
        self.open = lanes.into_iter().collect();
    }

    /// The jobs to take up now.
    pub(crate) fn next(&mut self, todo: &Todo, now: Instant) -> Vec<Job> {
        let (ready, waiting) = std::mem::take(&mut self.sealed).into_iter().partition(|job| self.may_go(job, now));
        self.sealed = waiting;
        let mut jobs: Vec<Job> = ready;
        let free: Vec<u32> = self.open.difference(&self.taken).copied().collect();
        if free.is_empty() {
            return jobs;
        }
        for (names, lane) in self.choose(todo, free.len(), now).into_iter().zip(free) {
            self.taken.insert(lane);
            self.busy.extend(names.iter().copied());
            jobs.push(Job { names, lane });
        }
        jobs
    }

    /// What to do with so many free lanes.
    fn choose(&self, todo: &Todo, room: usize, now: Instant) -> Vec<Vec<Name>> {
        let withdrawals = self.withdrawals(todo, room, now);
        let paying = self.busy.iter().any(|name| matches!(name, Name::PayWithdraw(_)));
        let kept = usize::from(!withdrawals.is_empty() && !paying && self.open.len() > 1);
        let leases = self.leases(todo, room - kept, now);
        let mut chosen = self.share(&leases, room - kept);
        let left = room - chosen.len();
        chosen.extend(withdrawals.into_iter().take(left).map(|name| vec![name]));
        chosen
    }

    /// Puts settlements together when there are more intents than lanes.
    fn share(&self, ready: &[(Name, Waiting)], room: usize) -> Vec<Vec<Name>> {
        let crowded = ready.len() > room;
        let mut chosen: Vec<Vec<Name>> = Vec::new();
        let mut batch: Option<usize> = None;
        for (name, waiting) in ready {
            // One that came to nothing before goes alone, and is looked at closely.
            let shares = crowded && waiting.untried && matches!(name, Name::Settle(_));
            let open = batch.filter(|at| shares && chosen[*at].len() < self.batch_max);
            if let Some(at) = open {
                chosen[at].push(*name);
            } else if chosen.len() < room {
                if shares {
                    batch = Some(chosen.len());
                }
                chosen.push(vec![*name]);
            }
        }
        chosen
    }

    /// Intents of leases that may be taken up, as many as could have a place.
    fn leases(&self, todo: &Todo, room: usize, now: Instant) -> Vec<(Name, Waiting)> {
        let mut subjects = BTreeSet::new();
        let first_of_its_lease = todo.leases.iter().filter(|(_, waiting)| subjects.insert(waiting.subject));
        first_of_its_lease
            .map(|((_, name), waiting)| (*name, *waiting))
            .filter(|(name, _)| !self.busy.contains(name) && self.ready(*name, now))
            .take(room.saturating_mul(self.batch_max))
            .collect()
    }

    /// Withdrawals that may be taken up, the newest of each account: it pays what
    /// the older ones were for. One that was never tried goes before one that
    /// failed, and of those the one that is ready the longest: however many fail,
    /// new ones pass.
    fn withdrawals(&self, todo: &Todo, room: usize, now: Instant) -> Vec<Name> {
        let in_flight = todo.withdrawals.iter().filter(|((_, name), _)| self.busy.contains(name));
        let mut accounts: BTreeSet<Subject> = in_flight.map(|(_, waiting)| waiting.subject).collect();
        let newest_first = todo.withdrawals.iter().rev();
        let mut ready: Vec<Name> = newest_first
            .filter(|(_, waiting)| accounts.insert(waiting.subject))
            .map(|((_, name), _)| *name)
            .filter(|name| self.ready(*name, now))
            .collect();
        ready.reverse();
        ready.sort_by_key(|name| self.waits.get(name).map(|wait| wait.until));
        ready.truncate(room);
        ready
    }

    fn may_go(&self, job: &Job, now: Instant) -> bool {
        job.names.iter().all(|name| self.ready(*name, now))
    }

    fn ready(&self, name: Name, now: Instant) -> bool {
        self.waits.get(&name).is_none_or(|wait| wait.until <= now)
    }

    /// This job is at its end. What met with trouble all the same is told apart.
    pub(crate) fn done(&mut self, job: &Job) {
        self.taken.remove(&job.lane);
        for name in &job.names {
            self.busy.remove(name);
            self.waits.remove(name);
        }
    }

    /// This job stopped short. `sealed` says whether its envelope may be applied
    /// all the same.
    pub(crate) fn failed(&mut self, job: Job, sealed: bool, patience: Patience, error: &str, now: Instant) {
        for name in &job.names {
            self.wait(*name, patience, error, now);
        }
        if sealed {
            self.sealed.push(job);
        } else {
            self.taken.remove(&job.lane);
            for name in &job.names {
                self.busy.remove(name);
            }
        }
    }

    /// This intent is tried again later.
    pub(crate) fn wait(&mut self, name: Name, patience: Patience, error: &str, now: Instant) {
        let most = match (name, patience) {
            (Name::PayWithdraw(_), Patience::Own) => WITHDRAWAL_MAX,
            _ => BRIEF_MAX,
        };
        let length = self.waits.get(&name).map_or(FIRST, |wait| wait.length * 2).min(most);
        self.waits.insert(name, Wait { length, until: now + length, error: error.to_owned() });
    }

    /// What stands in the way of the most urgent of those that wait.
    pub(crate) fn error(&self) -> Option<String> {
        let (name, wait) = self.waits.first_key_value()?;
        Some(format!("{name}: {}", wait.error))
    }

    /// How many lanes are taken.
    pub(crate) fn in_flight(&self) -> usize {
        self.taken.len()
    }
}

#[cfg(test)]
mod tests;
