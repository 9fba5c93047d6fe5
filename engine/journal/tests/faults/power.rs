//! The power goes while the node is under load.

use std::thread::sleep;
use std::time::Duration;

use berth_disk::{Disk, Effect, Fault, Image, Operation, Survival, is_available};
use berth_journal::{DataDir, recover, verify};

use crate::load::Load;
use crate::node::Node;
use crate::witness::Witness;

/// Cycles on one log. Each start reads all of it, so that a long run takes new
/// ones.
const PER_LOG: u64 = 25;

/// A node's disk over many cuts.
struct Machine {
    image: Image,
    load: Load,
    witness: Witness,
    /// Starts that told of an end that was cut.
    torn: u64,
}

impl Machine {
    fn new() -> Self {
        Self { image: Image::default(), load: Load::default(), witness: Witness::new(), torn: 0 }
    }

    /// Starts on what the last cut left, looks whether it is all there, works,
    /// and loses power.
    fn cycle(&mut self, seed: u64, survival: Survival, fault: Option<Fault>) -> Result<(), String> {
        let disk = Disk::mount(std::mem::take(&mut self.image), seed).unwrap();
        let dir = DataDir::new(disk.path().join("data"));
        // Now and then the moment is in the middle of a write for sure.
        let in_write = fault.is_none() && seed.is_multiple_of(5);
        let torn = Fault::on("data/log/*.log", Operation::Write, Effect::Torn).after(seed % 20);
        fault.or(in_write.then_some(torn)).into_iter().for_each(|fault| disk.plan(fault));
        // A moment that no step of the node is bound to; now and then it is while
        // the node still starts.
        let moment = Duration::from_micros(seed.wrapping_mul(0x9e37_79b9) % 40_000);
        let cut = || {
            sleep(moment);
            disk.cut(survival);
        };
        std::thread::scope(|scope| {
            let in_start = !in_write && seed % 4 == 3;
            if in_start {
                scope.spawn(cut);
            }
            match self.start(&dir) {
                Ok(node) => {
                    if !in_start && !in_write {
                        scope.spawn(cut);
                    }
                    node.work(&mut self.load, |_| false);
                    let said = node.stop();
                    self.witness.see(&said);
                    Ok(())
                }
                // A start that ends with the power has let nothing out.
                Err(_) if !disk.has_power() => Ok(()),
                Err(e) => Err(e),
            }
        })?;
        self.image = disk.remove().unwrap();
        Ok(())
    }

    fn start(&mut self, dir: &DataDir) -> Result<Node, String> {
        let recovered = recover(dir).map_err(|refusal| format!("refused: {refusal}"))?;
        self.torn += recovered.notes().iter().filter(|note| note.to_string().contains("was torn")).count() as u64;
        self.witness.check(dir, &recovered)?;
        Node::start_with_snapshots(dir, recovered)
    }

    /// The last start, and an audit of the whole log.
    fn end(self) -> Result<u64, String> {
        let Self { image, mut witness, .. } = self;
        let disk = Disk::mount(image, 0).unwrap();
        let dir = DataDir::new(disk.path().join("data"));
        witness.check(&dir, &recover(&dir).map_err(|refusal| format!("refused: {refusal}"))?)?;
        let audit = verify(&dir, |_| ()).map_err(|e| e.to_string())?;
        if audit.is_sound() { Ok(witness.acknowledged) } else { Err(format!("{:?}", audit.findings)) }
    }
}

/// `cycles` cuts: how much was acknowledged, and how many starts found a torn
/// end. `fault` makes the fault of each cycle's disk.
fn lose_power(cycles: u64, seed: u64, fault: impl Fn(u64) -> Option<Fault>) -> Result<(u64, u64), String> {
    let (mut acknowledged, mut torn) = (0, 0);
    let mut machine = Machine::new();
    for cycle in 0..cycles {
        let seed = seed + cycle;
        let survival = [Survival::Synced, Survival::Prefix, Survival::Scattered][(cycle % 3) as usize];
        machine.cycle(seed, survival, fault(seed)).map_err(|e| format!("cycle {cycle}, seed {seed}: {e}"))?;
        if (cycle + 1) % PER_LOG == 0 || cycle + 1 == cycles {
            let ended = std::mem::replace(&mut machine, Machine::new());
            torn += ended.torn;
            acknowledged += ended.end().map_err(|e| format!("after cycle {cycle}, seed {seed}: {e}"))?;
        }
    }
    Ok((acknowledged, torn))
}

/// `BERTH_POWER_CUTS` cuts, 20 unless it says otherwise.
#[test]
fn a_power_cut_takes_nothing_that_was_acknowledged() {
    if !is_available() {
        return;
    }
    let cycles = std::env::var("BERTH_POWER_CUTS").map_or(20, |cycles| cycles.parse().expect("it is a number"));
    let (acknowledged, torn) = lose_power(cycles, 1, |_| None).unwrap();
    assert!(acknowledged > cycles * 20, "{acknowledged} acknowledgements in {cycles} cycles are no load");
    assert!(torn > 0, "no cut met a write");
}

/// The test above, on a disk that answers every sync and does none: it must
/// find what is lost, or it finds nothing ever.
#[test]
fn without_syncs_the_same_test_finds_what_is_lost() {
    if !is_available() {
        return;
    }
    for seed in [1, 100] {
        let lying = |_| Some(Fault::on("*", Operation::Sync, Effect::Lost));
        let found = lose_power(20, seed, lying).expect_err("syncs were switched off, and nothing was missed");
        // Or what was made of them is all that the disk kept.
        let is_found =
            ["acknowledged entries are lost", "which were acknowledged"].iter().any(|words| found.contains(words));
        assert!(is_found, "{found}");
    }
}
