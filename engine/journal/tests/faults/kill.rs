//! A node in a process of its own that is killed under load, again and again.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use berth_domain::{Digest, Seq};
use berth_journal::{Ack, DataDir, recover, verify};

use crate::load::Load;
use crate::node::Node;
use crate::witness::Witness;

/// Names the data directory to the process that is to be killed.
const VICTIM: &str = "BERTH_VICTIM_DIR";
/// And how much was said before.
const SAID: &str = "BERTH_VICTIM_SAID";
/// What the load may have said between the last answer that came through and
/// the kill: the next run must not repeat it.
const UNANSWERED_MAX: u64 = 1_000_000;
/// Kills on one log. Each start reads all of it, so that a long run takes new
/// ones.
const PER_LOG: u64 = 25;

/// The process that is killed: works for ever and tells each answer.
#[test]
#[ignore = "the other test runs it, in a process of its own"]
fn victim() {
    let Some(dir) = std::env::var_os(VICTIM) else { return };
    let mut load = Load::from(std::env::var(SAID).unwrap().parse().unwrap());
    let node = Node::start(recover(&DataDir::new(dir)).unwrap()).unwrap();
    let mut out = std::io::stdout().lock();
    node.work(&mut load, |_| {
        for ack in node.take_acks() {
            tell(&mut out, &ack);
        }
        false
    });
}

/// One line in one write, so that a kill leaves no half of it behind.
fn tell(out: &mut impl Write, ack: &Ack) {
    let line = format!("ack {} {}\n", ack.seq.0, ack.entry_hash);
    out.write_all(line.as_bytes()).unwrap();
    out.flush().unwrap();
}

fn heard(line: &str) -> Option<(Seq, Digest)> {
    let mut words = line.strip_prefix("ack ")?.split(' ');
    let seq = words.next()?.parse().ok()?;
    let hex = words.next().filter(|hex| hex.len() == 64)?;
    let mut hash = [0; 32];
    for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&hex[at..at + 2], 16).ok()?;
    }
    Some((Seq(seq), Digest(hash)))
}

fn start(dir: &DataDir, said: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::victim", "--ignored", "--nocapture", "--test-threads=1"])
        .env(VICTIM, dir.root())
        .env(SAID, said.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// `BERTH_NODE_KILLS` kills, 50 unless it says otherwise.
#[test]
fn a_kill_takes_nothing_that_was_acknowledged() {
    let kills: u64 = std::env::var("BERTH_NODE_KILLS").map_or(50, |kills| kills.parse().expect("it is a number"));
    let mut acknowledged = 0;
    for from in (0..kills).step_by(PER_LOG as usize) {
        let root = tempfile::tempdir().unwrap();
        let dir = DataDir::new(root.path().join("data"));
        let mut witness = Witness::new();
        for kill in from..kills.min(from + PER_LOG) {
            let mut victim = start(&dir, kill * UNANSWERED_MAX);
            let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines().map_while(Result::ok);
            // It is killed some time after its first answer.
            let first = lines.find_map(|line| heard(&line)).expect("the node died by itself");
            witness.promise(first.0, first.1);
            sleep(Duration::from_micros(kill.wrapping_mul(0x9e37_79b9) % 20_000));
            victim.kill().unwrap();
            victim.wait().unwrap();
            lines.filter_map(|line| heard(&line)).for_each(|(seq, hash)| witness.promise(seq, hash));
            let recovered = recover(&dir).unwrap_or_else(|refusal| panic!("kill {kill}: {refusal}"));
            witness.check(&dir, &recovered).unwrap_or_else(|e| panic!("kill {kill}: {e}"));
        }
        let audit = verify(&dir, |_| ()).unwrap();
        assert!(audit.is_sound(), "{:?}", audit.findings);
        acknowledged += witness.acknowledged;
    }
    assert!(acknowledged > kills * 20, "{acknowledged} acknowledgements in {kills} runs are no load");
}
