//! `berth account mandate`: what an account lets the escrow contract do in its name.
//! It is signed here and handed to the chain, so that nobody has to trust a node
//! with it.

use std::sync::Arc;

use berth_domain::Stroops;
use berth_settlement::chain::{Address, Key, SendError, Sender};
use berth_settlement::contract::{Escrow, TenantMandate};
use clap::Args;
use serde_json::{Value, json};

use crate::fault::{Fault, While};
use crate::remote::{Remote, fault};
use crate::serve::connect;

const SECONDS_PER_DAY: u64 = 86_400;
const MICROS_PER_SECOND: u64 = 1_000_000;

/// Without a limit it shows what is signed.
#[derive(Args)]
pub(crate) struct Mandate {
    /// JSON-RPC of the Stellar network.
    #[arg(long, env = "BERTH_RPC")]
    rpc: String,
    /// The escrow contract, C…; the one that the node's log names when left out.
    #[arg(long)]
    contract: Option<Address>,
    /// The most that one lease may lock, in XLM, its top-ups included.
    #[arg(long, requires = "per_day", conflicts_with = "end")]
    per_lease: Option<Stroops>,
    /// The most that may be locked in a day (UTC), in XLM.
    #[arg(long, requires = "per_lease", conflicts_with = "end")]
    per_day: Option<Stroops>,
    /// The least that a lease on the account's hosts must pay in an hour, in XLM.
    #[arg(long, conflicts_with = "end")]
    floor: Option<Stroops>,
    /// For how many days from now.
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Ends what was signed: no lease is opened any more, and no floor holds.
    #[arg(long)]
    end: bool,
}

impl Mandate {
    pub(crate) async fn carry_out(self, remote: &Remote) -> Result<Value, Fault> {
        let file = remote.key.as_deref();
        let file = file.ok_or_else(|| Fault::CouldNotRun("--key is needed: whose mandate it is".to_owned()))?;
        let key = Key::read(file).or_fault("--key")?;
        let account = key.address();
        let rpc = Arc::new(connect(&self.rpc).await?);
        let contract = match self.contract {
            Some(contract) => contract,
            None => named_by(remote, rpc.network().id()).await?,
        };
        let escrow = Escrow::new(Arc::clone(&rpc), contract);
        let token = escrow.config().await.or_fault("asking the escrow contract")?.token();
        let now = rpc.head().await.or_fault("asking for the time")?.closed_at;
        let now = now.ok_or_else(|| Fault::CouldNotRun("the network does not tell the time".to_owned()))?;
        let until = now + u64::from(self.days) * SECONDS_PER_DAY;

        let sender = Sender::new(rpc, key);
        let (none, mut calls) = (Stroops::ZERO, Vec::new());
        if self.end {
            calls.push(escrow.set_tenant_mandate(account, token, none, none, 0));
            calls.push(escrow.set_provider_mandate(account, token, none, 0));
        }
        if let (Some(per_lease), Some(per_day)) = (self.per_lease, self.per_day) {
            calls.push(escrow.set_tenant_mandate(account, token, per_lease, per_day, until));
        }
        if let Some(floor) = self.floor {
            calls.push(escrow.set_provider_mandate(account, token, floor, until));
        }
        for call in calls {
            sender.call(call).await.map_err(unsent)?;
        }

        let lives = |until: u64| until >= now;
        let asked = "asking the escrow contract";
        let tenant = escrow.tenant_mandate(account, token).await.or_fault(asked)?;
        let tenant = tenant.filter(|mandate| lives(mandate.until));
        let provider = escrow.provider_mandate(account, token).await.or_fault(asked)?;
        let provider = provider.filter(|mandate| lives(mandate.until));
        Ok(json!({
            "address": account.to_string(),
            "contract": contract.to_string(),
            "perLease": tenant.map(|mandate| mandate.per_lease.to_string()),
            "perDay": tenant.map(|mandate| mandate.per_day.to_string()),
            "spentToday": tenant.map(|mandate| spent(&mandate, now).to_string()),
            "until": tenant.map(|mandate| micros(mandate.until)),
            "floor": provider.map(|mandate| mandate.floor_per_hour.to_string()),
            "floorUntil": provider.map(|mandate| micros(mandate.until)),
        }))
    }
}

fn spent(mandate: &TenantMandate, now: u64) -> Stroops {
    if mandate.day == now / SECONDS_PER_DAY { mandate.spent } else { Stroops::ZERO }
}

/// Times are told in microseconds everywhere.
const fn micros(seconds: u64) -> u64 {
    seconds.saturating_mul(MICROS_PER_SECOND)
}

/// The contract that a node's log settles in, on this network.
async fn named_by(remote: &Remote, network: [u8; 32]) -> Result<Address, Fault> {
    let first: Value = remote.client()?.get("/api/v1/events?from=1&limit=1").await.map_err(fault)?;
    let opened = &first["events"][0];
    if opened["network"] != hex::encode(network) {
        return Err(Fault::CouldNotRun("the node settles on another network than --rpc serves".to_owned()));
    }
    let mut contract = [0; 32];
    let text = opened["escrowContract"].as_str().unwrap_or_default();
    hex::decode_to_slice(text, &mut contract).or_fault("the node's log names no contract")?;
    Ok(Address::Contract(contract))
}

fn unsent(error: SendError) -> Fault {
    match error {
        SendError::Prepare(why) => Fault::Refused(format!("it is not signed: {why}")),
        other => Fault::CouldNotRun(other.to_string()),
    }
}
