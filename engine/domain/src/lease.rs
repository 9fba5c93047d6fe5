//! Words of a lease.

use crate::codec::codec_names;

codec_names! {
    /// Where a lease is in its life.
    pub enum LeaseState {
        /// Matched; its escrow is being locked on the chain.
        Opened = 0 "opened",
        /// Its escrow is locked; the provider starts the containers.
        Escrowed = 1 "escrowed",
        /// Its containers run and pay accrues on evidence.
        Running = 2 "running",
        /// It ends: no more pay accrues and the containers are being removed.
        Closing = 3 "closing",
        /// Over.
        Closed = 4 "closed",
        /// What was paid in advance is used up. Its containers are stopped,
        /// nothing accrues, and its room is kept for a while.
        Suspended = 5 "suspended",
        /// Its job has ended well and its result is being checked; it is paid
        /// when that is done.
        Verifying = 6 "verifying",
    }
}

codec_names! {
    /// Why a lease closed.
    pub enum CloseReason {
        /// It ran for its duration, or its job ended well.
        Completed = 0 "completed",
        /// Its tenant stopped it.
        Stopped = 1 "stopped",
        /// Its containers could not start, or ended badly.
        Failed = 2 "failed",
        /// The provider's heartbeats stopped.
        Dark = 3 "dark",
        /// Its prepaid time ran out before its duration and was not topped up.
        Exhausted = 4 "exhausted",
        /// The chain refused the escrow.
        EscrowFailed = 5 "escrowFailed",
        /// The escrow was not locked in time.
        EscrowTimeout = 6 "escrowTimeout",
        /// The provider did not start in time.
        StartTimeout = 7 "startTimeout",
        /// The escrow was refunded on the chain after its deadline.
        Refunded = 8 "refunded",
        /// Another lease of its gang failed before all of them had started.
        GangFailed = 12 "gangFailed",
        /// Other runs of the same job had another result.
        FailedVerification = 13 "failedVerification",
    }
}

impl CloseReason {
    /// Whether a lease that closes for this is not paid, however long it ran.
    #[must_use]
    pub const fn is_unpaid(self) -> bool {
        matches!(self, Self::Refunded | Self::GangFailed | Self::FailedVerification)
    }

    /// Whether the provider did not do what the lease was for, so that another
    /// may take over.
    #[must_use]
    pub const fn fails_over(self) -> bool {
        matches!(self, Self::Failed | Self::Dark | Self::StartTimeout)
    }

    /// Whether a gang that is not whole yet cannot become so any more.
    #[must_use]
    pub const fn breaks_gang(self) -> bool {
        self.fails_over() || matches!(self, Self::EscrowFailed | Self::EscrowTimeout | Self::Refunded)
    }
}
