//! Directories and files, by number, and what of the names is durable.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};

use fuser::Errno;

use crate::chance::Chance;
use crate::content::{Content, Survival};

/// Number of the root directory; FUSE says so.
pub(crate) const ROOT: u64 = 1;

type Names = BTreeMap<OsString, u64>;

/// A filesystem.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    nodes: BTreeMap<u64, Node>,
    next: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) body: Body,
    pub(crate) mode: u16,
    /// Handles that are open; a file without a name lives until the last closes.
    open: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    File(Content),
    Directory(Directory),
}

/// The names in a directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    now: Names,
    durable: Names,
    /// What leads from `durable` to `now`, in order; none stands for a removal.
    unsynced: Vec<(OsString, Option<u64>)>,
}

impl Directory {
    pub(crate) const fn names(&self) -> &Names {
        &self.now
    }

    fn set(&mut self, name: &OsStr, to: Option<u64>) {
        change(&mut self.now, name, to);
        self.unsynced.push((name.to_owned(), to));
    }

    fn sync(&mut self) {
        self.durable = self.now.clone();
        self.unsynced.clear();
    }

    fn survivor(&self, survival: Survival, chance: &mut Chance) -> Names {
        let mut left = self.durable.clone();
        let changes = match survival {
            Survival::Synced => 0,
            Survival::Prefix | Survival::Scattered => chance.index(self.unsynced.len() + 1),
        };
        self.unsynced[..changes].iter().for_each(|(name, to)| change(&mut left, name, *to));
        left
    }

    fn mentions(&self, number: u64) -> bool {
        let named = |names: &Names| names.values().any(|of| *of == number);
        named(&self.now) || named(&self.durable) || self.unsynced.iter().any(|(_, to)| *to == Some(number))
    }
}

fn change(names: &mut Names, name: &OsStr, to: Option<u64>) {
    match to {
        Some(number) => names.insert(name.to_owned(), number),
        None => names.remove(name),
    };
}

impl Default for Tree {
    fn default() -> Self {
        let root = Node { body: Body::Directory(Directory::default()), mode: 0o755, open: 0 };
        Self { nodes: BTreeMap::from([(ROOT, root)]), next: ROOT + 1 }
    }
}

impl Tree {
    pub(crate) fn node(&self, number: u64) -> Result<&Node, Errno> {
        self.nodes.get(&number).ok_or(Errno::ENOENT)
    }

    pub(crate) fn node_mut(&mut self, number: u64) -> Result<&mut Node, Errno> {
        self.nodes.get_mut(&number).ok_or(Errno::ENOENT)
    }

    pub(crate) fn file(&self, number: u64) -> Result<&Content, Errno> {
        match &self.node(number)?.body {
            Body::File(content) => Ok(content),
            Body::Directory(_) => Err(Errno::EISDIR),
        }
    }

    pub(crate) fn file_mut(&mut self, number: u64) -> Result<&mut Content, Errno> {
        match &mut self.node_mut(number)?.body {
            Body::File(content) => Ok(content),
            Body::Directory(_) => Err(Errno::EISDIR),
        }
    }

    pub(crate) fn directory(&self, number: u64) -> Result<&Directory, Errno> {
        match &self.node(number)?.body {
            Body::Directory(directory) => Ok(directory),
            Body::File(_) => Err(Errno::ENOTDIR),
        }
    }

    fn directory_mut(&mut self, number: u64) -> Result<&mut Directory, Errno> {
        match &mut self.node_mut(number)?.body {
            Body::Directory(directory) => Ok(directory),
            Body::File(_) => Err(Errno::ENOTDIR),
        }
    }

    pub(crate) fn lookup(&self, parent: u64, name: &OsStr) -> Result<u64, Errno> {
        self.directory(parent)?.now.get(name).copied().ok_or(Errno::ENOENT)
    }

    /// Makes a file or a directory that is empty.
    pub(crate) fn make(&mut self, parent: u64, name: &OsStr, body: Body, mode: u32) -> Result<u64, Errno> {
        if self.directory(parent)?.now.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        let number = self.next;
        self.next += 1;
        // The permission bits are the lower twelve.
        let mode = (mode & 0o7777) as u16;
        self.nodes.insert(number, Node { body, mode, open: 0 });
        self.directory_mut(parent)?.set(name, Some(number));
        Ok(number)
    }

    /// Gives a file one more name.
    pub(crate) fn link(&mut self, number: u64, parent: u64, name: &OsStr) -> Result<(), Errno> {
        self.file(number)?;
        if self.directory(parent)?.now.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        self.directory_mut(parent)?.set(name, Some(number));
        Ok(())
    }

    pub(crate) fn unlink(&mut self, parent: u64, name: &OsStr) -> Result<(), Errno> {
        let number = self.lookup(parent, name)?;
        self.file(number)?;
        self.directory_mut(parent)?.set(name, None);
        self.sweep();
        Ok(())
    }

    pub(crate) fn rmdir(&mut self, parent: u64, name: &OsStr) -> Result<(), Errno> {
        let number = self.lookup(parent, name)?;
        if !self.directory(number)?.now.is_empty() {
            return Err(Errno::ENOTEMPTY);
        }
        self.directory_mut(parent)?.set(name, None);
        self.sweep();
        Ok(())
    }

    pub(crate) fn rename(&mut self, from: (u64, &OsStr), to: (u64, &OsStr), replace: bool) -> Result<(), Errno> {
        let moved = self.lookup(from.0, from.1)?;
        if let Some(over) = self.directory(to.0)?.now.get(to.1).copied() {
            if !replace {
                return Err(Errno::EEXIST);
            }
            if over == moved {
                return Ok(());
            }
            match (&self.node(moved)?.body, &self.node(over)?.body) {
                (Body::File(_), Body::Directory(_)) => return Err(Errno::EISDIR),
                (Body::Directory(_), Body::File(_)) => return Err(Errno::ENOTDIR),
                (_, Body::Directory(over)) if !over.now.is_empty() => return Err(Errno::ENOTEMPTY),
                _ => {}
            }
        }
        // In this order a cut between the two leaves both names, never none.
        self.directory_mut(to.0)?.set(to.1, Some(moved));
        self.directory_mut(from.0)?.set(from.1, None);
        self.sweep();
        Ok(())
    }

    pub(crate) fn open(&mut self, number: u64) -> Result<(), Errno> {
        self.node_mut(number)?.open += 1;
        Ok(())
    }

    pub(crate) fn close(&mut self, number: u64) {
        if let Some(node) = self.nodes.get_mut(&number) {
            node.open = node.open.saturating_sub(1);
            self.sweep();
        }
    }

    /// Makes a file's bytes, or a directory's names, durable.
    pub(crate) fn sync(&mut self, number: u64) -> Result<(), Errno> {
        match &mut self.node_mut(number)?.body {
            Body::File(content) => content.sync(),
            Body::Directory(directory) => {
                directory.sync();
                self.sweep();
            }
        }
        Ok(())
    }

    /// Everything becomes durable, as at an orderly unmount.
    pub(crate) fn sync_all(&mut self) {
        for node in self.nodes.values_mut() {
            match &mut node.body {
                Body::File(content) => content.sync(),
                Body::Directory(directory) => directory.sync(),
            }
        }
        self.sweep();
    }

    /// Bytes in all files.
    pub(crate) fn used(&self) -> u64 {
        let length = |node: &Node| match &node.body {
            Body::File(content) => content.bytes().len() as u64,
            Body::Directory(_) => 0,
        };
        self.nodes.values().map(length).sum()
    }

    /// How many names something has.
    pub(crate) fn links(&self, number: u64) -> u32 {
        let named = |node: &Node| match &node.body {
            Body::Directory(directory) => directory.now.values().filter(|of| **of == number).count(),
            Body::File(_) => 0,
        };
        u32::try_from(self.nodes.values().map(named).sum::<usize>()).unwrap_or(u32::MAX)
    }

    /// Where something lies below the root; none when it has no name any more.
    pub(crate) fn path(&self, number: u64) -> Option<String> {
        if number == ROOT {
            return Some(String::new());
        }
        let (parent, name) = self.nodes.iter().find_map(|(parent, node)| match &node.body {
            Body::Directory(directory) => {
                directory.now.iter().find(|(_, of)| **of == number).map(|(name, _)| (*parent, name))
            }
            Body::File(_) => None,
        })?;
        let above = self.path(parent)?;
        let name = name.to_string_lossy();
        Some(if above.is_empty() { name.into_owned() } else { format!("{above}/{name}") })
    }

    /// What a power cut leaves.
    pub(crate) fn survivor(&self, survival: Survival, chance: &mut Chance) -> Self {
        let mut left = Self { nodes: BTreeMap::new(), next: self.next };
        let mut waiting = vec![ROOT];
        while let Some(number) = waiting.pop() {
            // Something with two names is met twice.
            if left.nodes.contains_key(&number) {
                continue;
            }
            let Some(node) = self.nodes.get(&number) else { continue };
            let body = match &node.body {
                Body::File(content) => Body::File(Content::durable(content.survivor(survival, chance))),
                Body::Directory(directory) => {
                    let names = directory.survivor(survival, chance);
                    waiting.extend(names.values());
                    Body::Directory(Directory { now: names.clone(), durable: names, unsynced: Vec::new() })
                }
            };
            left.nodes.insert(number, Node { body, mode: node.mode, open: 0 });
        }
        left
    }

    /// Forgets what nothing leads to, not after a power cut either.
    fn sweep(&mut self) {
        let mut kept = BTreeSet::from([ROOT]);
        let mut waiting: Vec<u64> = self.nodes.iter().filter(|(_, node)| node.open > 0).map(|(of, _)| *of).collect();
        waiting.push(ROOT);
        while let Some(number) = waiting.pop() {
            kept.insert(number);
            if let Some(Node { body: Body::Directory(directory), .. }) = self.nodes.get(&number) {
                waiting.extend(self.nodes.keys().filter(|of| !kept.contains(of) && directory.mentions(**of)));
            }
        }
        self.nodes.retain(|number, _| kept.contains(number));
    }
}
