//! A replica that follows the log, more or less slowly, and now and then has to
//! start over from scratch.

use berth_domain::{Digest, Seq};
use berth_exchange::Exchange;

use crate::line::disk::Disk;
use crate::line::history::{History, replay};
use crate::referee::{Checked, rule};

#[derive(Debug, Default)]
pub(crate) struct Follower {
    exchange: Exchange,
    digest: Digest,
}

impl Follower {
    /// Applies at most `most` of the entries that it is told of.
    pub(crate) fn follow(&mut self, history: &History, most: usize) -> Checked {
        let behind = usize::try_from(self.exchange.head().0).expect("a log in memory");
        for told in history.published().iter().skip(behind).take(most) {
            let applied = replay(&mut self.exchange, self.digest, &told.entry)?;
            self.digest = applied.digest;
            self.compare(history, told.entry.seq, told.digest)?;
        }
        Ok(())
    }

    /// Forgets everything and reads the log from its first byte.
    pub(crate) fn start_over(&mut self, disk: &Disk, history: &History) -> Checked {
        *self = Self::default();
        for frame in disk.read().frames {
            for entry in &frame.entries {
                let place = usize::try_from(entry.seq.0 - 1).expect("a log in memory");
                // What is written and not synced is nobody's to read.
                let Some(known) = history.published().get(place) else { return Ok(()) };
                self.digest = replay(&mut self.exchange, self.digest, entry)?.digest;
                self.compare(history, entry.seq, known.digest)?;
            }
        }
        Ok(())
    }

    /// Whether it stands where the twin stands, and equals it.
    pub(crate) fn check_equal(&self, history: &History) -> Checked {
        let (here, there) = (&self.exchange, history.exchange());
        if here.head() == there.head() && here.state_hash() == there.state_hash() {
            return Ok(());
        }
        Err(rule::FOLLOWER.broken(format!("the follower at {} is not the node at {}", here.head(), there.head())))
    }

    fn compare(&self, history: &History, seq: Seq, digest: Digest) -> Checked {
        if self.digest != digest {
            return Err(rule::FOLLOWER.broken(format!("the follower has other events at entry {seq}")));
        }
        match history.hash_at(seq) {
            Some(hash) if self.exchange.state_hash() != hash => {
                Err(rule::FOLLOWER.broken(format!("the follower has another state behind entry {seq}")))
            }
            _ => Ok(()),
        }
    }
}
