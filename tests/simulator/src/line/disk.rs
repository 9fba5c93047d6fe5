//! A disk on which only what was synced is sure to stay.

use crate::dice::Dice;
use crate::line::frame::Frame;

#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    bytes: Vec<u8>,
    /// How many of the bytes were synced.
    synced: usize,
}

/// What recovery found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) frames: Vec<Frame>,
    /// Bytes behind the last whole batch: a torn tail.
    pub(crate) torn: usize,
}

impl Disk {
    /// Writes behind the end. Nothing of it is durable yet.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Everything written so far is durable now.
    pub(crate) const fn sync(&mut self) {
        self.synced = self.bytes.len();
    }

    /// The power goes. Of what was not synced, chance keeps all, nothing, or a
    /// part, and of a part some bytes may never have been written.
    pub(crate) fn crash(&mut self, dice: &mut Dice) {
        let loose = self.bytes.len() - self.synced;
        match dice.below(4) {
            0 => self.bytes.truncate(self.synced),
            1 => {}
            torn => {
                let kept = usize::try_from(dice.below(loose as u64 + 1)).expect("no more than there is");
                self.bytes.truncate(self.synced + kept);
                if torn == 2 && kept > 0 {
                    let hole = usize::try_from(dice.below(kept as u64)).expect("no more than there is");
                    let end = (hole + 16).min(kept);
                    self.bytes[self.synced + hole..self.synced + end].fill(0);
                }
            }
        }
        self.synced = self.bytes.len();
    }

    /// All whole batches from the first on.
    pub(crate) fn read(&self) -> Found {
        let mut frames = Vec::new();
        let mut rest = self.bytes.as_slice();
        while let Some((frame, length)) = Frame::read(rest) {
            frames.push(frame);
            rest = &rest[length..];
        }
        Found { frames, torn: rest.len() }
    }

    /// Cuts a torn tail, so that the log can be written on.
    pub(crate) fn cut(&mut self, torn: usize) {
        self.bytes.truncate(self.bytes.len() - torn);
        self.synced = self.bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use berth_domain::{AccountId, Authority, Entry, Micros, RULES_VERSION, Seq, Tick};

    use super::*;
    use crate::line::frame::Tip;

    fn frame(first: u64, count: u64) -> Vec<u8> {
        let entries: Vec<Entry> = (first..first + count)
            .map(|seq| Entry {
                rules: RULES_VERSION,
                seq: Seq(seq),
                at: Micros(seq),
                account: AccountId::EXCHANGE,
                authority: Authority::Exchange,
                command: Tick.into(),
            })
            .collect();
        let tip = Tip { seq: Seq(first - 1), ..Tip::default() };
        Frame::seal(&tip, 1, entries.iter()).0
    }

    #[test]
    fn what_was_synced_survives_any_crash_and_a_torn_tail_is_seen() {
        let (first, second) = (frame(1, 2), frame(3, 3));
        let (mut whole, mut torn, mut gone) = (0, 0, 0);
        for seed in 0..400 {
            let mut disk = Disk::default();
            disk.write(&first);
            disk.sync();
            disk.write(&second);
            disk.crash(&mut Dice::new(seed, 0));
            let found = disk.read();
            assert_eq!(found.frames[0].entries.len(), 2);
            match (found.frames.len(), found.torn) {
                (2, 0) => whole += 1,
                (1, 0) => gone += 1,
                (1, _) => torn += 1,
                other => panic!("{other:?}"),
            }
            disk.cut(found.torn);
            disk.write(&second);
            assert_eq!(disk.read().torn, 0);
        }
        assert!(whole > 50 && torn > 50 && gone > 50, "{whole} whole, {torn} torn, {gone} gone");
    }

    #[test]
    fn no_damaged_batch_reads_as_a_batch() {
        let bytes = frame(1, 3);
        assert!(Frame::read(&bytes).is_some());
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            assert!(Frame::read(&damaged).is_none(), "byte {place}");
            assert!(Frame::read(&bytes[..place]).is_none(), "{place} bytes");
        }
    }
}
