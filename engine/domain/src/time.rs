//! Time as the log stamps it, and durations.

use std::fmt;

use crate::codec::{Decode, DecodeError, Reader, codec_as};

/// A point in time: microseconds since 1970 (UTC), as the sequencer stamped it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    /// This point plus a duration; the end of time when that is beyond it.
    #[inline]
    #[must_use]
    pub const fn plus(self, duration: Seconds) -> Self {
        Self(self.0.saturating_add(duration.0.saturating_mul(1_000_000)))
    }

    /// Microseconds from `earlier` to here; zero when `earlier` is later.
    #[inline]
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole seconds since 1970, as the chain counts.
    #[inline]
    #[must_use]
    pub const fn unix_seconds(self) -> u64 {
        self.0 / 1_000_000
    }
}

/// A duration in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub u64);

impl Seconds {
    /// The duration in microseconds, saturating.
    #[inline]
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0.saturating_mul(1_000_000)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

macro_rules! through_u64 {
    ($($name:ident),*) => {$(
        codec_as!($name, u64, |time| time.0);

        impl Decode for $name {
            #[inline]
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                u64::decode(input).map(Self)
            }
        }
    )*};
}
through_u64!(Micros, Seconds);
