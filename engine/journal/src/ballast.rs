//! A file that only takes room, so that there is some to give up when the disk is
//! full, whoever filled it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::keys::DataDir;

/// Bytes that are written at a time where room cannot be reserved.
const CHUNK: usize = 1 << 20;
/// Bytes of the blocks that a file's size on the disk is told in, whatever its
/// own blocks are.
const STAT_BLOCK: u64 = 512;

/// The file, whether it is there or not.
pub(crate) struct Ballast {
    path: PathBuf,
    bytes: u64,
}

impl Ballast {
    pub(crate) fn new(dir: &DataDir, bytes: u64) -> Self {
        Self { path: dir.ballast(), bytes }
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it is there and takes the room that it should. A copy of it may
    /// have holes.
    pub(crate) fn is_whole(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|of| of.len() == self.bytes && of.blocks() * STAT_BLOCK >= self.bytes)
    }

    /// Takes the room. What an error leaves behind is removed.
    pub(crate) fn make(&self) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        let made = fill(&beside, self.bytes).and_then(|()| fs::rename(&beside, &self.path));
        if made.is_err() {
            // That it cannot be removed says no more than the error at hand.
            let _ = fs::remove_file(&beside);
        }
        made
    }

    /// Gives the room back, also that of one which has another size.
    pub(crate) fn give_up(&self) -> io::Result<()> {
        give_up(&self.path)
    }
}

/// Removes a ballast; whether there was one.
pub(crate) fn give_up_of(dir: &DataDir) -> io::Result<bool> {
    let path = dir.ballast();
    let there = path.exists();
    // One that was being made when the node was killed.
    give_up(&path.with_extension("new"))?;
    give_up(&path)?;
    Ok(there)
}

fn give_up(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        // Its room is free once it is gone for good.
        Ok(()) => path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all()),
        Err(e) => Err(e),
    }
}

fn fill(path: &Path, bytes: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    match fallocate(&file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) => {}
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => write(&mut file, bytes)?,
        Err(e) => return Err(e.into()),
    }
    file.sync_all()
}

/// Writes what no filesystem makes smaller.
fn write(file: &mut File, bytes: u64) -> io::Result<()> {
    let mut noise = blake3::Hasher::new().finalize_xof();
    let mut chunk = vec![0; CHUNK];
    let mut left = bytes;
    while left > 0 {
        let now = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
        noise.fill(&mut chunk[..now]);
        file.write_all(&chunk[..now])?;
        left -= now as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_its_room_and_gives_it_back() {
        let root = tempfile::tempdir().unwrap();
        let dir = DataDir::new(root.path());
        let ballast = Ballast::new(&dir, 3 << 20);
        assert!(!ballast.is_whole());
        ballast.make().unwrap();
        assert!(ballast.is_whole());
        // One of holes takes no room.
        File::create(dir.ballast()).unwrap().set_len(3 << 20).unwrap();
        assert!(!ballast.is_whole());
        ballast.make().unwrap();
        assert!(ballast.is_whole() && !Ballast::new(&dir, 4 << 20).is_whole());
        assert!(give_up_of(&dir).unwrap());
        assert!(!give_up_of(&dir).unwrap() && !dir.ballast().exists());
    }

    #[test]
    fn where_room_cannot_be_reserved_it_is_written() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("written");
        write(&mut File::create(&path).unwrap(), (2 << 20) + 5).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), (2 << 20) + 5);
    }
}
