//! Where everything lies: the files of a data directory and the keys in its databases.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use berth_domain::{Digest, Seq};

/// The files of one data directory.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// Names the files under `root`; touches nothing.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The log of batches, a RocksDB database.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    /// How far the log is known to be durable.
    #[must_use]
    pub fn watermark(&self) -> PathBuf {
        self.root.join("watermark")
    }

    /// The events, a RocksDB database that can be rebuilt from the log.
    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.root.join("events")
    }

    /// The Merkle tree over the log, a RocksDB database that can be rebuilt from
    /// it.
    #[must_use]
    pub fn tree(&self) -> PathBuf {
        self.root.join("tree")
    }

    /// What must stay out of the log, a RocksDB database of mode 0700.
    #[must_use]
    pub fn private(&self) -> PathBuf {
        self.root.join("private")
    }

    /// A file that only takes room, to be given up when there is no other.
    #[must_use]
    pub fn ballast(&self) -> PathBuf {
        self.root.join("ballast")
    }

    /// The folder of batches that were moved out of the log; may be a link.
    #[must_use]
    pub fn archive(&self) -> PathBuf {
        self.root.join("archive")
    }

    /// How far the log was archived.
    #[must_use]
    pub fn archived(&self) -> PathBuf {
        self.root.join("archived")
    }

    /// The folders of all databases.
    pub(crate) fn databases(&self) -> [PathBuf; 4] {
        [self.log(), self.events(), self.tree(), self.private()]
    }

    /// The folder of snapshots.
    #[must_use]
    pub fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    /// The snapshot after an entry. Names have one length, so that their order is
    /// the log's.
    #[must_use]
    pub fn snapshot(&self, seq: Seq) -> PathBuf {
        self.snapshots().join(format!("{:020}.snap", seq.0))
    }

    /// Makes the directory where there is none, and its name durable: what lies
    /// in a folder whose own name was not synced is lost with it.
    ///
    /// A new one is its owner's alone: the log holds the prices of auctions that
    /// are still open. Whoever wants others to read it changes its mode, and it
    /// stays so.
    pub(crate) fn create(&self) -> io::Result<()> {
        let is_new = !self.root.is_dir();
        make(&self.root)?;
        if is_new {
            fs::set_permissions(&self.root, fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }

    pub(crate) fn create_private(&self) -> io::Result<()> {
        self.create()?;
        DirBuilder::new().recursive(true).mode(0o700).create(self.private())?;
        // The directory may have come from a backup that lost its mode.
        fs::set_permissions(self.private(), fs::Permissions::from_mode(0o700))
    }

    /// Makes the names in the directory durable: a file that was synced is
    /// lost all the same when its name was not.
    pub(crate) fn sync(&self) -> io::Result<()> {
        File::open(&self.root)?.sync_all()
    }
}

/// Makes a folder and what is missing above it.
fn make(folder: &Path) -> io::Result<()> {
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_new = !folder.is_dir();
    if is_new {
        // What has no folder above it is a root.
        if above != folder {
            make(above)?;
        }
        match fs::create_dir(folder) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            made => made?,
        }
    }
    // Also for one that is there: whoever made it may have been killed before
    // this.
    match File::open(above).and_then(|above| above.sync_all()) {
        // Another user's folder, which is not ours to sync, and ours is in it.
        Err(e) if !is_new && e.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced,
    }
}

/// Key of a sequence number: big-endian, so that RocksDB's order is the log's.
pub(crate) const fn seq_key(seq: Seq) -> [u8; 8] {
    seq.0.to_be_bytes()
}

/// The sequence number of a key; none when it is no such key.
pub(crate) fn seq_of_key(key: &[u8]) -> Option<Seq> {
    key.try_into().ok().map(|bytes| Seq(u64::from_be_bytes(bytes)))
}

/// Key of a specification in the private store.
pub(crate) fn spec_key(hash: &Digest) -> [u8; 33] {
    let mut key = [b's'; 33];
    key[1..].copy_from_slice(&hash.0);
    key
}

/// Key of a lease's result in the private store: the newest leases share a bounded
/// number of places.
pub(crate) fn result_key(place: u64) -> [u8; 9] {
    let mut key = [b'r'; 9];
    key[1..].copy_from_slice(&place.to_be_bytes());
    key
}

/// Key of the secret that repeatable salts are derived from.
pub(crate) const SALT_SECRET_KEY: &[u8] = b"k";
