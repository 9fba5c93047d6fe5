//! The disk does what a filesystem does, and fails as it is told to.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use berth_disk::{Disk, Effect, Fault, Operation, Survival, is_available};
use rustix::fs::{FallocateFlags, FlockOperation, fallocate, fcntl_lock, statvfs};

fn disk() -> Option<Disk> {
    is_available().then(|| Disk::new(1).unwrap())
}

/// Takes the power and mounts what is left.
fn after_cut(disk: Disk, survival: Survival) -> Disk {
    disk.cut(survival);
    Disk::mount(disk.remove().unwrap(), 2).unwrap()
}

fn sync(path: &Path) {
    File::open(path).unwrap().sync_all().unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn error<T: std::fmt::Debug>(done: std::io::Result<T>) -> i32 {
    done.unwrap_err().raw_os_error().unwrap()
}

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

#[test]
fn files_read_back_as_they_were_written() {
    let Some(disk) = disk() else { return };
    let path = disk.path().join("file");
    fs::write(&path, "hello").unwrap();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b" world").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"hello world");

    let mut file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    file.write_all_at(b"W", 6).unwrap();
    file.write_all_at(b"!", 5_000).unwrap();
    let mut word = [0; 5];
    file.read_exact_at(&mut word, 6).unwrap();
    assert_eq!((&word, fs::metadata(&path).unwrap().len()), (b"World", 5_001));
    file.seek(SeekFrom::Start(11)).unwrap();
    let mut rest = Vec::new();
    file.read_to_end(&mut rest).unwrap();
    assert!(rest.len() == 4_990 && rest[..4_989].iter().all(|byte| *byte == 0) && rest[4_989] == b'!');

    file.set_len(3).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"hel");
    file.set_len(5).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"hel\0\0");
    fallocate(&file, FallocateFlags::KEEP_SIZE, 0, 1 << 20).unwrap();
    assert_eq!(file.metadata().unwrap().len(), 5);
    fallocate(&file, FallocateFlags::empty(), 0, 8).unwrap();
    assert_eq!(file.metadata().unwrap().len(), 8);
    fs::write(&path, "").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");

    // More than the kernel hands over at once.
    let much: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    fs::write(&path, &much).unwrap();
    assert_eq!(fs::read(&path).unwrap(), much);
    assert_eq!(disk.used(), 5_000_000);
}

#[test]
fn names_are_made_moved_and_removed() {
    let Some(disk) = disk() else { return };
    let at = |name: &str| disk.path().join(name);
    fs::create_dir_all(at("a/b")).unwrap();
    fs::write(at("a/one"), "1").unwrap();
    fs::write(at("a/two"), "2").unwrap();
    assert_eq!(names(&at("a")), ["b", "one", "two"]);
    fs::rename(at("a/one"), at("a/two")).unwrap();
    assert_eq!(fs::read(at("a/two")).unwrap(), b"1");
    fs::rename(at("a/two"), at("a/b/three")).unwrap();
    assert_eq!((names(&at("a")), names(&at("a/b"))), (vec!["b".to_owned()], vec!["three".to_owned()]));
    assert!(fs::remove_dir(at("a/b")).is_err() && fs::create_dir(at("a/b")).is_err());
    fs::hard_link(at("a/b/three"), at("four")).unwrap();
    fs::remove_file(at("a/b/three")).unwrap();
    assert_eq!(fs::read(at("four")).unwrap(), b"1");
    fs::remove_dir_all(at("a")).unwrap();
    assert_eq!(names(disk.path()), ["four"]);
    assert!(File::open(at("a")).is_err() && fs::remove_file(at("a")).is_err());
    for n in 0..500 {
        fs::write(at(&format!("many-{n:03}")), "").unwrap();
    }
    assert_eq!(names(disk.path()).len(), 501);

    // A file lives on while somebody has it open.
    let mut open = OpenOptions::new().read(true).write(true).open(at("four")).unwrap();
    fs::remove_file(at("four")).unwrap();
    open.write_all(b"still").unwrap();
    open.sync_all().unwrap();
    open.seek(SeekFrom::Start(0)).unwrap();
    let mut text = String::new();
    open.read_to_string(&mut text).unwrap();
    assert_eq!(text, "still");
    drop(open);
    // Until the names are synced a cut might bring anything back.
    assert!(disk.used() > 0);
    sync(disk.path());
    while disk.used() > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn locks_keep_a_second_process_out() {
    let Some(disk) = disk() else { return };
    let path = disk.path().join("LOCK");
    let file = File::create(&path).unwrap();
    fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
    file.try_lock().unwrap();
    assert!(File::open(&path).unwrap().try_lock().is_err());
    drop(file);
    File::open(&path).unwrap().try_lock().unwrap();
}

#[test]
fn only_what_was_synced_under_a_name_that_was_synced_survives() {
    let Some(disk) = disk() else { return };
    let at = |name: &str| disk.path().join(name);
    // Synced, and its name: survives as it was at the sync.
    let kept = File::create(at("kept")).unwrap();
    kept.write_all_at(b"durable", 0).unwrap();
    kept.sync_data().unwrap();
    // Its name alone: is empty.
    fs::write(at("empty"), "bytes").unwrap();
    sync(disk.path());
    kept.write_all_at(b" and not", 7).unwrap();
    // Synced, but not its name: is lost. The same in a folder.
    fs::write(at("nameless"), "bytes").unwrap();
    sync(&at("nameless"));
    fs::create_dir(at("folder")).unwrap();
    fs::write(at("folder/file"), "bytes").unwrap();
    sync(&at("folder/file"));
    sync(&at("folder"));
    drop(kept);
    let disk = after_cut(disk, Survival::Synced);
    assert_eq!(names(disk.path()), ["empty", "kept"]);
    assert_eq!(fs::read(disk.path().join("kept")).unwrap(), b"durable");
    assert_eq!(fs::read(disk.path().join("empty")).unwrap(), b"");

    // A rename and a removal that were not synced did not happen.
    let at = |name: &str| disk.path().join(name);
    fs::rename(at("kept"), at("empty")).unwrap();
    fs::write(at("kept"), "another").unwrap();
    fs::remove_file(at("kept")).unwrap();
    assert_eq!(names(disk.path()), ["empty"]);
    let disk = after_cut(disk, Survival::Synced);
    assert_eq!(fs::read(disk.path().join("kept")).unwrap(), b"durable");
    assert_eq!(fs::read(disk.path().join("empty")).unwrap(), b"");

    // Synced, they did.
    fs::rename(disk.path().join("kept"), disk.path().join("empty")).unwrap();
    sync(disk.path());
    let disk = after_cut(disk, Survival::Synced);
    assert_eq!(names(disk.path()), ["empty"]);
    assert_eq!(fs::read(disk.path().join("empty")).unwrap(), b"durable");

    // An orderly end keeps everything.
    fs::write(disk.path().join("late"), "bytes").unwrap();
    let disk = Disk::mount(disk.remove().unwrap(), 3).unwrap();
    assert_eq!(fs::read(disk.path().join("late")).unwrap(), b"bytes");
}

#[test]
fn nothing_is_answered_after_the_cut() {
    let Some(disk) = disk() else { return };
    let path = disk.path().join("file");
    let file = File::create(&path).unwrap();
    file.write_all_at(b"synced", 0).unwrap();
    file.sync_all().unwrap();
    sync(disk.path());
    disk.cut(Survival::Synced);
    assert!(!disk.has_power());
    assert_eq!(error(file.write_all_at(b"x", 0)), EIO);
    assert_eq!(error(file.sync_all()), EIO);
    assert_eq!(error(File::create(disk.path().join("other"))), EIO);
    assert_eq!(error(fs::read(&path)), EIO);
    drop(file);
    let disk = Disk::mount(disk.remove().unwrap(), 1).unwrap();
    assert_eq!(fs::read(disk.path().join("file")).unwrap(), b"synced");
}

#[test]
fn what_was_not_synced_may_survive_in_parts_the_same_for_a_seed() {
    if !is_available() {
        return;
    }
    let left = |survival, seed| {
        let disk = Disk::new(seed).unwrap();
        let path = disk.path().join("file");
        let file = File::create(&path).unwrap();
        sync(disk.path());
        for n in 0..8_u8 {
            file.write_all_at(&[n + 1; 1_000], u64::from(n) * 1_000).unwrap();
        }
        drop(file);
        let disk = after_cut(disk, survival);
        fs::read(disk.path().join("file")).unwrap()
    };
    let torn: Vec<_> = (0..6).map(|seed| left(Survival::Prefix, seed)).collect();
    assert!(torn.iter().any(|bytes| bytes.len() % 512 != 0), "none ends in the middle of a sector");
    let holes: Vec<_> = (0..6).map(|seed| left(Survival::Scattered, seed)).collect();
    assert!(holes.iter().any(|bytes| bytes.contains(&0)), "none has a hole");
    assert_eq!(holes, (0..6).map(|seed| left(Survival::Scattered, seed)).collect::<Vec<_>>());
}

#[test]
fn faults_strike_as_planned() {
    let Some(disk) = disk() else { return };
    let path = disk.path().join("file");
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).unwrap();
    sync(disk.path());
    let write = Operation::Write;

    disk.plan(Fault::on("file", write, Effect::Error).after(1).times(1));
    file.write_all_at(b"0123456789", 0).unwrap();
    assert_eq!(error(file.write_at(b"x", 0)), EIO);
    disk.plan(Fault::on("file", write, Effect::Full).times(1));
    assert_eq!(error(file.write_at(b"x", 0)), ENOSPC);
    disk.plan(Fault::on("*", Operation::Sync, Effect::Error).times(1));
    assert_eq!(error(file.sync_data()), EIO);
    assert_eq!(fs::read(&path).unwrap(), b"0123456789");

    disk.plan(Fault::on("file", write, Effect::Short).times(1));
    let taken = file.write_at(&[b'x'; 1_000], 0).unwrap();
    assert!((1..1_000).contains(&taken));
    assert_eq!(fs::read(&path).unwrap().iter().filter(|byte| **byte == b'x').count(), taken);

    disk.plan(Fault::on("file", write, Effect::Flip).times(1));
    file.set_len(0).unwrap();
    file.write_all_at(&[0; 100], 0).unwrap();
    let ones: u32 = fs::read(&path).unwrap().iter().map(|byte| byte.count_ones()).sum();
    assert_eq!(ones, 1);
    assert_eq!(disk.struck(), 5);
    // The kernel asks again when reading ahead fails.
    disk.plan(Fault::on("file", Operation::Read, Effect::Error));
    assert_eq!(error(fs::read(&path)), EIO);
    disk.mend();

    // A sync that is answered and not done.
    disk.plan(Fault::on("file", Operation::Sync, Effect::Lost));
    file.sync_all().unwrap();
    drop(file);
    let disk = after_cut(disk, Survival::Synced);
    assert_eq!(fs::read(disk.path().join("file")).unwrap(), b"");

    // The power goes in the middle of a write.
    let file = OpenOptions::new().write(true).open(disk.path().join("file")).unwrap();
    disk.plan(Fault::on("file", write, Effect::Torn).after(1));
    file.write_all_at(&[1; 10], 0).unwrap();
    assert_eq!(error(file.write_at(&[2; 1_000], 10)), EIO);
    assert!(!disk.has_power());
    drop(file);
    let disk = after_cut(disk, Survival::Synced);
    let left = fs::read(disk.path().join("file")).unwrap();
    assert!((10..1_010).contains(&left.len()) && left.starts_with(&[1; 10]));
}

#[test]
fn a_full_disk_says_so_and_takes_more_when_there_is_room() {
    let Some(disk) = disk() else { return };
    disk.set_capacity(1 << 20);
    let path = disk.path().join("file");
    let file = File::create(&path).unwrap();
    file.write_all_at(&[1; 1 << 19], 0).unwrap();
    assert_eq!(error(file.write_at(&[1], 1 << 20)), ENOSPC);
    assert_eq!(error(file.set_len((1 << 20) + 1)), ENOSPC);
    let room = statvfs(disk.path()).unwrap();
    assert_eq!((room.f_blocks * room.f_frsize, room.f_bavail * room.f_frsize), (1 << 20, 1 << 19));
    // Where there is something, it may be written anew.
    file.write_all_at(&[2; 1 << 19], 0).unwrap();
    fs::write(disk.path().join("other"), vec![1; 1 << 19]).unwrap();
    assert_eq!(error(fs::write(disk.path().join("third"), "x")), ENOSPC);
    fs::remove_file(disk.path().join("other")).unwrap();
    sync(disk.path());
    fs::write(disk.path().join("third"), "x").unwrap();
}
