//! Follows the exchange: reads its events, plans, and fills the outbox; and tells
//! it what the chain will not do.

use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;
use tracing::{info, warn};

use berth_wire::domain::Code;
use berth_wire::request::{Fact, FactEscrowFailed, FactTopUpFailed};

use crate::exchange::{Events, Exchange, ExchangeError, Frame};
use crate::metrics;
use crate::outbox::Outbox;
use crate::plan::{ExchangeEvent, Name, Plan};
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
    /// Something failed for good that the exchange has to know.
    pub(crate) failed: Notify,
}

impl<E> Desk<E> {
    pub(crate) fn new(outbox: Outbox, exchange: E, board: std::sync::Arc<Board>) -> Self {
        let (planned, acted, failed) = (Notify::new(), Notify::new(), Notify::new());
        Self { outbox, exchange, board, planned, acted, failed }
    }
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
    let topped_up = frame.events.iter().filter_map(|event| match event {
        ExchangeEvent::ToppedUp { lease } => Some((*lease, plan.topped_up(*lease)?)),
        _ => None,
    });
    let topped_up: Vec<_> = topped_up.collect();
    desk.outbox.accept_with(frame.seq, intents, &topped_up, unix_seconds())?;
    let (pending, oldest) = desk.outbox.todo(|todo| (todo.pending(), todo.oldest()));
    let mut status = desk.board.write();
    (status.pending, status.oldest_planned_at) = (pending, oldest);
    status.exchange_cursor = frame.seq + 1;
    status.exchange_error = None;
    drop(status);
    if some {
        desk.planned.notify_one();
    }
    Ok(())
}

/// Tells the exchange of openings that failed, for ever.
pub(crate) async fn tell_failures<E: Exchange>(desk: &Desk<E>, idle: Duration) -> Result<Infallible, StoreError> {
    loop {
        let error = report_failures(desk).await?;
        desk.board.write().reporting_error = error;
        // The timeout is for failures that could not be reported yet.
        let _ = tokio::time::timeout(idle, desk.failed.notified()).await;
    }
}

/// What people must look at. Rare, so it is counted anew each time.
pub(crate) fn write_failures<E>(desk: &Desk<E>) -> Result<(), StoreError> {
    let (failed, refused) = (desk.outbox.failed_count(), desk.outbox.refused_count()?);
    let mut status = desk.board.write();
    status.failed = failed;
    status.refused_facts = refused;
    drop(status);
    metrics::troubles(failed, refused);
    Ok(())
}

/// Answers why the exchange does not know of all failures, if so.
async fn report_failures<E: Exchange>(desk: &Desk<E>) -> Result<Option<String>, StoreError> {
    for (key, name, reason) in desk.outbox.unreported()? {
        let (fact, what) = match name {
            Name::Open(lease) => {
                (Fact::EscrowFailed(FactEscrowFailed { lease_id: lease.0, reason }), format!("escrowFailed/{lease}"))
            }
            Name::TopUp(lease, number) => (
                Fact::TopUpFailed(FactTopUpFailed { lease_id: lease.0, number, reason }),
                format!("topUpFailed/{lease}/{number}"),
            ),
            Name::Settle(_) | Name::Refund(_) | Name::PayWithdraw(_) => continue,
        };
        match report(desk, &fact, &what).await? {
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
