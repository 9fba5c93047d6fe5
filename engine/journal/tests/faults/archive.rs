//! The power goes while old batches are archived, at each write and each sync.

use std::time::Duration;

use berth_disk::{Disk, Effect, Fault, Image, Operation, Survival, is_available};
use berth_domain::Seq;
use berth_journal::{ArchivePolicy, DataDir, LogReader, archive, recover, verify};

use crate::load::Load;
use crate::node::Node;
use crate::witness::Witness;

const ALL: ArchivePolicy = ArchivePolicy::Keep(0);
/// Steps of one kind at which the power goes.
const STEPS_MAX: u64 = 14;
const ANSWERS: usize = 1_500;

/// A node's disk with snapshots, who was told what, and the number of batches.
fn aged() -> (Image, Witness, usize) {
    let disk = Disk::new(1).unwrap();
    let dir = DataDir::new(disk.path().join("data"));
    let (mut witness, mut load) = (Witness::new(), Load::default());
    let node = Node::start_with_snapshots(&dir, recover(&dir).unwrap()).unwrap();
    let has_snapshot = || std::fs::read_dir(dir.snapshots()).is_ok_and(|mut files| files.next().is_some());
    node.work(&mut load, |answered| answered >= ANSWERS && has_snapshot());
    std::thread::sleep(Duration::from_millis(50));
    witness.see(&node.stop());
    let batches = check(&dir, &witness);
    (disk.remove().unwrap(), witness, batches)
}

/// All of the log is there, whatever lies where: everybody's answers, in one chain.
fn check(dir: &DataDir, witness: &Witness) -> usize {
    let mut witness = witness.clone();
    witness.check(dir, &recover(dir).unwrap()).unwrap();
    let audit = verify(dir, |_| ()).unwrap();
    assert!(audit.is_sound(), "{:?}", audit.findings);
    LogReader::open(dir).unwrap().read(Seq(1)).count()
}

#[test]
fn the_power_may_go_at_any_step_of_archiving() {
    if !is_available() {
        return;
    }
    let (image, witness, batches) = aged();
    let (mut cuts, mut moved) = (0, 0);
    for (file, operation, effect) in [
        ("data/archive/*", Operation::Write, Effect::Torn),
        ("data/archive/*", Operation::Sync, Effect::Error),
        ("data/archived*", Operation::Write, Effect::Torn),
        ("data/archived*", Operation::Sync, Effect::Error),
        ("data", Operation::Sync, Effect::Error),
        ("data/log/*", Operation::Write, Effect::Torn),
        ("data/log/*", Operation::Sync, Effect::Error),
    ] {
        for skip in 0..STEPS_MAX {
            let survival = [Survival::Synced, Survival::Prefix, Survival::Scattered][skip as usize % 3];
            let disk = Disk::mount(image.clone(), skip).unwrap();
            let dir = DataDir::new(disk.path().join("data"));
            disk.plan(Fault::on(file, operation, effect).after(skip).times(1));
            let archived = archive(&dir, ALL);
            let struck = disk.struck() > 0;
            disk.cut(survival);
            let disk = Disk::mount(disk.remove().unwrap(), 0).unwrap();
            let dir = DataDir::new(disk.path().join("data"));
            assert_eq!(check(&dir, &witness), batches);
            if archived.is_ok() {
                // It is done, also after the power went.
                moved += u64::from(archive(&dir, ALL).unwrap().segments == 0);
            } else {
                archive(&dir, ALL).unwrap();
                cuts += 1;
            }
            assert_eq!(check(&dir, &witness), batches);
            disk.remove().unwrap();
            if !struck {
                break;
            }
        }
    }
    assert!(cuts > 20 && moved > 5, "{cuts} runs were cut off, {moved} were not");
}
