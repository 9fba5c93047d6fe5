//! A log, walked from its first entry to wherever the verb has seen enough.

use std::ops::ControlFlow;
use std::path::PathBuf;

use berth_audit::{Moment, Player};
use berth_client::Client;
use berth_domain::Seq;
use berth_exchange::Exchange;
use berth_journal::{DataDir, exchange_at};
use clap::Args;

use super::node_log::NodeLog;
use super::progress::Progress;
use super::source::{Log, Source};
use crate::config::of_file;
use crate::fault::{Fault, While};
use crate::remote::Authority;

/// Where a log is read: a data directory, or a node that serves its log.
#[derive(Args)]
pub(crate) struct Data {
    /// The node's data directory [env: BERTH_DATA] [default: berth-data].
    #[arg(long, global = true)]
    data: Option<PathBuf>,
    /// A node that is asked for its log instead, such as http://127.0.0.1:3000
    /// [env: BERTH_URL].
    #[arg(long, global = true)]
    url: Option<String>,
    #[command(flatten)]
    token: Token,
}

/// The operator's token, for what a node withholds while an auction is open.
#[derive(Args)]
pub(crate) struct Token {
    /// A file with the operator's token, such as DATA/operator.token: a node then
    /// serves what it withholds while an auction is open. Without it, the token in
    /// BERTH_TOKEN.
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    authority: Authority,
}

impl Token {
    /// A client of a node, with what there is.
    pub(crate) fn client(&self, url: &str) -> Result<Client, Fault> {
        self.authority.client(url, self.read()?)
    }

    fn read(&self) -> Result<Option<String>, Fault> {
        match &self.token_file {
            Some(file) => {
                let token = crate::file::text(file)?;
                Ok(Some(token.trim().to_owned()))
            }
            None => Ok(std::env::var("BERTH_TOKEN").ok().filter(|token| !token.is_empty())),
        }
    }
}

impl Data {
    /// Where it is: what a flag says, else what the environment says, else the
    /// folder that `serve` uses, which a file of settings may name.
    ///
    /// # Errors
    /// When it is no URL, or the environment names both.
    pub(crate) fn source(&self) -> Result<Source, Fault> {
        let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let node = |url: &str| NodeLog::new(url, &self.token).map(Box::new).map(Source::Node);
        match (&self.data, &self.url) {
            // They may stand before and behind the name of a verb, so it is seen here.
            (Some(_), Some(_)) => {
                return Err(Fault::CouldNotRun("--data and --url both name a log: one of them is meant".to_owned()));
            }
            (Some(data), None) => return Ok(Source::Folder(DataDir::new(data))),
            (None, Some(url)) => return node(url),
            (None, None) => {}
        }
        match (named("BERTH_DATA"), named("BERTH_URL")) {
            (Some(_), Some(_)) => {
                let detail = "BERTH_DATA and BERTH_URL both name a log: say --data or --url";
                Err(Fault::CouldNotRun(detail.to_owned()))
            }
            (None, Some(url)) => node(&url),
            (data, None) => {
                let kept = || of_file("data").unwrap_or("berth-data").to_owned();
                Ok(Source::Folder(DataDir::new(data.unwrap_or_else(kept))))
            }
        }
    }

    /// Whether a flag names it.
    pub(crate) const fn is_named(&self) -> bool {
        self.data.is_some() || self.url.is_some()
    }

    /// The log as it is now.
    pub(crate) fn open(&self) -> Result<Log, Fault> {
        self.source()?.open()
    }

    /// Plays the log and shows each entry as it was applied, until `visit` breaks.
    /// Gives the player where it ended.
    ///
    /// # Errors
    /// Those of `visit`, and when the log cannot be read or does not link; what is
    /// wrong with it, `verify` says.
    pub(crate) fn walk(
        &self,
        mut visit: impl FnMut(&Moment<'_>) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<Player, Fault> {
        let mut player = Player::new();
        let mut progress = Progress::new();
        let log = self.open()?;
        for batch in log.linked() {
            for entry in &batch?.entries {
                let moment = player.play(entry).or_fault("playing the log")?;
                progress.at(entry.seq);
                if visit(&moment)?.is_break() {
                    return Ok(player);
                }
            }
        }
        Ok(player)
    }

    /// The state behind an entry: of a folder from the nearest snapshot; of a node
    /// from the beginning of its log, since nothing else of it can be checked.
    ///
    /// # Errors
    /// When the log cannot be read, or ends before it.
    pub(crate) fn state_at(&self, seq: Seq) -> Result<Exchange, Fault> {
        if seq == Seq(0) {
            return Err(Fault::CouldNotRun("seq: the first entry is 1".to_owned()));
        }
        let what = format!("the state behind entry {seq}");
        if let Source::Folder(dir) = self.source()? {
            return exchange_at(&dir, seq, u64::MAX).or_fault(&what);
        }
        let player = self
            .walk(|moment| Ok(if moment.seq() < seq { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }))?;
        let x = player.exchange();
        match x.head() {
            head if head == seq => Ok(x.clone()),
            head => Err(Fault::CouldNotRun(format!("{what}: the log ends at entry {head}"))),
        }
    }
}
