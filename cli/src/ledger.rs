//! `berth ledger`: an embedded Stellar ledger.

use std::net::SocketAddr;
use std::path::PathBuf;

use berth_ledger::{Config, DEFAULT_PASSPHRASE, Server};
use clap::Args;

use crate::fault::{Fault, While};
use crate::process::asked_to_end;

#[derive(Args)]
pub(crate) struct Ledger {
    /// Where the chain is kept.
    #[arg(long, default_value = "berth-data/ledger", env = "BERTH_LEDGER_DATA")]
    data: PathBuf,
    /// Where its JSON-RPC listens.
    #[arg(long, default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// The network's passphrase; never the public network's.
    #[arg(long, default_value = DEFAULT_PASSPHRASE)]
    passphrase: String,
    /// Milliseconds from one ledger to the next.
    #[arg(long, default_value_t = 1_000)]
    close_ms: u64,
    /// Ends when standard input ends.
    #[arg(long, hide = true)]
    with_parent: bool,
}

impl Ledger {
    pub(crate) async fn run(self) -> Result<(), Fault> {
        let mut config = Config::new(self.data);
        config.passphrase = self.passphrase;
        config.close_ms = self.close_ms;
        let server = Server::start(config, self.listen).await.or_fault("starting the ledger")?;
        println!("a local Stellar network at {}", server.url());
        asked_to_end(self.with_parent).await?;
        server.shutdown().await.or_fault("stopping the ledger")
    }
}
