//! Spot checks: a tenth of the results is produced again by another account.

use crate::script::check;

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
fn the_platform_runs_nothing_again_beyond_its_own_mandate() {
    check(
        "
        chain credits treasury 100
          treasury has 100 more
        treasury mandate lease=1.1
          mandate of treasury: 1.1 a lease
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
          lease l1 verified: noFunds
          lease l1 closed (completed): 0 s, pay 0, fee 0, refund 1, to be settled
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
