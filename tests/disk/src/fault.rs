//! What a disk does wrong, and when.

use crate::chance::Chance;

/// What is asked of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Bytes are read. What the kernel still has in memory is not asked for.
    Read,
    /// Bytes are written.
    Write,
    /// It is synced.
    Sync,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `EIO`, and nothing is done. A write leaves the file as it was.
    Error,
    /// `ENOSPC`, and nothing is done.
    Full,
    /// A write takes only a part, from one byte on, and says so.
    Short,
    /// The power goes during a write: of that write a part of its bytes is on
    /// the disk, of everything else what was synced. For writes.
    Torn,
    /// One bit is another than it was, and nobody is told. For reads and writes.
    Flip,
    /// A sync is answered and not done.
    Lost,
}

/// A fault in waiting.
#[derive(Clone, Debug)]
pub struct Fault {
    file: String,
    operation: Operation,
    effect: Effect,
    skip: u64,
    times: u64,
    one_in: u64,
}

impl Fault {
    /// Each `operation` on files whose path below the mount matches `file`, where
    /// `*` is any text, has this `effect`.
    ///
    /// # Panics
    /// When such an operation can have no such effect.
    #[must_use]
    pub fn on(file: &str, operation: Operation, effect: Effect) -> Self {
        let fits = match effect {
            Effect::Error => true,
            Effect::Full | Effect::Short | Effect::Torn => operation == Operation::Write,
            Effect::Flip => operation != Operation::Sync,
            Effect::Lost => operation == Operation::Sync,
        };
        assert!(fits, "a {operation:?} cannot be {effect:?}");
        Self { file: file.to_owned(), operation, effect, skip: 0, times: u64::MAX, one_in: 1 }
    }

    /// So many of them go well first.
    #[must_use]
    pub fn after(self, skip: u64) -> Self {
        Self { skip, ..self }
    }

    /// It happens so often and then no more.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times, ..self }
    }

    /// It happens to one in so many, by chance; from 1.
    ///
    /// # Panics
    /// When it is zero.
    #[must_use]
    pub fn one_in(self, one_in: u64) -> Self {
        assert!(one_in > 0, "one in none");
        Self { one_in, ..self }
    }
}

/// The faults of one disk.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Fault>,
    struck: u64,
}

impl Faults {
    pub(crate) fn plan(&mut self, fault: Fault) {
        self.waiting.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many have happened.
    pub(crate) const fn struck(&self) -> u64 {
        self.struck
    }

    /// What is to go wrong with this operation.
    pub(crate) fn strike(&mut self, path: &str, operation: Operation, chance: &mut Chance) -> Option<Effect> {
        for fault in &mut self.waiting {
            if fault.operation != operation || fault.times == 0 || !matches(&fault.file, path) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if chance.below(fault.one_in) > 0 {
                continue;
            }
            fault.times -= 1;
            self.struck += 1;
            return Some(fault.effect);
        }
        None
    }
}

/// Whether `path` is `pattern`, in which `*` is any text.
fn matches(pattern: &str, path: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else { return pattern == path };
    let Some(mut path) = path.strip_prefix(head) else { return false };
    while let Some((piece, behind)) = rest.split_once('*') {
        let Some(at) = path.find(piece) else { return false };
        path = &path[at + piece.len()..];
        rest = behind;
    }
    path.ends_with(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, path, expected) in [
            ("watermark", "watermark", true),
            ("watermark", "watermark.new", false),
            ("log/*.log", "log/000004.log", true),
            ("log/*.log", "events/000004.log", false),
            ("log/*.log", "log/.log", true),
            ("*", "anything", true),
            ("*/MANIFEST-*", "log/MANIFEST-000005", true),
            ("a*a", "a", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_fault_waits_happens_and_is_over() {
        let mut faults = Faults::default();
        faults.plan(Fault::on("a", Operation::Write, Effect::Error).after(2).times(1));
        let mut chance = Chance::new(1);
        let mut strike = |path, operation| faults.strike(path, operation, &mut chance);
        assert_eq!(strike("b", Operation::Write), None);
        assert_eq!(strike("a", Operation::Sync), None);
        let struck: Vec<_> = (0..4).map(|_| strike("a", Operation::Write).is_some()).collect();
        assert_eq!((struck, faults.struck()), (vec![false, false, true, false], 1));
    }

    #[test]
    fn one_in_ten_is_about_that_and_the_same_for_a_seed() {
        let count = |seed| {
            let mut faults = Faults::default();
            faults.plan(Fault::on("*", Operation::Read, Effect::Flip).one_in(10));
            let mut chance = Chance::new(seed);
            (0..1_000).filter(|_| faults.strike("a", Operation::Read, &mut chance).is_some()).count()
        };
        assert!((60..140).contains(&count(7)), "{}", count(7));
        assert_eq!(count(7), count(7));
    }

    #[test]
    #[should_panic(expected = "a Sync cannot be Short")]
    fn a_fault_that_cannot_happen_is_none() {
        let _ = Fault::on("a", Operation::Sync, Effect::Short);
    }
}
