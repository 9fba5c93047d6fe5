//! Verification: results of deterministic jobs are checked before they are paid.

use std::cell::RefCell;
use std::collections::BTreeSet;

use berth_domain::{
    AccountId, ChainEventId, Command, ContainerReport, Deposit, Digest, Escrowed, Event, FinishLease, FinishOutcome,
    JobResult, LeaseId, LeaseState, LedgerSeen, Mode, OpenAccount, Seconds, StartLease, Stroops, Text, TimeInForce,
    Verdict, Verify, is_drawn,
};
use berth_exchange::{Lease, Origin};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::cast::{CAST, TENANTS, address, tx};
use crate::desk::Desk;
use crate::failover::end;
use crate::moves::{Move, command, opening};
use crate::script::check;
use crate::streams::{moves, rules_of};
use crate::words::option;

/// `verify=spot` or a number of replicas.
pub(crate) fn verify(options: &[&str]) -> Verify {
    match option(options, "verify") {
        None => Verify::None,
        Some("spot") => Verify::Spot,
        Some(n) => Verify::Replicas(n.parse().expect("a number of replicas")),
    }
}

/// A ledger that draws a lease, or one that spares it.
pub(crate) fn ledger(lease: LeaseId, draws: bool) -> LedgerSeen {
    let hash = (0..=255).map(|byte| Digest([byte; 32])).find(|hash| is_drawn(*hash, lease) == draws);
    LedgerSeen { lease, ledger: 12, hash: hash.expect("one in ten is drawn") }
}

#[test]
fn a_result_that_is_not_drawn_is_paid_when_the_ledger_is_known() {
    check(
        "
        chain credits treasury 100
          treasury has 100 more
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        tom order H100-80 1x1 @ 2 verify=spot
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain spares l1
          refused LEASE_STATE
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 0.0166666
        ada finish l1 exited=0/7
          lease l1 verifying
        ada finish l1 exited=0/7
          again l1
        ada finish l1 exited=0/8
          refused LEASE_STATE
        ada beat l1
          refused LEASE_STATE
        tom stop l1
          refused LEASE_STATE
        chain pays l1
          refused LEASE_STATE
        chain spares l1
          lease l1 spared by ledger 12
          lease l1 verified: notDrawn
          lease l1 closed (completed): 60 s, pay 0.0166666, fee 0.0008333, refund 0.9833334, to be settled
        chain spares l1
          again l1
        chain pays l1
          lease l1 paid: ada 0.0158333, treasury 0.0008333, tom 0.9833334
        ",
    );
}

#[test]
fn a_tenth_is_run_again_by_another_account_and_paid_out_of_the_fees() {
    check(
        "
        chain credits treasury 100
          treasury has 100 more
        ada bid p1 H100-80 2 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        tom order H100-80 1x1 @ 2 verify=spot
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 0.0166666
        ada finish l1 exited=0/7
          lease l1 verifying
        chain draws l1
          lease l1 drawn by ledger 12
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          lease l1 runs again as l2
        chain draws l1
          again l1
        chain spares l1
          refused SETTLEMENT_MISMATCH
        money tom treasury
          | account  | available | held | escrowed | withdrawing |
          | tom      | 999       | 0    | 1        | 0           |
          | treasury | 98.8      | 0    | 1.2      | 0           |
        chain escrowed l2
          lease l2 escrowed
        bob start l2
          lease l2 runs until 01:01:00
        wait 60
        bob beat l2
          lease l2 evidenced 60 s, cost 0.02
        bob finish l2 exited=0/7
          lease l2 verifying
          lease l1 verified: agreed
          lease l1 closed (completed): 60 s, pay 0.0166666, fee 0.0008333, refund 0.9833334, to be settled
          lease l2 verified: agreed
          lease l2 closed (completed): 60 s, pay 0.02, fee 0.001, refund 1.18, to be settled
        chain pays l1
          lease l1 paid: ada 0.0158333, treasury 0.0008333, tom 0.9833334
        chain pays l2
          lease l2 paid: bob 0.019, treasury 0.001, treasury 1.18
        money tom ada bob treasury
          | account  | available   | held | escrowed | withdrawing |
          | tom      | 999.9833334 | 0    | 0        | 0           |
          | ada      | 0.0158333   | 0    | 0        | 0           |
          | bob      | 0.019       | 0    | 0        | 0           |
          | treasury | 99.9818333  | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn where_two_runs_differ_a_third_decides_and_the_liar_is_slashed() {
    check(
        "
        chain credits treasury 100
          treasury has 100 more
        chain stakes ada 100
          ada stakes 100
          ada is Two, was One (stake)
        ada bid p1 H100-80 2 @ 1
          bid b1 open
        bob bid p2 H100-80 2 @ 1.2
          bid b2 open
        cem bid p3 H100-80 2 @ 1.4
          bid b3 open
        tom order H100-80 1x1 @ 2 verify=spot
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (Two), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 0.0166666
        ada finish l1 exited=0/8
          lease l1 verifying
        chain draws l1
          lease l1 drawn by ledger 12
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          lease l1 runs again as l2
        chain escrowed l2
          lease l2 escrowed
        bob start l2
          lease l2 runs until 01:01:00
        wait 60
        bob beat l2
          lease l2 evidenced 60 s, cost 0.02
        bob finish l2 exited=0/7
          lease l2 verifying
          lease l3: o1 on b3, 1x1 at 1.4 (Three), escrow 1.4
          lease l1 runs again as l3
        chain escrowed l3
          lease l3 escrowed
        cem start l3
          lease l3 runs until 01:02:00
        cem finish l3 exited=0/7
          lease l3 verifying
          lease l1 verified: differed
          lease l1 closed (failedVerification): 0 s, pay 0, fee 0, refund 1, to be settled
          lease l2 verified: agreed
          lease l2 closed (completed): 60 s, pay 0.02, fee 0.001, refund 1.18, to be settled
          lease l3 verified: agreed
          lease l3 closed (completed): 0 s, pay 0, fee 0, refund 1.4, to be settled
          ada forfeits 10 for l1
          ada has 75 of 100, had 100 (failedVerification l1)
          ada is One, was Two (slash l1)
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
        ",
    );
}

#[test]
fn a_rerun_that_lies_is_slashed_for_the_platform() {
    check(
        "
        chain credits treasury 100
          treasury has 100 more
        chain stakes bob 100
          bob stakes 100
        ada bid p1 H100-80 2 @ 1
          bid b1 open
        bob bid p2 H100-80 2 @ 1.2
          bid b2 open
        cem bid p3 H100-80 2 @ 1.4
          bid b3 open
        tom order H100-80 1x1 @ 2 verify=spot
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        ada finish l1 exited=0/7
          lease l1 verifying
        chain draws l1
          lease l1 drawn by ledger 12
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          lease l1 runs again as l2
        chain escrowed l2
          lease l2 escrowed
        bob start l2
          lease l2 runs until 01:00:00
        bob finish l2 exited=0/8
          lease l2 verifying
          lease l3: o1 on b3, 1x1 at 1.4 (Three), escrow 1.4
          lease l1 runs again as l3
        chain escrowed l3
          lease l3 escrowed
        cem start l3
          lease l3 runs until 01:00:00
        cem finish l3 exited=0/7
          lease l3 verifying
          lease l1 verified: agreed
          lease l1 closed (completed): 0 s, pay 0, fee 0, refund 1, to be settled
          lease l2 verified: differed
          lease l2 closed (failedVerification): 0 s, pay 0, fee 0, refund 1.2, to be settled
          lease l3 verified: agreed
          lease l3 closed (completed): 0 s, pay 0, fee 0, refund 1.4, to be settled
          bob forfeits 10 for l2
          bob has 75 of 100, had 100 (failedVerification l2)
        ",
    );
}

#[test]
fn three_results_that_all_differ_show_nobody_to_be_wrong() {
    check(
        "
        chain credits treasury 100
          treasury has 100 more
        ada bid p1 H100-80 2 @ 1
          bid b1 open
        bob bid p2 H100-80 2 @ 1.2
          bid b2 open
        cem bid p3 H100-80 2 @ 1.4
          bid b3 open
        tom order H100-80 1x1 @ 2 verify=spot
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        ada finish l1 exited=0/7
          lease l1 verifying
        chain draws l1
          lease l1 drawn by ledger 12
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          lease l1 runs again as l2
        chain escrowed l2
          lease l2 escrowed
        bob start l2
          lease l2 runs until 01:00:00
        bob finish l2 exited=0/8
          lease l2 verifying
          lease l3: o1 on b3, 1x1 at 1.4 (Three), escrow 1.4
          lease l1 runs again as l3
        chain escrowed l3
          lease l3 escrowed
        cem start l3
          lease l3 runs until 01:00:00
        cem finish l3 exited=0/9
          lease l3 verifying
          lease l1 verified: undecided
          lease l1 closed (completed): 0 s, pay 0, fee 0, refund 1, to be settled
          lease l2 verified: undecided
          lease l2 closed (completed): 0 s, pay 0, fee 0, refund 1.2, to be settled
          lease l3 verified: undecided
          lease l3 closed (completed): 0 s, pay 0, fee 0, refund 1.4, to be settled
        ",
    );
}

#[test]
fn without_a_third_provider_two_that_differ_stay_undecided() {
    check(
        "
        chain credits treasury 100
          treasury has 100 more
        ada bid p1 H100-80 2 @ 1
          bid b1 open
        bob bid p2 H100-80 2 @ 1.2
          bid b2 open
        tom order H100-80 1x1 @ 2 verify=spot
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        ada finish l1 exited=0/7
          lease l1 verifying
        chain draws l1
          lease l1 drawn by ledger 12
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          lease l1 runs again as l2
        chain escrowed l2
          lease l2 escrowed
        bob start l2
          lease l2 runs until 01:00:00
        bob finish l2 exited=0/8
          lease l2 verifying
          lease l1 verified: undecided
          lease l1 closed (completed): 0 s, pay 0, fee 0, refund 1, to be settled
          lease l2 verified: undecided
          lease l2 closed (completed): 0 s, pay 0, fee 0, refund 1.2, to be settled
        ",
    );
}

#[test]
fn without_fees_or_providers_the_check_is_skipped() {
    check(
        "
        ada bid p1 H100-80 3 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 2 verify=spot
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 2 verify=spot
          order o2 open, holds 2
          lease l2: o2 on b1, 1x1 at 1 (One), escrow 1
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        ada start l2
          lease l2 runs until 01:00:00
        ada finish l1 exited=0/7
          lease l1 verifying
        ada finish l2 exited=0/7
          lease l2 verifying
        chain draws l1
          lease l1 drawn by ledger 12
          lease l1 verified: noProvider
          lease l1 closed (completed): 0 s, pay 0, fee 0, refund 1, to be settled
        bob bid p2 H100-80 3 @ 1
          bid b2 open
        chain draws l2
          lease l2 drawn by ledger 12
          lease l2 verified: noFunds
          lease l2 closed (completed): 0 s, pay 0, fee 0, refund 1, to be settled
        ",
    );
}

#[test]
fn a_rerun_that_brings_nothing_leaves_the_result_unchecked() {
    check(
        "
        chain credits treasury 100
          treasury has 100 more
        ada bid p1 H100-80 3 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        cem bid p3 H100-80 1 @ 1.4
          bid b3 open
        tom order H100-80 1x1 @ 2 verify=spot
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 2 verify=spot
          order o2 open, holds 2
          lease l2: o2 on b1, 1x1 at 1 (One), escrow 1
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        ada start l2
          lease l2 runs until 01:00:00
        ada finish l1 exited=0/7
          lease l1 verifying
        ada finish l2 exited=0/7
          lease l2 verifying
        chain draws l1
          lease l1 drawn by ledger 12
          lease l3: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          lease l1 runs again as l3
        chain draws l2
          lease l2 drawn by ledger 12
          lease l4: o2 on b3, 1x1 at 1.4 (Three), escrow 1.4
          lease l2 runs again as l4
        chain refuses l3
          lease l3 closed (escrowFailed): 0 s, pay 0, fee 0, refund 1.2, released
          lease l1 verified: noResult
          lease l1 closed (completed): 0 s, pay 0, fee 0, refund 1, to be settled
        chain escrowed l4
          lease l4 escrowed
        wait 300
        wait 300
          00:10:00 lease l4 closing (startTimeout)
          00:10:00 lease l2 verified: noResult
          00:10:00 lease l2 closed (completed): 0 s, pay 0, fee 0, refund 1, to be settled
        ",
    );
}

#[test]
fn a_ledger_that_is_never_reported_holds_up_no_pay() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 2 verify=spot
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        ada finish l1 exited=0/7
          lease l1 verifying
        wait 200
        down 200
        resume
          00:06:40 done
        wait 299
        wait 1
          00:11:40 lease l1 verified: noLedger
          00:11:40 lease l1 closed (completed): 0 s, pay 0, fee 0, refund 1, to be settled
        chain draws l1
          again l1
        ",
    );
}

#[test]
fn a_job_under_verification_must_bring_a_result_in_its_time() {
    check(
        "
        ada bid p1 H100-80 4 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 2 verify=spot for=60
          order o1 open, holds 0.0333333
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 0.0166666
          order o1 has l1 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 2 verify=spot for=60
          order o2 open, holds 0.0333333
          lease l2: o2 on b1, 1x1 at 1 (One), escrow 0.0166666
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada start l1
          lease l1 runs until 00:01:00
        ada start l2
          lease l2 runs until 00:01:00
        ada finish l1 exited=0/none
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 0.0166666, to be settled
        wait 60
          00:01:00 lease l2 closing (failed)
        ",
    );
}

#[test]
fn replicas_run_on_as_many_accounts_and_the_majority_counts() {
    check(
        "
        chain stakes bob 50
          bob stakes 50
        ada bid p1 H100-80 4 @ 1
          bid b1 open
        ada bid p1 H100-80 4 @ 1.1
          bid b2 open
        bob bid p2 H100-80 4 @ 1.2
          bid b3 open
        tom order H100-80 3x1 @ 2 fok verify=3
          order o1 open, holds 6
          order o1 cancelled (notFilledAtOnce), releases 6
        cem bid p3 H100-80 4 @ 1.4
          bid b4 open
        tom order H100-80 3x1 @ 2 fok verify=3
          order o2 open, holds 6
          lease l1: o2 on b1, 1x1 at 1 (One), escrow 1
          order o2 has l1 for 1 replica, 2 left, holds 4
          lease l2: o2 on b3, 1x1 at 1.2 (Two), escrow 1.2
          order o2 has l2 for 1 replica, 1 left, holds 2
          lease l3: o2 on b4, 1x1 at 1.4 (Three), escrow 1.4
          order o2 has l3 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        chain escrowed l3
          lease l3 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        ada finish l1 exited=0/7
          lease l1 verifying
        bob start l2
          lease l2 runs until 01:00:00
        bob finish l2 exited=0/8
          lease l2 verifying
        cem start l3
          lease l3 runs until 01:00:00
        cem finish l3 exited=0/7
          lease l3 verifying
          lease l1 verified: agreed
          lease l1 closed (completed): 0 s, pay 0, fee 0, refund 1, to be settled
          lease l2 verified: differed
          lease l2 closed (failedVerification): 0 s, pay 0, fee 0, refund 1.2, to be settled
          lease l3 verified: agreed
          lease l3 closed (completed): 0 s, pay 0, fee 0, refund 1.4, to be settled
          bob forfeits 10 for l2
          bob has 75 of 100, had 100 (failedVerification l2)
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
        chain pays l2
          lease l2 paid: bob 0, treasury 0, tom 1.2
        chain pays l3
          lease l3 paid: cem 0, treasury 0, tom 1.4
        money tom ada bob cem
          | account | available | held | escrowed | withdrawing |
          | tom     | 1000      | 0    | 0        | 0           |
          | ada     | 0         | 0    | 0        | 0           |
          | bob     | 0         | 0    | 0        | 0           |
          | cem     | 0         | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn replicas_of_which_one_does_not_run_are_refunded_as_a_gang() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        cem bid p3 H100-80 1 @ 1.4
          bid b3 open
        tom order H100-80 3x1 @ 2 fok verify=3
          order o1 open, holds 6
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 2 left, holds 4
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          order o1 has l2 for 1 replica, 1 left, holds 2
          lease l3: o1 on b3, 1x1 at 1.4 (Three), escrow 1.4
          order o1 has l3 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        ada finish l1 exited=0/7
          lease l1 verifying
        bob start l2
          lease l2 runs until 01:00:00
        chain refuses l3
          lease l3 closed (escrowFailed): 0 s, pay 0, fee 0, refund 1.4, released
          lease l1 closed (gangFailed): 0 s, pay 0, fee 0, refund 1, to be settled
          lease l2 closing (gangFailed)
        bob finish l2 stopped
          lease l2 closed (gangFailed): 0 s, pay 0, fee 0, refund 1.2, to be settled
        ",
    );
}

#[test]
fn replicas_without_a_majority_of_all_stay_undecided() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        cem bid p3 H100-80 1 @ 1.4
          bid b3 open
        tom order H100-80 3x1 @ 2 fok verify=3
          order o1 open, holds 6
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 2 left, holds 4
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          order o1 has l2 for 1 replica, 1 left, holds 2
          lease l3: o1 on b3, 1x1 at 1.4 (Three), escrow 1.4
          order o1 has l3 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        chain escrowed l3
          lease l3 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        bob start l2
          lease l2 runs until 01:00:00
        cem start l3
          lease l3 runs until 01:00:00
        ada finish l1 exited=0/7
          lease l1 verifying
        tom stop l2
          lease l2 closing (stopped)
        cem finish l3 exited=0/8
          lease l3 verifying
          lease l1 verified: undecided
          lease l1 closed (completed): 0 s, pay 0, fee 0, refund 1, to be settled
          lease l3 verified: undecided
          lease l3 closed (completed): 0 s, pay 0, fee 0, refund 1.4, to be settled
        ",
    );
}

#[test]
fn replicas_that_are_compared_are_odd_few_and_all_at_once() {
    check(
        "
        tom order H100-80 2x1 @ 2 fok verify=2
          refused OUT_OF_BOUNDS
        tom order H100-80 9x1 @ 2 fok verify=9
          refused OUT_OF_BOUNDS
        tom order H100-80 4x1 @ 2 fok verify=3
          refused OUT_OF_BOUNDS
        tom order H100-80 3x1 @ 2 verify=3
          refused OUT_OF_BOUNDS
        tom order H100-80 3x1 @ 2 fok manual verify=3
          refused OUT_OF_BOUNDS
        tom order H100-80 3x1 @ 2 fok failover verify=3
          refused OUT_OF_BOUNDS
        tom order H100-80 3x1 @ 2 fok verify=3
          order o1 open, holds 6
          order o1 cancelled (notFilledAtOnce), releases 6
        ",
    );
}

#[test]
fn a_spot_check_ends_when_the_chain_refunds_what_it_checks() {
    check(
        "
        chain credits treasury 100
          treasury has 100 more
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        tom order H100-80 1x1 @ 2 verify=spot
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        ada finish l1 exited=0/7
          lease l1 verifying
        chain draws l1
          lease l1 drawn by ledger 12
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          lease l1 runs again as l2
        chain escrowed l2
          lease l2 escrowed
        bob start l2
          lease l2 runs until 01:00:00
        chain refunds l1
          lease l1 closed (refunded): 0 s, pay 0, fee 0, refund 1, released
          lease l1 paid: ada 0, treasury 0, tom 1
        bob finish l2 exited=0/7
          lease l2 verifying
          lease l2 verified: undecided
          lease l2 closed (completed): 0 s, pay 0, fee 0, refund 1.2, to be settled
        ",
    );
}

/// Random commands in which orders are verified, results differ now and then,
/// and the chain draws more than a tenth. What must always hold is checked after
/// every entry, and every lease is over in the end.
#[test]
#[expect(clippy::disallowed_methods, reason = "the environment only says how long to try")]
fn no_stream_of_verified_leases_breaks_what_always_holds() {
    let cases = std::env::var("BERTH_STREAMS").map_or(100, |n| n.parse().expect("BERTH_STREAMS is a number"));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let stream = (any::<[u8; 4]>(), proptest::collection::vec(moves(), 150..250));
    let met = RefCell::new(BTreeSet::new());
    TestRunner::new(config)
        .run(&stream, |(rules, moves)| {
            let desk = play(rules, &moves);
            let verdicts = desk.log.iter().flat_map(|frame| &frame.events).filter_map(|event| match event {
                Event::VerificationEnded(e) => Some(e.verdict),
                _ => None,
            });
            met.borrow_mut().extend(verdicts);
            Ok(())
        })
        .expect("every stream holds");
    let met = met.into_inner();
    let missed: Vec<_> = Verdict::ALL.iter().filter(|verdict| !met.contains(verdict)).collect();
    assert!(missed.is_empty(), "no stream meets {missed:?}");
}

fn play(rules: [u8; 4], moves: &[Move]) -> Desk {
    let mut desk = Desk::open(rules_of(rules));
    for (name, _) in CAST {
        desk.submit(AccountId::EXCHANGE, OpenAccount { address: address(name) });
    }
    for (account, command) in opening(&TENANTS) {
        desk.submit(account, command);
    }
    let event = ChainEventId { toid: 9, index: 0 };
    let amount = Stroops::new([1, 1_000_000][usize::from(rules[0] % 2)]).expect("positive");
    desk.submit(AccountId::EXCHANGE, Deposit { event, address: address("treasury"), amount });
    for next in moves {
        desk.wait(Seconds(next.pause.0 / 3));
        further(&mut desk, next);
        let (account, mut command) = command(&desk, next);
        match &mut command {
            Command::PlaceOrder(place) if place.mode == Mode::Auto && place.expires_at.is_none() => {
                match next.dice[15] % 4 {
                    0 => {
                        place.verify = Verify::Replicas(3);
                        (place.replicas, place.time_in_force) = (3, TimeInForce::Fok);
                        place.requires.clear();
                    }
                    _ => {
                        place.verify = Verify::Spot;
                        place.failover = place.time_in_force != TimeInForce::Fok && next.dice[13].is_multiple_of(2);
                    }
                }
            }
            _ => {}
        }
        desk.submit(account, command);
    }
    end(&mut desk);
    desk
}

/// Takes one lease a step further towards its result, so that many get there.
fn further(desk: &mut Desk, next: &Move) {
    let is_on_its_way = |lease: &&Lease| !matches!(lease.state, LeaseState::Closing | LeaseState::Closed);
    let live: Vec<_> = desk.exchange.leases().filter(is_on_its_way).cloned().collect();
    let Some(lease) = live.get(usize::from(next.dice[10]) % live.len().max(1)) else { return };
    let (id, agent) = (lease.id, lease.provider_account);
    let report = ContainerReport { id: Text::new("c").expect("short"), ports: vec![] };
    match lease.state {
        LeaseState::Opened => desk.submit(AccountId::EXCHANGE, Escrowed { lease: id, tx: tx(1, id), ledger: 1 }),
        LeaseState::Escrowed => {
            let containers = vec![report; lease.replicas as usize];
            desk.submit(agent, StartLease { lease: id, image: Text::new("i").expect("short"), containers })
        }
        LeaseState::Running => {
            let byte = if next.dice[9].is_multiple_of(3) { u8::try_from(next.dice[8] % 3).expect("small") } else { 9 };
            let finish = FinishLease {
                lease: id,
                outcome: FinishOutcome::Exited,
                exit_code: Some(0),
                result: Some(JobResult { sha256: Digest([byte; 32]), size: 1 }),
                detail: Text::default(),
            };
            desk.submit(agent, finish)
        }
        _ if matches!(lease.origin, Origin::Rerun(_)) || next.dice[12].is_multiple_of(8) => return,
        _ => desk.submit(AccountId::EXCHANGE, ledger(id, !next.dice[11].is_multiple_of(4))),
    };
}
