//! `berth lease`: what runs, what it costs, and its proof.

use berth_wire::proof::ProofChain;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::fault::{Fault, While};
use crate::output::{self, Format};
use crate::remote::Remote;

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
    /// Fetches its proof chain and checks every hash of it on this machine.
    Proof {
        /// Its number.
        id: u64,
    },
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
            Verb::Proof { id } => {
                let record = self.remote.get(&format!("/api/v1/leases/{id}/proof")).await?;
                show_proof(format, &record)?;
            }
        }
        Ok(())
    }
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
        Err(wrong) => Err(Fault::Refused(format!("the proof chain is wrong: {wrong}"))),
    }
}
