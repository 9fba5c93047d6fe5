//! Folders for what a RocksDB secondary notes for itself. They lie in the
//! temporary folder of the machine, since a data directory that is only read may
//! not be writable, and go with their owner. What a killed one left is removed by
//! the next: the lock on a folder dies with its process.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

const PREFIX: &str = "berth-scratch-";
/// A folder is made and then locked: younger ones are left alone.
const AGE_MIN: Duration = Duration::from_secs(60);

/// A folder that is removed with this value, or later by somebody else's.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    /// Holds the lock.
    _open: File,
}

impl Scratch {
    pub(crate) fn new() -> io::Result<Self> {
        Self::below(&std::env::temp_dir())
    }

    fn below(base: &Path) -> io::Result<Self> {
        sweep(base);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(base)?;
        let open = File::open(folder.path())?;
        flock(&open, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self { folder, _open: open })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes folders whose owners are gone. What cannot be looked at or removed is
/// another user's, or another process is faster.
fn sweep(base: &Path) {
    let user = rustix::process::geteuid().as_raw();
    for file in fs::read_dir(base).into_iter().flatten().flatten() {
        if !file.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let path = file.path();
        // Not through a link.
        let Ok(of) = fs::symlink_metadata(&path) else { continue };
        let is_old = of.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age >= AGE_MIN));
        if !of.is_dir() || of.uid() != user || !is_old {
            continue;
        }
        let Ok(open) = File::open(&path) else { continue };
        if flock(&open, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let base = tempfile::tempdir().unwrap();
        let age = |path: &Path| {
            let old = SystemTime::now() - 2 * AGE_MIN;
            File::open(path).unwrap().set_modified(old).unwrap();
        };
        let in_use = Scratch::below(base.path()).unwrap();
        fs::write(in_use.path().join("MANIFEST"), "notes").unwrap();
        age(in_use.path());
        let [left, young, other] = ["berth-scratch-left", "berth-scratch-young", "other"].map(|name| {
            let path = base.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("MANIFEST"), "notes").unwrap();
            path
        });
        let linked = base.path().join("berth-scratch-link");
        std::os::unix::fs::symlink(&other, &linked).unwrap();
        [&left, &other].iter().for_each(|path| age(path));

        let again = Scratch::below(base.path()).unwrap();
        assert!(!left.exists());
        assert!(young.exists() && linked.exists() && other.join("MANIFEST").exists());
        assert!(in_use.path().join("MANIFEST").exists());
        let gone = again.path().to_owned();
        drop(again);
        assert!(!gone.exists());
    }
}
