//! The rules, one name each, and how often each was reached: streams that never
//! meet a rule could not show that it is broken.

use std::cell::RefCell;

macro_rules! rules {
    ($($name:ident),* $(,)?) => {
        /// A rule, or one side of it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Rule { $($name),* }

        impl Rule {
            pub(crate) const ALL: &'static [Self] = &[ $( Self::$name ),* ];
        }
    };
}

rules! {
    // Rank.
    LowerPriceFirst,
    HigherLevelFirst,
    OlderBidFirst,
    LowerIdFirst,
    HigherLimitFirst,
    OlderOrderFirst,
    // Price.
    OrderPaysLessThanItsLimit,
    BidEarnsMoreThanItsPrice,
    LimitOfTheLevelIsLowerThanTheHighest,
    // Filters.
    TooFewUnitsOffered,
    TooShort,
    TooLong,
    AttributeMissing,
    NoRoomForAUnit,
    NoRoomForTheRest,
    NoRoomBesideThePlan,
    LessThanAStroop,
    // Partial fills.
    BidCapsTheReplicas,
    RoomCapsTheReplicas,
    OneTakerSeveralLeases,
    BidStopsAtAFullHost,
    // Bounds of an entry.
    ScanRefusesOrder,
    ScanRefusesBid,
    ScanCutsOrder,
    ScanCutsBid,
    FillsCutOrder,
    FillsCutBid,
    // One account on both sides.
    TakerOrderExpires,
    TakerBidExpires,
    MakerBidExpires,
    MakerOrderExpires,
    OwnPairSkipped,
    OwnPairSkippedCutsTheScan,
    // Times in force.
    IocOrderRestCancelled,
    IocOrderFilled,
    IocBidRestCancelled,
    IocBidWithoutRoom,
    FokFilledByOne,
    FokFilledByAGang,
    FokNotFilled,
    FokSparesTheMaker,
    FokCutByTheScan,
    FokBidFilled,
    FokBidNotFilled,
    PostOnlyOrderRefused,
    PostOnlyBidRefused,
    PostOnlyOwnPairRefused,
    PostOnlyOwnPairPassed,
    PostOnlyRests,
    PostOnlyEntersAgain,
    // Ends.
    DirectedBidsLostByFill,
    DirectedBidsLostByEnd,
    DirectedBidsLostByAmend,
    // Room.
    ParkedAfterAFill,
    ParkedInAnotherMarket,
    ParkedAtOnce,
    Resumed,
    ResumedBidTrades,
    OpenBidTradesAgain,
    DirectedBidTriesAgain,
    DirectedBidFillsAgain,
    CutWhenEnteringAgain,
    GoesOnInTheNextTick,
    LeftForTheNextTick,
    TickGoesOn,
    OwnEndsWhatEntersAgain,
    OrderResumed,
    ResumedOrderTrades,
    ParkedOrderAmended,
    AcceptOfAParkedOrder,
    // Directed bids.
    DirectedFillsAtOnce,
    DirectedParked,
    DirectedWaitsForTheTenant,
    Accepted,
    AcceptedInPart,
    AcceptRepeated,
    AcceptWithoutRoom,
    AcceptOfWhatIsNoLongerOffered,
    AuctionTakesNoAccept,
    AuctionTakesNoAmend,
    AuctionClearsByPrice,
    AuctionClearsByLevel,
    AuctionClearsByAge,
    AuctionUnfilled,
    AuctionFilled,
    AuctionBidWithoutRoom,
    AuctionPutOff,
    DirectedBidsAreTooMany,
    DirectedBidDrivesOutTheLast,
    DirectedBidFillsBesideTooMany,
    AimMeets,
    AimMisses,
    // Changes.
    OrderAmendedToFewer,
    OrderAmendedAnew,
    OrderAmendedToNothingNew,
    OrderAmendRefusedByPlan,
    OrderAmendLacksFunds,
    OrderAmendFills,
    BidAmendedToFewer,
    BidAmendedAnew,
    BidAmendedToNothingNew,
    BidAmendRefusedByPlan,
    BidAmendFills,
    ParkedBidAmended,
    DirectedBidAmended,
    OrderReplaced,
    OrderReplacedByFundsOfTheOld,
    OrderReplaceRefusedWhole,
    BidReplaced,
    BidReplaceRefusedWhole,
    MassQuoteEnters,
    MassQuoteEndsTheOld,
    MassQuoteTrades,
    MassQuoteZeroAmongOthers,
    MassQuoteAllZero,
    MassQuoteAllZeroPassesChecks,
    MassQuoteRefusedWhole,
    CancelAllOfAMarket,
    CancelAllOfASession,
    CancelAllOfEverything,
    // Timers.
    DeadManArmed,
    DeadManDisarmed,
    DeadManHearsACommand,
    DeadManFires,
    DeadManMovedByResumption,
    LeaseMovedByResumption,
    OrderExpires,
    BidExpires,
    TickLeavesSomeDue,
    TickHasToldEnough,
    // Client ids.
    ClientIdRepeated,
    ClientIdReused,
    ClientIdKeptByLife,
    ClientIdForgotten,
    // Bounds of a market.
    BookFull,
    BookFullSparesWhatTrades,
    BookFullSparesIoc,
    BookFullCountsTheReplacedAsGone,
    BookFullRefusesQuotes,
    // Trust.
    CompletedLeaseCounts,
    FailedLeaseCounts,
    DarkLeaseCounts,
    FeeTooSmallToCount,
    TenantHasItsShare,
    OldestLeaseMakesRoom,
    TooFewTenantsForAName,
    WordRunsOut,
    LastWordTakenBack,
    OtherWordsStand,
    LevelRises,
    LevelFalls,
    GrantedLevelStands,
    DirectedBidsLostByLevel,
    UptimeRises,
    UptimeRulesOut,
    BidsTradeForTrust,
    // Failover.
    StandbyLooksInTheNextTick,
    LookedForTooLate,
    StandbyTooDear,
    ScanEndsTheLook,
    StandbyIsDearer,
    StandbyCostsNoMore,
    ParkedBecauseItStandsBy,
    ParkedByAStandby,
    AmendedToMoreThanStandsBy,
    NothingLeftToFailOver,
    Continued,
    ContinuedAndParked,
    ContinuedAtOnceOrNever,
    Discontinued,
    // Verification.
    SecondRun,
    ThirdRun,
    RerunAfterTheCheck,
    ParkedByARerun,
    OneReplicaAnAccount,
    ForfeitTaken,
    NothingToSlash,
    SlashTakesAllThatIsLeft,
    SlashTakesWhatIsAsked,
    SlashIsCut,
    SlashIsRaised,
    // Money and leases.
    WithdrawalParksOrders,
    PaidBeyondFunds,
    Warned,
    WarnedAtOnce,
    Suspended,
    ResumedAfterSuspension,
    ResumedAfterSeveralSuspensions,
    ToppedUpInTime,
    ToppedUpTooLate,
    BacklogPaidInFull,
    BacklogPaidInPart,
    BacklogAfterTheClose,
    // Mandates.
    MandateCutsTheLease,
    MandateAllowsNone,
    MandateTakesAnotherLease,
    MandateEnds,
    MandateHasANewDay,
    ParkedByAMandateOnEntering,
    ParkedByASpentMandate,
    ParkedByANewMandate,
    ParkedByATopUp,
    BidParkedByAFloor,
    StandbyBeyondMandate,
    FailoverCutByAMandate,
    ParkedByAFailover,
    RerunBeyondMandate,
    // The operator, and hosts that change.
    AuctionPostponed,
    PostponedAuctionCloses,
    WaitsForItsMarket,
    OrderResumedInAPausedMarket,
    Announced,
    AnnouncementReplaced,
    AnnouncementWithdrawn,
    NewTerms,
    HostDrained,
    HostTakesLeasesAgain,
    HostOffersSomethingElse,
    ParkedByDraining,
    ChecksFail,
    GangWhole,
    GangFails,
    GangLegEndsWell,
    StartedGangLegEndsWell,
    // Keys.
    KeySpeaks,
    KeyHasNoScope,
    KeyIsOver,
    KeyRevokesItself,
    KeyChanged,
    KeyRegisteredAnew,
    KeyChangesHands,
    KeyForgotten,
    KeyKeptForItsSignatures,
    OwnKeyRegistered,
    OwnKeySpeaksForAnother,
}

/// How often each rule was reached.
#[derive(Clone, Debug)]
pub(crate) struct Tally(RefCell<Vec<u64>>);

impl Default for Tally {
    fn default() -> Self {
        Self(RefCell::new(vec![0; Rule::ALL.len()]))
    }
}

impl Tally {
    pub(crate) fn reach(&self, rule: Rule) {
        self.0.borrow_mut()[rule as usize] += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, more) in self.0.get_mut().iter_mut().zip(other.0.borrow().iter()) {
            *sum += more;
        }
    }

    pub(crate) fn counts(&self) -> Vec<(Rule, u64)> {
        Rule::ALL.iter().copied().zip(self.0.borrow().iter().copied()).collect()
    }
}
