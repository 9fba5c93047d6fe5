//! Words of an order.

use crate::codec::codec_names;

codec_names! {
    /// How an order meets bids.
    pub enum Mode {
        /// It meets standing bids, and a directed bid within its limit at once.
        Auto = 0 "auto",
        /// It takes directed bids only; the tenant accepts one.
        Manual = 1 "manual",
    }
}

codec_names! {
    /// How long what does not fill at once stays.
    pub enum TimeInForce {
        /// Until it is filled or cancelled.
        Gtc = 0 "gtc",
        /// Not at all: what does not fill at once is cancelled.
        Ioc = 1 "ioc",
        /// Until a time.
        Gtd = 2 "gtd",
    }
}

codec_names! {
    /// Where an order is in its life.
    pub enum OrderState {
        /// It waits for bids.
        Open = 0 "open",
        /// Every replica has a lease.
        Filled = 1 "filled",
        /// Ended by its tenant or by a rule before all replicas had a lease.
        Cancelled = 2 "cancelled",
        /// Ended by its time.
        Expired = 3 "expired",
    }
}

codec_names! {
    /// Why what is left of an order or a bid ended.
    pub enum CancelReason {
        /// Its owner asked.
        Requested = 0 "requested",
        /// `ioc`: nothing more filled at once.
        NotFilledAtOnce = 1 "notFilledAtOnce",
        /// It would have traded with its own account.
        SelfTrade = 2 "selfTrade",
        /// The scan for a counterpart skipped more than the exchange allows, or
        /// one entry would have opened more leases than it may.
        ScanLimit = 3 "scanLimit",
        /// A withdrawal on the chain took the funds that backed it.
        Unfunded = 4 "unfunded",
    }
}
