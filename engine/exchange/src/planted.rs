//! Bugs that can be planted, to see that the simulator finds them. A build
//! without the feature `planted-bugs` has none: there `is` is false for the
//! compiler, and what stands behind it is not compiled.
#![cfg_attr(
    not(feature = "planted-bugs"),
    expect(unreachable_pub, reason = "public for the build of the simulator that plants them")
)]

/// A bug, named by the rule that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// Closing: a lease gives back the room of one replica, whatever it took.
    RoomLeaks,
    /// Filling: a lease takes no memory of its provider.
    MemoryUntaken,
    /// Filling: what a better price than the limit leaves over stays held.
    BetterPriceKept,
    /// Filling: the chain's deadline depends on something outside of the log.
    ReadsOutside,
    /// Ending: an order that expires keeps its hold.
    HoldKept,
    /// Ending: directed bids on an order that is over still wait.
    DirectedKept,
    /// Ending: the expiry of an order outlives it.
    ExpiryOutlives,
    /// Matching: at one price the older goes first, whatever the trust.
    TrustIgnored,
    /// Matching: an account trades with itself.
    SelfTrades,
    /// Matching: what is left when a scan ends at its limit rests.
    LimitRests,
    /// Room: a bid is not resumed when there is room again.
    ParkedForGood,
    /// Room: a bid that was open is not matched again when there is more room.
    RoomUnmatched,
    /// Evidence: gaps longer than the grace are paid.
    GapPaid,
    /// Evidence: time after the lease began to close is paid.
    PaidAfterClosing,
    /// Fee: it is rounded up.
    FeeRoundsUp,
    /// Client ids: that of a thing which is over is forgotten at once.
    IdForgotten,
    /// Client ids: one less is remembered than the genesis says.
    WindowShort,
    /// Facts: a deposit counts again once another movement came behind it.
    DepositAgain,
    /// Facts: a withdrawal is paid out of what is free, not of what waits.
    WaitingStays,
    /// Facts: a lock that comes after its lease began to close is left alone.
    LateLockIgnored,
    /// Refusals: a directed bid for which there is no room is parked on the way.
    RefusalParks,
    /// Resumption: heartbeats that could not be heard are missed all the same.
    AbsenceKills,
    /// Resumption: the ends of leases move, too.
    EndsMove,
    /// Timers: they fire a second early.
    FiresEarly,
    /// Timers: of those that are due the one with the lowest id fires first.
    FiresById,
    /// Timers: the first that a tick has no turn left for is forgotten.
    TickForgets,
    /// Timers: a bid stays a second longer than it says.
    BidLingers,
    /// Timers: what an account says does not put off its dead-man timer.
    DeadManDeaf,
    /// Standbys: they take no room of their host.
    StandbyRoomFree,
    /// Failover: the standby takes over as if the old lease had not run.
    FailoverForgets,
    /// Mandates: what was spent yesterday counts today.
    DayNotReset,
    /// Mandates: top-ups are not counted.
    TopUpUncounted,
    /// Funds: time for which a lease was suspended is paid.
    SuspendedAccrues,
    /// Trust: bids that move to another level lose their age.
    LevelTakesAge,
    /// Trust: a slash pays the provider that it is taken from.
    SlashPaysWrong,
    /// Gangs: when one lease fails, the last of the others goes on.
    GangLeavesOne,
    /// Verification: half of the results is a majority.
    HalfIsMajority,
    /// Markets: bids enter a paused market again when there is room.
    PausedMatches,
    /// Terms: a lease follows the terms that are in force now.
    TermsMove,
    /// Keys: one that was revoked speaks on.
    RevokedKeySpeaks,
    /// Keys: one whose time is over speaks on.
    ExpiredKeySpeaks,
    /// Keys: whatever their scopes, they say anything.
    ScopesIgnored,
    /// Keys: the nonce of what they sign is never used up.
    KeySaysTwice,
}

/// Whether a bug is planted: never, in this build.
#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn is(_: Planted) -> bool {
    false
}

/// Something outside of the log: nothing, in this build.
#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn outside() -> u64 {
    0
}

#[cfg(feature = "planted-bugs")]
pub use planting::plant;
#[cfg(feature = "planted-bugs")]
pub(crate) use planting::{is, outside};

#[cfg(feature = "planted-bugs")]
mod planting {
    use std::cell::Cell;

    use super::Planted;

    thread_local! {
        static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) };
        static READS: Cell<u64> = const { Cell::new(0) };
    }

    /// Plants a bug into every exchange of this thread, or none.
    pub fn plant(bug: Option<Planted>) {
        PLANTED.set(bug);
        READS.set(0);
    }

    /// Whether a bug is planted.
    pub(crate) fn is(bug: Planted) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// How often this was asked on this thread: no entry says so.
    pub(crate) fn outside() -> u64 {
        READS.set(READS.get() + 1);
        READS.get()
    }
}
