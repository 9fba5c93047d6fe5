//! The bytes of one file: as they are, and as a power cut would leave them.

use crate::chance::Chance;

/// What a drive writes at once or not at all.
const SECTOR: usize = 512;
/// Beyond so many unsynced bytes a file is written back unasked, as a kernel
/// does: memory is bounded.
const UNSYNCED_MAX: usize = 64 << 20;

/// How much of what was not synced a power cut leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// Nothing.
    Synced,
    /// Of each file and each directory the first changes, as many as chance
    /// says; the last of them may end at any byte.
    Prefix,
    /// Of each file any of its sectors of 512 bytes, each by a coin, with holes
    /// of zeros between them; the length may be there without the bytes. Of each
    /// directory the first changes.
    Scattered,
}

/// One file's bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
    /// What leads from `durable` to `now`, in order.
    unsynced: Vec<Change>,
    unsynced_bytes: usize,
}

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => put(to, *at, bytes),
            Self::Length(length) => to.resize(*length, 0),
        }
    }
}

/// Writes `bytes` at a place; what lies between the end and it becomes zeros.
fn put(to: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if to.len() < end {
        to.resize(end, 0);
    }
    to[at..end].copy_from_slice(bytes);
}

impl Content {
    /// A file that is on the disk.
    pub(crate) fn durable(bytes: Vec<u8>) -> Self {
        Self { now: bytes.clone(), durable: bytes, unsynced: Vec::new(), unsynced_bytes: 0 }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.now
    }

    pub(crate) fn read(&self, at: usize, length: usize) -> &[u8] {
        let from = at.min(self.now.len());
        let to = at.saturating_add(length).min(self.now.len());
        &self.now[from..to]
    }

    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.change(Change::Write { at, bytes: bytes.to_vec() }, bytes.len());
    }

    pub(crate) fn set_length(&mut self, length: usize) {
        self.change(Change::Length(length), 0);
    }

    fn change(&mut self, change: Change, bytes: usize) {
        change.apply(&mut self.now);
        self.unsynced.push(change);
        self.unsynced_bytes += bytes;
        if self.unsynced_bytes > UNSYNCED_MAX {
            self.sync();
        }
    }

    /// What was written is on the disk.
    pub(crate) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.durable);
        }
        self.unsynced_bytes = 0;
    }

    /// The bytes after a power cut.
    pub(crate) fn survivor(&self, survival: Survival, chance: &mut Chance) -> Vec<u8> {
        let mut left = self.durable.clone();
        match survival {
            Survival::Synced => {}
            Survival::Prefix => {
                let whole = chance.index(self.unsynced.len() + 1);
                self.unsynced[..whole].iter().for_each(|change| change.apply(&mut left));
                if let Some(Change::Write { at, bytes }) = self.unsynced.get(whole) {
                    let torn = chance.index(bytes.len() + 1);
                    put(&mut left, *at, &bytes[..torn]);
                }
            }
            Survival::Scattered => {
                for change in &self.unsynced {
                    match change {
                        Change::Length(_) if chance.coin() => change.apply(&mut left),
                        Change::Length(_) => {}
                        Change::Write { at, bytes } => scatter(&mut left, *at, bytes, chance),
                    }
                }
            }
        }
        left
    }
}

/// Writes some sectors of a write.
fn scatter(left: &mut Vec<u8>, at: usize, bytes: &[u8], chance: &mut Chance) {
    let end = at + bytes.len();
    if left.len() < end && chance.coin() {
        left.resize(end, 0);
    }
    let mut from = at;
    while from < end {
        let to = end.min((from / SECTOR + 1) * SECTOR);
        if chance.coin() {
            put(left, from, &bytes[from - at..to - at]);
        }
        from = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with `ab` on the disk and then 2,000 bytes and a cut to 1,500.
    fn file() -> Content {
        let mut file = Content::durable(b"ab".to_vec());
        file.write(2, &[b'c'; 2_000]);
        file.set_length(1_500);
        file
    }

    #[test]
    fn what_is_synced_survives_every_cut() {
        let mut file = file();
        assert_eq!(file.survivor(Survival::Synced, &mut Chance::new(1)), b"ab");
        file.sync();
        for survival in [Survival::Synced, Survival::Prefix, Survival::Scattered] {
            assert_eq!(file.survivor(survival, &mut Chance::new(1)), file.bytes());
        }
        assert_eq!(file.read(1_499, 10), b"c");
        assert_eq!(file.read(1_500, 10), b"");
    }

    #[test]
    fn a_prefix_ends_anywhere_and_has_no_holes() {
        let file = file();
        let mut lengths: Vec<usize> = (0..200)
            .map(|seed| {
                let left = file.survivor(Survival::Prefix, &mut Chance::new(seed));
                assert!(left.starts_with(b"ab") && left[2..].iter().all(|byte| *byte == b'c'));
                left.len()
            })
            .collect();
        lengths.sort_unstable();
        lengths.dedup();
        assert!(lengths.len() > 50 && lengths.contains(&1_500) && lengths.contains(&2_002), "{lengths:?}");
    }

    #[test]
    fn scattered_sectors_leave_holes_and_only_whole_sectors() {
        let file = file();
        let mut holes = 0;
        for seed in 0..200 {
            let left = file.survivor(Survival::Scattered, &mut Chance::new(seed));
            assert!(left.starts_with(b"ab"));
            for sector in left.chunks(SECTOR) {
                let written = sector.iter().filter(|byte| **byte == b'c').count();
                let zeros = sector.iter().filter(|byte| **byte == 0).count();
                assert!(written == 0 || zeros == 0, "seed {seed}: a torn sector");
            }
            holes += usize::from(left.ends_with(b"c") && left.contains(&0));
        }
        assert!(holes > 20, "{holes} of 200 have a hole");
    }
}
