//! `berth settle reconcile`: the exchange's money against the contract's.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use berth_domain::{AccountId, ClientId, LeaseState, Stroops};
use berth_exchange::Exchange;
use berth_journal::{DataDir, replay};
use berth_settlement::chain::Address;
use berth_settlement::contract::Escrow;
use berth_settlement::{Expectation, reconcile};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::fault::{Fault, While};
use crate::output::{self, Format};
use crate::serve::connect;

#[derive(Args)]
pub(crate) struct Settle {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Compares every account and lease with the contract, to the stroop. What is
    /// on its way between the two counts as a difference until it has arrived.
    Reconcile {
        /// The node's data directory.
        #[arg(long, default_value = "berth-data", env = "BERTH_DATA")]
        data: PathBuf,
        /// JSON-RPC of the Stellar network.
        #[arg(long, env = "BERTH_RPC")]
        rpc: String,
    },
}

impl Settle {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        let Verb::Reconcile { data, rpc } = self.verb;
        let books = Books::read(&data)?;
        let escrow = books.escrow(&rpc).await?;
        let expected = books.expectation();
        let differences = reconcile(&escrow, &expected).await.or_fault("asking the contract")?;
        let items: Vec<_> = differences
            .iter()
            .map(|d| {
                json!({
                    "subject": d.subject.to_string(),
                    "exchange": d.exchange.to_string(),
                    "contract": d.contract.to_string(),
                })
            })
            .collect();
        output::list(format, &items, &["subject", "exchange", "contract"]);
        eprintln!("{} accounts and {} leases compared", expected.balances.len(), expected.leases.len());
        match differences.len() {
            0 => Ok(()),
            n => Err(Fault::Refused(format!("{n} differences"))),
        }
    }
}

/// The exchange's books, replayed from its log.
pub(crate) struct Books {
    pub(crate) exchange: Exchange,
}

impl Books {
    pub(crate) fn read(data: &Path) -> Result<Self, Fault> {
        let replica = replay(&DataDir::new(data), |_, _| ControlFlow::Continue(())).or_fault("replaying the log")?;
        Ok(Self { exchange: replica.exchange().clone() })
    }

    /// The contract that the log's genesis names.
    pub(crate) async fn escrow(&self, rpc: &str) -> Result<Escrow, Fault> {
        let genesis =
            self.exchange.genesis().ok_or_else(|| Fault::CouldNotRun("this data directory holds no log".into()))?;
        let rpc = connect(rpc).await?;
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
        let mut expected = Expectation { leases, ..Expectation::default() };
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
