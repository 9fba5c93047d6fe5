//! What this host has to offer, for a provider's registration.

use std::io;
use std::path::Path;

use crate::docker::EngineFacts;

/// GPUs of one model. They are configured for now and not looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpus {
    /// The model without vendor words, such as `H100`.
    pub model: String,
    /// Memory of each, in GiB.
    pub vram_gib: u64,
    /// How many.
    pub count: u32,
}

/// A host's resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// Processors that the engine can give to containers.
    pub cpus: u64,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// Free disk where results are kept, in GiB.
    pub storage_gib: u64,
    /// Graphics processors.
    pub gpus: Vec<Gpus>,
}

impl Inventory {
    /// What the engine and the disk of `data` say, with the configured `gpus`.
    ///
    /// # Errors
    /// When `data` is not there or cannot be asked.
    pub fn take(engine: &EngineFacts, data: &Path, gpus: Vec<Gpus>) -> io::Result<Self> {
        let disk = rustix::fs::statvfs(data)?;
        let free = u128::from(disk.f_bavail) * u128::from(disk.f_frsize);
        let storage_gib = u64::try_from(free >> 30).unwrap_or(u64::MAX);
        Ok(Self { cpus: engine.cpus, memory_mib: engine.memory_mib, storage_gib, gpus })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inventory_is_the_engines_and_the_disks() {
        let engine = EngineFacts {
            host: "unix:///run/docker.sock".to_owned(),
            version: "28.2.2".to_owned(),
            cpus: 4,
            memory_mib: 8_192,
            root: "/var/lib/docker".to_owned(),
        };
        let gpus = vec![Gpus { model: "H100".to_owned(), vram_gib: 80, count: 1 }];
        let folder = tempfile::tempdir().expect("a temporary folder");
        let inventory = Inventory::take(&engine, folder.path(), gpus.clone()).expect("an inventory");
        assert_eq!((inventory.cpus, inventory.memory_mib), (4, 8_192));
        assert_eq!(inventory.gpus, gpus);
        let df = std::process::Command::new("df").args(["-Pk"]).arg(folder.path()).output().expect("df runs");
        let text = String::from_utf8(df.stdout).expect("df writes text");
        let kib: u64 =
            text.lines().nth(1).and_then(|row| row.split_whitespace().nth(3)).expect("a row").parse().expect("KiB");
        assert!(inventory.storage_gib.abs_diff(kib >> 20) <= 1, "{} GiB, df: {kib} KiB", inventory.storage_gib);
        assert!(Inventory::take(&engine, &folder.path().join("nothing"), vec![]).is_err());
    }
}
