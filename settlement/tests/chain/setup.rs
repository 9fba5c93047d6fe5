//! A ledger, the contract on it, and accounts with money.

use std::sync::Arc;
use std::time::Duration;

use berth_ledger::{Config, Server};
use berth_settlement::chain::{Address, Key, Rpc, Sender};
use berth_settlement::contract::{Config as EscrowConfig, Escrow, Terms, deploy};
use berth_settlement::{ChannelsConfig, Faucet, SettlerConfig, fund};
use berth_wire::domain::{LeaseId, Stroops};
use tempfile::TempDir;

pub(crate) const WASM: &[u8] = include_bytes!("../../contracts/wasm/escrow.wasm");

/// Seconds after a deadline in which a lease may still be settled.
pub(crate) const WINDOW: u64 = 2;

/// A ledger in a temporary folder, and the escrow contract on it.
pub(crate) struct Chain {
    pub(crate) dir: TempDir,
    pub(crate) ledger: Option<Server>,
    pub(crate) url: String,
    pub(crate) rpc: Arc<Rpc>,
    pub(crate) escrow: Escrow,
    pub(crate) operator: Key,
    pub(crate) treasury: Address,
    pub(crate) deployer: Sender,
    pub(crate) config: EscrowConfig,
    /// Signs receipts.
    pub(crate) receipts: Key,
}

impl Chain {
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = ledger_config(&dir);
        change(&mut config);
        let ledger = Server::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = ledger.url();
        let rpc = Arc::new(Rpc::connect(&url).await.unwrap());
        let operator = Key::generate().unwrap();
        fund(&rpc, operator.address()).await.unwrap();
        let deployer = account(&rpc).await;
        let treasury = Key::generate().unwrap().address();
        let receipts = Key::generate().unwrap();
        let Address::Account(receipt_key) = receipts.address() else { unreachable!("a key's address is an account's") };
        let fixed = EscrowConfig {
            operator: operator.address(),
            treasury,
            tokens: vec![rpc.network().native_token()],
            fee_bps: 500,
            withdraw_delay: 3_600,
            receipt_key,
            window: WINDOW,
            cancel_after: 2,
        };
        let id = deploy(&deployer, WASM, &fixed).await.unwrap();
        let escrow = Escrow::new(Arc::clone(&rpc), id);
        let ledger = Some(ledger);
        Self { dir, ledger, url, rpc, escrow, operator, treasury, deployer, config: fixed, receipts }
    }

    /// Stops the ledger and starts it on the same data and port.
    pub(crate) async fn restart_ledger(&mut self) {
        let ledger = self.ledger.take().unwrap();
        let address = ledger.local_addr();
        ledger.shutdown().await.unwrap();
        self.ledger = Some(Server::start(ledger_config(&self.dir), address).await.unwrap());
    }

    /// A funded account that calls for itself.
    pub(crate) async fn account(&self) -> Sender {
        account(&self.rpc).await
    }

    /// A funded account with a mandate that allows anything.
    pub(crate) async fn allowing(&self) -> Sender {
        let key = Key::generate().unwrap();
        Faucet::new(self.escrow.clone()).unwrap().allow(key.clone()).await.unwrap();
        Sender::new(Arc::clone(&self.rpc), key)
    }

    /// A funded account with a mandate that allows anything, and `amount` in the
    /// contract.
    pub(crate) async fn tenant(&self, amount: Stroops) -> Sender {
        let tenant = self.allowing().await;
        let call = self.escrow.deposit(tenant.address(), tenant.address(), self.token(), amount);
        tenant.call(call).await.unwrap();
        tenant
    }

    /// What the contract takes.
    pub(crate) fn token(&self) -> Address {
        self.config.token()
    }

    /// A lease of 36 XLM an hour (a hundredth a second) that locks `amount`.
    pub(crate) fn terms(&self, tenant: Address, provider: Address, amount: &str, deadline: u64) -> Terms {
        let token = self.token();
        Terms { tenant, provider, token, rate_per_hour: xlm("36"), amount: xlm(amount), deadline }
    }

    pub(crate) fn operator(&self) -> Sender {
        Sender::new(Arc::clone(&self.rpc), self.operator.clone())
    }

    pub(crate) fn settler_config(&self) -> SettlerConfig {
        SettlerConfig {
            rpc_url: self.url.clone(),
            contract: self.escrow.id(),
            operator: self.operator.clone().into(),
            channels: ChannelsConfig { key: Key::from_seed(&[77; 32]), count: 4 },
            data_dir: self.dir.path().join("settler"),
            poll_ms: 50,
        }
    }

    /// What the contract has free for `account`.
    pub(crate) async fn balance(&self, account: Address) -> i64 {
        self.escrow.balance(account, self.token()).await.unwrap().get()
    }

    /// Everything that the contract holds of its token.
    pub(crate) async fn holdings(&self) -> i64 {
        self.escrow.token_balance(self.token(), self.escrow.id()).await.unwrap().get()
    }

    /// Seconds since 1970 by the ledger's clock.
    pub(crate) async fn now(&self) -> u64 {
        self.rpc.head().await.unwrap().closed_at.unwrap()
    }

    /// Waits until a ledger closes after `time`.
    pub(crate) async fn pass(&self, time: u64) {
        while self.now().await <= time {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn ledger_config(dir: &TempDir) -> Config {
    Config { close_ms: 50, ..Config::new(dir.path().join("ledger")) }
}

async fn account(rpc: &Arc<Rpc>) -> Sender {
    let key = Key::generate().unwrap();
    fund(rpc, key.address()).await.unwrap();
    Sender::new(Arc::clone(rpc), key)
}

pub(crate) fn xlm(text: &str) -> Stroops {
    text.parse().unwrap()
}

pub(crate) const LEASE: LeaseId = LeaseId(1);
