//! `berth backup` and `berth restore`: a copy of a node's data, made while it
//! runs, and the data out of the copy. Either is there whole or not at all: half a
//! log would be served as if it were one.

mod place;

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use berth_journal::{DataDir, copy, copy_database, replay};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::place::Place;
use crate::fault::{Fault, While};
use crate::output::{self, Format};

/// What a backup says of itself.
const MANIFEST: &str = "backup.json";

/// The folder of the settler's database.
pub(crate) const SETTLEMENT: &str = "settlement";

/// The folder of the local Stellar network of an `--open` node.
pub(crate) const LEDGER: &str = "ledger";

/// The folder of the node's keys.
const KEYS: &str = "keys";

#[derive(Args)]
pub(crate) struct Backup {
    /// The node's data directory.
    #[arg(long, default_value = "berth-data", env = "BERTH_DATA")]
    data: PathBuf,
    /// Where the copy goes: a folder that is empty or not there yet.
    out: PathBuf,
}

#[derive(Args)]
pub(crate) struct Restore {
    /// The copy.
    from: PathBuf,
    /// The new data directory: empty or not there yet.
    #[arg(long, default_value = "berth-data", env = "BERTH_DATA")]
    data: PathBuf,
}

/// What the copied log is and where it ends.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    log_id: String,
    seq: u64,
    batch: String,
    state_hash: String,
}

impl Backup {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let place = Place::of(&self.out)?;
        let manifest = copy_all(&self.data, &place.unfinished())?;
        let text = serde_json::to_string_pretty(&manifest).or_fault("writing the manifest")?;
        fs::write(place.unfinished().join(MANIFEST), format!("{text}\n")).or_fault("writing the manifest")?;
        place.take()?;
        output::object(format, &json!(manifest));
        Ok(())
    }
}

impl Restore {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let path = self.from.join(MANIFEST);
        let text = fs::read(&path).or_fault(&format!("reading {}", path.display()))?;
        let told: Manifest = serde_json::from_slice(&text).or_fault(&format!("reading {}", path.display()))?;
        let place = Place::of(&self.data)?;
        let found = copy_all(&self.from, &place.unfinished())?;
        if found != told {
            return Err(Fault::Refused(format!("the copy is not what it was: {found:?}, and it says {told:?}")));
        }
        place.take()?;
        output::object(format, &json!(found));
        Ok(())
    }
}

/// Copies settlement, log, private store, the local network and keys, and replays
/// the copy. The settler's database comes first: what it knows is then in the log.
/// The network comes behind the log: what the log has of it is then there.
fn copy_all(from: &Path, to: &Path) -> Result<Manifest, Fault> {
    let what = format!("copying {}", from.display());
    // The settler's database is held back until the folder may have something
    // in it.
    let kept = tempfile::tempdir().or_fault(&what)?;
    let (settlement, held) = (from.join(SETTLEMENT), kept.path().join(SETTLEMENT));
    let settles = settlement.join("CURRENT").exists();
    if settles {
        copy_database(&settlement, &held, |_, _| Ok(true)).or_fault("copying the settler's database")?;
    }
    let copied = copy(&DataDir::new(from), &DataDir::new(to)).or_fault(&what)?;
    if settles {
        copy_database(&held, &to.join(SETTLEMENT), |_, _| Ok(true)).or_fault("copying the settler's database")?;
    }
    let ledger = from.join(LEDGER);
    if ledger.join("CURRENT").exists() {
        copy_database(&ledger, &to.join(LEDGER), |_, _| Ok(true)).or_fault("copying the local Stellar network")?;
    }
    copy_keys(&from.join(KEYS), &to.join(KEYS)).or_fault("copying the keys")?;
    let replica = replay(&DataDir::new(to), |_, _| ControlFlow::Continue(())).or_fault("replaying the copy")?;
    Ok(Manifest {
        log_id: copied.log_id.to_string(),
        seq: copied.tip.seq.0,
        batch: copied.tip.hash.to_string(),
        state_hash: replica.exchange().state_hash().root().to_string(),
    })
}

/// Keys are copied with their modes: nobody else may read them.
fn copy_keys(from: &Path, to: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    let files = match fs::read_dir(from) {
        Ok(files) => files,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    fs::DirBuilder::new().mode(0o700).create(to)?;
    for file in files {
        let file = file?;
        fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}
