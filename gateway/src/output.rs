//! What the containers of leases write, as their agents tell it: the end of it,
//! in memory. It is for the tenant and the host, and never in the log.
//!
//! An agent sends lines with the engine's times, again and again, and may send a
//! line twice: a replica's lines are in the order of their times, so what is not
//! later than the last one is known. An agent that believes the node to know more
//! than it does, since the node was started anew, is told and begins again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use berth_domain::LeaseId;
use berth_wire::request::{OutputChunk, OutputLine};
use tokio::sync::watch;

use crate::limits::{OUTPUT_BYTES_MAX, OUTPUTS_KEPT};

/// The output of the leases that wrote or were followed last.
#[derive(Default)]
pub(crate) struct Outputs(Mutex<Leases>);

#[derive(Default)]
struct Leases {
    by_lease: BTreeMap<LeaseId, (u64, Arc<Output>)>,
    /// Counts the times that one was asked for.
    turn: u64,
}

impl Outputs {
    /// A lease's output; empty where nothing is known of it.
    pub(crate) fn of(&self, lease: LeaseId) -> Arc<Output> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.turn += 1;
        let turn = kept.turn;
        if let Some((last, output)) = kept.by_lease.get_mut(&lease) {
            *last = turn;
            return output.clone();
        }
        if kept.by_lease.len() >= OUTPUTS_KEPT {
            let oldest = kept.by_lease.iter().min_by_key(|(_, (last, _))| *last).map(|(id, _)| *id);
            oldest.and_then(|oldest| kept.by_lease.remove(&oldest));
        }
        let output = Arc::new(Output { lines: Mutex::default(), changed: watch::Sender::new(()) });
        kept.by_lease.insert(lease, (turn, output.clone()));
        output
    }
}

/// The end of what a lease's containers wrote.
pub(crate) struct Output {
    lines: Mutex<Lines>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct Lines {
    ring: VecDeque<OutputLine>,
    bytes: usize,
    /// How many came before the first that is kept.
    gone: u64,
    /// The time of each replica's last line.
    until: BTreeMap<u32, String>,
}

impl Output {
    /// Takes what is new of an agent's words, and says how far the replica's lines
    /// are known now.
    pub(crate) fn take(&self, chunk: OutputChunk) -> Option<String> {
        let mut lines = self.lines();
        let known = lines.until.get(&chunk.replica).cloned();
        if chunk.after > known {
            // Something between is not known here.
            return known;
        }
        let is_new = |line: &OutputLine| known.as_ref().is_none_or(|known| line.at > *known);
        let mut fresh: Vec<OutputLine> = chunk.lines.into_iter().filter(is_new).collect();
        let Some(last) = fresh.last() else { return known };
        let until = last.at.clone();
        lines.until.insert(chunk.replica, until.clone());
        for line in fresh.drain(..) {
            lines.bytes += line.cost();
            lines.ring.push_back(line);
        }
        while lines.bytes > OUTPUT_BYTES_MAX
            && let Some(line) = lines.ring.pop_front()
        {
            lines.bytes -= line.cost();
            lines.gone += 1;
        }
        drop(lines);
        self.changed.send_replace(());
        Some(until)
    }

    /// The lines from a place on that are of the wanted replica, and the place
    /// behind them.
    pub(crate) fn from(&self, place: u64, replica: Option<u32>) -> (Vec<OutputLine>, u64) {
        let lines = self.lines();
        let skip = usize::try_from(place.saturating_sub(lines.gone)).unwrap_or(usize::MAX);
        let wanted = lines.ring.iter().skip(skip).filter(|line| replica.is_none_or(|replica| line.replica == replica));
        (wanted.cloned().collect(), lines.gone + lines.ring.len() as u64)
    }

    /// Whether nothing has come yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines().until.is_empty()
    }

    /// Changes when lines come.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        // It is whole whenever the lock is free.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: usize) -> String {
        format!("2026-01-01T00:00:{second:02}.000000000Z")
    }

    fn chunk(replica: u32, after: Option<usize>, lines: &[(usize, &str)]) -> OutputChunk {
        let line = |(second, text): &(usize, &str)| OutputLine { replica, at: at(*second), text: (*text).to_owned() };
        OutputChunk { replica, after: after.map(at), lines: lines.iter().map(line).collect() }
    }

    fn texts(output: &Output) -> Vec<String> {
        output.from(0, None).0.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_that_come_again_are_taken_once_and_a_gap_is_told() {
        let outputs = Outputs::default();
        let output = outputs.of(LeaseId(1));
        assert_eq!(output.take(chunk(0, None, &[(1, "one"), (2, "two")])), Some(at(2)));
        assert_eq!(output.take(chunk(0, None, &[(1, "one"), (2, "two"), (3, "three")])), Some(at(3)));
        assert_eq!(output.take(chunk(0, Some(9), &[(10, "ten")])), Some(at(3)), "what came before is missing");
        assert_eq!(output.take(chunk(1, None, &[(1, "other")])), Some(at(1)), "each replica has its own time");
        assert_eq!(texts(&output), ["one", "two", "three", "other"]);
        assert_eq!(output.from(1, Some(0)).0.len(), 2);
        let (none, place) = output.from(4, None);
        assert_eq!((none.len(), place), (0, 4));
        // Another node, which knows nothing.
        assert_eq!(Outputs::default().of(LeaseId(1)).take(chunk(0, Some(3), &[(4, "four")])), None);
    }

    #[test]
    fn a_lease_keeps_the_end_of_its_output_and_the_node_that_of_the_newest_leases() {
        let outputs = Outputs::default();
        let output = outputs.of(LeaseId(1));
        let long = "x".repeat(OUTPUT_BYTES_MAX / 4);
        for second in 1..9 {
            output.take(chunk(0, None, &[(second, &long)]));
        }
        let (kept, place) = output.from(0, None);
        assert_eq!((kept.len(), place, &kept[0].at), (3, 8, &at(6)), "a reader who is behind goes on with the oldest");
        for id in 2..=OUTPUTS_KEPT as u64 + 1 {
            outputs.of(LeaseId(id));
        }
        assert!(outputs.of(LeaseId(1)).is_empty(), "it gave its place to the last");
    }
}
