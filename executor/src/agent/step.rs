//! The steps of a plan, carried out.
//!
//! A step may be done twice, and the steps of a plan may end after any of them.
//! A start that cannot be is not a failure of its step: its outcome is kept,
//! and the next round reports it.

use std::io;
use std::sync::Arc;

use thiserror::Error;
use tracing::{info, warn};

use super::AgentConfig;
use crate::docker::{Engine, EngineError, NotReady, Placement};
use crate::exchange::{Exchange, ExchangeError, Started};
use crate::lease::{Lease, LogId, Reason, ReplicaIndex, Specification};
use crate::plan::{Action, Ending, Labels};
use crate::results::{LOG_BYTES_MAX, Results};

/// Why a step was not done.
#[derive(Debug, Error)]
pub(super) enum StepError {
    #[error("the exchange: {0}")]
    Exchange(#[from] ExchangeError),
    #[error("the engine: {0}")]
    Engine(#[from] EngineError),
    #[error("the results: {0}")]
    Results(#[from] io::Error),
}

/// Whether the steps after this one are still called for.
enum Next {
    GoOn,
    PlanAgain,
}

/// What steps are taken with.
#[derive(Debug)]
pub(super) struct Crew<X> {
    pub(super) log: LogId,
    pub(super) by_house: bool,
    pub(super) exchange: Arc<X>,
    pub(super) engine: Arc<Engine>,
    pub(super) results: Results,
    pub(super) config: AgentConfig,
}

impl<X: Exchange> Crew<X> {
    /// Takes the steps in order, up to the first that cannot be done.
    pub(super) async fn take(&self, lease: Option<&Lease>, labels: &Labels, steps: &[Action]) -> Result<(), StepError> {
        for step in steps {
            let next = match (step, lease) {
                (Action::Stop, _) => self.stop(labels).await?,
                (Action::Remove, _) => self.remove(labels).await?,
                (Action::Start(index), Some(lease)) => self.start(lease, labels, *index).await?,
                (Action::ReportStart, Some(lease)) => self.report_start(lease, labels).await?,
                (Action::Keep(ending), Some(lease)) => self.keep(lease, labels, ending).await?,
                (Action::ReportFinish, Some(lease)) => self.report_finish(lease).await?,
                // Of a lease that the exchange does not know there is nothing
                // to start or to say, and no plan asks for it.
                (Action::Start(_) | Action::ReportStart | Action::Keep(_) | Action::ReportFinish, None) => {
                    Next::PlanAgain
                }
            };
            if matches!(next, Next::PlanAgain) {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn start(&self, lease: &Lease, labels: &Labels, index: ReplicaIndex) -> Result<Next, StepError> {
        let specification = self.exchange.specification(lease).await?;
        match self.place(lease, labels, index, &specification).await {
            Ok(()) => Ok(Next::GoOn),
            Err(EngineError::Refused(words)) => self.cannot_start(lease, labels, words).await,
            Err(away) => Err(away.into()),
        }
    }

    async fn place(
        &self,
        lease: &Lease,
        labels: &Labels,
        index: ReplicaIndex,
        specification: &Specification,
    ) -> Result<(), EngineError> {
        // Without exclusive devices a container would share a GPU with another
        // lease, or run without one and be paid for it.
        if specification.gpus > 0 {
            return Err(EngineError::Refused("this agent cannot give GPUs to containers yet".to_owned()));
        }
        let image = match self.engine.image_of(labels).await? {
            Some(image) => image,
            None => self.engine.image(&specification.image, self.config.pull_time_max).await?,
        };
        self.engine.start(&Placement { labels, lease, index, specification, image: &image }).await
    }

    async fn report_start(&self, lease: &Lease, labels: &Labels) -> Result<Next, StepError> {
        let specification = self.exchange.specification(lease).await?;
        let ready = self.engine.ready(&self.log, lease, &specification.ports, self.config.ready_time_max).await;
        let (image_id, containers) = match ready {
            Ok(ready) => ready,
            Err(NotReady::Failed(words)) => return self.cannot_start(lease, labels, words).await,
            Err(NotReady::Gone) => {
                return Err(EngineError::Away("a container went away while its lease started".to_owned()).into());
            }
            Err(NotReady::Engine(error)) => return Err(error.into()),
        };
        let started = Started { image_id, containers };
        self.exchange.start(lease, &started).await?;
        for container in &started.containers {
            info!(lease = lease.id.0, container = container.id, ports = ?container.ports, "started");
        }
        Ok(Next::GoOn)
    }

    /// Keeps that a lease could not start, in words that its health can show.
    async fn cannot_start(&self, lease: &Lease, labels: &Labels, words: String) -> Result<Next, StepError> {
        warn!(lease = lease.id.0, "cannot start: {words}");
        let ending = Ending { reason: Reason::Failed, exit_code: None, detail: Some(words) };
        self.keep(lease, labels, &ending).await?;
        Ok(Next::PlanAgain)
    }

    async fn stop(&self, labels: &Labels) -> Result<Next, StepError> {
        info!(lease = labels.lease.0, "stopping");
        self.engine.stop(labels, self.config.stop_grace).await?;
        Ok(Next::GoOn)
    }

    async fn keep(&self, lease: &Lease, labels: &Labels, ending: &Ending) -> Result<Next, StepError> {
        let ended = self.engine.ended(labels, LOG_BYTES_MAX).await?;
        self.results.keep(&self.log, lease.id, ending, &ended)?;
        Ok(Next::GoOn)
    }

    async fn remove(&self, labels: &Labels) -> Result<Next, StepError> {
        self.engine.remove(labels).await?;
        Ok(Next::GoOn)
    }

    async fn report_finish(&self, lease: &Lease) -> Result<Next, StepError> {
        let Some(outcome) = self.results.kept(&self.log, lease.id)? else {
            return Ok(Next::PlanAgain);
        };
        self.exchange.finish(lease, &outcome).await?;
        let detail = outcome.detail.as_deref().unwrap_or_default();
        info!(lease = lease.id.0, reason = outcome.reason.as_str(), code = outcome.exit_code, detail, "finished");
        Ok(Next::GoOn)
    }
}
