//! The store of specifications on a disk that fails, and then does not.

use berth_disk::{Disk, Effect, Fault, Operation, is_available};
use berth_journal::{DataDir, PrivateStore};

/// A disk that refuses one write, or all until it has room again.
#[derive(Clone, Copy)]
enum Mishap {
    Once(Operation, Effect),
    Full,
}

#[test]
fn a_store_that_could_not_write_is_read_on_and_written_to_again() {
    if !is_available() {
        return;
    }
    for mishap in [
        Mishap::Once(Operation::Write, Effect::Error),
        Mishap::Once(Operation::Write, Effect::Full),
        Mishap::Once(Operation::Sync, Effect::Error),
        Mishap::Full,
    ] {
        let disk = Disk::new(3).unwrap();
        let dir = DataDir::new(disk.path().join("data"));
        let store = PrivateStore::open(&dir).unwrap();
        let keep = |spec: &[u8]| {
            let sealed = store.seal(spec, None).unwrap();
            store.keep(&sealed).map(|kept| {
                kept.accepted();
                sealed.hash()
            })
        };
        let get = |hash| store.get(&hash).unwrap();
        let before = keep(b"before").unwrap();
        let capacity = disk.capacity();
        match mishap {
            Mishap::Once(operation, effect) => disk.plan(Fault::on("data/private/*.log", operation, effect).times(1)),
            Mishap::Full => disk.set_capacity(disk.used()),
        }
        assert!(keep(b"while").is_err());
        if let Mishap::Full = mishap {
            assert!(keep(b"still").is_err());
        }
        assert_eq!(get(before).as_deref(), Some(&b"before"[..]));
        disk.set_capacity(capacity);
        let after = keep(b"after").unwrap();
        assert_eq!(get(after).as_deref(), Some(&b"after"[..]));
        assert_eq!(get(before).as_deref(), Some(&b"before"[..]));
        drop(store);

        let disk = Disk::mount(disk.remove().unwrap(), 4).unwrap();
        let store = PrivateStore::open(&DataDir::new(disk.path().join("data"))).unwrap();
        for (hash, spec) in [(before, &b"before"[..]), (after, b"after")] {
            assert_eq!(store.get(&hash).unwrap().as_deref(), Some(spec));
        }
        // Nothing is left of what could not be kept.
        assert_eq!(store.sweep(|hash| [before, after].contains(hash)).unwrap(), 0);
        drop(store);
        disk.remove().unwrap();
    }
}
