//! What to run. It stays in the private store; the log has its salted hash.

use std::collections::BTreeMap;

use berth_domain::{Attribute, Digest, ResourceClass, Resources, Uptime};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::attributes;
use crate::json::{Malformed, objects, unique_map};
use crate::scalar::{whole, whole_option};
use crate::uptime;

/// The longest specification, as JSON, in bytes.
const BYTES_MAX: usize = 32 * 1024;
const ENV_MAX: usize = 100;
const ENV_VALUE_BYTES_MAX: usize = 4_096;
const COMMAND_MAX: usize = 64;
/// Of one argument: a job's script is one.
const COMMAND_BYTES_MAX: usize = 16 * 1024;
const PORTS_MAX: usize = 16;

/// What of `requires` is no attribute.
const MIN_UPTIME: &str = "minUptime";

/// What one replica runs and takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Specification {
    /// An image's reference or id, 1 to 255 bytes.
    pub image: String,
    /// Virtual CPUs.
    #[serde(deserialize_with = "whole::<1, 65_536, _, _>")]
    #[schema(minimum = 1, maximum = 65536)]
    pub cpu: u32,
    /// Memory in MiB.
    #[serde(deserialize_with = "whole::<1, 1_073_741_824, _, _>")]
    #[schema(minimum = 1, maximum = 1073741824)]
    pub memory: u64,
    /// Disk in GiB.
    #[serde(default, deserialize_with = "whole::<0, 1_073_741_824, _, _>")]
    #[schema(minimum = 0, maximum = 1073741824)]
    pub storage: u64,
    /// GPUs; without them the order is for the market `CPU`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuSpecification>,
    /// Ports to publish, at most 16.
    #[serde(default)]
    pub ports: Vec<PortSpecification>,
    /// Environment variables, at most 100.
    #[serde(default, deserialize_with = "unique_map")]
    pub env: BTreeMap<String, String>,
    /// Arguments in place of the image's own, at most 64; empty keeps those.
    #[serde(default)]
    pub command: Vec<String>,
    /// What the provider must offer: texts by attribute, and `minUptime`, the
    /// least share of time that it must have been up, a number from 0 to 1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_map")]
    pub requires: BTreeMap<String, Value>,
}

/// The GPUs of one replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct GpuSpecification {
    /// Product name, such as `H100`.
    pub model: String,
    /// Memory in GiB.
    #[serde(deserialize_with = "whole::<1, 65_535, _, _>")]
    #[schema(minimum = 1, maximum = 65535)]
    pub vram: u16,
    /// How many, 1 to 1,024.
    #[serde(default = "one", deserialize_with = "whole::<1, 1_024, _, _>")]
    #[schema(minimum = 1, maximum = 1024)]
    pub count: u32,
}

/// A port to publish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct PortSpecification {
    /// Where the container listens.
    #[serde(deserialize_with = "whole::<1, 65_535, _, _>")]
    #[schema(minimum = 1, maximum = 65535)]
    pub container_port: u16,
    /// Where the tenant would like it on the host. A wish: a port that is taken
    /// is replaced by a free one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, 65_535, _, _>")]
    #[schema(minimum = 1, maximum = 65535)]
    pub host_port: Option<u16>,
    /// Over what.
    #[serde(default)]
    pub protocol: Protocol,
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

objects!(Specification, GpuSpecification, PortSpecification);

const fn one() -> u32 {
    1
}

/// What the log has of a specification: SHA-256 over 32 random bytes, which are
/// kept beside it, and its bytes. Without the salt a short specification could
/// be guessed from its hash.
#[must_use]
pub fn specification_hash(salt: &[u8; 32], bytes: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(salt);
    hasher.update(bytes);
    Digest(hasher.finalize().into())
}

/// What an order's matching needs of a specification.
pub(super) struct Needs {
    pub(super) class: ResourceClass,
    pub(super) units: u32,
    pub(super) resources: Resources,
    pub(super) requires: Vec<Attribute>,
    pub(super) min_uptime: Option<Uptime>,
}

impl Specification {
    /// The bytes that the private store keeps and that are hashed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts, numbers and maps of texts are JSON")
    }

    /// Checks it; fields are named from the specification's root.
    pub(super) fn needs(&self) -> Result<Needs, Malformed> {
        self.check_image()?;
        self.check_ports()?;
        self.check_env()?;
        self.check_command()?;
        let (requires, min_uptime) = self.requires()?;
        if self.to_bytes().len() > BYTES_MAX {
            return Err(Malformed::new("", format!("is longer than {BYTES_MAX} bytes")));
        }
        let others = |cpu| Resources { cpu, memory: self.memory, storage: self.storage };
        let (class, units, resources) = match &self.gpu {
            Some(gpu) => {
                let class = ResourceClass::gpu(&gpu.model, gpu.vram)
                    .map_err(|why| Malformed::new("gpu.model", why.to_string()))?;
                (class, gpu.count, others(self.cpu))
            }
            // In the CPU market the processors are the units; counting them
            // among the other resources too would take them twice.
            None => (ResourceClass::Cpu, self.cpu, others(0)),
        };
        Ok(Needs { class, units, resources, requires, min_uptime })
    }

    fn check_image(&self) -> Result<(), Malformed> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':' | '@');
        if self.image.is_empty() || self.image.len() > 255 {
            return Err(Malformed::new("image", "must be 1 to 255 bytes long"));
        }
        if !self.image.chars().all(fits) || self.image.starts_with('-') {
            return Err(Malformed::new("image", "is not an image's reference such as \"nginx:latest\""));
        }
        Ok(())
    }

    fn check_ports(&self) -> Result<(), Malformed> {
        if self.ports.len() > PORTS_MAX {
            return Err(Malformed::new("ports", format!("has more than {PORTS_MAX} entries")));
        }
        for (i, port) in self.ports.iter().enumerate() {
            let mut before = self.ports[..i].iter().filter(|other| other.protocol == port.protocol);
            if before.clone().any(|other| other.container_port == port.container_port) {
                return Err(Malformed::new(format!("ports[{i}].containerPort"), "is named twice"));
            }
            if port.host_port.is_some() && before.any(|other| other.host_port == port.host_port) {
                return Err(Malformed::new(format!("ports[{i}].hostPort"), "is named twice"));
            }
        }
        Ok(())
    }

    fn check_env(&self) -> Result<(), Malformed> {
        if self.env.len() > ENV_MAX {
            return Err(Malformed::new("env", format!("has more than {ENV_MAX} entries")));
        }
        for (name, value) in &self.env {
            let fits = |c: char| !c.is_control() && c != '=';
            if name.is_empty() || name.len() > 255 || !name.chars().all(fits) {
                return Err(Malformed::new("env", format!("{name:?} is no name of a variable")));
            }
            if value.len() > ENV_VALUE_BYTES_MAX || value.contains('\0') {
                let detail = format!("is longer than {ENV_VALUE_BYTES_MAX} bytes or holds a NUL");
                return Err(Malformed::new(format!("env.{name}"), detail));
            }
        }
        Ok(())
    }

    fn check_command(&self) -> Result<(), Malformed> {
        if self.command.len() > COMMAND_MAX {
            return Err(Malformed::new("command", format!("has more than {COMMAND_MAX} entries")));
        }
        match self.command.iter().position(|arg| arg.len() > COMMAND_BYTES_MAX || arg.contains('\0')) {
            Some(i) => {
                let detail = format!("is longer than {COMMAND_BYTES_MAX} bytes or holds a NUL");
                Err(Malformed::new(format!("command[{i}]"), detail))
            }
            None => Ok(()),
        }
    }

    fn requires(&self) -> Result<(Vec<Attribute>, Option<Uptime>), Malformed> {
        let min_uptime = match self.requires.get(MIN_UPTIME) {
            None => None,
            Some(value) => {
                let read = value.as_number().ok_or_else(|| uptime::WHAT.to_owned()).and_then(uptime::read);
                Some(read.map_err(|why| Malformed::new(format!("requires.{MIN_UPTIME}"), why))?)
            }
        };
        let texts = self
            .requires
            .iter()
            .filter(|(key, _)| key.as_str() != MIN_UPTIME)
            .map(|(key, value)| match value {
                Value::String(text) => Ok((key.clone(), text.clone())),
                _ => Err(Malformed::new(format!("requires.{key}"), "is not a text")),
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok((attributes(texts.iter().map(|(key, value)| (key, value)), "requires")?, min_uptime))
    }
}
