//! What a demo leaves on the Docker engine when it ends before its lease does.

use std::collections::BTreeSet;

use berth_executor::docker::Engine;
use berth_executor::lease::LogId;
use berth_executor::plan::Labels;

use crate::fault::{Fault, While};

/// The leases of a log that have containers or networks.
pub(super) async fn leases(engine: &Engine, log: &str) -> Result<BTreeSet<u64>, Fault> {
    Ok(labels(engine, log).await?.iter().map(|labels| labels.lease.0).collect())
}

/// Removes the containers and networks of a log's leases, and answers whose
/// they were.
pub(super) async fn clear(engine: &Engine, log: &str) -> Result<BTreeSet<u64>, Fault> {
    let mut cleared = BTreeSet::new();
    for labels in labels(engine, log).await? {
        if cleared.insert(labels.lease.0) {
            engine.remove(&labels).await.or_fault("removing what the last demo left")?;
        }
    }
    Ok(cleared)
}

async fn labels(engine: &Engine, log: &str) -> Result<Vec<Labels>, Fault> {
    // A file that holds no id was cut off; nothing had a label with it yet.
    let Some(log) = LogId::parse(log.trim()) else { return Ok(Vec::new()) };
    let observed = engine.observe(&log).await.or_fault("looking for what the last demo left")?;
    Ok(observed.containers.into_iter().map(|container| container.labels).chain(observed.networks).collect())
}
