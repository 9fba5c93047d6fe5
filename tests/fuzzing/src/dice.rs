//! Choices out of a byte string: each takes one byte, and zeros when none is
//! left, so that every string is a program and a byte more or less moves little.

use berth_domain::{Attribute, Digest, Micros, Rate, Seconds, SelfTrade, Stroops, Text};

/// Bytes from here on choose what is unsound: most of a log should be carried
/// out, or it leads nowhere.
const ODD: u8 = 0xfc;

/// The rest of the bytes.
pub(crate) struct Dice<'a> {
    rest: &'a [u8],
}

impl<'a> Dice<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    /// One of several. The first is what a program out of bytes chooses.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.byte()) % from.len()]
    }

    /// Whether the next byte is one of few: for what should be rare.
    pub(crate) fn rarely(&mut self) -> bool {
        self.byte() >= ODD
    }

    /// A byte below [`ODD`] for what is sound, or one of these for what is not.
    fn sound_or<T: Copy>(&mut self, odd: &[T]) -> Result<u8, T> {
        let byte = self.byte();
        if byte < ODD { Ok(byte) } else { Err(self.pick(odd)) }
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A small count, from 1 on, or what no count should be.
    pub(crate) fn count(&mut self) -> u32 {
        match self.sound_or(&[0, u32::MAX, u32::MAX / 2, 300, 1_024, 1_025, 1_000_000, 65_536]) {
            Ok(byte) => u32::from(byte % 4) + 1,
            Err(odd) => odd,
        }
    }

    /// An amount of the size of what is traded, or what hardly is one.
    pub(crate) fn amount(&mut self) -> Stroops {
        let stroops = match self.sound_or(&[0, i64::MAX, i64::MAX / 2, 1]) {
            Ok(byte) => i64::from(byte) * 500,
            Err(odd) => odd,
        };
        Stroops::new(stroops).expect("it is not negative")
    }

    /// Rates that fall together often, and some at which a lease costs a stroop,
    /// nothing, or more than can be counted.
    pub(crate) fn rate(&mut self) -> Rate {
        let rate = match self.sound_or(&[Rate::MAX.get(), i64::MAX / 3_600, i64::MAX / 1_024, 1, 2, 1_234]) {
            Ok(byte) => i64::from(byte % 8 + 1) * 3_600,
            Err(odd) => odd,
        };
        Rate::new(rate).expect("it is positive")
    }

    pub(crate) fn seconds(&mut self) -> Seconds {
        Seconds(match self.sound_or(&[u64::MAX, u64::MAX / 1_000_000, 100 * 366 * 86_400, 0]) {
            Ok(byte) => [3_600, 60, 1_800, 10, 3_601, 86_400, 1, 600][usize::from(byte % 8)],
            Err(odd) => odd,
        })
    }

    /// A time near the present, before or after it, or far from it.
    pub(crate) fn time(&mut self, now: Micros) -> Micros {
        let odd = [Micros(0), Micros(u64::MAX), now, Micros(now.0.saturating_sub(1)), Micros(now.0.saturating_add(1))];
        match self.sound_or(&odd) {
            Ok(byte) => now.plus(Seconds([10, 60, 1, 600, 3_600, 86_400, 20, 90][usize::from(byte % 8)])),
            Err(odd) => odd,
        }
    }

    /// Perhaps something; most often not.
    pub(crate) fn perhaps<T>(&mut self, some: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.byte() % 4 == 3).then(|| some(self))
    }

    /// One of these ids, or one that never was.
    pub(crate) fn id(&mut self, ids: &[u64]) -> u64 {
        match self.sound_or(&[0, u64::MAX, ids.len() as u64 + 1, 1]) {
            Ok(byte) if !ids.is_empty() => ids[usize::from(byte) % ids.len()],
            Ok(_) => 1,
            Err(odd) => odd,
        }
    }

    pub(crate) fn digest(&mut self) -> Digest {
        Digest([self.byte() % 4; 32])
    }

    pub(crate) fn self_trade(&mut self) -> SelfTrade {
        self.pick(SelfTrade::ALL)
    }

    /// Attributes as hosts offer and orders require them, sorted or not.
    pub(crate) fn attributes(&mut self) -> Vec<Attribute> {
        let all = [("gpu", "x"), ("nvlink", "yes"), ("region", "eu"), ("zone", "")];
        let chosen = self.byte();
        let mut chosen: Vec<_> = (0..4).filter(|n| chosen >> n & 1 == 1).map(|n| all[n]).collect();
        if self.rarely() {
            chosen.reverse();
        }
        chosen.into_iter().map(|(key, value)| Attribute { key: text(key), value: text(value) }).collect()
    }
}

pub(crate) fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).expect("short enough")
}
