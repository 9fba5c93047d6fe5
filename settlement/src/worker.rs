//! Empties the outbox: gives jobs to lanes, and bears what comes of them.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tracing::{info, warn};

use crate::act::{ActError, Chain, act};
use crate::channels::Lanes;
use crate::exchange::Exchange;
use crate::follower::{Desk, write_failures};
use crate::metrics;
use crate::outbox::{Outcome, Record, Stage, Todo};
use crate::plan::Name;
use crate::queue::{Job, Patience, Queue};
use crate::store::StoreError;

/// How long nothing new is taken up after nobody answered: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Empties the outbox, for ever, as many jobs at once as there are lanes. What
/// cannot be done now waits without holding up the others.
pub(crate) async fn work<E: Exchange, C: Chain, L: Lanes>(
    desk: &Desk<E>,
    chain: &C,
    lanes: &L,
    idle: Duration,
) -> Result<Infallible, StoreError> {
    let mut queue = Queue::resume(desk.outbox.sealed()?, chain.batch_max());
    let mut running = FuturesUnordered::new();
    let mut silence = Silence::default();
    write_failures(desk)?;
    loop {
        if silence.is_over(Instant::now()) {
            queue.open(lanes.open());
            for job in desk.outbox.todo(|todo| queue.next(todo, Instant::now())) {
                running.push(carry_out(desk, chain, job));
            }
        }
        show(desk, &queue, lanes.open().len());
        tokio::select! {
            Some((job, acted)) = running.next(), if !running.is_empty() => {
                end(desk, &mut queue, &mut silence, job, acted)?;
            }
            // The timeout is for what waits.
            _ = tokio::time::timeout(idle, desk.planned.notified()) => {}
        }
    }
}

async fn carry_out<E, C: Chain>(desk: &Desk<E>, chain: &C, job: Job) -> (Job, Result<Vec<Record>, ActError>) {
    let acted = act(&desk.outbox, chain, &job).await;
    (job, acted)
}

/// What a job came to.
fn end<E>(
    desk: &Desk<E>,
    queue: &mut Queue,
    silence: &mut Silence,
    job: Job,
    acted: Result<Vec<Record>, ActError>,
) -> Result<(), StoreError> {
    let now = Instant::now();
    let error = match acted {
        Ok(records) => {
            silence.broken();
            queue.done(&job);
            metrics::envelope("done");
            for record in &records {
                tell_end(desk, queue, record, now)?;
            }
            desk.acted.notify_one();
            return Ok(());
        }
        Err(ActError::Store(error)) => return Err(error),
        Err(error) => error,
    };
    let why = error.to_string();
    warn!(intent = %Names(&job.names), error = why, "acting on the chain failed; trying again");
    let mut sealed = false;
    for name in &job.names {
        sealed |= desk.outbox.trouble(*name, &why)?;
    }
    let unreachable = matches!(error, ActError::Unreachable(_));
    metrics::envelope(if unreachable { "unreachable" } else { "failed" });
    let patience = if unreachable || sealed { Patience::Brief } else { Patience::Own };
    queue.failed(job, sealed, patience, &why, now);
    if unreachable {
        silence.noticed(now);
    }
    Ok(())
}

fn tell_end<E>(desk: &Desk<E>, queue: &mut Queue, record: &Record, now: Instant) -> Result<(), StoreError> {
    let name = record.intent.name();
    match &record.stage {
        Stage::Done(outcome) => {
            metrics::intent(name.kind(), outcome.name(), record.planned_at);
            if let Outcome::Failed { reason } = outcome {
                warn!(intent = %name, reason, "failed for good");
                write_failures(desk)?;
                desk.failed.notify_one();
            } else {
                info!(intent = %name, ?outcome, "done");
            }
        }
        // Of a batch: alone from now on.
        _ => queue.wait(name, Patience::Own, record.last_error.as_deref().unwrap_or_default(), now),
    }
    Ok(())
}

fn show<E>(desk: &Desk<E>, queue: &Queue, lanes: usize) {
    let (pending, oldest) = desk.outbox.todo(|todo: &Todo| (todo.pending(), todo.oldest()));
    let mut status = desk.board.write();
    status.pending = pending;
    status.oldest_planned_at = oldest;
    status.in_flight = queue.in_flight();
    status.lanes = lanes;
    status.acting_error = queue.error();
    drop(status);
    metrics::backlog(pending, oldest, queue.in_flight(), lanes);
}

/// Whether anybody answers.
#[derive(Debug, Default)]
struct Silence(Option<(Duration, Instant)>);

impl Silence {
    fn is_over(&self, now: Instant) -> bool {
        self.0.is_none_or(|(_, until)| until <= now)
    }

    fn noticed(&mut self, now: Instant) {
        // Several jobs that met the same silence count once.
        if self.is_over(now) {
            let length = self.0.map_or(PAUSE.0, |(length, _)| (length * 2).min(PAUSE.1));
            self.0 = Some((length, now + length));
        }
    }

    fn broken(&mut self) {
        self.0 = None;
    }
}

/// Names for people.
struct Names<'a>(&'a [Name]);

impl std::fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            [] => f.write_str("nothing"),
            [one] => one.fmt(f),
            [first, others @ ..] => write!(f, "{first} and {} others", others.len()),
        }
    }
}
