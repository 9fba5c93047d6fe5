//! Agents: one for the hosts of each owner. It starts containers, reports that
//! they run, and removes them; it may be slow, die, and forget.

use std::collections::BTreeMap;

use berth_domain::{
    AccountId, Command, ContainerReport, FinishLease, FinishOutcome, Heartbeat, JobResult, LeaseBacklog, LeaseId,
    LeaseState, Micros, PortBinding, Seconds, StartLease, Timing, Verify,
};
use berth_exchange::{Exchange, Gap, Lease};

use crate::cast::{hash, text};
use crate::dice::Dice;
use crate::setting::SECOND;

/// What an agent does for one lease.
#[derive(Clone, Copy, Debug)]
enum Job {
    /// The image is there at this time, or nothing is.
    Pulling { until: Micros, succeeds: bool },
    /// The start was reported.
    Starting { since: Micros },
    /// The containers run, and end by themselves at some time.
    Running { beats_at: Micros, exits: Option<(Micros, i32)>, is_sick: bool },
    /// They are being removed.
    Removing { until: Micros },
    /// Nothing is left, and the exchange was told.
    Gone,
}

#[derive(Clone, Debug)]
pub(crate) struct Agent {
    owner: &'static str,
    jobs: BTreeMap<LeaseId, Job>,
    /// Dead until then.
    dead_until: Option<Micros>,
}

impl Agent {
    pub(crate) const fn new(owner: &'static str) -> Self {
        Self { owner, jobs: BTreeMap::new(), dead_until: None }
    }

    pub(crate) const fn owner(&self) -> &'static str {
        self.owner
    }

    /// It dies, for seconds or for ever, and may forget what it did.
    pub(crate) fn die(&mut self, now: Micros, dice: &mut Dice) {
        let seconds = dice.pick(&[5, 30, 100, 300, 1_000_000]);
        self.dead_until = Some(now.plus(Seconds(seconds)));
        if dice.once_in(2) {
            self.jobs.clear();
        }
    }

    /// Looks at its leases and says what there is to say.
    pub(crate) fn wake(&mut self, x: &Exchange, account: AccountId, now: Micros, dice: &mut Dice) -> Vec<Command> {
        if self.dead_until.is_some_and(|until| now < until) {
            return Vec::new();
        }
        self.dead_until = None;
        let mut said = Vec::new();
        for lease in x.leases().filter(|lease| lease.provider_account == account) {
            if lease.state == LeaseState::Closed {
                self.jobs.remove(&lease.id);
                continue;
            }
            let job = self.jobs.get(&lease.id).copied();
            let timing = x.terms_of(lease).timing;
            let verify = x.order(lease.order).map_or(Verify::None, |order| order.verify);
            let (next, command) = step(lease, job, verify, now, &timing, dice);
            if let Some(next) = next {
                self.jobs.insert(lease.id, next);
            }
            said.extend(command);
            if let Some(Job::Running { .. }) = job
                && dice.once_in(3)
            {
                said.extend(backlog(lease, &timing, dice));
            }
        }
        said
    }
}

fn step(
    lease: &Lease,
    job: Option<Job>,
    verify: Verify,
    now: Micros,
    timing: &Timing,
    dice: &mut Dice,
) -> (Option<Job>, Option<Command>) {
    let interval = timing.heartbeat_interval;
    match (lease.state, job) {
        // What is suspended is seen all the same, by one that has not heard of it.
        (LeaseState::Suspended, Some(Job::Running { beats_at, .. })) if beats_at <= now && dice.once_in(3) => {
            (None, Some(beat(lease, true, dice)))
        }
        (LeaseState::Opened | LeaseState::Suspended | LeaseState::Verifying | LeaseState::Closed, _) => (None, None),
        (LeaseState::Escrowed, None) => {
            // One in twenty takes longer than the exchange waits.
            let most = if dice.once_in(20) { 2 * timing.start_timeout.0 } else { timing.start_timeout.0 / 3 };
            let until = Micros(now.0 + dice.below(most.saturating_add(1)) * SECOND);
            (Some(Job::Pulling { until, succeeds: !dice.once_in(15) }), None)
        }
        (LeaseState::Escrowed, Some(Job::Pulling { until, succeeds })) if until <= now => {
            if succeeds {
                (Some(Job::Starting { since: now }), Some(start(lease)))
            } else {
                (Some(Job::Gone), Some(finish(lease, FinishOutcome::Failed, None, None)))
            }
        }
        // The report may have been lost.
        (LeaseState::Escrowed, Some(Job::Starting { since })) if since.plus(Seconds(20)) <= now => {
            (Some(Job::Starting { since: now }), Some(start(lease)))
        }
        (LeaseState::Running, None | Some(Job::Pulling { .. })) if dice.once_in(3) => {
            (Some(Job::Gone), Some(finish(lease, FinishOutcome::Failed, None, None)))
        }
        (LeaseState::Running, None | Some(Job::Pulling { .. } | Job::Starting { .. })) => {
            // A job whose result is to be checked brings one, as a rule.
            let exits = if verify == Verify::None {
                dice.once_in(3).then(|| (dice.between(1, lease.duration.0 + 10), dice.pick(&[0, 0, 1])))
            } else {
                (!dice.once_in(8)).then(|| (dice.between(1, 60), dice.pick(&[0, 0, 0, 0, 0, 0, 0, 1])))
            };
            let exits = exits.map(|(seconds, code)| (now.plus(Seconds(seconds)), code));
            let is_sick = dice.once_in(10);
            (Some(Job::Running { beats_at: now.plus(interval), exits, is_sick }), None)
        }
        (LeaseState::Running, Some(Job::Running { exits: Some((at, code)), .. })) if at <= now => {
            let result = (code == 0 && !dice.once_in(20)).then(|| result(lease, verify, dice));
            (Some(Job::Gone), Some(finish(lease, FinishOutcome::Exited, Some(code), result)))
        }
        (LeaseState::Running, Some(Job::Running { beats_at, exits, is_sick })) if beats_at <= now => {
            // A gap now and then, which may pass the grace.
            let gap = if dice.once_in(12) { Seconds(interval.0 * dice.between(2, 5)) } else { interval };
            let is_healthy = !dice.once_in(if is_sick { 2 } else { 40 });
            let beat = beat(lease, is_healthy, dice);
            (Some(Job::Running { beats_at: now.plus(gap), exits, is_sick }), Some(beat))
        }
        (LeaseState::Closing, Some(Job::Removing { until })) if until <= now => {
            (Some(Job::Gone), Some(finish(lease, FinishOutcome::Stopped, None, None)))
        }
        (LeaseState::Closing, Some(Job::Removing { .. } | Job::Gone)) => (None, None),
        (LeaseState::Closing, _) => {
            let most = if dice.once_in(8) { 2 * timing.closing_timeout.0 } else { timing.closing_timeout.0 / 2 };
            (Some(Job::Removing { until: Micros(now.0 + dice.below(most * SECOND + 1)) }), None)
        }
        (LeaseState::Escrowed | LeaseState::Running, Some(_)) => (None, None),
    }
}

fn start(lease: &Lease) -> Command {
    let container = |replica: u32| ContainerReport {
        id: text(&format!("l{}r{replica}", lease.id)),
        ports: vec![PortBinding { container: 80, host: 30_000, udp: false }],
    };
    let containers = (0..lease.replicas).map(container).collect();
    StartLease { lease: lease.id, image: text("sha256:0"), containers }.into()
}

fn beat(lease: &Lease, healthy: bool, dice: &mut Dice) -> Command {
    let (cpu_millis, memory_bytes) = (dice.below(9_999), dice.below(1 << 30));
    Heartbeat { lease: lease.id, cpu_millis, memory_bytes, healthy }.into()
}

/// What a job leaves behind: the same wherever it runs, if it is declared so and
/// nobody lies.
fn result(lease: &Lease, verify: Verify, dice: &mut Dice) -> JobResult {
    let is_honest = verify != Verify::None && !dice.once_in(5);
    let sha256 = if is_honest { hash("job", lease.order.0) } else { hash("result", lease.id.0) };
    JobResult { sha256, size: lease.id.0 }
}

/// What it saw while nobody heard it, at times that fill the gap, or do not.
fn backlog(lease: &Lease, timing: &Timing, dice: &mut Dice) -> Option<Command> {
    let Gap { from, to, .. } = lease.evidence.gap()?;
    let most = timing.heartbeat_grace.micros();
    let longest = if dice.once_in(5) { most + SECOND } else { most };
    let step = dice.between(most / 2, longest).max(1);
    let beats: Vec<Micros> = (1..=200).map(|n| Micros(from.0 + n * step)).take_while(|at| *at < to).collect();
    Some(LeaseBacklog { lease: lease.id, beats }.into())
}

fn finish(lease: &Lease, outcome: FinishOutcome, exit_code: Option<i32>, result: Option<JobResult>) -> Command {
    FinishLease { lease: lease.id, outcome, exit_code, result, detail: text("") }.into()
}
