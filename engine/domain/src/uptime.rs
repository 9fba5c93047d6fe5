//! The share of time that a provider was up.

use std::fmt;

use crate::codec::{Decode, DecodeError, Reader, codec_as};

/// A share of time in hundredths of a percent, 0 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uptime(u16);

impl Uptime {
    /// Always up.
    pub const MAX: Self = Self(10_000);

    /// A share of `bps` hundredths of a percent, at most 10,000.
    #[inline]
    #[must_use]
    pub const fn new(bps: u16) -> Option<Self> {
        if bps > Self::MAX.0 { None } else { Some(Self(bps)) }
    }

    /// Hundredths of a percent.
    #[inline]
    #[must_use]
    pub const fn bps(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Uptime {
    /// As a share of one, without trailing zeros: `1`, `0.99`, `0.9995`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / Self::MAX.0, self.0 % Self::MAX.0);
        if part == 0 {
            return write!(f, "{whole}");
        }
        f.pad(format!("{whole}.{part:04}").trim_end_matches('0'))
    }
}

codec_as!(Uptime, u16, |it| it.0);

impl Decode for Uptime {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::new(u16::decode(input)?).ok_or(DecodeError::Range("uptime"))
    }
}
