//! Containers that shall not go on: paused, stopped, removed.

use std::time::Duration;

use bollard::query_parameters::{RemoveContainerOptionsBuilder, StopContainerOptionsBuilder};
use tracing::info;

use super::image::is_not_found;
use super::{ANSWER_SECONDS_MAX, Engine, EngineError};
use crate::plan::{Labels, Status};

impl Engine {
    /// Pauses every container of the lease that runs.
    ///
    /// # Errors
    /// As any call.
    pub async fn pause(&self, labels: &Labels) -> Result<(), EngineError> {
        for container in self.containers(labels).await? {
            if container.status == Status::Running {
                fine_if_gone(self.api.pause_container(&container.id).await)?;
            }
        }
        Ok(())
    }

    /// Lets every container of the lease that is paused go on.
    ///
    /// # Errors
    /// As any call.
    pub async fn unpause(&self, labels: &Labels) -> Result<(), EngineError> {
        for container in self.containers(labels).await? {
            if container.status == Status::Paused {
                fine_if_gone(self.api.unpause_container(&container.id).await)?;
            }
        }
        Ok(())
    }

    /// Stops every container of the lease, leaving each `grace` to end. One
    /// that is paused could not hear that it shall, so it goes on first.
    ///
    /// # Errors
    /// As any call.
    pub async fn stop(&self, labels: &Labels, grace: Duration) -> Result<(), EngineError> {
        let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
        let api = self.api.clone().with_timeout(grace + Duration::from_secs(ANSWER_SECONDS_MAX));
        self.unpause(labels).await?;
        let containers = self.containers(labels).await?;
        let running = containers.iter().filter(|container| container.status == Status::Running);
        let stops = running.map(|container| {
            let options = StopContainerOptionsBuilder::new().t(seconds).build();
            api.stop_container(&container.id, Some(options))
        });
        for stopped in futures_util::future::join_all(stops).await {
            fine_if_gone(stopped)?;
        }
        Ok(())
    }

    /// Removes the lease's containers and network; none is fine.
    ///
    /// # Errors
    /// As any call.
    pub async fn remove(&self, labels: &Labels) -> Result<(), EngineError> {
        for container in self.containers(labels).await? {
            self.remove_one(&container.id).await?;
            info!(lease = labels.lease.0, replica = container.index.0, "container removed");
        }
        self.remove_networks(labels).await
    }

    pub(super) async fn remove_one(&self, id: &str) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::new().v(true).force(true).build();
        fine_if_gone(self.api.remove_container(id, Some(options)).await)
    }
}

/// What is gone already need not be done any more.
fn fine_if_gone(done: Result<(), bollard::errors::Error>) -> Result<(), EngineError> {
    match done {
        Err(error) if !is_not_found(&error) => Err(error.into()),
        _ => Ok(()),
    }
}
