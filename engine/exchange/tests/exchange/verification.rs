//! Verification: results of deterministic jobs are checked before they are paid.

use berth_domain::{Digest, LeaseId, LedgerSeen, Verify, is_drawn};

use crate::script::check;
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
