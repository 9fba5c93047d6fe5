//! Words of an account's standing: its reputation, and what changes it.

use crate::codec::{Decode, DecodeError, Encode, Reader, codec_as, codec_names};
use crate::ids::{AccountId, ChainEventId, LeaseId};

/// What an account's leases have made of its name: points of 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reputation(u8);

impl Reputation {
    /// Where every account starts.
    pub const MAX: Self = Self(100);

    /// `points` of 100; `None` beyond that.
    #[must_use]
    pub const fn new(points: u8) -> Option<Self> {
        if points > Self::MAX.0 { None } else { Some(Self(points)) }
    }

    /// Points of 100.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// So many points more, at most 100.
    #[must_use]
    pub fn raised(self, points: u8) -> Self {
        Self(self.0.saturating_add(points)).min(Self::MAX)
    }

    /// So many points less, at least none.
    #[must_use]
    pub const fn lowered(self, points: u8) -> Self {
        Self(self.0.saturating_sub(points))
    }
}

codec_as!(Reputation, u8, |it| it.0);

impl Decode for Reputation {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::new(u8::decode(input)?).ok_or(DecodeError::Range("reputation"))
    }
}

/// A part of a whole in hundredths of a percent, 0 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u16);

impl Share {
    /// All of it.
    pub const ALL: Self = Self(10_000);

    /// A share of `bps` hundredths of a percent, at most 10,000.
    #[must_use]
    pub const fn new(bps: u16) -> Option<Self> {
        if bps > Self::ALL.0 { None } else { Some(Self(bps)) }
    }

    /// Hundredths of a percent.
    #[must_use]
    pub const fn bps(self) -> u16 {
        self.0
    }

    /// This share of `whole`, rounded down.
    #[must_use]
    pub fn of(self, whole: u32) -> u32 {
        let part = u64::from(whole) * u64::from(self.0) / u64::from(Self::ALL.0);
        u32::try_from(part).expect("a part is no more than the whole")
    }

    /// Whether `part` of `whole` is this share or more. Nothing is any share of
    /// nothing.
    #[must_use]
    pub fn is_met(self, part: u32, whole: u32) -> bool {
        u64::from(part) * u64::from(Self::ALL.0) >= u64::from(whole) * u64::from(self.0)
    }
}

codec_as!(Share, u16, |it| it.0);

impl Decode for Share {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::new(u16::decode(input)?).ok_or(DecodeError::Range("share"))
    }
}

codec_names! {
    /// Why a reputation changed.
    pub enum ReputationCause {
        /// A lease was served to its end, or until its tenant stopped it.
        Completed = 0 "completed",
        /// A lease could not start, or ended badly.
        Failed = 1 "failed",
        /// A lease's heartbeats stopped.
        Dark = 2 "dark",
        /// A lease's result was not what others computed.
        FailedVerification = 3 "failedVerification",
    }
}

/// Why a trust level changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustCause {
    /// A lease closed.
    Lease(LeaseId),
    /// The stake changed on the chain.
    Stake(ChainEventId),
    /// Stake was forfeited for this lease.
    Slash(LeaseId),
    /// This auditor attested, or took it back.
    Attestation(AccountId),
    /// Time passed: an attestation ran out, or a lease is too old to speak for
    /// the uptime.
    Expiry,
}

impl TrustCause {
    /// The name that the outside uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lease(_) => "lease",
            Self::Stake(_) => "stake",
            Self::Slash(_) => "slash",
            Self::Attestation(_) => "attestation",
            Self::Expiry => "expiry",
        }
    }
}

impl Encode for TrustCause {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Lease(lease) => {
                out.push(0);
                lease.encode(out);
            }
            Self::Stake(event) => {
                out.push(1);
                event.encode(out);
            }
            Self::Slash(lease) => {
                out.push(2);
                lease.encode(out);
            }
            Self::Attestation(auditor) => {
                out.push(3);
                auditor.encode(out);
            }
            Self::Expiry => out.push(4),
        }
    }
}

impl Decode for TrustCause {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(input)? {
            0 => Decode::decode(input).map(Self::Lease),
            1 => Decode::decode(input).map(Self::Stake),
            2 => Decode::decode(input).map(Self::Slash),
            3 => Decode::decode(input).map(Self::Attestation),
            4 => Ok(Self::Expiry),
            tag => Err(DecodeError::Tag { of: "TrustCause", tag: tag.into() }),
        }
    }
}
