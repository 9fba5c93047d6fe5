//! `berth ledger`: an embedded Stellar ledger.

use std::net::SocketAddr;
use std::path::PathBuf;

use berth_ledger::{Config, DEFAULT_PASSPHRASE, Server, Trouble};
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
    /// For how many ledgers transactions and events can be asked for.
    #[arg(long, value_name = "LEDGERS", default_value_t = 120_960)]
    retention: u32,
    /// How many ledgers a new persistent entry lives before it is archived.
    #[arg(long, value_name = "LEDGERS", default_value_t = 2_073_600)]
    persistent_ttl: u32,
    /// For tests: every so many sent transactions one is answered
    /// TRY_AGAIN_LATER; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 0)]
    try_again_every: u32,
    /// For tests: every so many ledgers one closes late; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 0)]
    late_every: u32,
    /// For tests: how late, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    late_ms: u64,
    /// Ends when standard input ends.
    #[arg(long, hide = true)]
    with_parent: bool,
}

impl Ledger {
    pub(crate) async fn run(self) -> Result<(), Fault> {
        let config = Config {
            passphrase: self.passphrase,
            close_ms: self.close_ms,
            retention_ledgers: self.retention,
            persistent_ttl_ledgers: self.persistent_ttl,
            trouble: Trouble {
                try_again_every: self.try_again_every,
                late_every: self.late_every,
                late_ms: self.late_ms,
            },
            ..Config::new(self.data)
        };
        let server = Server::start(config, self.listen).await.or_fault("starting the ledger")?;
        println!("a local Stellar network at {}", server.url());
        asked_to_end(self.with_parent).await?;
        server.shutdown().await.or_fault("stopping the ledger")
    }
}
