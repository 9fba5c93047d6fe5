//! The Stellar network that a node settles on, and the escrow contract there.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use berth_ledger::{Config, Server};
use berth_settlement::chain::{Address, Key, Rpc, Sender, Signer};
use berth_settlement::contract::{Config as EscrowConfig, Escrow, deploy};
use berth_settlement::fund;

use crate::backup::LEDGER;
use crate::fault::{Fault, While};

/// The escrow contract's wasm, as committed with its hash.
const ESCROW_WASM: &[u8] = include_bytes!("../../../settlement/contracts/wasm/escrow.wasm");
/// The platform's fee: 5 %.
const FEE_BPS: u32 = 500;
/// How long an account waits when the operator does not co-sign its withdrawal.
const WITHDRAW_DELAY_S: u64 = 86_400;
/// How long after its deadline a lease may still be settled, in seconds: an operator
/// who was away for a day has not lost its providers' pay.
const WINDOW_S: u64 = 86_400;
/// From when on a tenant may cancel a lease, in seconds after its opening.
const CANCEL_AFTER_S: u64 = 86_400;
/// How long to wait for an RPC that is just starting.
const RPC_TRIES: u32 = 120;
const RPC_PAUSE: Duration = Duration::from_millis(500);

/// A network, which may be one inside this process.
pub(crate) struct Chain {
    url: String,
    rpc: Arc<Rpc>,
    embedded: Option<Server>,
}

impl Chain {
    /// Whether the local network that a log settles on is there: it was deployed to
    /// once, and on a new one nothing of it is known.
    pub(crate) fn check_kept(data: &Path) -> Result<(), Fault> {
        let ledger = data.join(LEDGER);
        if ledger.join("CURRENT").exists() {
            return Ok(());
        }
        Err(Fault::CouldNotRun(format!(
            "this log settles on a local Stellar network, and {} does not hold it: put that folder back, or name the \
             network with --rpc",
            ledger.display()
        )))
    }

    /// Connects to `url`, or in open mode starts a local network.
    pub(crate) async fn reach(data: &Path, url: Option<&str>, open: bool) -> Result<Self, Fault> {
        let embedded = match (url, open) {
            (Some(_), _) => None,
            (None, true) => {
                let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
                let server = Server::start(Config::new(data.join(LEDGER)), loopback).await;
                Some(server.or_fault("starting the local Stellar network")?)
            }
            (None, false) => {
                return Err(Fault::CouldNotRun(
                    "--rpc is needed: the JSON-RPC of the Stellar network to settle on (or --open to try Berth out)"
                        .into(),
                ));
            }
        };
        let url = embedded.as_ref().map_or_else(|| url.unwrap_or_default().to_owned(), Server::url);
        let rpc = connect(&url).await?;
        Ok(Self { url, rpc: Arc::new(rpc), embedded })
    }

    /// Its JSON-RPC.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is inside this process.
    pub(crate) const fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// The network's passphrase.
    pub(crate) fn passphrase(&self) -> &str {
        &self.rpc.network().passphrase
    }

    /// The network's id: SHA-256 of its passphrase.
    pub(crate) fn network(&self) -> [u8; 32] {
        self.rpc.network().id()
    }

    /// An escrow contract that is there.
    pub(crate) fn contract(&self, contract: Address) -> Escrow {
        Escrow::new(self.rpc.clone(), contract)
    }

    /// Deploys the escrow contract, or finds the one that was deployed for this
    /// operator before, on a network that gives test money away.
    pub(crate) async fn deploy(&self, operator: &Signer, treasury: &Key, receipts: &Key) -> Result<Escrow, Fault> {
        fund(&self.rpc, operator.address()).await.or_fault("funding the operator's account")?;
        let sender = Sender::new(self.rpc.clone(), operator.clone());
        let config = EscrowConfig {
            operator: operator.address(),
            treasury: treasury.address(),
            tokens: vec![self.rpc.network().native_token()],
            fee_bps: FEE_BPS,
            withdraw_delay: WITHDRAW_DELAY_S,
            receipt_key: receipts.signing_key().verifying_key().to_bytes(),
            window: WINDOW_S,
            cancel_after: CANCEL_AFTER_S,
        };
        let id = deploy(&sender, ESCROW_WASM, &config).await.or_fault("deploying the escrow contract")?;
        Ok(self.contract(id))
    }

    pub(crate) async fn shutdown(self) -> Result<(), Fault> {
        match self.embedded {
            Some(server) => server.shutdown().await.or_fault("stopping the local Stellar network"),
            None => Ok(()),
        }
    }
}

/// Connects to an RPC that may be starting at this moment.
pub(crate) async fn connect(url: &str) -> Result<Rpc, Fault> {
    let mut tries = 0;
    loop {
        tries += 1;
        match Rpc::connect(url).await {
            Ok(rpc) => return Ok(rpc),
            Err(cause) if tries >= RPC_TRIES => return Err(Fault::while_doing(&format!("connecting to {url}"), cause)),
            Err(_) => tokio::time::sleep(RPC_PAUSE).await,
        }
    }
}
