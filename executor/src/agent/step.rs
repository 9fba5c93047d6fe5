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
use super::output::Told;
use crate::docker::{Engine, EngineError, NotRunning, Placement};
use crate::exchange::{Exchange, ExchangeError, Started};
use crate::failure::{Cause, Failure};
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
    pub(super) told: Told,
    pub(super) config: AgentConfig,
}

impl<X: Exchange> Crew<X> {
    /// Takes the steps in order, up to the first that cannot be done.
    pub(super) async fn take(&self, lease: Option<&Lease>, labels: &Labels, steps: &[Action]) -> Result<(), StepError> {
        for step in steps {
            let next = match (step, lease) {
                (Action::Pause, _) => self.pause(labels).await?,
                (Action::Unpause, _) => self.unpause(labels).await?,
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
            Err(NotRunning::Engine(EngineError::Refused(words))) => {
                self.cannot_start(lease, labels, Failure::new(Cause::Refused, &words)).await
            }
            Err(why) => self.cannot_start(lease, labels, why.failure()?).await,
        }
    }

    async fn place(
        &self,
        lease: &Lease,
        labels: &Labels,
        index: ReplicaIndex,
        specification: &Specification,
    ) -> Result<(), NotRunning> {
        // Without exclusive devices a container would share a GPU with another
        // lease, or run without one and be paid for it.
        if specification.gpus > 0 {
            return Err(NotRunning::Failed(Failure::new(Cause::NoGpus, "")));
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
            Err(why) => return self.cannot_start(lease, labels, why.failure()?).await,
        };
        let started = Started { image_id, containers };
        self.exchange.start(lease, &started).await?;
        for container in &started.containers {
            info!(lease = lease.id.0, container = container.id, ports = ?container.ports, "started");
        }
        Ok(Next::GoOn)
    }

    /// Keeps that a lease could not start, and why.
    async fn cannot_start(&self, lease: &Lease, labels: &Labels, failure: Failure) -> Result<Next, StepError> {
        warn!(lease = lease.id.0, "cannot start: {failure}");
        let ending = Ending { reason: Reason::Failed, exit_code: None, failure: Some(failure) };
        self.keep(lease, labels, &ending).await?;
        Ok(Next::PlanAgain)
    }

    async fn pause(&self, labels: &Labels) -> Result<Next, StepError> {
        info!(lease = labels.lease.0, "pausing: the lease is suspended");
        self.engine.pause(labels).await?;
        Ok(Next::GoOn)
    }

    async fn unpause(&self, labels: &Labels) -> Result<Next, StepError> {
        info!(lease = labels.lease.0, "going on");
        self.engine.unpause(labels).await?;
        Ok(Next::GoOn)
    }

    async fn stop(&self, labels: &Labels) -> Result<Next, StepError> {
        info!(lease = labels.lease.0, "stopping");
        self.engine.stop(labels, self.config.stop_grace).await?;
        Ok(Next::GoOn)
    }

    async fn keep(&self, lease: &Lease, labels: &Labels, ending: &Ending) -> Result<Next, StepError> {
        let ended = self.engine.ended(labels, LOG_BYTES_MAX).await?;
        for one in &ended {
            // With the containers it would be gone.
            self.tell(lease, one.index).await;
        }
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
        // Before, so that it is there as soon as the lease is closed; but nobody's pay
        // waits for it.
        let is_in = self.hand_in(lease).await;
        self.exchange.finish(lease, &outcome).await?;
        if !is_in {
            self.hand_in(lease).await;
        }
        let failure = outcome.failure.as_ref().map(tracing::field::display);
        info!(lease = lease.id.0, reason = outcome.reason.as_str(), code = outcome.exit_code, failure, "finished");
        Ok(Next::GoOn)
    }
}
