//! How a tenant's container is confined: one function, from one type.
//!
//! Whatever is not named here keeps the engine's default, which includes its
//! seccomp profile, its masked paths and, where the host has it, AppArmor. Two
//! things are left to the isolation work: a container with published ports can
//! still reach out through its network, and scratch space is memory.

use std::collections::{BTreeSet, HashMap};

use bollard::models::{
    HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, PortBinding, ResourcesUlimits, RestartPolicy,
    RestartPolicyNameEnum,
};

use super::image::LocalImage;
use crate::lease::{PortRequest, Specification};

/// The user and group that a container runs as whose image says root.
pub const NOBODY: &str = "65534:65534";
const NOBODY_ID: &str = "65534";
/// Processes and threads of one container.
pub const PIDS_MAX: i64 = 512;
/// Open files of one process. An engine that was itself started with a lower
/// hard limit and without the right to raise it cannot start containers with
/// more, so this is no higher than services need.
pub const OPEN_FILES_MAX: i64 = 16_384;
/// The engine's log of one container: files, and bytes of each.
pub const LOG_FILES_MAX: &str = "2";
/// See [`LOG_FILES_MAX`]; in the engine's notation, MiB.
pub const LOG_FILE_SIZE_MAX: &str = "10m";
/// The host's loopback: the only address that a port is published on.
pub const LOOPBACK: &str = "127.0.0.1";

/// The least memory that the engine accepts, in MiB.
const MEMORY_MIB_MIN: u64 = 6;
/// The least processor time that the engine accepts, in thousandths.
const CPU_MILLIS_MIN: u64 = 10;
/// `/dev/shm`, in bytes. Like every tmpfs it counts as the container's memory.
const SHM_BYTES: i64 = 64 << 20;
/// Scratch folders other than `/tmp`, in bytes each.
const SMALL_SCRATCH_BYTES: u64 = 64 << 20;
/// The least that a scratch folder gets, in bytes.
const SCRATCH_BYTES_MIN: u64 = 1 << 20;
/// When the host runs out of memory, tenants go first.
const OOM_SCORE: i64 = 500;

/// Folders that programs expect to be able to write to besides `/tmp`. The
/// last is where the stock web server of the usual first order keeps its
/// temporary files; without it that image does not start on a read-only root.
const SMALL_SCRATCH: [&str; 3] = ["/run", "/var/tmp", "/var/cache/nginx"];

/// What a container may have. Everything that the configuration depends on is
/// here, so that it can be checked field by field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// Memory and swap together, in MiB.
    pub memory_mib: u64,
    /// Processor time, in thousandths of a core.
    pub cpu_millis: u64,
    /// Scratch space, in GiB; `/tmp` gets no more than half the memory of it.
    pub storage_gib: u64,
    /// Ports to publish on loopback.
    pub ports: Vec<PortRequest>,
    /// The lease's own network; `None` is no network at all.
    pub network: Option<String>,
    /// Volumes that the image declares. They become bounded scratch folders: a
    /// volume of the engine would be a part of the host's disk without limit.
    pub image_volumes: Vec<String>,
    /// The user that it runs as, `uid:gid` or a name of the image's.
    pub user: String,
    /// Whether the engine can put a small init process before the workload.
    pub init: bool,
}

impl Confinement {
    /// What `specification` asks for with this image, in a network that exists
    /// or in none.
    #[must_use]
    pub fn new(specification: &Specification, network: Option<String>, image: &LocalImage, init: bool) -> Self {
        Self {
            memory_mib: specification.memory_mib.max(MEMORY_MIB_MIN),
            cpu_millis: specification.cpu_millis.max(CPU_MILLIS_MIN),
            storage_gib: specification.storage_gib,
            ports: specification.ports.clone(),
            network,
            image_volumes: image.volumes.clone(),
            user: user(&image.user),
            init,
        }
    }

    /// The engine's host configuration.
    #[must_use]
    pub fn host_config(&self) -> HostConfig {
        let memory = to_i64(self.memory_mib << 20);
        HostConfig {
            // Nothing of the host.
            privileged: Some(false),
            binds: Some(Vec::new()),
            mounts: Some(Vec::new()),
            volumes_from: Some(Vec::new()),
            devices: Some(Vec::new()),
            device_requests: Some(Vec::new()),
            ipc_mode: Some("private".to_owned()),
            cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
            // No privilege, and no way to one.
            cap_drop: Some(vec!["ALL".to_owned()]),
            cap_add: Some(Vec::new()),
            security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
            // Nothing to write to but bounded memory.
            readonly_rootfs: Some(true),
            tmpfs: Some(self.scratch()),
            shm_size: Some(SHM_BYTES),
            // Bounds. Swap is not counted apart: none beyond the memory.
            memory: Some(memory),
            memory_swap: Some(memory),
            nano_cpus: Some(to_i64(self.cpu_millis.saturating_mul(1_000_000))),
            pids_limit: Some(PIDS_MAX),
            ulimits: Some(vec![ulimit("nofile", OPEN_FILES_MAX), ulimit("core", 0)]),
            oom_score_adj: Some(OOM_SCORE),
            log_config: Some(HostConfigLogConfig {
                typ: Some("json-file".to_owned()),
                config: Some(HashMap::from([
                    ("max-size".to_owned(), LOG_FILE_SIZE_MAX.to_owned()),
                    ("max-file".to_owned(), LOG_FILES_MAX.to_owned()),
                ])),
            }),
            // The network of its lease, and loopback alone from outside.
            network_mode: Some(self.network.clone().unwrap_or_else(|| "none".to_owned())),
            publish_all_ports: Some(false),
            port_bindings: Some(self.port_bindings()),
            // The agent decides what happens after an end, and reads the log.
            restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }),
            auto_remove: Some(false),
            init: Some(self.init),
            ..HostConfig::default()
        }
    }

    fn scratch(&self) -> HashMap<String, String> {
        // Where the image has the folder already, the runtime gives the scratch
        // space that folder's mode and forgets ours; so it belongs to the user.
        let owner = owner(&self.user).map(|(uid, gid)| format!(",uid={uid},gid={gid}")).unwrap_or_default();
        // The kernel reads a size of zero as no limit at all.
        let options = |bytes: u64| {
            let bytes = bytes.max(SCRATCH_BYTES_MIN);
            format!("rw,noexec,nosuid,nodev,size={bytes},mode=1777{owner}")
        };
        let half_memory = (self.memory_mib << 20) / 2;
        let small = SMALL_SCRATCH_BYTES.min(half_memory);
        let declared = self.image_volumes.iter().map(|path| path.trim_end_matches('/'));
        let mut scratch: HashMap<_, _> = SMALL_SCRATCH
            .into_iter()
            .chain(declared.filter(|path| path.starts_with('/')))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|path| (path.to_owned(), options(small)))
            .collect();
        let storage = self.storage_gib.saturating_mul(1 << 30);
        scratch.insert("/tmp".to_owned(), options(storage.min(half_memory)));
        scratch
    }

    fn port_bindings(&self) -> HashMap<String, Option<Vec<PortBinding>>> {
        self.ports
            .iter()
            .map(|port| {
                let binding = PortBinding {
                    host_ip: Some(LOOPBACK.to_owned()),
                    // An empty port lets the engine choose.
                    host_port: Some(port.host_port.map(|p| p.to_string()).unwrap_or_default()),
                };
                (port_key(port), Some(vec![binding]))
            })
            .collect()
    }
}

/// The user that a container runs as. The image's own choice stands when it is
/// given by numbers and none of them is root's: without user namespaces that
/// would be the host's root. A name means what the image's own `/etc/passwd`
/// says, which may be 0, so a named user runs as nobody too.
#[must_use]
pub fn user(image_user: &str) -> String {
    let (uid, gid) = image_user.split_once(':').unwrap_or((image_user, NOBODY_ID));
    let is_plain = |id: &str| id.bytes().all(|b| b.is_ascii_digit()) && id.parse().is_ok_and(|id: u32| id != 0);
    if is_plain(uid) && is_plain(gid) { format!("{uid}:{gid}") } else { NOBODY.to_owned() }
}

/// The numbers of `user`; `None` for a name, which only the image could resolve.
fn owner(user: &str) -> Option<(u32, u32)> {
    let (uid, gid) = user.split_once(':').unwrap_or((user, "0"));
    Some((uid.parse().ok()?, gid.parse().ok()?))
}

/// `80/tcp`, as the engine names a container's port.
#[must_use]
pub fn port_key(port: &PortRequest) -> String {
    format!("{}/{}", port.container_port, port.protocol.as_str())
}

fn ulimit(name: &str, limit: i64) -> ResourcesUlimits {
    ResourcesUlimits { name: Some(name.to_owned()), soft: Some(limit), hard: Some(limit) }
}

/// Amounts beyond the engine's range ask for its most, which it refuses.
fn to_i64(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::Protocol;

    fn confinement() -> Confinement {
        Confinement {
            memory_mib: 128,
            cpu_millis: 1_500,
            storage_gib: 10,
            ports: vec![
                PortRequest { container_port: 80, host_port: Some(8080), protocol: Protocol::Tcp },
                PortRequest { container_port: 53, host_port: None, protocol: Protocol::Udp },
            ],
            network: Some("berth-aaaaaaaa-7".to_owned()),
            image_volumes: vec!["/data".to_owned()],
            user: NOBODY.to_owned(),
            init: true,
        }
    }

    fn binding(host_port: &str) -> Option<Vec<PortBinding>> {
        Some(vec![PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some(host_port.to_owned()) }])
    }

    #[test]
    fn every_field_is_as_it_should_be() {
        let small = "rw,noexec,nosuid,nodev,size=67108864,mode=1777,uid=65534,gid=65534".to_owned();
        let expected = HostConfig {
            privileged: Some(false),
            binds: Some(vec![]),
            mounts: Some(vec![]),
            volumes_from: Some(vec![]),
            devices: Some(vec![]),
            device_requests: Some(vec![]),
            ipc_mode: Some("private".to_owned()),
            cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
            cap_drop: Some(vec!["ALL".to_owned()]),
            cap_add: Some(vec![]),
            security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
            readonly_rootfs: Some(true),
            // Half of 128 MiB is the same 64 MiB that the small folders get.
            tmpfs: Some(HashMap::from([
                ("/tmp".to_owned(), small.clone()),
                ("/run".to_owned(), small.clone()),
                ("/var/tmp".to_owned(), small.clone()),
                ("/var/cache/nginx".to_owned(), small.clone()),
                ("/data".to_owned(), small),
            ])),
            shm_size: Some(67_108_864),
            memory: Some(134_217_728),
            memory_swap: Some(134_217_728),
            nano_cpus: Some(1_500_000_000),
            pids_limit: Some(512),
            ulimits: Some(vec![
                ResourcesUlimits { name: Some("nofile".to_owned()), soft: Some(16_384), hard: Some(16_384) },
                ResourcesUlimits { name: Some("core".to_owned()), soft: Some(0), hard: Some(0) },
            ]),
            oom_score_adj: Some(500),
            log_config: Some(HostConfigLogConfig {
                typ: Some("json-file".to_owned()),
                config: Some(HashMap::from([
                    ("max-size".to_owned(), "10m".to_owned()),
                    ("max-file".to_owned(), "2".to_owned()),
                ])),
            }),
            network_mode: Some("berth-aaaaaaaa-7".to_owned()),
            publish_all_ports: Some(false),
            port_bindings: Some(HashMap::from([
                ("80/tcp".to_owned(), binding("8080")),
                ("53/udp".to_owned(), binding("")),
            ])),
            restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }),
            auto_remove: Some(false),
            init: Some(true),
            ..HostConfig::default()
        };
        assert_eq!(confinement().host_config(), expected);
    }

    #[test]
    fn a_lease_without_ports_has_no_network() {
        let closed = Confinement { ports: vec![], network: None, ..confinement() }.host_config();
        assert_eq!(closed.network_mode.as_deref(), Some("none"));
        assert_eq!(closed.port_bindings, Some(HashMap::new()));
    }

    #[test]
    fn scratch_space_is_the_smaller_of_storage_and_half_the_memory() {
        let tmp = |memory_mib, storage_gib| {
            let config = Confinement { memory_mib, storage_gib, ..confinement() }.host_config();
            config.tmpfs.and_then(|tmpfs| tmpfs.get("/tmp").cloned())
        };
        let expected = |bytes: u64| Some(format!("rw,noexec,nosuid,nodev,size={bytes},mode=1777,uid=65534,gid=65534"));
        assert_eq!(tmp(1_024, 10), expected(512 << 20));
        assert_eq!(tmp(8_192, 1), expected(1 << 30));
        // Zero would be no limit.
        assert_eq!(tmp(128, 0), expected(1 << 20));
    }

    #[test]
    fn scratch_space_belongs_to_the_user_where_it_has_a_number() {
        for (user, numbers) in [("101", Some((101, 0))), ("101:102", Some((101, 102))), ("nginx", None), ("1:a", None)]
        {
            assert_eq!(owner(user), numbers, "{user}");
        }
    }

    #[test]
    fn a_container_is_never_root() {
        for root in [
            "",
            "root",
            "0",
            "00",
            "-0",
            "+0",
            "0:0",
            "1000:0",
            "root:root",
            "root:1000",
            ":0",
            "app",
            "nginx:nginx",
            "1000:app",
        ] {
            assert_eq!(user(root), NOBODY, "{root:?}");
        }
        for (other, kept) in [("101", "101:65534"), ("1000:1000", "1000:1000")] {
            assert_eq!(user(other), kept);
        }
    }
}
