//! Follows the exchange: reads its events, plans, and fills the outbox; beside
//! that, empties it.

use std::convert::Infallible;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;
use tracing::{info, warn};

use crate::act::{ActError, Chain, act};
use berth_wire::domain::Code;
use berth_wire::request::{Fact, FactEscrowFailed};

use crate::exchange::{Events, Exchange, ExchangeError, Frame};
use crate::outbox::{Outbox, Outcome, Record, Stage};
use crate::plan::Plan;
use crate::queue::{Patience, Queue, Turn};
use crate::settler::SettlerError;
use crate::status::Board;
use crate::store::StoreError;

/// How long to wait after something failed: at first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Doubling waits between tries.
pub(crate) struct Backoff(Duration);

impl Backoff {
    pub(crate) fn new() -> Self {
        Self(BACKOFF.0)
    }

    pub(crate) async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(BACKOFF.1);
    }

    pub(crate) fn reset(&mut self) {
        self.0 = BACKOFF.0;
    }
}

/// What the settler's parts share.
pub(crate) struct Desk<E> {
    pub(crate) outbox: Outbox,
    pub(crate) exchange: E,
    pub(crate) board: std::sync::Arc<Board>,
    /// Something is in the outbox.
    pub(crate) planned: Notify,
    /// Something happened on the chain.
    pub(crate) acted: Notify,
}

/// Reads the exchange's events into the outbox, for ever.
pub(crate) async fn follow<E: Exchange>(desk: &Desk<E>) -> Result<Infallible, SettlerError> {
    let mut plan = Plan::resume(desk.outbox.live()?);
    let mut backoff = Backoff::new();
    loop {
        let from = desk.outbox.cursor()?;
        desk.board.write().exchange_cursor = from;
        let mut events = desk.exchange.events(from);
        let error = loop {
            match events.next().await {
                Ok(frame) => {
                    backoff.reset();
                    take(desk, &mut plan, &frame)?;
                }
                Err(error) => break error,
            }
        };
        if let ExchangeError::OtherLog(why) = error {
            return Err(SettlerError::OtherLog(why));
        }
        warn!(%error, "the exchange's events stopped; trying again");
        desk.board.write().exchange_error = Some(error.to_string());
        backoff.wait().await;
    }
}

fn take<E>(desk: &Desk<E>, plan: &mut Plan, frame: &Frame) -> Result<(), StoreError> {
    if frame.seq < desk.outbox.cursor()? {
        return Ok(());
    }
    let intents: Vec<_> = frame.events.iter().filter_map(|event| plan.apply(frame.seq, event)).collect();
    for intent in &intents {
        info!(seq = frame.seq, intent = %intent.name(), "planned");
    }
    let some = !intents.is_empty();
    desk.outbox.accept(frame.seq, intents, unix_seconds())?;
    let mut status = desk.board.write();
    status.exchange_cursor = frame.seq + 1;
    status.exchange_error = None;
    drop(status);
    if some {
        write_backlog(desk)?;
        desk.planned.notify_one();
    }
    Ok(())
}

/// Empties the outbox, for ever, one intent at a time. What cannot be done now
/// waits without holding up the others.
pub(crate) async fn work<E: Exchange, C: Chain>(
    desk: &Desk<E>,
    chain: &C,
    idle: Duration,
) -> Result<Infallible, StoreError> {
    let mut queue = Queue::resume(desk.outbox.in_flight()?);
    let mut backoff = Backoff::new();
    write_failures(desk)?;
    loop {
        let unreported = report_failures(desk).await?;
        write_backlog(desk)?;
        desk.board.write().acting_error = unreported.or_else(|| queue.error());
        let record = match queue.turn(&desk.outbox.todo()?, Instant::now()) {
            Turn::Of(name) => desk.outbox.get(name)?,
            Turn::Nobodys => None,
        };
        let Some(record) = record else {
            // The timeout is for what waits, and for failures that could not
            // be reported yet.
            let _ = tokio::time::timeout(idle, desk.planned.notified()).await;
            continue;
        };
        let name = record.intent.name();
        let error = match act(&desk.outbox, chain, record).await {
            Ok(record) => {
                backoff.reset();
                queue.done(name);
                tell_end(desk, &record)?;
                desk.acted.notify_one();
                continue;
            }
            Err(ActError::Store(error)) => return Err(error),
            Err(error) => error,
        };
        let why = error.to_string();
        warn!(intent = %name, error = why, "acting on the chain failed; trying again");
        let in_flight = desk.outbox.trouble(name, &why)?;
        let unreachable = matches!(error, ActError::Unreachable(_));
        let patience = if unreachable || in_flight { Patience::Brief } else { Patience::Own };
        queue.failed(name, in_flight, patience, why, Instant::now());
        if unreachable {
            desk.board.write().acting_error = queue.error();
            backoff.wait().await;
        }
    }
}

fn tell_end<E>(desk: &Desk<E>, record: &Record) -> Result<(), StoreError> {
    let name = record.intent.name();
    match &record.stage {
        Stage::Done(Outcome::Failed { reason }) => {
            warn!(intent = %name, reason, "failed for good");
            write_failures(desk)
        }
        stage => {
            info!(intent = %name, ?stage, "done");
            Ok(())
        }
    }
}

fn write_backlog<E>(desk: &Desk<E>) -> Result<(), StoreError> {
    let backlog = desk.outbox.backlog()?;
    let mut status = desk.board.write();
    status.pending = backlog.pending;
    status.oldest_planned_at = backlog.oldest;
    Ok(())
}

/// What people must look at. Rare, so it is counted anew each time.
fn write_failures<E>(desk: &Desk<E>) -> Result<(), StoreError> {
    let (failed, refused) = (desk.outbox.failed_count()?, desk.outbox.refused_count()?);
    let mut status = desk.board.write();
    status.failed = failed;
    status.refused_facts = refused;
    Ok(())
}

/// Tells the exchange of openings that failed. Answers why it does not know of
/// all, if so.
async fn report_failures<E: Exchange>(desk: &Desk<E>) -> Result<Option<String>, StoreError> {
    for (key, lease, reason) in desk.outbox.unreported()? {
        let fact = Fact::EscrowFailed(FactEscrowFailed { lease_id: lease.0, reason });
        match report(desk, &fact, &format!("escrowFailed/{lease}")).await? {
            Told::Known => desk.outbox.reported(&key)?,
            Told::Later(error) => return Ok(Some(error.to_string())),
        }
    }
    Ok(None)
}

/// What came of telling the exchange something.
pub(crate) enum Told {
    /// It knows, or refused for good, which is kept for people to look at.
    Known,
    /// Try again.
    Later(ExchangeError),
}

/// Tells the exchange a fact.
pub(crate) async fn report<E: Exchange>(desk: &Desk<E>, fact: &Fact, what: &str) -> Result<Told, StoreError> {
    match desk.exchange.report(fact).await {
        Ok(()) => Ok(Told::Known),
        // Refused for our credentials, it is not the fact that is at fault.
        Err(ExchangeError::Refused { code, detail }) if code != Code::NotTheExchange => {
            // It would be refused again, and everything behind it would wait.
            tracing::error!(%code, detail, ?fact, "the exchange refuses a fact of the chain");
            desk.outbox.refused(what, &format!("{code}: {detail}: {fact:?}"))?;
            write_failures(desk)?;
            Ok(Told::Known)
        }
        Err(error) => Ok(Told::Later(error)),
    }
}

pub(crate) fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
