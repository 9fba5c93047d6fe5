//! What the node makes for auditors.

use std::path::Path;

use berth_domain::Digest;
use berth_journal::{CheckpointConfig, FollowerConfig};
use berth_merkle::NoteSigner;

use crate::fault::{Fault, While};
use crate::keys;

/// Snapshots and signed checkpoints, and the key that the latter are verified
/// with. The checkpoints' origin is `berth/` and the log's id, so no two logs
/// share one.
pub(super) fn config(data: &Path, log_id: Digest) -> Result<(FollowerConfig, String), Fault> {
    let key = keys::kept(data, "log")?.signing_key();
    let signer = NoteSigner::new(&format!("berth/{log_id}"), key).or_fault("naming the log's key")?;
    let key = signer.key().to_string();
    Ok((FollowerConfig { checkpoints: Some(CheckpointConfig::new(signer)), ..FollowerConfig::default() }, key))
}
