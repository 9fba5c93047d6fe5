//! What the simulator is worth: bugs are planted, one at a time, and each must be
//! found within a number of seeds. Run with
//! `cargo test -p berth-simulator --features planted-bugs`.

use berth_exchange::Planted;
use berth_simulator::{Bug, Failure, LineBug, Run, simulate};

/// A bug that is found must be found for a reason: without one, the same build
/// holds.
#[test]
fn nothing_is_found_where_nothing_is_planted() {
    for seed in 1..=20 {
        simulate(&Run::of(seed)).unwrap_or_else(|failure| panic!("{failure}"));
    }
}

/// Where a bug is found, in words. The same world holds without it, so it is the
/// bug that is found.
fn find(bug: Bug, seeds: u64) -> String {
    let found = (1..=seeds).find_map(|seed| simulate(&Run { bug: Some(bug), ..Run::of(seed) }).err());
    let Failure { seed, step, violation, .. } =
        found.unwrap_or_else(|| panic!("{bug:?} is not found in {seeds} seeds"));
    simulate(&Run::of(seed)).unwrap_or_else(|failure| panic!("without {bug:?}, too: {failure}"));
    format!("{bug:?}: seed {seed}, step {step}: it does not hold that {}", violation.rule)
}

/// A test for each bug: its name as a sentence, the bug, and the seeds within
/// which it must be found. The match sees to it that none is left out.
macro_rules! found {
    ($kind:ident, $of:ident, $($test:ident: $bug:ident within $seeds:literal),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                println!("{}", find(Bug::$of($kind::$bug), $seeds));
            }
        )*

        const _: fn($kind) = |bug| match bug { $($kind::$bug => {})* };
    };
}

found! { Planted, Engine,
    room_that_is_not_given_back_is_found: RoomLeaks within 10,
    memory_that_is_not_taken_is_found: MemoryUntaken within 10,
    a_better_price_that_is_kept_is_found: BetterPriceKept within 10,
    a_read_from_outside_of_the_log_is_found: ReadsOutside within 10,
    the_hold_of_an_expired_order_is_found: HoldKept within 10,
    bids_that_wait_on_an_order_that_is_over_are_found: DirectedKept within 50,
    an_expiry_that_outlives_its_order_is_found: ExpiryOutlives within 10,
    trust_that_is_ignored_is_found: TrustIgnored within 50,
    an_account_that_trades_with_itself_is_found: SelfTrades within 50,
    an_order_that_rests_behind_a_scan_limit_is_found: LimitRests within 200,
    a_bid_that_is_parked_for_good_is_found: ParkedForGood within 10,
    a_bid_that_is_not_matched_again_is_found: RoomUnmatched within 50,
    a_gap_that_is_paid_is_found: GapPaid within 20,
    pay_after_the_end_is_found: PaidAfterClosing within 50,
    a_fee_that_is_rounded_up_is_found: FeeRoundsUp within 10,
    a_client_id_that_is_forgotten_is_found: IdForgotten within 20,
    a_window_of_client_ids_that_is_too_short_is_found: WindowShort within 200,
    a_deposit_that_counts_again_is_found: DepositAgain within 50,
    a_withdrawal_out_of_the_wrong_pocket_is_found: WaitingStays within 10,
    a_late_lock_that_nobody_answers_is_found: LateLockIgnored within 20,
    a_refusal_that_changes_something_is_found: RefusalParks within 200,
    a_lease_that_the_node_s_absence_kills_is_found: AbsenceKills within 50,
    an_end_that_moves_is_found: EndsMove within 50,
    a_timer_that_fires_early_is_found: FiresEarly within 50,
    timers_that_fire_out_of_order_are_found: FiresById within 50,
    a_timer_that_a_tick_forgets_is_found: TickForgets within 50,
    a_bid_that_outlasts_its_time_is_found: BidLingers within 20,
    a_dead_man_who_does_not_hear_is_found: DeadManDeaf within 50,
    a_standby_that_takes_no_room_is_found: StandbyRoomFree within 20,
    a_standby_that_takes_over_too_much_is_found: FailoverForgets within 50,
    a_day_of_a_mandate_that_does_not_end_is_found: DayNotReset within 200,
    a_top_up_that_a_mandate_does_not_count_is_found: TopUpUncounted within 200,
    a_suspension_that_is_paid_is_found: SuspendedAccrues within 50,
    a_level_that_takes_the_age_of_bids_is_found: LevelTakesAge within 20,
    a_slash_that_pays_the_wrong_account_is_found: SlashPaysWrong within 200,
    a_gang_that_leaves_one_lease_is_found: GangLeavesOne within 50,
    a_majority_that_is_none_is_found: HalfIsMajority within 100,
    a_paused_market_that_trades_is_found: PausedMatches within 200,
    terms_that_move_under_a_lease_are_found: TermsMove within 50,
    a_key_that_is_revoked_and_speaks_is_found: RevokedKeySpeaks within 50,
    a_key_whose_time_is_over_and_speaks_is_found: ExpiredKeySpeaks within 50,
    a_key_that_says_what_it_may_not_is_found: ScopesIgnored within 50,
    a_key_that_says_a_thing_twice_is_found: KeySaysTwice within 50,
}

found! { LineBug, Line,
    an_answer_before_the_disk_has_it_is_found: AnswersEarly within 20,
    a_torn_tail_that_is_written_on_is_found: TailNotCut within 20,
    a_tick_that_is_missing_is_found: TickMissing within 20,
    a_run_that_does_not_say_that_it_begins_is_found: ResumptionMissing within 20,
    a_fact_that_is_skipped_is_found: FactSkipped within 10,
}
