//! Ids: one type for each kind of thing, counted from 1.

use std::fmt;

use crate::codec::{Decode, DecodeError, Reader, codec_as};

macro_rules! id {
    ($(#[$meta:meta])* $name:ident($int:ty)) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $int);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        codec_as!($name, $int, |id| id.0);

        impl Decode for $name {
            #[inline]
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                <$int>::decode(input).map(Self)
            }
        }
    };
}

id!(
    /// Place of an entry in the log, from 1 (the genesis entry).
    Seq(u64)
);
id!(
    /// An account, in the order in which accounts were opened. Zero is the
    /// exchange itself: ticks and facts of the chain come from it.
    AccountId(u32)
);
id!(
    /// A provider: one host.
    ProviderId(u32)
);
id!(
    /// A market: one book, in the order in which markets were opened.
    MarketId(u16)
);
id!(
    /// A tenant's order.
    OrderId(u64)
);
id!(
    /// A provider's bid, standing or directed.
    BidId(u64)
);
id!(
    /// What one bid fills of one order.
    LeaseId(u64)
);
id!(
    /// Time priority: the sequence number of the entry that gave it.
    Age(u64)
);

impl AccountId {
    /// The exchange itself, which stamps ticks and reports facts of the chain.
    pub const EXCHANGE: Self = Self(0);
}

impl Seq {
    /// The sequence number after this one. The last has itself behind it: a
    /// hostile log may name it, and no log is that long.
    #[inline]
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

macro_rules! bytes32 {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        codec_as!($name, [u8; 32], |it| it.0);

        impl Decode for $name {
            #[inline]
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                <[u8; 32]>::decode(input).map(Self)
            }
        }
    };
}

bytes32!(
    /// An Ed25519 public key; the outside writes it as a Stellar `G…` address.
    /// Here it prints as hexadecimal, since checksummed base 32 is the edge's.
    Address
);
bytes32!(
    /// A BLAKE3 or SHA-256 digest, as its place says.
    Digest
);
bytes32!(
    /// The hash of a Stellar transaction.
    TxHash
);

/// Id of an event on the chain: the ledger, transaction and operation packed as
/// Stellar's TOID, then the index of the event within the operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainEventId {
    /// Ledger sequence, transaction and operation (SEP-35).
    pub toid: u64,
    /// Index of the event within the operation.
    pub index: u32,
}

crate::codec::codec_struct!(ChainEventId { toid, index });

impl fmt::Display for ChainEventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:019}-{:010}", self.toid, self.index)
    }
}

impl std::str::FromStr for ChainEventId {
    type Err = DecodeError;

    /// Reads the id that stellar-rpc's `getEvents` gives, `TOID-index`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let range = DecodeError::Range("chain event id");
        let (toid, index) = text.split_once('-').ok_or(range)?;
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if !digits(toid) || !digits(index) {
            return Err(range);
        }
        Ok(Self { toid: toid.parse().map_err(|_| range)?, index: index.parse().map_err(|_| range)? })
    }
}
