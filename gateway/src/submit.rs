//! From a request to the sequencer and back.

use std::sync::Arc;
use std::time::SystemTime;

use berth_domain::{Code, Command, Digest, Micros, Seq};
use berth_exchange::{Outcome, Reply};
use berth_journal::{Ack, Kept, Submission, SubmitError};
use berth_wire::errors::EdgeCode;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::caller::Actor;
use crate::clock::now;
use crate::limits::COMMIT_TIME_MAX;
use crate::metrics;
use crate::node::Node;
use crate::problem::Refusal;
use crate::trace::Steps;

/// A command that is durable and was not refused. The view has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    /// Its place in the log.
    pub(crate) seq: Seq,
    /// Hash of its entry.
    pub(crate) entry_hash: Digest,
    /// What it made or touched.
    pub(crate) reply: Reply,
    /// Whether it had been carried out before.
    pub(crate) repeated: bool,
}

/// A command's place among those of one connection. Clients send several
/// without waiting and mean them in that order; what has to be looked up or
/// stored before a command is submitted must not let a later one overtake it.
#[derive(Default)]
pub(crate) struct Turn {
    /// The connection's session; commands that stand alone have none.
    pub(crate) session: Option<u64>,
    before: Option<oneshot::Receiver<()>>,
    after: Option<oneshot::Sender<()>>,
    /// Until when it may be submitted.
    deadline: Option<Micros>,
}

impl Turn {
    /// The turn of a command that stands alone.
    pub(crate) fn any() -> Self {
        Self::default()
    }

    /// The turn after all that `last` stands for, which then stands for this.
    pub(crate) fn after(last: &mut Option<oneshot::Receiver<()>>, session: u64, deadline: Option<u64>) -> Self {
        let (after, next) = oneshot::channel();
        let deadline = deadline.map(Micros);
        Self { session: Some(session), before: last.replace(next), after: Some(after), deadline }
    }

    /// Refuses what comes too late.
    fn check_deadline(&self) -> Result<(), Refusal> {
        if self.deadline.is_some_and(|deadline| deadline < now()) {
            return Err(Refusal::from(EdgeCode::DeadlinePassed).at("deadline"));
        }
        Ok(())
    }

    /// Waits until the command before is submitted, or came to nothing.
    async fn come(&mut self) {
        if let Some(before) = self.before.take() {
            // Both a word and a dropped sender mean that it is over.
            let _ = before.await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(after) = self.after.take() {
            // Nobody may be behind.
            let _ = after.send(());
        }
    }
}

impl Node {
    /// Has a command sequenced and waits until it is durable and in the view,
    /// so that who is answered reads what they did. `field` names the part of
    /// the request that a refusal is about.
    pub(crate) async fn submit(
        &self,
        actor: Actor,
        command: impl Into<Command>,
        turn: Turn,
        field: impl Fn(Code) -> Option<&'static str>,
    ) -> Result<Done, Refusal> {
        self.submit_with(None, actor, command, turn, field).await
    }

    /// The same for a command that names a specification, which is told the
    /// command's fate, also when whoever asked is gone by then.
    pub(crate) async fn submit_with(
        &self,
        kept: Option<Kept>,
        actor: Actor,
        command: impl Into<Command>,
        mut turn: Turn,
        field: impl Fn(Code) -> Option<&'static str>,
    ) -> Result<Done, Refusal> {
        let Actor { account, authority } = actor;
        let submission = Submission { account, authority, command: command.into() };
        if let Err(throttled) = self.limiter.command(account, &submission.command) {
            kept.iter().for_each(Kept::refused);
            return Err(throttled);
        }
        let (answer, answered) = oneshot::channel();
        // Whoever asked may be gone by then; the command stands all the same.
        let named = kept.clone();
        turn.come().await;
        if let Err(late) = turn.check_deadline() {
            kept.iter().for_each(Kept::refused);
            return Err(late);
        }
        let submitted_at = Instant::now();
        let steps = Steps::begin();
        let is_traced = steps.is_some();
        let view = Arc::clone(&self.view);
        let reply = move |ack: Ack| {
            metrics::committed(submitted_at);
            match (&named, ack.outcome) {
                (Some(named), Outcome::Refused(_)) => named.refused(),
                (Some(named), Outcome::Done(_) | Outcome::Repeated(_)) => named.accepted(),
                (None, _) => {}
            }
            let durable = is_traced.then(SystemTime::now);
            // Whoever asked may not wait any more.
            view.answers.owe(ack, move |ack| {
                let _ = answer.send((ack, durable));
            });
        };
        // Before it is, or the answer might come first.
        kept.iter().for_each(Kept::submitted);
        let submitted = self.sequencer.submit(submission, reply);
        if submitted.is_err() {
            kept.iter().for_each(Kept::refused);
        }
        drop((turn, kept));
        submitted.map_err(|error| match error {
            SubmitError::QueueFull => EdgeCode::Overloaded,
            SubmitError::NoRoom => EdgeCode::StorageLow,
            SubmitError::Stopped => EdgeCode::Unavailable,
            SubmitError::Reserved => EdgeCode::Forbidden,
        })?;
        let acknowledged = async {
            let (ack, durable) = answered.await.ok()?;
            if let (Some(steps), Some(durable)) = (steps, durable) {
                steps.end(ack.at, durable);
            }
            Some(ack)
        };
        let Ok(Some(ack)) = tokio::time::timeout(COMMIT_TIME_MAX, acknowledged).await else {
            return Err(EdgeCode::OutcomeUnknown.into());
        };
        match ack.outcome {
            Outcome::Done(reply) | Outcome::Repeated(reply) => {
                let repeated = matches!(ack.outcome, Outcome::Repeated(_));
                Ok(Done { seq: ack.seq, entry_hash: ack.entry_hash, reply, repeated })
            }
            Outcome::Refused(code) => {
                let refusal = Refusal::from(code).logged(ack.seq);
                Err(match field(code) {
                    Some(field) => refusal.at(field),
                    None => refusal,
                })
            }
        }
    }
}
