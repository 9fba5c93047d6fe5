//! The house agent: serves the hosts that have no agent of their own, on this
//! machine's Docker engine. It never bids.

use std::path::PathBuf;
use std::time::Duration;

use berth_executor::{Agent, AgentConfig, AgentError, Leases};
use tokio::sync::watch;
use tracing::{info, warn};

/// How long to wait for an engine that does not answer.
const ENGINE_PAUSE: Duration = Duration::from_secs(5);

pub(super) async fn run(url: String, data: PathBuf, docker: Option<String>, mut end: watch::Receiver<bool>) {
    let mut told = false;
    loop {
        let mut config = AgentConfig::new(&url, Leases::House, data.join("house"));
        config.docker.clone_from(&docker);
        match Agent::connect(config).await {
            Ok(agent) => {
                info!("the house agent serves hosts without an agent");
                agent.run(asked(&mut end)).await;
                return;
            }
            Err(error @ AgentError::NoEngine(_)) => {
                if !told {
                    warn!("no house agent: {error}");
                    told = true;
                }
            }
            Err(error) => {
                warn!("no house agent: {error}");
                return;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(ENGINE_PAUSE) => {}
            () = asked(&mut end) => return,
        }
    }
}

async fn asked(end: &mut watch::Receiver<bool>) {
    // A sender that is gone means that the node ends.
    let _ = end.wait_for(|end| *end).await;
}
