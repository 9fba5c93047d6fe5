//! Trust levels, sets of them, and a limit price for each.

use crate::codec::{Decode, DecodeError, Encode, Reader, codec_names};
use crate::money::Rate;

codec_names! {
    /// How much an account has shown that it can be relied on. Derived from
    /// evidence, never from what a bid claims. Higher is better.
    pub enum TrustLevel {
        /// Where every account starts.
        One = 1 "One",
        /// Staked.
        Two = 2 "Two",
        /// Staked more, with a record of completed leases.
        Three = 3 "Three",
        /// With a long record and uptime.
        Four = 4 "Four",
        /// Four, and attested by an auditor.
        Five = 5 "Five",
    }
}

impl TrustLevel {
    /// Place in a table of levels: One is 0.
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize - 1
    }
}

/// A set of trust levels, one bit each: One is bit 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrustSet(u8);

impl TrustSet {
    /// No level.
    pub const EMPTY: Self = Self(0);

    /// The set with `level` added.
    #[inline]
    #[must_use]
    pub const fn with(self, level: TrustLevel) -> Self {
        Self(self.0 | 1 << level.index())
    }

    /// Whether `level` is in the set.
    #[inline]
    #[must_use]
    pub const fn contains(self, level: TrustLevel) -> bool {
        self.0 & (1 << level.index()) != 0
    }

    /// The levels in the set, lowest first.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = TrustLevel> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let lowest = left.trailing_zeros();
            left &= left - 1;
            // The levels in their order: nothing has to be looked up.
            Some(match lowest {
                0 => TrustLevel::One,
                1 => TrustLevel::Two,
                2 => TrustLevel::Three,
                3 => TrustLevel::Four,
                _ => TrustLevel::Five,
            })
        })
    }
}

/// An order's limit price for each level that it accepts; at least one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    levels: TrustSet,
    /// Stroops per unit-hour; zero where the level is not accepted.
    rates: [i64; 5],
}

impl Limits {
    /// Limits from pairs of level and rate; `None` when there is no pair.
    pub fn new(limits: impl IntoIterator<Item = (TrustLevel, Rate)>) -> Option<Self> {
        let mut table = Self { levels: TrustSet::EMPTY, rates: [0; 5] };
        for (level, rate) in limits {
            table.levels = table.levels.with(level);
            table.rates[level.index()] = rate.get();
        }
        (table.levels != TrustSet::EMPTY).then_some(table)
    }

    /// The limit at `level`, when the order accepts that level.
    #[inline]
    #[must_use]
    pub const fn at(&self, level: TrustLevel) -> Option<Rate> {
        Rate::new(self.rates[level.index()])
    }

    /// The highest limit: what the order's hold is computed at.
    #[inline]
    #[must_use]
    pub fn highest(&self) -> Rate {
        let rates = self.levels.iter().map(|level| self.rates[level.index()]);
        Rate::new(rates.fold(0, i64::max)).expect("a limit table is never empty")
    }

    /// The accepted levels with their limits, lowest level first.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = (TrustLevel, Rate)> + '_ {
        self.levels.iter().filter_map(|level| self.at(level).map(|rate| (level, rate)))
    }

    /// The accepted levels.
    #[inline]
    #[must_use]
    pub const fn levels(&self) -> TrustSet {
        self.levels
    }
}

impl Encode for Limits {
    /// A byte with a bit for each accepted level, then their rates.
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.levels.0);
        for (_, rate) in self.iter() {
            rate.encode(out);
        }
    }
}

impl Decode for Limits {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let set = TrustSet(u8::decode(input)?);
        if set.0 >= 1 << TrustLevel::ALL.len() {
            return Err(DecodeError::Range("trust levels"));
        }
        let mut rates = [0; 5];
        for level in set.iter() {
            rates[level.index()] = Rate::decode(input)?.get();
        }
        if set == TrustSet::EMPTY { Err(DecodeError::Range("trust levels")) } else { Ok(Self { levels: set, rates }) }
    }
}
