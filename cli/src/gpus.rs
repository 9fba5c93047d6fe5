//! `berth gpus`: GPUs at a fixed price.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::output::{self, Format};
use crate::remote::{Remote, given, query};

const COLUMNS: [&str; 9] =
    ["id", "model", "vram", "pricePerHour", "status", "trustLevel", "reputation", "ownerAddress", "leaseId"];

#[derive(Args)]
pub(crate) struct Gpus {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Lists GPUs that can be rented at a fixed price.
    List {
        /// Only this model, with or without vendor words.
        #[arg(long)]
        model: Option<String>,
        /// Only those with this many GiB at least.
        #[arg(long)]
        min_vram: Option<u16>,
        /// Only those that cost this much per hour at most, in XLM.
        #[arg(long)]
        max_price: Option<String>,
        /// Only those of owners of these levels, such as Five,Four.
        #[arg(long)]
        trust: Option<String>,
        /// Only those that can be rented now.
        #[arg(long)]
        available: bool,
    },
    /// Shows one.
    Show {
        /// Its number.
        id: u64,
    },
    /// Offers a GPU at a fixed price.
    Offer {
        /// Whose it is.
        #[arg(long)]
        owner_address: Option<String>,
        /// Product name, such as "NVIDIA H100".
        #[arg(long)]
        model: String,
        /// Memory in GiB.
        #[arg(long)]
        vram: u16,
        /// Its price by the hour, in XLM.
        #[arg(long, required_unless_present = "price_per_minute", conflicts_with = "price_per_minute")]
        price_per_hour: Option<String>,
        /// Its price by the minute, in XLM.
        #[arg(long)]
        price_per_minute: Option<String>,
        /// Virtual CPUs that go with it.
        #[arg(long)]
        cpu: Option<u32>,
        /// Memory in MiB that goes with it.
        #[arg(long)]
        memory: Option<u64>,
        /// Disk in GiB that goes with it.
        #[arg(long)]
        storage: Option<u64>,
    },
    /// Rents one at its price.
    Rent {
        /// Its number.
        id: u64,
        /// Who rents.
        #[arg(long)]
        renter_address: Option<String>,
        /// How long; an hour when left out.
        #[arg(long)]
        duration_seconds: Option<u64>,
        /// What to run; without one nothing is run, and the GPU is held.
        #[arg(long)]
        image: Option<String>,
        /// The highest price per hour, in XLM; what it is listed at when left out.
        #[arg(long)]
        max_price_per_hour: Option<String>,
        /// Virtual CPUs.
        #[arg(long)]
        cpu: Option<u32>,
        /// Memory in MiB.
        #[arg(long)]
        memory: Option<u64>,
        /// Disk in GiB.
        #[arg(long)]
        storage: Option<u64>,
        /// Arguments in place of the image's own, behind --.
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// Stops its rental: what was used is paid, the rest is refunded.
    Stop {
        /// Its number.
        id: u64,
        /// Who rents; the node knows in open mode.
        #[arg(long)]
        renter_address: Option<String>,
    },
}

impl Gpus {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        let remote = &self.remote;
        match self.verb {
            Verb::List { model, min_vram, max_price, trust, available } => {
                let path = query(
                    "/api/v1/gpus",
                    [
                        ("model", model),
                        ("minVram", min_vram.map(|vram| vram.to_string())),
                        ("maxPrice", max_price),
                        ("trust", trust),
                        ("available", available.then(|| "true".to_owned())),
                    ],
                );
                output::list(format, &remote.list(&path).await?, &COLUMNS);
            }
            Verb::Show { id } => output::object(format, &remote.get(&format!("/api/v1/gpus/{id}")).await?),
            Verb::Offer { owner_address, model, vram, price_per_hour, price_per_minute, cpu, memory, storage } => {
                let body = given([
                    ("ownerAddress", owner_address.map(Value::from)),
                    ("model", Some(model.into())),
                    ("vram", Some(vram.into())),
                    ("pricePerHour", price_per_hour.map(Value::from)),
                    ("pricePerMinute", price_per_minute.map(Value::from)),
                    ("cpu", cpu.map(Value::from)),
                    ("memory", memory.map(Value::from)),
                    ("storage", storage.map(Value::from)),
                ]);
                output::object(format, &remote.post("/api/v1/gpus", &body).await?);
            }
            Verb::Rent {
                id,
                renter_address,
                duration_seconds,
                image,
                max_price_per_hour,
                cpu,
                memory,
                storage,
                command,
            } => {
                let body = given([
                    ("renterAddress", renter_address.map(Value::from)),
                    ("durationSeconds", duration_seconds.map(Value::from)),
                    ("image", image.map(Value::from)),
                    ("maxPricePerHour", max_price_per_hour.map(Value::from)),
                    ("cpu", cpu.map(Value::from)),
                    ("memory", memory.map(Value::from)),
                    ("storage", storage.map(Value::from)),
                    ("command", (!command.is_empty()).then(|| json!(command))),
                ]);
                output::object(format, &remote.post(&format!("/api/v1/gpus/{id}/rent"), &body).await?);
            }
            Verb::Stop { id, renter_address } => {
                let body = given([("renterAddress", renter_address.map(Value::from))]);
                output::object(format, &remote.post(&format!("/api/v1/gpus/{id}/stop"), &body).await?);
            }
        }
        Ok(())
    }
}
