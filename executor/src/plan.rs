//! The planner: from what should run and what does, to what to do next.
//!
//! It is pure and leaves no choice to those who act. Each step of a plan may be
//! done twice without harm, and a plan may be dropped after any step: the next
//! one starts from what is then seen. That is why a restart needs no case of
//! its own here.
//!
//! Two rules hold for every plan. No container starts before its lease is
//! escrowed. And nothing is removed, reported or stopped that is not labelled
//! as this agent's: its log, and its provider or the house.

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::{Cause, Failure};
use crate::lease::{Lease, LeaseId, LeaseState, Leases, LogId, ProviderId, Reason, ReplicaIndex};

/// Whose containers an agent may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The log that its leases are from.
    pub log: LogId,
    /// Whose leases it serves.
    pub serves: Leases,
}

impl Scope {
    /// Whether something with these labels is this agent's to act on.
    #[must_use]
    pub fn covers(&self, labels: &Labels) -> bool {
        labels.log == self.log
            && match self.serves {
                Leases::Provider(provider) => labels.provider == provider,
                Leases::House => labels.by_house,
            }
    }
}

/// What a container or network of ours says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The log of its lease.
    pub log: LogId,
    /// The provider that the lease is with.
    pub provider: ProviderId,
    /// The lease.
    pub lease: LeaseId,
    /// Whether the house agent made it.
    pub by_house: bool,
}

/// A container as the engine shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The engine's id.
    pub id: String,
    /// Whose it is.
    pub labels: Labels,
    /// Which replica of the lease.
    pub index: ReplicaIndex,
    /// What it does.
    pub status: Status,
}

/// What a container does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It exists and was never started.
    Created,
    /// It runs.
    Running,
    /// It is there and holds its memory, and nothing of it runs.
    Paused,
    /// It ended.
    Exited {
        /// The code. A container that ended while the engine was down has 255,
        /// which is told as it is: unknown, and never success.
        code: i64,
        /// Whether it used up its memory. It is also set when only a child of
        /// the workload died of it, so it is told beside the code and never in
        /// its place.
        out_of_memory: bool,
        /// The engine's words about it, if any.
        words: Option<String>,
    },
    /// It is being removed, or could not be.
    Leaving,
}

/// What the engine holds with labels like ours, whoever's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Containers.
    pub containers: Vec<Container>,
    /// The networks of leases.
    pub networks: Vec<Labels>,
}

/// What should be, and what is already settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desired {
    /// The leases that this agent serves. Whatever the agent has containers of
    /// and is not here is unknown to the exchange, unless it is `elsewhere`.
    pub leases: BTreeMap<LeaseId, Lease>,
    /// Leases that are live but another agent's now; they are left alone.
    pub elsewhere: BTreeSet<LeaseId>,
    /// Leases whose outcome is kept on disk.
    pub ended: BTreeSet<LeaseId>,
}

/// One step. Steps of one lease are done in order, and the rest is dropped
/// when one cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Create the container if it is not there, and start it.
    Start(ReplicaIndex),
    /// Wait until every replica is ready, then report the lease as started.
    ReportStart,
    /// Pause what runs.
    Pause,
    /// Let what is paused go on.
    Unpause,
    /// Stop what runs or is paused, leaving it time to end by itself.
    Stop,
    /// Keep the end of the log and the outcome on disk.
    Keep(Ending),
    /// Remove the containers and the network.
    Remove,
    /// Report the kept outcome.
    ReportFinish,
}

/// How the kept outcome comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Why the lease ends.
    pub reason: Reason,
    /// The code that is known now; `None` lets the stopped containers tell.
    pub exit_code: Option<i64>,
    /// What went wrong, if something did.
    pub failure: Option<Failure>,
}

/// What to do for each lease, in order. Leases with nothing to do are absent.
#[must_use]
pub fn plan(scope: &Scope, desired: &Desired, observed: &Observed) -> BTreeMap<LeaseId, Vec<Action>> {
    let mut found: BTreeMap<LeaseId, Found<'_>> = BTreeMap::new();
    for container in observed.containers.iter().filter(|c| scope.covers(&c.labels)) {
        found.entry(container.labels.lease).or_default().containers.push(container);
    }
    for labels in observed.networks.iter().filter(|labels| scope.covers(labels)) {
        found.entry(labels.lease).or_default().has_network = true;
    }
    let leases: BTreeSet<_> = desired.leases.keys().chain(found.keys()).copied().collect();
    let nothing = Found::default();
    leases
        .into_iter()
        .filter(|id| !desired.elsewhere.contains(id))
        .map(|id| {
            let found = found.get(&id).unwrap_or(&nothing);
            let steps = match desired.leases.get(&id) {
                Some(lease) => for_lease(lease, found, desired.ended.contains(&id)),
                None => clear(found),
            };
            (id, steps)
        })
        .filter(|(_, steps)| !steps.is_empty())
        .collect()
}

/// What the engine holds of one lease.
#[derive(Default)]
struct Found<'a> {
    containers: Vec<&'a Container>,
    has_network: bool,
}

impl Found<'_> {
    fn status(&self, index: ReplicaIndex) -> Option<&Status> {
        self.containers.iter().find(|c| c.index == index).map(|c| &c.status)
    }

    fn any(&self, status: &Status) -> bool {
        self.containers.iter().any(|c| c.status == *status)
    }

    /// Whether there is something to stop.
    fn lives(&self) -> bool {
        self.any(&Status::Running) || self.any(&Status::Paused)
    }

    fn is_nothing(&self) -> bool {
        self.containers.is_empty() && !self.has_network
    }
}

fn for_lease(lease: &Lease, found: &Found<'_>, ended: bool) -> Vec<Action> {
    match lease.state {
        // The outcome of one that is verified was taken; it stays kept.
        LeaseState::Other | LeaseState::Verifying => Vec::new(),
        // An outcome is kept before anything is removed, so one that is not
        // there means a lease that ended without this agent's doing.
        LeaseState::Closed if !ended && !found.containers.is_empty() => finish(found, stopped()),
        LeaseState::Closed => clear(found),
        _ if ended => [clear(found), vec![Action::ReportFinish]].concat(),
        // A container may be there if the exchange went back to an older log;
        // its escrow's fact will come again. Reporting it now would be refused.
        LeaseState::Opened => Vec::new(),
        LeaseState::Escrowed => start(lease, found),
        LeaseState::Running => watch(lease, found).unwrap_or_else(|| unpause(found)),
        // What ended meanwhile, or just before, has ended all the same.
        LeaseState::Suspended => watch(lease, found).unwrap_or_else(|| pause(found)),
        LeaseState::Closing => finish(found, stopped()),
    }
}

/// Every replica that does not run yet is started. One that already ended is
/// not started again: whether it was ready is found out by the report.
fn start(lease: &Lease, found: &Found<'_>) -> Vec<Action> {
    let mut steps: Vec<_> = replicas(lease)
        .filter(|index| matches!(found.status(*index), None | Some(Status::Created | Status::Leaving)))
        .map(Action::Start)
        .collect();
    steps.extend(unpause(found));
    steps.push(Action::ReportStart);
    steps
}

fn pause(found: &Found<'_>) -> Vec<Action> {
    if found.any(&Status::Running) { vec![Action::Pause] } else { Vec::new() }
}

fn unpause(found: &Found<'_>) -> Vec<Action> {
    if found.any(&Status::Paused) { vec![Action::Unpause] } else { Vec::new() }
}

/// What to do about a lease that has ended. It goes on, and there is nothing,
/// as long as every replica is alive or has ended well and one is alive.
fn watch(lease: &Lease, found: &Found<'_>) -> Option<Vec<Action>> {
    let mut lives = false;
    for index in replicas(lease) {
        match found.status(index) {
            Some(Status::Running | Status::Paused) => lives = true,
            Some(Status::Exited { code: 0, .. }) => {}
            Some(Status::Exited { code, out_of_memory, words }) => {
                let cause = if *out_of_memory { Cause::OutOfMemory(*code) } else { Cause::Ended(*code) };
                let failure = Failure::new(cause, words.as_deref().unwrap_or_default());
                return Some(finish(found, exited(*code, Some(failure))));
            }
            None | Some(Status::Created | Status::Leaving) => {
                let failure = Failure::new(Cause::Gone, &format!("the container of replica {index} is gone"));
                let ending = Ending { reason: Reason::Failed, exit_code: None, failure: Some(failure) };
                return Some(finish(found, ending));
            }
        }
    }
    (!lives).then(|| finish(found, exited(0, None)))
}

fn finish(found: &Found<'_>, ending: Ending) -> Vec<Action> {
    let mut steps = Vec::new();
    if found.lives() {
        steps.push(Action::Stop);
    }
    steps.push(Action::Keep(ending));
    if !found.is_nothing() {
        steps.push(Action::Remove);
    }
    steps.push(Action::ReportFinish);
    steps
}

fn clear(found: &Found<'_>) -> Vec<Action> {
    let mut steps = Vec::new();
    if found.lives() {
        steps.push(Action::Stop);
    }
    if !found.is_nothing() {
        steps.push(Action::Remove);
    }
    steps
}

fn stopped() -> Ending {
    Ending { reason: Reason::Stopped, exit_code: None, failure: None }
}

fn exited(code: i64, failure: Option<Failure>) -> Ending {
    Ending { reason: Reason::Exited, exit_code: Some(code), failure }
}

fn replicas(lease: &Lease) -> impl Iterator<Item = ReplicaIndex> + use<> {
    (0..lease.replicas).map(ReplicaIndex)
}

#[cfg(test)]
mod tests;
