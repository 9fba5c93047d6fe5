//! What the engine shows: containers, their ends, their logs, their use.

use std::collections::HashMap;

use bollard::models::{
    ContainerInspectResponse, ContainerState, ContainerStateStatusEnum, ContainerSummary, ContainerSummaryStateEnum,
    PortBinding,
};
use bollard::query_parameters::{ListContainersOptionsBuilder, LogsOptionsBuilder, StatsOptionsBuilder};
use futures_util::StreamExt;

use super::image::{LocalImage, is_not_found};
use super::labels::{self, filter, filter_lease};
use super::{Engine, EngineError};
use crate::lease::{LogId, Protocol, PublishedPort, ReplicaIndex};
use crate::plan::{Container, Labels, Observed, Status};

/// Lines that are asked of a container's log at most.
const LOG_LINES_MAX: &str = "4096";

/// A container that ended, with what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which replica.
    pub index: ReplicaIndex,
    /// Its exit code; `None` when it never ran.
    pub exit_code: Option<i64>,
    /// The end of its log, standard output and error as they came.
    pub log: Vec<u8>,
}

/// What containers used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time since their start, in milliseconds.
    pub cpu_millis: u64,
    /// Memory now, without what the kernel only caches.
    pub memory_bytes: u64,
}

/// One container, as inspect shows it.
#[derive(Clone, Debug)]
pub(super) struct Details {
    pub id: String,
    pub image: String,
    pub status: Status,
    pub ports: Vec<PublishedPort>,
    /// The port inside that tells whether it does what it is paid for, where
    /// there is one.
    pub awaited: Option<u16>,
}

impl Engine {
    /// Everything of the leases of `log`, whoever's.
    ///
    /// # Errors
    /// As any call.
    pub async fn observe(&self, log: &LogId) -> Result<Observed, EngineError> {
        let containers = self.list(&filter(&[(labels::LOG, log.as_str())])).await?;
        let networks = self.observe_networks(log).await?;
        Ok(Observed { containers, networks })
    }

    /// The lease's containers.
    pub(super) async fn containers(&self, labels: &Labels) -> Result<Vec<Container>, EngineError> {
        self.list(&filter_lease(labels)).await
    }

    async fn list(&self, filter: &HashMap<String, Vec<String>>) -> Result<Vec<Container>, EngineError> {
        let options = ListContainersOptionsBuilder::new().all(true).filters(filter).build();
        let mut containers = Vec::new();
        for summary in self.api.list_containers(Some(options)).await? {
            if let Some(container) = self.container(summary).await? {
                containers.push(container);
            }
        }
        Ok(containers)
    }

    /// `None` when it is not a lease's after all, or went away meanwhile.
    async fn container(&self, summary: ContainerSummary) -> Result<Option<Container>, EngineError> {
        let found = summary.labels.unwrap_or_default();
        let (Some(id), Some(labels), Some(index)) = (summary.id, labels::read(&found), labels::read_replica(&found))
        else {
            return Ok(None);
        };
        // The list has no exit codes, so what does not run is looked at.
        let status = match summary.state {
            Some(ContainerSummaryStateEnum::RUNNING) => Status::Running,
            Some(ContainerSummaryStateEnum::PAUSED) => Status::Paused,
            _ => match self.details(&id).await? {
                Some(details) => details.status,
                None => return Ok(None),
            },
        };
        Ok(Some(Container { id, labels, index, status }))
    }

    /// A container by id or name; `None` when there is none.
    pub(super) async fn details(&self, name: &str) -> Result<Option<Details>, EngineError> {
        match self.api.inspect_container(name, None).await {
            Ok(found) => Ok(Some(to_details(found))),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The image that the lease's containers run, if there is one yet: replicas
    /// that are started later run the same, whatever its tag names by then.
    ///
    /// # Errors
    /// As any call.
    pub async fn image_of(&self, labels: &Labels) -> Result<Option<LocalImage>, EngineError> {
        let Some(first) = self.containers(labels).await?.into_iter().next() else {
            return Ok(None);
        };
        match self.details(&first.id).await? {
            Some(details) => self.local_image(&details.image).await,
            None => Ok(None),
        }
    }

    /// How the lease's containers ended, in order of replica. The logs are cut
    /// so that all together have at most `bytes_max`.
    ///
    /// # Errors
    /// As any call.
    pub async fn ended(&self, labels: &Labels, bytes_max: usize) -> Result<Vec<Ended>, EngineError> {
        let mut containers = self.containers(labels).await?;
        containers.sort_by_key(|container| container.index);
        let share = bytes_max / containers.len().max(1);
        let mut ended = Vec::with_capacity(containers.len());
        for container in containers {
            let exit_code = match container.status {
                Status::Exited { code, .. } => Some(code),
                Status::Created | Status::Running | Status::Paused | Status::Leaving => None,
            };
            let log = self.log_tail(&container.id, share).await?;
            ended.push(Ended { index: container.index, exit_code, log });
        }
        Ok(ended)
    }

    /// The last `bytes_max` bytes of a container's log, from a line's start
    /// where that is among them.
    pub(super) async fn log_tail(&self, id: &str, bytes_max: usize) -> Result<Vec<u8>, EngineError> {
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(LOG_LINES_MAX).build();
        let mut lines = self.api.logs(id, Some(options));
        let mut tail = Vec::new();
        while let Some(line) = lines.next().await {
            match line {
                Ok(line) => tail.extend_from_slice(&line.into_bytes()),
                // Gone with its log; or an end that left none.
                Err(error) if is_not_found(&error) => break,
                Err(error) => return Err(error.into()),
            }
            // Cut now and then rather than at every line.
            if tail.len() > 2 * bytes_max {
                tail.drain(..tail.len() - bytes_max);
            }
        }
        cut_front(&mut tail, bytes_max);
        Ok(tail)
    }

    /// What the containers used, together.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when one of them does not run.
    pub async fn usage(&self, ids: &[String]) -> Result<Usage, EngineError> {
        let mut sum = Usage::default();
        for id in ids {
            let options = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
            let mut answers = self.api.stats(id, Some(options));
            let stats = answers.next().await.ok_or_else(|| EngineError::Away("no statistics".to_owned()))??;
            let memory = stats.memory_stats.unwrap_or_default();
            let cpu = stats.cpu_stats.and_then(|cpu| cpu.cpu_usage?.total_usage);
            let (Some(cpu_nanos), Some(used)) = (cpu, memory.usage) else {
                return Err(EngineError::Refused("the container does not run".to_owned()));
            };
            let detail = memory.stats.unwrap_or_default();
            // The first name is of control groups version 1, the second of 2.
            let cached = detail.get("total_inactive_file").or_else(|| detail.get("inactive_file"));
            sum.cpu_millis += cpu_nanos / 1_000_000;
            sum.memory_bytes += used.saturating_sub(cached.copied().unwrap_or(0));
        }
        Ok(sum)
    }
}

fn to_details(found: ContainerInspectResponse) -> Details {
    let ports = found.network_settings.and_then(|settings| settings.ports).unwrap_or_default();
    let mut ports: Vec<_> = ports.iter().filter_map(|(key, bindings)| published(key, bindings.as_deref()?)).collect();
    ports.sort_by_key(|port| (port.container_port, port.protocol));
    Details {
        id: found.id.unwrap_or_default(),
        image: found.image.unwrap_or_default(),
        status: to_status(found.state.unwrap_or_default()),
        ports,
        awaited: found.config.and_then(|config| labels::read_awaited(&config.labels?)),
    }
}

fn published(key: &str, bindings: &[PortBinding]) -> Option<PublishedPort> {
    let (container_port, protocol) = key.split_once('/')?;
    Some(PublishedPort {
        container_port: container_port.parse().ok()?,
        host_port: bindings.first()?.host_port.as_deref()?.parse().ok()?,
        protocol: Protocol::parse(protocol)?,
    })
}

fn to_status(state: ContainerState) -> Status {
    use ContainerStateStatusEnum as Engine;
    match state.status {
        Some(Engine::CREATED) => Status::Created,
        Some(Engine::RUNNING | Engine::RESTARTING) => Status::Running,
        Some(Engine::PAUSED) => Status::Paused,
        Some(Engine::EXITED) => {
            let words = state.error.filter(|words| !words.is_empty());
            let out_of_memory = state.oom_killed.unwrap_or(false);
            Status::Exited { code: state.exit_code.unwrap_or(255), out_of_memory, words }
        }
        _ => Status::Leaving,
    }
}

fn cut_front(tail: &mut Vec<u8>, bytes_max: usize) {
    if tail.len() <= bytes_max {
        return;
    }
    tail.drain(..tail.len() - bytes_max);
    if let Some(end) = tail.iter().position(|byte| *byte == b'\n') {
        tail.drain(..=end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_is_cut_to_whole_lines_at_its_end() {
        let cut = |text: &str, bytes_max| {
            let mut tail = text.as_bytes().to_vec();
            cut_front(&mut tail, bytes_max);
            String::from_utf8(tail).expect("ASCII in, ASCII out")
        };
        assert_eq!(cut("one\ntwo\nthree\n", 100), "one\ntwo\nthree\n");
        assert_eq!(cut("one\ntwo\nthree\n", 9), "three\n");
        assert_eq!(cut("a line without an end", 6), "an end");
    }

    #[test]
    fn an_end_is_told_with_its_code_and_cause() {
        let state = |status, exit_code, oom_killed, error: &str| {
            to_status(ContainerState {
                status: Some(status),
                exit_code: Some(exit_code),
                oom_killed: Some(oom_killed),
                error: Some(error.to_owned()),
                ..ContainerState::default()
            })
        };
        let exited = |code, out_of_memory, words: Option<&str>| Status::Exited {
            code,
            out_of_memory,
            words: words.map(str::to_owned),
        };
        use ContainerStateStatusEnum as Engine;
        assert_eq!(state(Engine::EXITED, 0, false, ""), exited(0, false, None));
        assert_eq!(state(Engine::EXITED, 137, true, ""), exited(137, true, None));
        assert_eq!(state(Engine::EXITED, 127, false, "no such file"), exited(127, false, Some("no such file")));
        assert_eq!(state(Engine::RUNNING, 0, false, ""), Status::Running);
        assert_eq!(state(Engine::PAUSED, 0, false, ""), Status::Paused);
        assert_eq!(state(Engine::DEAD, 0, false, ""), Status::Leaving);
        assert_eq!(state(Engine::REMOVING, 0, false, ""), Status::Leaving);
    }
}
