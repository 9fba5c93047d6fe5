//! `berth lease`: what runs, what it writes, what it costs, and its proof.

use berth_client::OutputQuery;
use berth_wire::proof::{ProofChain, ProofFault};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::fault::{Fault, While};
use crate::output::{self, Format};
use crate::remote::{Remote, fault};

const COLUMNS: [&str; 9] =
    ["id", "state", "reason", "orderId", "providerId", "price", "replicas", "evidencedSeconds", "cost"];

#[derive(Args)]
pub(crate) struct Lease {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Lists leases.
    List,
    /// Shows one lease.
    Show {
        /// Its number.
        id: u64,
    },
    /// Whether its containers are well.
    Health {
        /// Its number.
        id: u64,
    },
    /// Stops it: what was used is paid, the rest is refunded.
    Stop {
        /// Its number.
        id: u64,
        /// Who rents; the node knows in open mode.
        #[arg(long)]
        tenant_address: Option<String>,
    },
    /// Pays for more of it in advance. It resumes if it was suspended for that.
    Topup {
        /// Its number.
        id: u64,
        /// For how much more time, up to its duration.
        #[arg(long)]
        seconds: u64,
        /// Who rents; the node knows in open mode.
        #[arg(long)]
        tenant_address: Option<String>,
    },
    /// What its containers wrote, for its tenant and its provider.
    Logs(Logs),
    /// What it left behind, for its tenant and its provider, checked against its
    /// hash. As JSON with its hash and size; else its bytes as they are.
    Result {
        /// Its number.
        id: u64,
        /// Who asks; needed where the node runs with --open.
        #[arg(long)]
        address: Option<String>,
    },
    /// Fetches its proof chain and checks every hash of it on this machine.
    Proof {
        /// Its number.
        id: u64,
    },
}

#[derive(Args)]
struct Logs {
    /// Its number.
    id: u64,
    /// Who asks; needed where the node runs with --open.
    #[arg(long)]
    address: Option<String>,
    /// Lines at most, the last of them.
    #[arg(long)]
    tail: Option<u64>,
    /// Only what this replica wrote, from 0.
    #[arg(long)]
    replica: Option<u32>,
    /// Each line begins with its time.
    #[arg(long)]
    timestamps: bool,
    /// Goes on until the lease ends.
    #[arg(short, long)]
    follow: bool,
}

impl Lease {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        match self.verb {
            Verb::List => output::list(format, &self.remote.list("/api/v1/leases").await?, &COLUMNS),
            Verb::Show { id } => output::object(format, &self.remote.get(&format!("/api/v1/leases/{id}")).await?),
            Verb::Health { id } => {
                output::object(format, &self.remote.get(&format!("/api/v1/leases/{id}/health")).await?);
            }
            Verb::Stop { id, tenant_address } => {
                let body = tenant_address.map_or_else(|| json!({}), |address| json!({ "tenantAddress": address }));
                output::object(format, &self.remote.post(&format!("/api/v1/leases/{id}/stop"), &body).await?);
            }
            Verb::Topup { id, seconds, tenant_address } => {
                let mut body = json!({ "seconds": seconds });
                if let Some(address) = tenant_address {
                    body["tenantAddress"] = address.into();
                }
                output::object(format, &self.remote.post(&format!("/api/v1/leases/{id}/topup"), &body).await?);
            }
            Verb::Logs(logs) => logs.run(&self.remote).await?,
            Verb::Result { id, address } => show_result(format, &self.remote, id, address.as_deref()).await?,
            Verb::Proof { id } => {
                let record = self.remote.get(&format!("/api/v1/leases/{id}/proof")).await?;
                show_proof(format, &record)?;
            }
        }
        Ok(())
    }
}

impl Logs {
    async fn run(&self, remote: &Remote) -> Result<(), Fault> {
        let Self { id, address, tail, replica, timestamps, follow } = self;
        let query =
            OutputQuery { address: address.as_deref(), tail: *tail, replica: *replica, timestamps: *timestamps };
        let client = remote.client()?;
        if !follow {
            let output = client.lease_output(*id, &query).await.map_err(fault)?;
            let _ = output::bytes(&output);
            return Ok(());
        }
        let mut output = client.follow_output(*id, &query).await.map_err(fault)?;
        while let Some(chunk) = output.next().await.map_err(fault)? {
            if output::bytes(&chunk).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Prints what a lease left behind.
pub(crate) async fn show_result(format: Format, remote: &Remote, id: u64, address: Option<&str>) -> Result<(), Fault> {
    let result = remote.client()?.lease_result(id, address).await.map_err(fault)?;
    if format == Format::Table {
        let _ = output::bytes(&result.bytes().unwrap_or_default());
    } else {
        output::object(format, &serde_json::to_value(&result).or_fault("showing the result")?);
    }
    Ok(())
}

fn show_proof(format: Format, record: &Value) -> Result<(), Fault> {
    let chain: ProofChain = serde_json::from_value(record.clone()).or_fault("reading the proof chain")?;
    let steps = record["steps"].as_array().cloned().unwrap_or_default();
    output::list(format, &steps, &["step", "seq", "hash", "payload"]);
    match chain.check() {
        Ok(()) => {
            eprintln!("{} steps, every hash is right", steps.len());
            Ok(())
        }
        // It begins when the escrow is locked.
        Err(ProofFault::Empty) => {
            Err(Fault::Refused("the lease has no proof yet: its escrow is not locked".to_owned()))
        }
        Err(wrong) => Err(Fault::Refused(format!("the proof chain is wrong: {wrong}"))),
    }
}
