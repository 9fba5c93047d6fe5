//! A lease's life, and what is paid for it.

use crate::script::check;

#[test]
fn a_lease_that_runs_to_its_end_is_paid_95_to_5() {
    check(
        "
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        tom order H100-80 1x1 @ 2.5 for=120
          order o1 open, holds 0.0833333
          lease l1: o1 on b1, 1x1 at 2 (One), escrow 0.0666666
          order o1 has l1 for 1 replica, 0 left, holds 0
        money tom
          | account | available   | held | escrowed  | withdrawing |
          | tom     | 999.9333334 | 0    | 0.0666666 | 0           |
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:02:00
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 0.0333333
        wait 60
          00:02:00 lease l1 closing (completed)
        ada finish l1 stopped
          lease l1 closed (completed): 120 s, pay 0.0666666, fee 0.0033333, refund 0, to be settled
        chain pays l1
          lease l1 paid: ada 0.0633333, treasury 0.0033333, tom 0
        money tom ada treasury
          | account  | available   | held | escrowed | withdrawing |
          | tom      | 999.9333334 | 0    | 0        | 0           |
          | ada      | 0.0633333   | 0    | 0        | 0           |
          | treasury | 0.0033333   | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn a_stopped_lease_is_paid_up_to_the_stop_only() {
    check(
        "
        ada bid p1 H100-80 2 @ 3.6
          bid b1 open
        tom order H100-80 2x1 @ 3.6
          order o1 open, holds 7.2
          lease l1: o1 on b1, 2x1 at 3.6 (One), escrow 7.2
          order o1 has l1 for 2 replicas, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 30
        ada beat l1
          lease l1 evidenced 30 s, cost 0.06
        wait 15
        tia stop l1
          refused NOT_YOURS
        tom stop l1
          lease l1 closing (stopped)
        wait 10
        ada beat l1
          lease l1 evidenced 45 s, cost 0.09
        wait 10
        tom stop l1
          again l1
        ada finish l1 stopped
          lease l1 closed (stopped): 45 s, pay 0.09, fee 0.0045, refund 7.11, to be settled
        ada finish l1 stopped
          again l1
        tom stop l1
          again l1
        chain pays l1
          lease l1 paid: ada 0.0855, treasury 0.0045, tom 7.11
        money tom ada treasury
          | account  | available | held | escrowed | withdrawing |
          | tom      | 999.91    | 0    | 0        | 0           |
          | ada      | 0.0855    | 0    | 0        | 0           |
          | treasury | 0.0045    | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn a_gap_of_the_grace_is_paid_and_a_longer_one_is_not() {
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
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 0.06
        wait 61
        ada beat l1
          lease l1 evidenced 60 s, cost 0.06
        wait 59
        ada beat l1
          lease l1 evidenced 119 s, cost 0.119
        wait 61
        tom stop l1
          lease l1 closing (stopped)
        ada finish l1 stopped
          lease l1 closed (stopped): 119 s, pay 0.119, fee 0.00595, refund 3.481, to be settled
        ",
    );
}

#[test]
fn pay_and_fee_round_down_from_the_start_each_time() {
    check(
        "
        ada bid p1 H100-80 1 @ 0.0005
          bid b1 open
        tom order H100-80 1x1 @ 0.0005
          order o1 open, holds 0.0005
          lease l1: o1 on b1, 1x1 at 0.0005 (One), escrow 0.0005
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 1
        ada beat l1
          lease l1 evidenced 1 s, cost 0.0000001
        wait 1
        ada beat l1
          lease l1 evidenced 2 s, cost 0.0000002
        wait 3
        ada beat l1
          lease l1 evidenced 5 s, cost 0.0000006
        wait 14
        ada beat l1
          lease l1 evidenced 19 s, cost 0.0000026
        tom stop l1
          lease l1 closing (stopped)
        ada finish l1 stopped
          lease l1 closed (stopped): 19 s, pay 0.0000026, fee 0.0000001, refund 0.0004974, to be settled
        chain pays l1
          lease l1 paid: ada 0.0000025, treasury 0.0000001, tom 0.0004974
        money tom ada treasury
          | account  | available   | held | escrowed | withdrawing |
          | tom      | 999.9999974 | 0    | 0        | 0           |
          | ada      | 0.0000025   | 0    | 0        | 0           |
          | treasury | 0.0000001   | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn containers_that_end_well_complete_and_else_fail_at_their_last_heartbeat() {
    check(
        "
        ada bid p1 H100-80 4 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6
          order o1 open, holds 3.6
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o1 has l1 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 3.6
          order o2 open, holds 3.6
          lease l2: o2 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o2 has l2 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 3.6
          order o3 open, holds 3.6
          lease l3: o3 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o3 has l3 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 3.6
          order o4 open, holds 3.6
          lease l4: o4 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o4 has l4 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        chain escrowed l3
          lease l3 escrowed
        chain escrowed l4
          lease l4 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        ada start l2
          lease l2 runs until 01:00:00
        ada start l3
          lease l3 runs until 01:00:00
        wait 10
        ada beat l1
          lease l1 evidenced 10 s, cost 0.01
        ada beat l2
          lease l2 evidenced 10 s, cost 0.01
        ada beat l3
          lease l3 evidenced 10 s, cost 0.01
        wait 10
        ada finish l1 exited=0
          lease l1 closed (completed): 10 s, pay 0.01, fee 0.0005, refund 3.59, to be settled
        ada finish l2 exited=137
          lease l2 closed (failed): 10 s, pay 0.01, fee 0.0005, refund 3.59, to be settled
        ada finish l3 failed
          lease l3 closed (failed): 10 s, pay 0.01, fee 0.0005, refund 3.59, to be settled
        ada finish l4 failed
          lease l4 closed (failed): 0 s, pay 0, fee 0, refund 3.6, to be settled
        chain pays l4
          lease l4 paid: ada 0, treasury 0, tom 3.6
        ",
    );
}

#[test]
fn an_answer_that_is_already_known_changes_nothing() {
    check(
        "
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        tom order H100-80 1x1 @ 2
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 2 (One), escrow 2
          order o1 has l1 for 1 replica, 0 left, holds 0
        ada start l1
          refused LEASE_STATE
        ada beat l1
          refused LEASE_STATE
        ada finish l1 failed
          refused LEASE_STATE
        chain pays l1
          refused LEASE_STATE
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l1
          again l1
        chain escrowed l1 elsewhere
          refused SETTLEMENT_MISMATCH
        chain refuses l1
          refused SETTLEMENT_MISMATCH
        bob start l1
          refused NOT_YOURS
        tom start l1
          refused NOT_YOURS
        ada beat l1
          refused LEASE_STATE
        ada start l1
          lease l1 runs until 01:00:00
        ada start l1
          again l1
        bob beat l1
          refused NOT_YOURS
        bob finish l1 stopped
          refused NOT_YOURS
        ada finish l1 exited=0
          lease l1 closed (completed): 0 s, pay 0, fee 0, refund 2, to be settled
        ada start l1
          refused LEASE_STATE
        ada beat l1
          refused LEASE_STATE
        chain escrowed l1
          again l1
        chain escrowed l1 elsewhere
          refused SETTLEMENT_MISMATCH
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 2
        chain pays l1
          again l1
        ada start l9
          refused UNKNOWN_LEASE
        ada beat l9
          refused UNKNOWN_LEASE
        ada finish l9 failed
          refused UNKNOWN_LEASE
        tom stop l9
          refused UNKNOWN_LEASE
        chain escrowed l9
          refused UNKNOWN_LEASE
        chain refuses l9
          refused UNKNOWN_LEASE
        chain pays l9
          refused UNKNOWN_LEASE
        chain refunds l9
          refused UNKNOWN_LEASE
        ",
    );
}
