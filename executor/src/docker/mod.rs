//! The Docker engine, through its API.
//!
//! [`Engine`] offers what the agent's steps need and nothing else. Every call
//! may be repeated: what is there already is adopted, what is gone already is
//! fine. Events of the engine are not followed; what it shows when asked is.

pub mod hardening;
pub mod image;

mod container;
mod halt;
mod inspect;
mod labels;
mod network;
mod output;
mod readiness;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{env, fmt};

use bollard::{API_DEFAULT_VERSION, Docker};
use thiserror::Error;

pub use container::{Placement, name};
pub use inspect::{Ended, Usage};
pub use output::Written;

use crate::failure::Failure;

/// Where the engine listens unless `DOCKER_HOST` or a flag says otherwise.
pub const HOST_DEFAULT: &str = "unix:///var/run/docker.sock";

/// How long the engine may take to answer one call, without what it streams.
const ANSWER_SECONDS_MAX: u64 = 60;
/// How long it may take to answer at all when first asked.
const HELLO_TIME_MAX: Duration = Duration::from_secs(10);

/// Why a call failed.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The engine did not answer, or could not now. Trying again may help.
    #[error("the Docker engine does not answer: {0}")]
    Away(String),
    /// The engine answered that it will not do it. The words say why.
    #[error("{0}")]
    Refused(String),
}

impl From<bollard::errors::Error> for EngineError {
    fn from(error: bollard::errors::Error) -> Self {
        use bollard::errors::Error;
        match error {
            Error::DockerResponseServerError { status_code: 502..=504, message } => Self::Away(message),
            Error::DockerResponseServerError { message, .. } => Self::Refused(message),
            Error::DockerStreamError { error } => Self::Refused(error),
            other => Self::Away(other.to_string()),
        }
    }
}

/// Why a lease does not run.
#[derive(Debug)]
pub enum NotRunning {
    /// It cannot: trying again would come to the same.
    Failed(Failure),
    /// A container is not there any more.
    Gone,
    /// The engine could not be asked, or refused something that is not about
    /// this lease alone.
    Engine(EngineError),
}

impl NotRunning {
    /// Why it cannot run.
    ///
    /// # Errors
    /// When that is not said: it may run yet.
    pub fn failure(self) -> Result<Failure, EngineError> {
        match self {
            Self::Failed(failure) => Ok(failure),
            Self::Gone => Err(EngineError::Away("a container went away while its lease started".to_owned())),
            Self::Engine(error) => Err(error),
        }
    }
}

impl From<EngineError> for NotRunning {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// No engine answers. Its display says so, and how to get one.
#[derive(Debug, Error)]
#[error(
    "no Docker engine answers at {host}: {cause}\n\
     Berth runs leases as containers and needs one. On Debian or Ubuntu:\n  \
     sudo apt-get install docker.io && sudo systemctl start docker\n\
     elsewhere see https://docs.docker.com/engine/install/. Your user must be allowed to use it\n\
     (sudo usermod -aG docker $USER, then log in again). An engine at another place is named by\n\
     DOCKER_HOST or --docker, for example --docker unix:///run/user/1000/docker.sock."
)]
pub struct NoEngine {
    /// Where it was looked for.
    pub host: String,
    /// What happened there.
    pub cause: String,
}

/// What an engine says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineFacts {
    /// Where it answers.
    pub host: String,
    /// Its version, such as `28.2.2`.
    pub version: String,
    /// Processors that it can give to containers.
    pub cpus: u64,
    /// The host's memory, in MiB.
    pub memory_mib: u64,
    /// The folder that holds its images and containers.
    pub root: String,
}

impl fmt::Display for EngineFacts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Docker {} at {}: {} cpus, {} MiB", self.version, self.host, self.cpus, self.memory_mib)
    }
}

/// Asks the engine who it is. `host` is as in [`Engine::connect`].
///
/// # Errors
/// [`NoEngine`], whose words can be shown to a user as they are.
pub async fn check(host: Option<&str>) -> Result<EngineFacts, NoEngine> {
    Engine::connect(host).await?.facts().await
}

/// A connection to one engine. It outlives the engine's absences.
#[derive(Debug)]
pub struct Engine {
    api: Docker,
    host: String,
    /// Whether the engine can put an init process before the workload. Assumed
    /// until it says otherwise: Debian's engine comes without the program.
    has_init: AtomicBool,
}

impl Engine {
    /// Connects and agrees on a version of the API.
    ///
    /// `host` is `unix://PATH`, a path, or `tcp://HOST:PORT`; `None` takes
    /// `DOCKER_HOST`, else [`HOST_DEFAULT`]. The engine has to be on this
    /// machine, since leases are published on its loopback.
    ///
    /// # Errors
    /// [`NoEngine`] when it does not answer within ten seconds.
    pub async fn connect(host: Option<&str>) -> Result<Self, NoEngine> {
        let host = address(host);
        let no_engine = |cause: String| NoEngine { host: host.clone(), cause };
        let connected = if host.starts_with("unix://") {
            Docker::connect_with_unix(&host, ANSWER_SECONDS_MAX, API_DEFAULT_VERSION)
        } else {
            Docker::connect_with_http(&host, ANSWER_SECONDS_MAX, API_DEFAULT_VERSION)
        };
        let api = connected.map_err(|error| no_engine(words(&error)))?;
        let api = tokio::time::timeout(HELLO_TIME_MAX, api.negotiate_version())
            .await
            .map_err(|_| no_engine("it accepts the connection and stays silent".to_owned()))?
            .map_err(|error| no_engine(words(&error)))?;
        Ok(Self { api, host, has_init: AtomicBool::new(true) })
    }

    /// What the engine says of itself.
    ///
    /// # Errors
    /// [`NoEngine`] when it does not answer.
    pub async fn facts(&self) -> Result<EngineFacts, NoEngine> {
        let no_engine = |error: bollard::errors::Error| NoEngine { host: self.host.clone(), cause: words(&error) };
        let info = self.api.info().await.map_err(no_engine)?;
        let count = |number: Option<i64>| number.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        Ok(EngineFacts {
            host: self.host.clone(),
            version: info.server_version.unwrap_or_default(),
            cpus: count(info.ncpu),
            memory_mib: count(info.mem_total) >> 20,
            root: info.docker_root_dir.unwrap_or_default(),
        })
    }

    /// The API below, for what only the composition root needs.
    #[must_use]
    pub fn api(&self) -> &Docker {
        &self.api
    }

    fn has_init(&self) -> bool {
        self.has_init.load(Ordering::Relaxed)
    }

    fn no_init(&self) {
        self.has_init.store(false, Ordering::Relaxed);
    }
}

fn address(host: Option<&str>) -> String {
    let host = host
        .map(str::to_owned)
        .or_else(|| env::var("DOCKER_HOST").ok())
        .filter(|host| !host.is_empty())
        .unwrap_or_else(|| HOST_DEFAULT.to_owned());
    if host.starts_with('/') { format!("unix://{host}") } else { host }
}

/// The innermost cause says more than the client's own layers.
fn words(error: &bollard::errors::Error) -> String {
    if let bollard::errors::Error::SocketNotFoundError(path) = error {
        return format!("there is no socket at {}", Path::new(path).display());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_absent_engine_is_told_in_words_with_a_remedy() {
        let refused = check(Some("/nonexistent/docker.sock")).await.expect_err("nothing is there");
        let words = refused.to_string();
        assert!(words.contains("unix:///nonexistent/docker.sock"), "{words}");
        assert!(words.contains("there is no socket"), "{words}");
        assert!(words.contains("apt-get install docker.io"), "{words}");
    }

    #[tokio::test]
    async fn a_socket_that_nobody_serves_is_told_in_words() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("docker.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
        let host = path.to_str().expect("a temporary path is text");
        let refused = check(Some(host)).await.expect_err("nobody listens");
        assert!(refused.cause.contains("Connection refused"), "{}", refused.cause);
    }
}
