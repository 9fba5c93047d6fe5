//! What the operator says: markets, and the exchange's own terms.

use crate::codec::codec_struct;
use crate::genesis::{Bounds, Timing};
use crate::ids::MarketId;
use crate::market::ResourceClass;
use crate::money::FeeBps;
use crate::time::Micros;

/// Opens the market of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMarket {
    /// What it trades.
    pub class: ResourceClass,
}
codec_struct!(OpenMarket { class });

/// A market takes no orders and bids until it is resumed. What waits in it can
/// be cancelled, and its leases go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PauseMarket {
    /// The market.
    pub market: MarketId,
}
codec_struct!(PauseMarket { market });

/// A paused market takes orders and bids again; what became eligible in the
/// meantime meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumeMarket {
    /// The market.
    pub market: MarketId,
}
codec_struct!(ResumeMarket { market });

/// Lets everything that waits in a market enter it again, with its age kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CycleMarket {
    /// The market.
    pub market: MarketId,
}
codec_struct!(CycleMarket { market });

/// Announces new terms. What is `None` stays as it is. Leases keep the terms
/// that they opened with. A later announcement takes this one's place, so one
/// of nothing withdraws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconfigure {
    /// The platform's fee out of a provider's pay.
    pub fee: Option<FeeBps>,
    /// Timeouts.
    pub timing: Option<Timing>,
    /// Bounds on what one command or one account may cost.
    pub bounds: Option<Bounds>,
    /// When, at least `Timing::reconfigure_delay` from now.
    pub effective_at: Micros,
}
codec_struct!(Reconfigure { fee, timing, bounds, effective_at });

/// Announces the version of the rules that entries must carry from then on. A
/// later announcement takes this one's place, so one of the present version
/// withdraws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The version, not less than the present one.
    pub rules: u16,
    /// When, at least `Timing::reconfigure_delay` from now.
    pub effective_at: Micros,
}
codec_struct!(Upgrade { rules, effective_at });
