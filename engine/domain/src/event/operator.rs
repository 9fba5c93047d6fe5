//! What the operator did, and what comes of it.

use crate::codec::{Decode, DecodeError, Encode, Reader, codec_struct};
use crate::genesis::{Bounds, Timing};
use crate::ids::MarketId;
use crate::money::FeeBps;
use crate::time::Micros;

macro_rules! market_event {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            /// The market.
            pub market: MarketId,
        }
        codec_struct!($name { market });
    };
}
market_event!(
    /// A market takes no orders and bids.
    MarketPaused
);
market_event!(
    /// A market takes orders and bids again.
    MarketResumed
);

/// What is to change. It takes the place of what was announced of its kind
/// before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Terms; what is `None` stays as it is.
    Terms {
        /// The platform's fee out of a provider's pay.
        fee: Option<FeeBps>,
        /// Timeouts.
        timing: Option<Timing>,
        /// Bounds.
        bounds: Option<Bounds>,
    },
    /// The rules that entries must carry.
    Rules {
        /// Their version.
        rules: u16,
    },
}

impl Encode for Change {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Terms { fee, timing, bounds } => {
                out.push(0);
                fee.encode(out);
                timing.encode(out);
                bounds.encode(out);
            }
            Self::Rules { rules } => {
                out.push(1);
                rules.encode(out);
            }
        }
    }
}

impl Decode for Change {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(input)? {
            0 => Ok(Self::Terms {
                fee: Decode::decode(input)?,
                timing: Decode::decode(input)?,
                bounds: Decode::decode(input)?,
            }),
            1 => Ok(Self::Rules { rules: Decode::decode(input)? }),
            tag => Err(DecodeError::Tag { of: "Change", tag: tag.into() }),
        }
    }
}

/// The operator announced a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeAnnounced {
    /// What.
    pub change: Change,
    /// When.
    pub effective_at: Micros,
}
codec_struct!(ChangeAnnounced { change, effective_at });

/// New terms are in force, given in full. Leases that are open keep theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeReconfigured {
    /// The platform's fee out of a provider's pay.
    pub fee: FeeBps,
    /// Timeouts.
    pub timing: Timing,
    /// Bounds.
    pub bounds: Bounds,
}
codec_struct!(ExchangeReconfigured { fee, timing, bounds });

/// Entries behind this one carry these rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeUpgraded {
    /// Their version.
    pub rules: u16,
}
codec_struct!(ExchangeUpgraded { rules });
