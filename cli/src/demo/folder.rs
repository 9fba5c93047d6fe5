//! The demo's folder: marked as its own, held by one demo at a time, and what
//! it keeps there from run to run.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::fault::{Fault, While};

/// What marks a folder as the demo's own, so that --fresh deletes nothing else.
/// It is locked for as long as a demo uses the folder.
const MARK: &str = "berth-demo";

pub(super) struct Folder {
    path: PathBuf,
    _held: File,
}

impl Folder {
    /// Takes the folder for this demo, and makes it where it is not there.
    pub(super) fn enter(path: &Path) -> Result<Self, Fault> {
        let shown = path.display();
        let used = path.is_dir() && fs::read_dir(path).or_fault("reading the data folder")?.next().is_some();
        let mark = path.join(MARK);
        if used && !mark.exists() {
            return Err(Fault::CouldNotRun(format!(
                "{shown} holds something that is not the demo's; choose another folder with --data"
            )));
        }
        fs::create_dir_all(path).or_fault("making the data folder")?;
        let mut options = OpenOptions::new();
        let held = options.create(true).truncate(false).write(true).open(mark).or_fault("marking the data folder")?;
        match held.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _held: held }),
            Err(TryLockError::WouldBlock) => Err(Fault::CouldNotRun(format!(
                "another demo is using {shown}; end it first, or choose another folder with --data"
            ))),
            Err(TryLockError::Error(cause)) => Err(Fault::while_doing("holding the data folder", cause)),
        }
    }

    /// Deletes all but the mark, which stays held.
    pub(super) fn clear(&self) -> Result<(), Fault> {
        for entry in fs::read_dir(&self.path).or_fault("reading the data folder")? {
            let entry = entry.or_fault("reading the data folder")?;
            if entry.file_name() == MARK {
                continue;
            }
            let is_folder = entry.file_type().or_fault("reading the data folder")?.is_dir();
            let deleted = if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
            deleted.or_fault("emptying the data folder")?;
        }
        Ok(())
    }

    /// Which run this is, from 1: one that was cut off is gone on with.
    pub(super) fn run(&self) -> Result<u64, Fault> {
        match fs::read_to_string(self.path.join("run")) {
            Ok(text) => text.trim().parse().or_fault("reading the number of the run"),
            Err(_) => Ok(1),
        }
    }

    /// There is nothing of `run` to go on with any more.
    pub(super) fn end_run(&self, run: u64) -> Result<(), Fault> {
        fs::write(self.path.join("run"), (run + 1).to_string()).or_fault("counting the runs")
    }

    /// The log that the node of an earlier demo kept; it is on the labels of
    /// what that demo left on the engine.
    pub(super) fn log(&self) -> Option<String> {
        fs::read_to_string(self.path.join("log")).ok()
    }

    pub(super) fn keep_log(&self, log: &str) -> Result<(), Fault> {
        fs::write(self.path.join("log"), log).or_fault("keeping the log's id")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_demo_and_cleared_but_for_its_mark() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let path = parent.path().join("demo");
        let folder = Folder::enter(&path).expect("it is new");
        assert_eq!(folder.run().expect("it can be read"), 1);
        folder.end_run(1).expect("it can be written");
        folder.keep_log("ab").expect("it can be written");
        fs::create_dir_all(path.join("node/log")).expect("it can be made");

        let second = Folder::enter(&path).err().expect("it is held").to_string();
        assert!(second.contains("another demo"), "{second}");
        folder.clear().expect("it can be emptied");
        assert_eq!((folder.run().expect("it can be read"), folder.log()), (1, None));
        assert!(Folder::enter(&path).is_err(), "clearing lets go of it");
        drop(folder);
        Folder::enter(&path).expect("it is nobody's now, and still marked");
    }
}
