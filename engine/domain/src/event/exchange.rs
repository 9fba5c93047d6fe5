//! The exchange itself and its markets.

use crate::codec::codec_struct;
use crate::ids::{AccountId, Digest, MarketId};
use crate::market::ResourceClass;
use crate::refusal::{Code, Subject};

/// The log begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeOpened {
    /// The network that it settles on: SHA-256 of the passphrase.
    pub network: Digest,
    /// Its escrow contract.
    pub escrow_contract: Digest,
}
codec_struct!(ExchangeOpened { network, escrow_contract });

/// A market takes orders and bids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketOpened {
    /// Its id.
    pub market: MarketId,
    /// What it trades.
    pub class: ResourceClass,
}
codec_struct!(MarketOpened { market, class });

/// A command was refused and changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandRefused {
    /// Who gave it.
    pub account: AccountId,
    /// What it was about.
    pub subject: Subject,
    /// Why.
    pub code: Code,
}
codec_struct!(CommandRefused { account, subject, code });
