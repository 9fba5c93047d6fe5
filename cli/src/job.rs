//! `berth job`: what is to run once, and what comes of it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::file;
use crate::lease::show_result;
use crate::output::{self, Format};
use crate::remote::{Remote, given};

const COLUMNS: [&str; 8] = ["id", "status", "market", "reward", "cost", "leaseId", "providerId", "tenantAddress"];

#[derive(Args)]
pub(crate) struct Job {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Submits a job: an image with a command, or a Python script.
    Submit(Box<Submit>),
    /// Lists jobs.
    List,
    /// Shows one job.
    Show {
        /// Its number.
        id: u64,
    },
    /// What a job left behind, for its tenant and its provider, checked against its
    /// hash.
    Result {
        /// Its number.
        id: u64,
        /// Who asks; needed where the node runs with --open.
        #[arg(long)]
        address: Option<String>,
    },
    /// The templates that can be run.
    Templates,
}

/// The flags are the JSON's names in kebab case.
#[derive(Args)]
struct Submit {
    /// Who pays.
    #[arg(long)]
    tenant_address: Option<String>,
    /// The most that it may cost in all, in XLM.
    #[arg(long)]
    reward: String,
    /// The container's image.
    #[arg(long, required_unless_present = "script")]
    image: Option<String>,
    /// The file with a Python script; `-` is standard input.
    #[arg(long)]
    script: Option<PathBuf>,
    /// A variable of the container's environment, NAME=VALUE. May be repeated.
    #[arg(long = "env", value_parser = crate::order::parse_variable)]
    env: Vec<(String, String)>,
    /// Virtual CPUs.
    #[arg(long)]
    cpu: Option<u32>,
    /// Memory in MiB.
    #[arg(long)]
    memory: Option<u64>,
    /// Disk in GiB.
    #[arg(long)]
    storage: Option<u64>,
    /// How long it may run; an hour when left out.
    #[arg(long)]
    duration_seconds: Option<u64>,
    /// Accepted trust levels, such as Five,Four.
    #[arg(long, value_delimiter = ',')]
    trust_levels: Vec<String>,
    /// Your own id for it: a repeat answers the first job.
    #[arg(long)]
    client_order_id: Option<String>,
    /// Arguments in place of the image's own, behind --.
    #[arg(last = true, conflicts_with = "script")]
    command: Vec<String>,
}

impl Job {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        let remote = &self.remote;
        match self.verb {
            Verb::Submit(submit) => {
                output::object(format, &remote.post("/api/v1/jobs", &submit.request()?).await?);
            }
            Verb::List => output::list(format, &remote.list("/api/v1/jobs").await?, &COLUMNS),
            Verb::Show { id } => output::object(format, &remote.get(&format!("/api/v1/jobs/{id}")).await?),
            Verb::Result { id, address } => {
                let job = remote.get(&format!("/api/v1/jobs/{id}")).await?;
                let Some(lease) = job["leaseId"].as_u64() else {
                    return Err(Fault::Refused(format!("job {id} is {} and has no result", job["status"])));
                };
                show_result(format, remote, lease, address.as_deref()).await?;
            }
            Verb::Templates => {
                let templates = remote.get("/api/v1/jobs/templates").await?;
                let templates = templates["items"].as_array().cloned().unwrap_or_default();
                output::list(format, &templates, &["name", "summary"]);
            }
        }
        Ok(())
    }
}

impl Submit {
    fn request(self) -> Result<Value, Fault> {
        let script = self.script.map(|path| file::text(&path)).transpose()?;
        let env: std::collections::BTreeMap<_, _> = self.env.into_iter().collect();
        Ok(given([
            ("tenantAddress", self.tenant_address.map(Value::from)),
            ("reward", Some(self.reward.into())),
            ("image", self.image.map(Value::from)),
            ("script", script.map(Value::from)),
            ("env", (!env.is_empty()).then(|| json!(env))),
            ("cpu", self.cpu.map(Value::from)),
            ("memory", self.memory.map(Value::from)),
            ("storage", self.storage.map(Value::from)),
            ("durationSeconds", self.duration_seconds.map(Value::from)),
            ("trustLevels", (!self.trust_levels.is_empty()).then(|| json!(self.trust_levels))),
            ("clientOrderId", self.client_order_id.map(Value::from)),
            ("command", (!self.command.is_empty()).then(|| json!(self.command))),
        ]))
    }
}
