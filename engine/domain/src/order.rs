//! Words of an order.

use crate::codec::codec_names;

codec_names! {
    /// How an order meets bids.
    #[derive(Default)]
    pub enum Mode {
        /// It meets standing bids, and a directed bid within its limit at once.
        #[default]
        Auto = 0 "auto",
        /// It takes directed bids only; the tenant accepts one.
        Manual = 1 "manual",
        /// It takes directed bids only, unseen until it closes; then the
        /// lowest price, the higher level, the older fill it.
        Auction = 2 "auction",
    }
}

codec_names! {
    /// How long what does not fill at once stays.
    #[derive(Default)]
    pub enum TimeInForce {
        /// Until it is filled or cancelled.
        #[default]
        Gtc = 0 "gtc",
        /// Not at all: what does not fill at once is cancelled.
        Ioc = 1 "ioc",
        /// Until a time.
        Gtd = 2 "gtd",
        /// All of it at once, or nothing.
        Fok = 3 "fok",
    }
}

codec_names! {
    /// What happens where an incoming order or bid would trade with its own
    /// account.
    #[derive(Default)]
    pub enum SelfTrade {
        /// What is left of the incoming one ends.
        #[default]
        ExpireTaker = 0 "expireTaker",
        /// The resting one ends.
        ExpireMaker = 1 "expireMaker",
        /// The pair is passed over.
        Skip = 2 "skip",
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
        /// It waits outside the book: its funds or its mandate do not allow it.
        Parked = 4 "parked",
    }
}

codec_names! {
    /// Why what is left of an order or a bid ended.
    pub enum CancelReason {
        /// Its owner asked.
        Requested = 0 "requested",
        /// `ioc`: nothing more filled at once; `fok`: not all of it did.
        NotFilledAtOnce = 1 "notFilledAtOnce",
        /// It would have traded with its own account.
        SelfTrade = 2 "selfTrade",
        /// The scan for a counterpart skipped more than the exchange allows, or
        /// one entry would have opened more leases than it may.
        ScanLimit = 3 "scanLimit",
        /// Another took its place.
        Replaced = 5 "replaced",
        /// The account's dead-man timer fired.
        DeadMan = 6 "deadMan",
        /// Its auction closed and no more bids filled it.
        AuctionUnfilled = 7 "auctionUnfilled",
    }
}
