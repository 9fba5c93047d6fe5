//! `berth demo`: the guided first lease. It starts the real processes, a local
//! Stellar ledger, a node and two providers, takes a tenant from order to
//! payment, and shows every station as it happens.

mod asking;
mod cast;
mod child;
mod feed;
mod folder;
mod image;
mod leftovers;
mod money;
mod page;
mod show;
mod stations;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use berth_executor::docker::Engine;
use clap::Args;
use tokio::sync::mpsc;

use self::cast::Cast;
use self::folder::Folder;
use self::show::Show;
use crate::fault::Fault;
use crate::process::asked_to_end;

#[derive(Args)]
pub(crate) struct Demo {
    /// Where everything is kept; the next run goes on from there.
    #[arg(long, default_value = "berth-demo", env = "BERTH_DEMO_DATA")]
    data: PathBuf,
    /// Ends after the last station instead of staying up.
    #[arg(long)]
    exit: bool,
    /// Begins anew: deletes what earlier runs kept in --data and left on the engine.
    #[arg(long)]
    fresh: bool,
    /// An image to run instead of the demo's own page; it must serve HTTP on port 80.
    #[arg(long)]
    image: Option<String>,
    /// Where the node listens; loopback only.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The Docker engine.
    #[arg(long, env = "DOCKER_HOST")]
    docker: Option<String>,
}

impl Demo {
    pub(crate) async fn run(self) -> Result<(), Fault> {
        let show = Arc::new(Show::begin());
        // Nothing is deleted before it is known that the demo can begin.
        let folder = Folder::enter(&self.data)?;
        self.check_listen()?;
        let engine = image::engine(self.docker.as_deref()).await?;
        if self.fresh {
            clear(&folder, &engine, &show).await?;
        }

        let (failed, mut failures) = mpsc::unbounded_channel();
        let mut cast = Cast::assemble(&self, &show, failed)?;
        let mut ends = pin!(asked_to_end(false));
        let mut ended = tokio::select! {
            played = stations::play(&self, &engine, &folder, &mut cast, &show) => played.map(Some),
            asked = &mut ends => asked.map(|()| None),
            Some(fault) = failures.recv() => Err(fault),
        };
        if let (Ok(Some(lease)), false) = (&ended, self.exit) {
            show.stays(&cast.node_url(), cast.rpc_url(), &cast.node_data(), *lease);
            let stays = tokio::select! {
                asked = &mut ends => asked,
                Some(fault) = failures.recv() => Err(fault),
            };
            ended = stays.and(ended);
        }
        if let Err(fault) = &ended {
            show.note(&format!("the logs of the processes are in {}", cast.logs().display()));
            show.note(&format!("it ended early: {fault}"));
        }
        show.note("ending the processes");
        cast.dismiss().await;
        tell_leftovers(&folder, &engine, &show).await;
        match ended? {
            Some(_) => Ok(()),
            None => Err(Fault::CouldNotRun("the demo was ended before its last station".into())),
        }
    }

    /// Asked now, so that the words are about the address and not about a child
    /// that ended.
    fn check_listen(&self) -> Result<(), Fault> {
        if !self.listen.ip().is_loopback() {
            return Err(Fault::CouldNotRun(format!(
                "the demo's node trusts whoever connects, so it listens on loopback only, not on {}",
                self.listen
            )));
        }
        TcpListener::bind(self.listen).map(drop).map_err(|cause| {
            Fault::CouldNotRun(format!("{} cannot be listened on ({cause}); choose another with --listen", self.listen))
        })
    }
}

/// Removes what earlier runs left, on the engine first: the folder knows whose
/// it is.
async fn clear(folder: &Folder, engine: &Engine, show: &Show) -> Result<(), Fault> {
    if let Some(log) = folder.log() {
        for lease in leftovers::clear(engine, &log).await? {
            show.note(&format!("what an earlier run left of lease {lease} on the Docker engine is removed"));
        }
    }
    folder.clear()
}

/// A lease that the demo did not wait for goes on without it.
async fn tell_leftovers(folder: &Folder, engine: &Engine, show: &Show) {
    let Some(log) = folder.log() else { return };
    match leftovers::leases(engine, &log).await {
        Ok(leases) => leases.into_iter().for_each(|lease| {
            show.note(&format!(
                "lease {lease} is left with its container: the next run goes on from there, --fresh removes it"
            ));
        }),
        Err(fault) => show.note(&fault.to_string()),
    }
}
