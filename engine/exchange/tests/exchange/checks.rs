//! What counts as evidence: passing checks, and a signed backlog.

use crate::cast::genesis;
use crate::script::{Stage, check};

#[test]
fn a_failed_check_accrues_nothing_and_the_third_in_a_row_fails_the_lease() {
    check(
        "
        ada bid p1 H100-80 1 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6
          order o1 open, holds 3.6
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 10
        ada beat l1
          lease l1 evidenced 10 s, cost 0.01
        wait 10
        ada beat l1 unhealthy
          lease l1 evidenced 10 s, cost 0.01 (unhealthy)
        wait 10
        ada beat l1 unhealthy
          lease l1 evidenced 10 s, cost 0.01 (unhealthy)
        wait 10
        ada beat l1
          lease l1 evidenced 20 s, cost 0.02
        wait 10
        ada beat l1 unhealthy
          lease l1 evidenced 20 s, cost 0.02 (unhealthy)
        wait 10
        ada beat l1 unhealthy
          lease l1 evidenced 20 s, cost 0.02 (unhealthy)
        wait 10
        ada beat l1 unhealthy
          lease l1 evidenced 20 s, cost 0.02 (unhealthy)
          lease l1 closing (failed)
        wait 10
        ada finish l1 stopped
          lease l1 closed (failed): 20 s, pay 0.02, fee 0.001, refund 3.58, to be settled
        ",
    );
}

#[test]
fn a_failed_check_is_heard_all_the_same() {
    check(
        "
        ada bid p1 H100-80 1 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6
          order o1 open, holds 3.6
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 170
        ada beat l1 unhealthy
          lease l1 evidenced 0 s, cost 0 (unhealthy)
        ada backlog l1 60 120
          refused BACKLOG_MISMATCH
        wait 170
        ada beat l1 unhealthy
          lease l1 evidenced 0 s, cost 0 (unhealthy)
        wait 180
          00:08:40 lease l1 closed (dark): 0 s, pay 0, fee 0, refund 3.6, to be settled
        ",
    );
}

#[test]
fn a_signed_backlog_fills_a_gap_once() {
    check(
        "
        ada bid p1 H100-80 1 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6
          order o1 open, holds 3.6
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        ada backlog l1
          refused BACKLOG_MISMATCH
        wait 10
        ada beat l1
          lease l1 evidenced 10 s, cost 0.01
        wait 150
        ada beat l1
          lease l1 evidenced 10 s, cost 0.01
        bob backlog l1 70 130
          refused NOT_YOURS
        ada backlog l9 70 130
          refused UNKNOWN_LEASE
        ada backlog l1
          refused BACKLOG_MISMATCH
        ada backlog l1 71 130
          refused BACKLOG_MISMATCH
        ada backlog l1 70 99
          refused BACKLOG_MISMATCH
        ada backlog l1 70 70 130
          refused BACKLOG_MISMATCH
        ada backlog l1 70 130 160
          refused BACKLOG_MISMATCH
        ada backlog l1 10 70 130
          refused BACKLOG_MISMATCH
        ada backlog l1 70 60 130
          refused BACKLOG_MISMATCH
        ada backlog l1 70 130
          lease l1 evidenced 160 s, cost 0.16
        ada backlog l1 70 130
          refused BACKLOG_MISMATCH
        wait 151
        ada beat l1
          lease l1 evidenced 160 s, cost 0.16
        ada backlog l1 200 240 280
          refused BACKLOG_MISMATCH
        wait 100
        ada beat l1
          lease l1 evidenced 160 s, cost 0.16
        wait 5
        ada beat l1
          lease l1 evidenced 165 s, cost 0.165
        tom stop l1
          lease l1 closing (stopped)
        ada backlog l1 365
          lease l1 evidenced 265 s, cost 0.265
        ada finish l1 stopped
          lease l1 closed (stopped): 265 s, pay 0.265, fee 0.01325, refund 3.335, to be settled
        ada backlog l1 365
          refused LEASE_STATE
        ",
    );
}

#[test]
fn a_backlog_is_not_taken_on_the_operator_s_word() {
    let mut stage = Stage::new(genesis());
    for line in [
        "ada bid p1 H100-80 1 @ 3.6",
        "tom order H100-80 1x1 @ 3.6",
        "chain escrowed l1",
        "ada start l1",
        "wait 100",
        "ada beat l1",
    ] {
        stage.play(line);
    }
    stage.desk.attests = true;
    assert_eq!(stage.play("ada backlog l1 50"), ["refused SIGNATURE_REQUIRED"]);
    stage.desk.attests = false;
    assert_eq!(stage.play("ada backlog l1 50"), ["lease l1 evidenced 100 s, cost 0.1"]);
}

#[test]
fn a_backlog_pays_no_time_without_funds() {
    check(
        "
        ada bid p1 H100-80 1 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6 for=600 prepay=60
          order o1 open, holds 0.06
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 0.06
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:10:00
        wait 100
          00:00:30 funds of lease l1 end at 00:01:00
          00:01:00 lease l1 suspended until 00:06:00
        ada beat l1
          lease l1 evidenced 0 s, cost 0
        ada backlog l1 50
          lease l1 evidenced 60 s, cost 0.06
        tom topup l1 60
          top-up 1 of lease l1 by 60 s, 0.06 held
        chain tops l1
          lease l1 topped up by 0.06: 0.12 for 120 s
          lease l1 resumed, runs until 00:10:40
        wait 70
          00:02:10 funds of lease l1 end at 00:02:40
          00:02:40 lease l1 suspended until 00:07:00
        ada beat l1
          lease l1 evidenced 60 s, cost 0.06
        ada backlog l1 130
          refused BACKLOG_MISMATCH
        ",
    );
}
