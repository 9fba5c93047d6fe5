//! `berth demo`: the guided first lease. It starts the real processes, a local
//! Stellar ledger, a node and two providers, takes a tenant from order to
//! payment, and shows every station as it happens.

mod cast;
mod child;
mod feed;
mod image;
mod money;
mod show;
mod stations;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use self::cast::Cast;
use self::show::Show;
use crate::fault::{Fault, While};
use crate::process::asked_to_end;

#[derive(Args)]
pub(crate) struct Demo {
    /// Where everything is kept; the next run goes on from there.
    #[arg(long, default_value = "berth-data", env = "BERTH_DATA")]
    data: PathBuf,
    /// Ends after the last station instead of staying up.
    #[arg(long)]
    exit: bool,
    /// Begins anew: deletes what earlier runs kept in --data.
    #[arg(long)]
    fresh: bool,
    /// An image to run instead of the demo's own page; it must serve HTTP on port 80.
    #[arg(long)]
    image: Option<String>,
    /// Where the node listens.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The Docker engine.
    #[arg(long, env = "DOCKER_HOST")]
    docker: Option<String>,
}

/// What marks a folder as the demo's own, so that --fresh deletes nothing else.
const MARK: &str = "berth-demo";

impl Demo {
    pub(crate) async fn run(self) -> Result<(), Fault> {
        let show = Arc::new(Show::begin());
        self.prepare()?;
        let mut cast = Cast::assemble(&self, &show).await?;
        let played = stations::play(&self, &mut cast, &show).await;
        if let Err(fault) = &played {
            show.note(&format!("the logs of the processes are in {}", cast.logs().display()));
            show.note(&format!("it ended early: {fault}"));
        } else if !self.exit {
            show.stays(&cast.node_url());
            asked_to_end(false).await?;
        }
        cast.dismiss().await;
        played
    }

    /// Makes the data folder, and with `--fresh` empties it first.
    fn prepare(&self) -> Result<(), Fault> {
        let mark = self.data.join(MARK);
        let used = self.data.is_dir() && fs::read_dir(&self.data).or_fault("reading the data folder")?.next().is_some();
        if used && !mark.exists() {
            return Err(Fault::CouldNotRun(format!(
                "{} holds something that is not the demo's; choose another folder with --data",
                self.data.display()
            )));
        }
        if self.fresh && used {
            fs::remove_dir_all(&self.data).or_fault("emptying the data folder")?;
        }
        fs::create_dir_all(&self.data).or_fault("making the data folder")?;
        fs::write(mark, "").or_fault("marking the data folder")?;
        // Asked for now, so that the words are about the port and not about a
        // child that ended.
        TcpListener::bind(self.listen).map(drop).map_err(|cause| {
            Fault::CouldNotRun(format!("{} cannot be listened on ({cause}); choose another with --listen", self.listen))
        })
    }
}
