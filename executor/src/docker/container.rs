//! A replica's container, created and started.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::time::Duration;

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{CreateContainerOptionsBuilder, StartContainerOptions};
use tracing::{info, warn};

use super::hardening::{self, Confinement};
use super::image::LocalImage;
use super::labels::{self, AWAITED, REPLICA};
use super::readiness::awaited;
use super::{Engine, EngineError, NotRunning};
use crate::failure::{Cause, Failure};
use crate::lease::{Lease, LogId, PortRequest, Protocol, ReplicaIndex, Specification};
use crate::plan::Labels;

/// How often one start is tried before the engine's answer is final: once more
/// for an init program that it lacks, once more for a port that was taken, and
/// twice for a failure inside the engine that may pass.
const TRIES_MAX: u32 = 4;
/// The pause before a try after a failure inside the engine.
const TRY_PAUSE: Duration = Duration::from_secs(1);
/// Variables of this prefix are the agent's; a tenant cannot set them.
const ENV_PREFIX: &str = "BERTH_";

/// One replica, ready to be placed.
#[derive(Clone, Copy, Debug)]
pub struct Placement<'a> {
    /// Whose it is.
    pub labels: &'a Labels,
    /// Its lease.
    pub lease: &'a Lease,
    /// Which replica.
    pub index: ReplicaIndex,
    /// What to run.
    pub specification: &'a Specification,
    /// The image, resolved once for all replicas.
    pub image: &'a LocalImage,
}

/// A container's name. It follows from the lease, so that a second container
/// of the same replica cannot be made: the engine refuses the name.
#[must_use]
pub fn name(log: &LogId, lease: crate::lease::LeaseId, index: ReplicaIndex) -> String {
    format!("berth-{}-{lease}-{index}", log.short())
}

impl Placement<'_> {
    fn name(&self) -> String {
        name(&self.labels.log, self.lease.id, self.index)
    }

    /// The ports as they can be had: the asked host port for the first
    /// replica, if it is free, else one that the engine chooses.
    fn ports(&self) -> Vec<PortRequest> {
        let wish = |port: &PortRequest| {
            let host_port = port.host_port.filter(|number| self.index.0 == 0 && is_free(*number, port.protocol));
            PortRequest { host_port, ..*port }
        };
        self.specification.ports.iter().map(wish).collect()
    }

    /// The tenant's variables, and what the workload may know of its lease.
    /// The latter are public facts; README and the demo's page name them.
    fn env(&self) -> Vec<String> {
        let mut env: Vec<_> = self
            .specification
            .env
            .iter()
            .filter(|(key, _)| !key.starts_with(ENV_PREFIX))
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let mut ours = |key: &str, value: &dyn std::fmt::Display| env.push(format!("{ENV_PREFIX}{key}={value}"));
        ours("LEASE_ID", &self.lease.id);
        ours("ORDER_ID", &self.lease.order);
        ours("PROVIDER_ID", &self.lease.provider);
        ours("PROVIDER_ADDRESS", &self.lease.provider_address);
        ours("TENANT_ADDRESS", &self.lease.tenant_address);
        ours("IMAGE", &self.specification.image);
        ours("REPLICA", &self.index);
        if let Some(port) = self.specification.ports.first() {
            ours("PORT", &port.container_port);
        }
        env
    }

    fn body(&self, confinement: &Confinement) -> ContainerCreateBody {
        let command = &self.specification.command;
        let mut labels = labels::write(self.labels);
        labels.insert(REPLICA.to_owned(), self.index.to_string());
        labels.extend(awaited(&self.specification.ports).map(|port| (AWAITED.to_owned(), port.to_string())));
        ContainerCreateBody {
            image: Some(self.image.id.clone()),
            user: Some(confinement.user.clone()),
            cmd: (!command.is_empty()).then(|| command.clone()),
            env: Some(self.env()),
            labels: Some(labels),
            exposed_ports: Some(confinement.ports.iter().map(hardening::port_key).collect()),
            tty: Some(false),
            open_stdin: Some(false),
            host_config: Some(confinement.host_config()),
            ..ContainerCreateBody::default()
        }
    }
}

impl Engine {
    /// Creates the replica's container unless it is there, and starts it
    /// unless it runs.
    ///
    /// # Errors
    /// [`NotRunning::Failed`] when the engine will not run it, in its words.
    pub async fn start(&self, placement: &Placement<'_>) -> Result<(), NotRunning> {
        let network = match placement.specification.ports.is_empty() {
            true => None,
            false => Some(self.ensure_network(placement.labels).await?),
        };
        let mut confinement = Confinement::new(placement.specification, network, placement.image, self.has_init());
        confinement.ports = placement.ports();
        for _ in 1..TRIES_MAX {
            let Err(failure) = self.try_start(placement, &confinement).await else {
                return Ok(());
            };
            match remedy(&failure.error) {
                Remedy::None => return Err(failure.into()),
                Remedy::NoInit => {
                    warn!("the engine has no init program; workloads run as the first process");
                    self.no_init();
                    confinement.init = false;
                }
                Remedy::OtherPort => confinement.ports.iter_mut().for_each(|port| port.host_port = None),
                Remedy::Pause => tokio::time::sleep(TRY_PAUSE).await,
            }
            // What was configured when the container was created stays so.
            self.remove_one(&placement.name()).await?;
        }
        Ok(self.try_start(placement, &confinement).await?)
    }

    async fn try_start(&self, placement: &Placement<'_>, confinement: &Confinement) -> Result<(), NotStarted> {
        let name = placement.name();
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        match self.api.create_container(Some(options), placement.body(confinement)).await {
            Ok(_) => info!(container = name, lease = placement.lease.id.0, "created"),
            Err(error) if is_conflict(&error) => {
                self.check_ours(placement, error).await.map_err(NotStarted::at(Cause::CannotCreate))?;
            }
            Err(error) => return Err(NotStarted::at(Cause::CannotCreate)(error)),
        }
        let started = self.api.start_container(&name, None::<StartContainerOptions>).await;
        started.map_err(NotStarted::at(Cause::CannotStart))
    }

    /// A name that is taken is this replica's container from before a crash;
    /// or it is somebody else's, which stays as it is.
    async fn check_ours(
        &self,
        placement: &Placement<'_>,
        conflict: bollard::errors::Error,
    ) -> Result<(), bollard::errors::Error> {
        let found = self.api.inspect_container(&placement.name(), None).await?;
        let found = found.config.and_then(|config| config.labels).unwrap_or_default();
        let is_ours = labels::read(&found)
            .is_some_and(|found| found.log == placement.labels.log && found.lease == placement.labels.lease);
        if is_ours { Ok(()) } else { Err(conflict) }
    }
}

/// A start that failed.
struct NotStarted {
    /// What it came to.
    cause: Cause,
    error: bollard::errors::Error,
}

impl NotStarted {
    fn at(cause: Cause) -> impl Fn(bollard::errors::Error) -> Self {
        move |error| Self { cause, error }
    }
}

impl From<NotStarted> for NotRunning {
    fn from(failed: NotStarted) -> Self {
        match EngineError::from(failed.error) {
            EngineError::Refused(words) => Self::Failed(Failure::new(failed.cause, &words)),
            away @ EngineError::Away(_) => Self::Engine(away),
        }
    }
}

/// What to do about a start that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    None,
    NoInit,
    OtherPort,
    Pause,
}

/// The engine has no codes for these, only words, which have been the same
/// since it exists.
fn remedy(error: &bollard::errors::Error) -> Remedy {
    let bollard::errors::Error::DockerResponseServerError { status_code, message } = error else {
        return Remedy::None;
    };
    let says = |words: &str| message.contains(words);
    if says("docker-init") {
        Remedy::NoInit
    } else if says("port is already allocated") || says("address already in use") {
        Remedy::OtherPort
    } else if *status_code == 500 {
        Remedy::Pause
    } else {
        Remedy::None
    }
}

fn is_conflict(error: &bollard::errors::Error) -> bool {
    matches!(error, bollard::errors::Error::DockerResponseServerError { status_code: 409, .. })
}

/// Whether nobody listens there now. Only the engine knows for sure, and its
/// refusal is handled; this spares most of them.
fn is_free(port: u16, protocol: Protocol) -> bool {
    let address = (Ipv4Addr::LOCALHOST, port);
    match protocol {
        Protocol::Tcp => TcpListener::bind(address).is_ok(),
        Protocol::Udp => UdpSocket::bind(address).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::lease::{LeaseId, LeaseState, ProviderId};

    fn specification() -> Specification {
        let env = [("A", "1"), ("BERTH_LEASE_ID", "forged")];
        let port = |container_port| PortRequest { container_port, host_port: None, protocol: Protocol::Tcp };
        Specification {
            image: "page:1".to_owned(),
            command: vec![],
            env: env.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            ports: vec![port(80), port(81)],
            cpu_millis: 1_000,
            memory_mib: 64,
            storage_gib: 1,
            gpus: 0,
        }
    }

    fn with_placement<T>(index: u32, specification: &Specification, check: impl Fn(Placement<'_>) -> T) -> T {
        let log = LogId::parse(&"ab".repeat(32)).expect("64 hex digits");
        let lease = Lease {
            id: LeaseId(7),
            order: 3,
            provider: ProviderId(2),
            provider_address: "GP".to_owned(),
            tenant_address: "GT".to_owned(),
            replicas: 2,
            state: LeaseState::Escrowed,
        };
        let labels = Labels { log, provider: lease.provider, lease: lease.id, by_house: false };
        let image = LocalImage { id: "sha256:1".to_owned(), user: String::new(), volumes: vec![] };
        check(Placement { labels: &labels, lease: &lease, index: ReplicaIndex(index), specification, image: &image })
    }

    #[test]
    fn a_container_knows_its_lease_and_the_tenant_cannot_forge_it() {
        let env = with_placement(1, &specification(), |placement| placement.env());
        let expected = [
            "A=1",
            "BERTH_LEASE_ID=7",
            "BERTH_ORDER_ID=3",
            "BERTH_PROVIDER_ID=2",
            "BERTH_PROVIDER_ADDRESS=GP",
            "BERTH_TENANT_ADDRESS=GT",
            "BERTH_IMAGE=page:1",
            "BERTH_REPLICA=1",
            "BERTH_PORT=80",
        ];
        assert_eq!(env, expected);
    }

    #[test]
    fn a_container_is_named_by_log_lease_and_replica() {
        assert_eq!(with_placement(1, &specification(), |placement| placement.name()), "berth-abababab-7-1");
    }

    #[test]
    fn a_taken_port_is_left_to_the_engine_and_only_the_first_replica_gets_its_wish() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let number = taken.local_addr().expect("a bound address").port();
        let mut specification = specification();
        specification.ports.truncate(1);
        specification.ports[0].host_port = Some(number);
        let wish = |index| with_placement(index, &specification, |placement| placement.ports()[0].host_port);
        assert_eq!(wish(0), None);
        drop(taken);
        assert_eq!(wish(0), Some(number));
        assert_eq!(wish(1), None);
    }

    #[test]
    fn the_command_replaces_the_images_only_if_there_is_one() {
        let body = |specification: &Specification| {
            with_placement(0, specification, |placement| {
                placement.body(&Confinement::new(specification, None, placement.image, true))
            })
        };
        assert_eq!(body(&specification()).cmd, None);
        let command = vec!["/program".to_owned(), "--flag".to_owned()];
        let with_command = Specification { command: command.clone(), env: BTreeMap::new(), ..specification() };
        assert_eq!(body(&with_command).cmd, Some(command));
    }

    #[test]
    fn a_refused_start_is_remedied_by_what_the_engine_says() {
        let refusal = |status_code, message: &str| {
            let message = message.to_owned();
            remedy(&bollard::errors::Error::DockerResponseServerError { status_code, message })
        };
        assert_eq!(refusal(500, "exec: \"docker-init\": executable file not found in $PATH"), Remedy::NoInit);
        assert_eq!(refusal(500, "Bind for 127.0.0.1:80 failed: port is already allocated"), Remedy::OtherPort);
        assert_eq!(refusal(500, "listen tcp4 127.0.0.1:80: bind: address already in use"), Remedy::OtherPort);
        assert_eq!(refusal(500, "context canceled"), Remedy::Pause);
        assert_eq!(refusal(400, "OCI runtime create failed: no such file"), Remedy::None);
        assert_eq!(remedy(&bollard::errors::Error::RequestTimeoutError), Remedy::None);
    }
}
