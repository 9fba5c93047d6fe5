//! The disk as a test holds it.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use fuser::{BackgroundSession, Config, MountOption, spawn_mount};
use rustix::mount::{UnmountFlags, unmount};
use tempfile::TempDir;

use crate::content::Survival;
use crate::fault::Fault;
use crate::fuse::Served;
use crate::state::State;
use crate::tree::Tree;

/// Bytes that fit on a disk, unless it is told otherwise.
const CAPACITY: u64 = 256 << 20;
/// How often, and how far apart, a disk that is still in use is asked to go.
const UNMOUNT_TRIES: u32 = 500;
const UNMOUNT_WAIT: Duration = Duration::from_millis(20);
/// Names the variable that lets tests go without disks.
const WITHOUT: &str = "BERTH_WITHOUT_FUSE";

/// Whether disks can be mounted here. Where they cannot, the tests that need
/// them are not run if the variable `BERTH_WITHOUT_FUSE` is set.
///
/// # Panics
/// When they cannot and the variable is not set: a test that was not run has not
/// passed.
#[must_use]
pub fn is_available() -> bool {
    match Disk::new(0).and_then(Disk::remove) {
        Ok(_) => true,
        Err(e) => {
            let missing = format!("no FUSE filesystem can be mounted here ({e}); that needs /dev/fuse and root");
            assert!(std::env::var_os(WITHOUT).is_some(), "{missing}. Set {WITHOUT}=1 to go without these tests");
            // On the test's own error stream, where nothing swallows it.
            let told = format!("NOT RUN: {missing}, and {WITHOUT} is set\n");
            let _ = fs::write("/dev/stderr", told);
            false
        }
    }
}

/// What is on a disk that is not mounted.
#[derive(Clone, Debug, Default)]
pub struct Image(Tree);

/// A disk that is mounted. Dropping it takes it away from whoever uses it.
#[derive(Debug)]
pub struct Disk {
    state: Arc<Mutex<State>>,
    session: Option<BackgroundSession>,
    at: TempDir,
}

impl Disk {
    /// Mounts an empty disk of 256 MiB.
    ///
    /// # Errors
    /// When the operating system does not let it.
    pub fn new(seed: u64) -> io::Result<Self> {
        Self::mount(Image::default(), seed)
    }

    /// Mounts a disk that holds something, in a folder of its own.
    ///
    /// # Errors
    /// When the operating system does not let it.
    pub fn mount(image: Image, seed: u64) -> io::Result<Self> {
        let at = tempfile::tempdir()?;
        let state = Arc::new(Mutex::new(State::new(image.0, seed, CAPACITY)));
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("berth-disk".to_owned())];
        let session = spawn_mount(Served(Arc::clone(&state)), at.path(), &config)?;
        Ok(Self { state, session: Some(session), at })
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.at.path()
    }

    /// Lets something go wrong.
    pub fn plan(&self, fault: Fault) {
        self.state().faults.plan(fault);
    }

    /// Takes all faults back that have not happened yet.
    pub fn mend(&self) {
        self.state().faults.clear();
    }

    /// How many faults have happened since it was mounted.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.state().faults.struck()
    }

    /// Bytes in files, of those that fit.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.state().tree.used()
    }

    /// Bytes that fit.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.state().capacity
    }

    /// Sets how many bytes fit; what is there stays.
    pub fn set_capacity(&self, bytes: u64) {
        self.state().capacity = bytes;
    }

    /// The power goes: every operation from now on fails with `EIO`. Nothing
    /// happens when it is gone already.
    pub fn cut(&self, survival: Survival) {
        self.state().cut(survival);
    }

    /// Whether it has power; a torn write takes it, too.
    #[must_use]
    pub fn has_power(&self) -> bool {
        self.state().has_power()
    }

    /// Takes the disk out: with power everything that was written is on it, else
    /// what the cut has left. Everybody must have closed his files, or will soon.
    ///
    /// # Errors
    /// When somebody still has a file open after ten seconds.
    pub fn remove(mut self) -> io::Result<Image> {
        let mut tries = 0;
        while let Err(e) = unmount(self.at.path(), UnmountFlags::empty()) {
            tries += 1;
            if tries == UNMOUNT_TRIES {
                return Err(e.into());
            }
            sleep(UNMOUNT_WAIT);
        }
        if let Some(session) = self.session.take() {
            session.join()?;
        }
        Ok(Image(self.state().take()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // After a test that failed: files may be open, and nobody waits for them.
        if self.session.is_some() {
            let _ = unmount(self.at.path(), UnmountFlags::DETACH);
        }
    }
}
