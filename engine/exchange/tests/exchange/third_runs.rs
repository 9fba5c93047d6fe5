//! Where two runs of a job differ, a third decides.

use crate::script::check;

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
