//! What a command came to.

use berth_domain::codec::{Decode, DecodeError, Encode, Reader};
use berth_domain::{AccountId, BidId, Code, LeaseId, MarketId, Micros, OrderId, ProviderId, Seq};
use thiserror::Error;

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out.
    Done(Reply),
    /// It had been carried out before; this is what it answered then.
    Repeated(Reply),
    /// It changed nothing.
    Refused(Code),
}

/// What a carried-out command made or touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing with an id of its own.
    None,
    /// An account.
    Account(AccountId),
    /// A provider.
    Provider(ProviderId),
    /// An order.
    Order(OrderId),
    /// A bid.
    Bid(BidId),
    /// A lease.
    Lease(LeaseId),
    /// A market.
    Market(MarketId),
}

impl Encode for Reply {
    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::None => out.push(0),
            Self::Account(id) => (1_u8, id).encode(out),
            Self::Provider(id) => (2_u8, id).encode(out),
            Self::Order(id) => (3_u8, id).encode(out),
            Self::Bid(id) => (4_u8, id).encode(out),
            Self::Lease(id) => (5_u8, id).encode(out),
            Self::Market(id) => (6_u8, id).encode(out),
        }
    }
}

impl Decode for Reply {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(input)? {
            0 => Ok(Self::None),
            1 => AccountId::decode(input).map(Self::Account),
            2 => ProviderId::decode(input).map(Self::Provider),
            3 => OrderId::decode(input).map(Self::Order),
            4 => BidId::decode(input).map(Self::Bid),
            5 => LeaseId::decode(input).map(Self::Lease),
            6 => MarketId::decode(input).map(Self::Market),
            tag => Err(DecodeError::Tag { of: "Reply", tag: tag.into() }),
        }
    }
}

/// Why an entry cannot stand at its place in any log. A live node never writes
/// one; a log that holds one was not written by Berth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LogViolation {
    /// The first entry is no genesis.
    #[error("the log does not begin with a genesis entry")]
    NoGenesis,
    /// The sequence has a gap or a repetition.
    #[error("entry {found} stands where {expected} belongs")]
    Sequence {
        /// What belongs here.
        expected: Seq,
        /// What stands here.
        found: Seq,
    },
    /// The stamp is earlier than that of the entry before.
    #[error("entry {0} is stamped earlier than the one before it")]
    TimeRunsBack(Seq),
    /// A timer was due before this entry and no tick fired it.
    #[error("entry {seq} stands after the deadline {deadline:?} of a timer that no tick fired")]
    TickMissing {
        /// The entry.
        seq: Seq,
        /// The deadline.
        deadline: Micros,
    },
    /// The exchange itself speaks without its own authority, or somebody else
    /// with it: the counts of who said what would be wrong.
    #[error("entry {0} claims another authority than its account has")]
    Authority(Seq),
    /// A resumption that does not say when the node was down.
    #[error("entry {0} resumes with other times than the log's own")]
    Resumed(Seq),
    /// The rules are not those in force, or none that this build knows.
    #[error("entry {seq} carries rules {rules}, which are not in force or which this build does not have")]
    Rules {
        /// The entry.
        seq: Seq,
        /// Its rules version.
        rules: u16,
    },
}
