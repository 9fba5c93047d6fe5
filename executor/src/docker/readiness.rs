//! Whether a lease's containers do what they are paid for.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::inspect::Details;
use super::{Engine, EngineError, NotRunning, name};
use crate::failure::{Cause, Failure};
use crate::lease::{Lease, LogId, PortRequest, Protocol, PublishedPort, ReplicaIndex, RunningContainer};
use crate::plan::Status;

/// How often a container that is not ready yet is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// How long a port has to take back a connection that it accepted.
const TAKE_BACK_TIME: Duration = Duration::from_millis(150);
/// Probes that are under way at once, for one lease.
const PROBES_MAX: usize = 16;
/// How much of a log is read for its last line.
const LAST_LINE_BYTES_MAX: usize = 4_096;

impl Engine {
    /// Waits until every replica is ready, and answers the image's id and the
    /// containers. A replica that publishes TCP ports is ready when the first
    /// of them accepts on loopback; any other as soon as it was started.
    ///
    /// # Errors
    /// [`NotRunning::Failed`] when one ended before, or is not ready `patience`
    /// after this call.
    pub async fn ready(
        &self,
        log: &LogId,
        lease: &Lease,
        ports: &[PortRequest],
        patience: Duration,
    ) -> Result<(String, Vec<RunningContainer>), NotRunning> {
        let until = Instant::now() + patience;
        let awaited = awaited(ports);
        let mut image = String::new();
        let mut containers = Vec::new();
        for index in (0..lease.replicas).map(ReplicaIndex) {
            let container = name(log, lease.id, index);
            let details = self.ready_one(&container, awaited, until, patience).await?;
            image = details.image;
            containers.push(RunningContainer { index, id: details.id, ports: details.ports });
        }
        Ok((image, containers))
    }

    async fn ready_one(
        &self,
        container: &str,
        awaited: Option<u16>,
        until: Instant,
        patience: Duration,
    ) -> Result<Details, NotRunning> {
        loop {
            let details = self.details(container).await?.ok_or(NotRunning::Gone)?;
            let Some(port) = awaited else {
                return Ok(details);
            };
            match &details.status {
                Status::Running | Status::Paused => {}
                Status::Exited { code, out_of_memory, words } => {
                    let cause = if *out_of_memory { Cause::OutOfMemory(*code) } else { Cause::EndedEarly(*code) };
                    let last = self.last_line(&details.id).await?;
                    let words: Vec<_> = words.iter().chain(&last).map(String::as_str).collect();
                    return Err(NotRunning::Failed(Failure::new(cause, &words.join(": "))));
                }
                Status::Created | Status::Leaving => return Err(NotRunning::Gone),
            }
            if let Some(host_port) = published(&details, port)
                && accepts(host_port).await
            {
                return Ok(details);
            }
            if Instant::now() >= until {
                let last = self.last_line(&details.id).await?.unwrap_or_default();
                let seconds = patience.as_secs();
                let words = format!("port {port} did not accept within {seconds} s: {last}");
                return Err(NotRunning::Failed(Failure::new(Cause::NotReady, &words)));
            }
            sleep(LOOK_INTERVAL).await;
        }
    }

    /// Whether each container still accepts where it was awaited at the start.
    /// One that was not awaited anywhere has nothing that could fail.
    ///
    /// # Errors
    /// As any call.
    pub async fn healthy(&self, ids: &[String]) -> Result<bool, EngineError> {
        for ids in ids.chunks(PROBES_MAX) {
            for healthy in join_all(ids.iter().map(|id| self.healthy_one(id))).await {
                if !healthy? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    async fn healthy_one(&self, id: &str) -> Result<bool, EngineError> {
        let Some(details) = self.details(id).await? else {
            return Ok(false);
        };
        let Some(port) = details.awaited else {
            return Ok(true);
        };
        match published(&details, port) {
            Some(host_port) => Ok(accepts(host_port).await),
            None => Ok(false),
        }
    }

    /// The last line that the workload wrote, if it wrote any.
    async fn last_line(&self, id: &str) -> Result<Option<String>, EngineError> {
        let tail = self.log_tail(id, LAST_LINE_BYTES_MAX).await?;
        let text = String::from_utf8_lossy(&tail);
        let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        Ok(line.map(str::to_owned))
    }
}

/// The port that tells whether a replica is ready: the first of TCP.
pub(super) fn awaited(ports: &[PortRequest]) -> Option<u16> {
    ports.iter().find(|port| port.protocol == Protocol::Tcp).map(|port| port.container_port)
}

/// Where a TCP port of a container answers on the host.
fn published(details: &Details, port: u16) -> Option<u16> {
    let of = |published: &&PublishedPort| published.container_port == port && published.protocol == Protocol::Tcp;
    details.ports.iter().find(of).map(|published| published.host_port)
}

/// Whether the workload behind a published port accepts. The engine's proxy
/// accepts for it and closes at once where nobody listens behind, so a
/// connection counts only when it lasts a moment or brings bytes.
async fn accepts(host_port: u16) -> bool {
    let Ok(Ok(mut stream)) = timeout(TAKE_BACK_TIME, TcpStream::connect((Ipv4Addr::LOCALHOST, host_port))).await else {
        return false;
    };
    let mut byte = [0];
    loop {
        return match timeout(TAKE_BACK_TIME, stream.read(&mut byte)).await {
            Err(_) => true,
            Ok(Ok(read)) => read > 0,
            Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => continue,
            Ok(Err(_)) => false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn only_a_connection_that_lasts_counts() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound address").port();
        let server = tokio::spawn(async move {
            // The first is taken back, as the engine's proxy does; the second stays.
            drop(listener.accept().await.expect("a connection"));
            let kept = listener.accept().await.expect("a connection");
            sleep(Duration::from_secs(1)).await;
            drop(kept);
        });
        assert!(!accepts(port).await);
        assert!(accepts(port).await);
        server.abort();
        let _ = server.await;
        assert!(!accepts(port).await);
    }
}
