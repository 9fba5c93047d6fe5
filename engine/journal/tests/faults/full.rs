//! A disk that fills up, by the node's own log and by others.

use std::fs;
use std::time::{Duration, Instant};

use berth_disk::{Disk, is_available};
use berth_domain::Command;
use berth_journal::{DataDir, Fatal, SpaceConfig, recover, verify};

use crate::load::Load;
use crate::node::Node;
use crate::witness::Witness;

const MIB: u64 = 1 << 20;
const CAPACITY: u64 = 512 * MIB;
/// Less than a tenth of the disk, and more than a start needs.
const LITTLE: u64 = 40 * MIB;
const BALLAST: u64 = 48 * MIB;
/// Answers of a stretch of work: some tens of batches.
const ANSWERS: usize = 2_000;
/// By now whatever is waited for has happened.
const PATIENCE: Duration = Duration::from_secs(60);

/// How fast somebody else fills the disk.
const FILLING: u64 = MIB;
const FILLING_EVERY: Duration = Duration::from_millis(20);

/// How often a node under test looks at its disk.
const fn looking_every(poll: Duration) -> SpaceConfig {
    SpaceConfig { ballast: BALLAST, stop_below: 10, poll }
}

/// Somebody else's file, which takes all but so many bytes.
fn leave_free(disk: &Disk, bytes: u64) {
    let path = disk.path().join("others");
    let others = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path).unwrap();
    let begun = Instant::now();
    loop {
        let free = disk.capacity().saturating_sub(disk.used());
        let length = others.metadata().unwrap().len();
        // The node may have taken a part of it meanwhile.
        if others.set_len((length + free).saturating_sub(bytes)).is_ok() {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "the disk cannot be filled");
    }
}

/// A node on a disk, its clients, and who remembers what they were told.
struct World {
    dir: DataDir,
    load: Load,
    witness: Witness,
}

impl World {
    fn new(disk: &Disk) -> Self {
        let dir = DataDir::new(disk.path().join("data"));
        Self { dir, load: Load::default(), witness: Witness::new() }
    }

    fn has_ballast(&self) -> bool {
        fs::metadata(self.dir.ballast()).is_ok_and(|of| of.len() == BALLAST)
    }

    /// Recovers, and looks whether everything is there.
    fn start(&mut self, config: SpaceConfig) -> Node {
        let recovered = recover(&self.dir).unwrap();
        self.witness.check(&self.dir, &recovered).unwrap();
        Node::start_with_space(&self.dir, recovered, config).unwrap()
    }

    /// Works until so many answers came after something is so.
    fn work_until(&mut self, node: &Node, mut is_so: impl FnMut(&Node) -> bool) {
        let begun = Instant::now();
        let mut from = None;
        node.work(&mut self.load, |answered| {
            assert!(begun.elapsed() < PATIENCE, "what is waited for does not happen");
            if from.is_none() && is_so(node) {
                from = Some(answered);
            }
            from.is_some_and(|from| answered >= from + ANSWERS)
        });
    }

    /// What was published since that was last asked for: how much began something,
    /// and how much ended something.
    fn published(&mut self, node: &Node) -> (usize, usize) {
        let batches = node.take_published();
        self.witness.hear(&batches);
        let entries = batches.iter().flat_map(|batch| &batch.entries);
        entries.fold((0, 0), |(begun, ended), committed| match committed.entry.command {
            Command::PlaceOrder(_) | Command::OpenAccount(_) => (begun + 1, ended),
            Command::CancelOrder(_) => (begun, ended + 1),
            _ => (begun, ended),
        })
    }

    fn stop(&mut self, node: Node) -> Option<Fatal> {
        let said = node.stop();
        self.witness.see(&said);
        said.fatal
    }
}

#[test]
fn a_full_disk_stops_what_is_new_then_the_node_and_keeps_it_from_no_start() {
    if !is_available() {
        return;
    }
    let disk = Disk::new(1).unwrap();
    disk.set_capacity(CAPACITY);
    let mut world = World::new(&disk);
    let often = looking_every(Duration::from_millis(5));

    // There is room: everything is taken, and the ballast lies there.
    let node = world.start(often);
    assert!(world.has_ballast());
    world.work_until(&node, |_| true);
    assert!(node.turned_away() == 0 && world.published(&node).0 > 0);

    // Less than a tenth is free: nothing new is taken, what ends things is.
    leave_free(&disk, LITTLE);
    world.work_until(&node, |node| node.turned_away() > 0);
    // What was in the queue when it closed.
    world.published(&node);
    world.work_until(&node, |_| true);
    let (begun, ended) = world.published(&node);
    assert!(begun == 0 && ended > 0, "{begun} begun, {ended} ended");
    assert!(world.has_ballast());
    assert!(world.stop(node).is_none());

    // Nothing is free, from one moment to the next: the write fails, and the node
    // stops without an answer for it.
    let node = world.start(looking_every(PATIENCE * 60));
    leave_free(&disk, 0);
    world.work_until(&node, |_| false);
    assert!(matches!(world.stop(node), Some(Fatal::Journal(_) | Fatal::Events(_))));

    // On the same full disk it starts, by the ballast, and cancels go on.
    assert!(world.has_ballast());
    let node = world.start(often);
    assert!(!world.has_ballast());
    world.work_until(&node, |_| true);
    let (begun, ended) = world.published(&node);
    assert!(begun == 0 && ended > 0, "{begun} begun, {ended} ended");

    // Somebody fills that up, too. The node ends before it takes what a start
    // needs, and answers everybody.
    let mut last = Instant::now();
    world.work_until(&node, |node| {
        if last.elapsed() > FILLING_EVERY {
            last = Instant::now();
            leave_free(&disk, disk.capacity().saturating_sub(disk.used()).saturating_sub(FILLING));
        }
        node.is_full()
    });
    assert!(world.stop(node).is_none());
    let node = world.start(often);
    assert!(world.stop(node).is_none());

    // Room comes back: everything is taken again, and the ballast lies there.
    fs::remove_file(disk.path().join("others")).unwrap();
    let node = world.start(often);
    assert!(world.has_ballast());
    world.work_until(&node, |_| true);
    assert_eq!(node.turned_away(), 0);
    assert!(world.stop(node).is_none());
    world.witness.check(&world.dir, &recover(&world.dir).unwrap()).unwrap();
    let audit = verify(&world.dir, |_| ()).unwrap();
    assert!(audit.is_sound(), "{:?}", audit.findings);
    disk.remove().unwrap();
}

/// The start above, without a ballast: it must fail, or the ballast is for
/// nothing. It loses nothing all the same.
#[test]
fn without_a_ballast_the_same_start_is_refused() {
    if !is_available() {
        return;
    }
    let disk = Disk::new(1).unwrap();
    let mut world = World::new(&disk);
    let node = world.start(SpaceConfig { ballast: 0, ..looking_every(PATIENCE * 60) });
    world.work_until(&node, |_| true);
    leave_free(&disk, 0);
    world.work_until(&node, |_| false);
    assert!(matches!(world.stop(node), Some(Fatal::Journal(_) | Fatal::Events(_))));
    let refusal = recover(&world.dir).err().expect("there is no room to start").to_string();
    for part in ["/data/", "No space left on device", "If the disk is full"] {
        assert!(refusal.contains(part), "{part:?} is not in {refusal:?}");
    }
    fs::remove_file(disk.path().join("others")).unwrap();
    world.witness.check(&world.dir, &recover(&world.dir).unwrap()).unwrap();
    disk.remove().unwrap();
}
