//! What the kernel asks, answered from the state.

use std::ffi::OsStr;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, InitFlags,
    KernelConfig, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty,
    ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use crate::content::Content;
use crate::state::State;
use crate::tree::{Body, Directory, Tree};

/// The kernel asks again each time: faults and cuts are seen at once.
const NOT_CACHED: Duration = Duration::ZERO;
const BLOCK: u32 = 4_096;
const NAME_MAX: u32 = 255;
/// Of `fallocate`: the file does not grow. The only one of its modes that is
/// known here (`linux/falloc.h`).
const KEEP_SIZE: i32 = 1;

pub(crate) struct Served(pub(crate) Arc<Mutex<State>>);

impl Served {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something and tells what it is now.
    fn attributes(&self, number: u64, act: impl FnOnce(&mut State) -> Result<(), Errno>) -> Result<FileAttr, Errno> {
        let mut state = self.state();
        state.powered()?;
        act(&mut state)?;
        attributes(state.powered()?, number)
    }

    /// Makes or finds something and tells what it is.
    fn entry(&self, act: impl FnOnce(&mut Tree) -> Result<u64, Errno>) -> Result<FileAttr, Errno> {
        let mut state = self.state();
        let tree = state.powered()?;
        let number = act(tree)?;
        attributes(tree, number)
    }

    fn change(&self, act: impl FnOnce(&mut Tree) -> Result<(), Errno>) -> Result<(), Errno> {
        act(self.state().powered()?)
    }
}

fn attributes(tree: &Tree, number: u64) -> Result<FileAttr, Errno> {
    let node = tree.node(number)?;
    let (kind, size, links) = match &node.body {
        Body::File(content) => (FileType::RegularFile, content.bytes().len() as u64, tree.links(number)),
        Body::Directory(_) => (FileType::Directory, 0, 2),
    };
    Ok(FileAttr {
        ino: INodeNo(number),
        size,
        blocks: size.div_ceil(512),
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm: node.mode,
        nlink: links,
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
        rdev: 0,
        blksize: BLOCK,
        flags: 0,
    })
}

fn answer_entry(reply: ReplyEntry, entry: Result<FileAttr, Errno>) {
    match entry {
        Ok(attributes) => reply.entry(&NOT_CACHED, &attributes, Generation(0)),
        Err(e) => reply.error(e),
    }
}

fn answer(reply: ReplyEmpty, done: Result<(), Errno>) {
    match done {
        Ok(()) => reply.ok(),
        Err(e) => reply.error(e),
    }
}

impl Filesystem for Served {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        // Otherwise a write arrives page by page, and none is torn across pages.
        let asked = config.add_capabilities(InitFlags::FUSE_BIG_WRITES | InitFlags::FUSE_MAX_PAGES);
        asked.map_err(|_| io::Error::from(io::ErrorKind::Unsupported))
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        answer_entry(reply, self.entry(|tree| tree.lookup(parent.0, name)));
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(number.0, |_| Ok(())) {
            Ok(attributes) => reply.attr(&NOT_CACHED, &attributes),
            Err(e) => reply.error(e),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        number: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let set = self.attributes(number.0, |state| {
            if let Some(size) = size {
                state.set_length(number.0, size)?;
            }
            if let Some(mode) = mode {
                state.tree.node_mut(number.0)?.mode = (mode & 0o7777) as u16;
            }
            Ok(())
        });
        match set {
            Ok(attributes) => reply.attr(&NOT_CACHED, &attributes),
            Err(e) => reply.error(e),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        let body = Body::Directory(Directory::default());
        answer_entry(reply, self.entry(|tree| tree.make(parent.0, name, body, mode & !umask)));
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(reply, self.change(|tree| tree.unlink(parent.0, name)));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(reply, self.change(|tree| tree.rmdir(parent.0, name)));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if !(flags - RenameFlags::RENAME_NOREPLACE).is_empty() {
            return reply.error(Errno::EINVAL);
        }
        let replace = !flags.contains(RenameFlags::RENAME_NOREPLACE);
        answer(reply, self.change(|tree| tree.rename((parent.0, name), (new_parent.0, new_name), replace)));
    }

    fn link(&self, _: &Request, number: INodeNo, new_parent: INodeNo, new_name: &OsStr, reply: ReplyEntry) {
        let linked = self.entry(|tree| {
            tree.link(number.0, new_parent.0, new_name)?;
            Ok(number.0)
        });
        answer_entry(reply, linked);
    }

    fn open(&self, _: &Request, number: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.change(|tree| tree.open(number.0)) {
            Ok(()) => reply.opened(FileHandle(number.0), FopenFlags::empty()),
            Err(e) => reply.error(e),
        }
    }

    fn create(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, _: i32, reply: ReplyCreate) {
        let made = self.entry(|tree| {
            let number = tree.make(parent.0, name, Body::File(Content::default()), mode & !umask)?;
            tree.open(number)?;
            Ok(number)
        });
        match made {
            Ok(attributes) => {
                let handle = FileHandle(attributes.ino.0);
                reply.created(&NOT_CACHED, &attributes, Generation(0), handle, FopenFlags::empty());
            }
            Err(e) => reply.error(e),
        }
    }

    fn read(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.state().read(number.0, offset, size) {
            Ok(bytes) => reply.data(&bytes),
            Err(e) => reply.error(e),
        }
    }

    fn write(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.state().write(number.0, offset, data) {
            Ok(taken) => reply.written(taken),
            Err(e) => reply.error(e),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        // A close makes nothing durable.
        reply.ok();
    }

    fn release(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.state().tree.close(number.0);
        reply.ok();
    }

    fn fsync(&self, _: &Request, number: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(reply, self.state().sync(number.0));
    }

    fn fsyncdir(&self, _: &Request, number: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(reply, self.state().sync(number.0));
    }

    fn readdir(&self, _: &Request, number: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let mut state = self.state();
        let listed = state.powered().and_then(|tree| {
            let dots = [(".", number.0), ("..", number.0)].map(|(name, of)| (OsStr::new(name), of));
            let names = tree.directory(number.0)?.names().iter().map(|(name, of)| (name.as_os_str(), *of));
            for (place, (name, of)) in (1..).zip(dots.into_iter().chain(names)) {
                let kind = match &tree.node(of)?.body {
                    Body::File(_) => FileType::RegularFile,
                    Body::Directory(_) => FileType::Directory,
                };
                if place > offset && reply.add(INodeNo(of), place, kind, name) {
                    break;
                }
            }
            Ok(())
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(e) => reply.error(e),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let state = self.state();
        let block = u64::from(BLOCK);
        let free = state.capacity.saturating_sub(state.tree.used()) / block;
        reply.statfs(state.capacity / block, free, free, 1 << 20, 1 << 20, BLOCK, NAME_MAX, BLOCK);
    }

    fn fallocate(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let mut state = self.state();
        let allocated = match mode {
            KEEP_SIZE => state.powered().map(|_| ()),
            0 => state.powered().and_then(|tree| Ok(tree.file(number.0)?.bytes().len() as u64)).and_then(|now| {
                let end = offset.saturating_add(length);
                if end > now { state.set_length(number.0, end) } else { Ok(()) }
            }),
            _ => Err(Errno::EOPNOTSUPP),
        };
        answer(reply, allocated);
    }
}
