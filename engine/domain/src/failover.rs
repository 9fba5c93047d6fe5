//! Words of a standby: what waits for a lease to fail.

use crate::codec::codec_names;

codec_names! {
    /// Why a standby was released.
    pub enum StandbyEnd {
        /// Its lease ended otherwise than by failing, or nothing of it was left
        /// to run.
        LeaseEnded = 0 "leaseEnded",
        /// The bid that it was taken from ended.
        BidEnded = 1 "bidEnded",
        /// A withdrawal on the chain took the funds that backed it.
        Unfunded = 2 "unfunded",
        /// Its host takes no leases any more.
        ProviderUnavailable = 3 "providerUnavailable",
    }
}
