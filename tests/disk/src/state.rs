//! A mounted disk: its tree, its faults, and whether it still has power.

use fuser::Errno;

use crate::chance::Chance;
use crate::content::Survival;
use crate::fault::{Effect, Faults, Operation};
use crate::tree::Tree;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) tree: Tree,
    pub(crate) faults: Faults,
    chance: Chance,
    /// Bytes that fit on it.
    pub(crate) capacity: u64,
    /// What is left, once the power is gone.
    left: Option<Tree>,
}

impl State {
    pub(crate) fn new(tree: Tree, seed: u64, capacity: u64) -> Self {
        Self { tree, faults: Faults::default(), chance: Chance::new(seed), capacity, left: None }
    }

    /// The tree, while there is power.
    pub(crate) const fn powered(&mut self) -> Result<&mut Tree, Errno> {
        if self.left.is_some() { Err(Errno::EIO) } else { Ok(&mut self.tree) }
    }

    pub(crate) const fn has_power(&self) -> bool {
        self.left.is_none()
    }

    /// The power goes, unless it is gone.
    pub(crate) fn cut(&mut self, survival: Survival) {
        if self.left.is_none() {
            self.left = Some(self.tree.survivor(survival, &mut self.chance));
        }
    }

    /// What is on the disk when it is taken out.
    pub(crate) fn take(&mut self) -> Tree {
        self.left.take().unwrap_or_else(|| {
            self.tree.sync_all();
            std::mem::take(&mut self.tree)
        })
    }

    fn strike(&mut self, number: u64, operation: Operation) -> Option<Effect> {
        if self.faults.is_empty() {
            return None;
        }
        // Who has no name any more cannot be meant.
        let path = self.tree.path(number)?;
        self.faults.strike(&path, operation, &mut self.chance)
    }

    pub(crate) fn read(&mut self, number: u64, at: u64, length: u32) -> Result<Vec<u8>, Errno> {
        self.powered()?;
        let effect = self.strike(number, Operation::Read);
        let mut bytes = self.tree.file(number)?.read(place(at)?, length as usize).to_vec();
        match effect {
            None => {}
            Some(Effect::Flip) => self.flip(&mut bytes),
            Some(_) => return Err(Errno::EIO),
        }
        Ok(bytes)
    }

    /// How many of the bytes were taken.
    pub(crate) fn write(&mut self, number: u64, at: u64, bytes: &[u8]) -> Result<u32, Errno> {
        self.powered()?;
        let at = place(at)?;
        let effect = self.strike(number, Operation::Write);
        let (length, used) = (self.tree.file(number)?.bytes().len(), self.tree.used());
        let growth = (at + bytes.len()).saturating_sub(length) as u64;
        if used + growth > self.capacity {
            return Err(Errno::ENOSPC);
        }
        let mut bytes = bytes.to_vec();
        match effect {
            None => {}
            Some(Effect::Full) => return Err(Errno::ENOSPC),
            Some(Effect::Short) if bytes.len() > 1 => bytes.truncate(1 + self.chance.index(bytes.len() - 1)),
            Some(Effect::Short) => {}
            Some(Effect::Flip) => self.flip(&mut bytes),
            Some(Effect::Torn) => {
                // A part of it, where it has parts, and not the whole.
                bytes.truncate(1 + self.chance.index(bytes.len().saturating_sub(1).max(1)));
                let file = self.tree.file_mut(number)?;
                file.write(at, &bytes);
                file.sync();
                self.cut(Survival::Synced);
                return Err(Errno::EIO);
            }
            Some(_) => return Err(Errno::EIO),
        }
        self.tree.file_mut(number)?.write(at, &bytes);
        Ok(u32::try_from(bytes.len()).unwrap_or(u32::MAX))
    }

    pub(crate) fn set_length(&mut self, number: u64, length: u64) -> Result<(), Errno> {
        let (capacity, used) = (self.capacity, self.tree.used());
        let file = self.powered()?.file_mut(number)?;
        let length = place(length)?;
        let growth = length.saturating_sub(file.bytes().len()) as u64;
        if used + growth > capacity {
            return Err(Errno::ENOSPC);
        }
        file.set_length(length);
        Ok(())
    }

    pub(crate) fn sync(&mut self, number: u64) -> Result<(), Errno> {
        self.powered()?;
        match self.strike(number, Operation::Sync) {
            None => self.tree.sync(number),
            Some(Effect::Lost) => Ok(()),
            Some(_) => Err(Errno::EIO),
        }
    }

    fn flip(&mut self, bytes: &mut [u8]) {
        if !bytes.is_empty() {
            let at = self.chance.index(bytes.len());
            bytes[at] ^= 1 << self.chance.below(8);
        }
    }
}

/// An offset in memory.
fn place(at: u64) -> Result<usize, Errno> {
    usize::try_from(at).ok().filter(|at| *at < isize::MAX as usize / 2).ok_or(Errno::EFBIG)
}
