//! `berth settle`: what the settler has still to do, and the exchange's money
//! against the contract's.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use berth_domain::{AccountId, ClientId, Digest, LeaseState, Stroops};
use berth_exchange::Exchange;
use berth_journal::{DataDir, replay};
use berth_settlement::chain::{Address, Rpc};
use berth_settlement::contract::Escrow;
use berth_settlement::{Comparison, Expectation, Inspection, Pending, Split, compare};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::backup::SETTLEMENT;
use crate::fault::{Fault, While};
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct Settle {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Shows what the settler has still to do on the chain, how far it is and what
    /// people must look at. It reads the node's data, also beside a running one.
    Status {
        /// The node's data directory.
        #[arg(long, default_value = "berth-data", env = "BERTH_DATA")]
        data: PathBuf,
    },
    /// Compares every account and lease with the contract, to the stroop. What is
    /// on its way between the two counts as a difference until it has arrived.
    Reconcile {
        /// The node's data directory.
        #[arg(long, default_value = "berth-data", env = "BERTH_DATA")]
        data: PathBuf,
        /// JSON-RPC of the Stellar network.
        #[arg(long, env = "BERTH_RPC")]
        rpc: String,
        /// Shows what agrees as well.
        #[arg(long)]
        all: bool,
    },
}

impl Settle {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        match self.verb {
            Verb::Status { data } => status(&data, format),
            Verb::Reconcile { data, rpc, all } => reconciled(&data, &rpc, all, format).await,
        }
    }
}

async fn reconciled(data: &Path, rpc: &str, all: bool, format: Format) -> Result<(), Fault> {
    let books = Books::read(data)?;
    let escrow = books.escrow(rpc).await?;
    let expected = books.expectation();
    let mut compared = compare(&escrow, &expected).await.or_fault("asking the contract")?;
    let differences = compared.iter().filter(|one| !one.agrees()).count();
    compared.retain(|one| all || !one.agrees());
    let row = |one: &Comparison| {
        json!({
            "subject": one.subject.to_string(),
            "exchange": one.exchange.to_string(),
            "contract": one.contract.to_string(),
            "agrees": one.agrees(),
        })
    };
    let rows: Vec<Value> = compared.iter().map(row).collect();
    let columns: &[&str] =
        if all { &["subject", "exchange", "contract", "agrees"] } else { &["subject", "exchange", "contract"] };
    output::list(format, &rows, columns);
    eprintln!("{} accounts and {} leases compared", expected.balances.len(), expected.leases.len());
    match differences {
        0 => Ok(()),
        1 => Err(Fault::Refused("1 difference".to_owned())),
        n => Err(Fault::Refused(format!("{n} differences"))),
    }
}

fn status(data: &Path, format: Format) -> Result<(), Fault> {
    let books = Books::read(data)?;
    let log = books.log.ok_or_else(|| Fault::CouldNotRun("this data directory holds no log".into()))?;
    let folder = data.join(SETTLEMENT);
    let found = Inspection::read(&folder, &hex::encode(log.0)).or_fault("reading the settler's database")?;
    let found =
        found.ok_or_else(|| Fault::CouldNotRun(format!("there is no settler's database in {}", folder.display())))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let pending: Vec<Value> = found.pending.iter().map(|one| pending(one, now)).collect();
    let mut told = json!({
        "settlesIn": found.chain,
        "nextEntry": found.exchange_cursor,
        "logHead": books.last_entry,
        "chainCursor": found.chain_cursor,
        "pending": found.pending.len(),
        "inFlight": found.pending.iter().filter(|one| one.envelope.is_some()).count(),
        "oldestSeconds": found.pending.iter().map(|one| now.saturating_sub(one.planned_at)).max(),
        "failed": found.failed.len(),
        "unreported": found.unreported,
        "refusedFacts": found.refused.len(),
    });
    let troubles = found.failed.iter().map(|(name, why)| (name.to_string(), why));
    let troubles = troubles.chain(found.refused.iter().map(|(what, why)| (format!("refused fact {what}"), why)));
    let troubles: Vec<Value> = troubles.map(|(what, why)| json!({ "what": what, "why": why })).collect();
    if format == Format::Table {
        output::object(format, &told);
        let columns =
            ["what", "seq", "stage", "channel", "attempts", "waitsSeconds", "tx", "validUntilLedger", "error"];
        if !pending.is_empty() {
            output::list(format, &pending, &columns);
        }
        if !troubles.is_empty() {
            output::list(format, &troubles, &["what", "why"]);
        }
    } else {
        told["items"] = pending.into();
        told["troubles"] = troubles.into();
        output::object(format, &told);
    }
    match found.refused.len() {
        0 => Ok(()),
        n => Err(Fault::Refused(format!("the exchange refused {n} facts of the chain"))),
    }
}

fn pending(one: &Pending, now: u64) -> Value {
    let mut row = json!({
        "what": one.name.to_string(),
        "seq": one.seq,
        "stage": if one.envelope.is_some() { "sealed" } else { "planned" },
        "attempts": one.attempts,
        "waitsSeconds": now.saturating_sub(one.planned_at),
        "error": one.last_error,
    });
    if let Some(envelope) = &one.envelope {
        row["tx"] = envelope.tx.clone().into();
        row["channel"] = envelope.channel.into();
        row["validUntilLedger"] = envelope.valid_until_ledger.into();
        row["validUntil"] = envelope.valid_until.into();
        row["sharedBy"] = envelope.shared_by.into();
    }
    row
}

/// The exchange's books, replayed from its log.
pub(crate) struct Books {
    pub(crate) exchange: Exchange,
    /// What tells this log from all others.
    log: Option<Digest>,
    /// Its last entry.
    last_entry: u64,
}

impl Books {
    pub(crate) fn read(data: &Path) -> Result<Self, Fault> {
        let replica = replay(&DataDir::new(data), |_, _| ControlFlow::Continue(())).or_fault("replaying the log")?;
        Ok(Self { exchange: replica.exchange().clone(), log: replica.log_id(), last_entry: replica.tip().seq.0 })
    }

    /// The contract that the log's genesis names.
    pub(crate) async fn escrow(&self, rpc: &str) -> Result<Escrow, Fault> {
        let genesis =
            self.exchange.genesis().ok_or_else(|| Fault::CouldNotRun("this data directory holds no log".into()))?;
        // Who asks wants to know now: nobody there is an answer as well.
        let rpc = Rpc::connect(rpc).await.or_fault("connecting to --rpc")?;
        if rpc.network().id() != genesis.network.0 {
            return Err(Fault::CouldNotRun("this log settles on another network than --rpc serves".into()));
        }
        Ok(Escrow::new(Arc::new(rpc), Address::Contract(genesis.escrow_contract.0)))
    }

    /// Whether an account has placed the order that it calls `client_id`.
    pub(crate) fn has_order(&self, address: Address, client_id: &str) -> bool {
        let Some(account) = self.account(address) else { return false };
        let own = |name: &ClientId| name.as_str() == client_id;
        self.exchange.orders().any(|order| order.account == account && order.client_id.as_ref().is_some_and(own))
    }

    /// What is held for an account's open orders.
    pub(crate) fn held(&self, address: Address) -> Stroops {
        self.account(address).map_or(Stroops::ZERO, |account| self.exchange.balances(account).held)
    }

    fn account(&self, address: Address) -> Option<AccountId> {
        self.exchange.accounts().find(|account| Address::Account(account.address.0) == address).map(|found| found.id)
    }

    /// What the contract must hold when nothing is on its way. The escrow of a
    /// lease that the chain has not locked yet is still in its tenant's
    /// balance there.
    pub(crate) fn expectation(&self) -> Expectation {
        let mut unlocked: BTreeMap<_, Stroops> = BTreeMap::new();
        let mut leases = Vec::new();
        for lease in self.exchange.leases() {
            let locked = if lease.is_escrowed() && lease.paid_at.is_none() { lease.escrow } else { Stroops::ZERO };
            leases.push((lease.id, locked));
            if !lease.is_escrowed() && lease.state != LeaseState::Closed {
                *unlocked.entry(lease.tenant).or_default() += lease.escrow;
            }
        }
        let inside = self.exchange.ledger().inside();
        let mut expected = Expectation { leases, inside, ..Expectation::default() };
        for lease in self.exchange.leases().filter(|lease| lease.paid_at.is_some() && lease.is_escrowed()) {
            let refund = lease.escrow.checked_sub(lease.pay).unwrap_or_default();
            expected.splits.push((lease.id, Split { pay: lease.pay, fee: lease.fee, refund }));
        }
        for account in self.exchange.accounts() {
            let address = Address::Account(account.address.0);
            let balances = self.exchange.balances(account.id);
            let waiting = unlocked.get(&account.id).copied().unwrap_or_default();
            // The contract has paid out what is owed, out of what waits here.
            let there = (balances.available + balances.held + waiting).checked_sub(balances.owed);
            expected.balances.push((address, there.unwrap_or_default()));
            expected.withdrawals.push((address, balances.withdrawing));
        }
        expected
    }
}
