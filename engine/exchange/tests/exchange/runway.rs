//! How a lease's funds end and grow: warning, suspension, top-up, and what the
//! contract settles then.

use crate::script::check;

#[test]
fn funds_that_end_are_told_then_suspend_then_close() {
    check(
        "
        ada bid p1 H100-80 1 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6 for=600 prepay=100
          order o1 open, holds 0.1
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 0.1
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:10:00
        wait 50
        ada beat l1
          lease l1 evidenced 50 s, cost 0.05
        wait 45
          00:01:10 funds of lease l1 end at 00:01:40
        ada beat l1
          lease l1 evidenced 95 s, cost 0.095
        wait 10
          00:01:40 lease l1 suspended until 00:06:40
        ada beat l1
          lease l1 evidenced 100 s, cost 0.1
        ada finish l1 stopped
          refused LEASE_STATE
        tia order H100-80 8x1 @ 3.6
          order o2 open, holds 28.8
        ada bid p1 H100-80 8 @ 3.6
          bid b2 open
          lease l2: o2 on b2, 7x1 at 3.6 (One), escrow 25.2
          order o2 has l2 for 7 replicas, 1 left, holds 3.6
          bid b2 parked
        wait 30
        ada beat l1
          lease l1 evidenced 100 s, cost 0.1
        wait 265
          00:06:40 lease l1 closing (exhausted)
        ada finish l1 stopped
          lease l1 closed (exhausted): 100 s, pay 0.1, fee 0.005, refund 0, to be settled
          bid b2 resumed
          lease l3: o2 on b2, 1x1 at 3.6 (One), escrow 3.6
          order o2 has l3 for 1 replica, 0 left, holds 0
        chain pays l1
          lease l1 paid: ada 0.095, treasury 0.005, tom 0
        ",
    );
}

#[test]
fn a_short_advance_is_warned_of_at_once_and_a_full_one_never() {
    check(
        "
        ada bid p1 H100-80 2 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6 for=600 prepay=30
          order o1 open, holds 0.03
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 0.03
          order o1 has l1 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 3.6 for=20
          order o2 open, holds 0.02
          lease l2: o2 on b1, 1x1 at 3.6 (One), escrow 0.02
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada start l1
          lease l1 runs until 00:10:00
          funds of lease l1 end at 00:00:30
        ada start l2
          lease l2 runs until 00:00:20
        wait 30
          00:00:20 lease l2 closing (completed)
          00:00:30 lease l1 suspended until 00:05:30
        state l1 l2
          l1 suspended, l2 closing
        ",
    );
}

#[test]
fn a_top_up_moves_the_warning_and_the_exact_extra() {
    check(
        "
        ada bid p1 H100-80 1 @ 0.0005
          bid b1 open
        tom order H100-80 1x1 @ 0.0005 for=3600 prepay=100
          order o1 open, holds 0.0000138
          lease l1: o1 on b1, 1x1 at 0.0005 (One), escrow 0.0000138
          order o1 has l1 for 1 replica, 0 left, holds 0
        tom topup l1 100
          refused LEASE_STATE
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        tia topup l1 100
          refused NOT_YOURS
        tom topup l1 3501
          refused OUT_OF_BOUNDS
        tom topup l1 0
          refused OUT_OF_BOUNDS
        tom topup l9 1
          refused UNKNOWN_LEASE
        wait 10
        tom topup l1 100
          top-up 1 of lease l1 by 100 s, 0.0000139 held
        tom topup l1 100
          refused TOP_UP_PENDING
        money tom
          | account | available   | held      | escrowed  | withdrawing |
          | tom     | 999.9999723 | 0.0000139 | 0.0000138 | 0           |
        chain tops l1 0.0000138
          refused SETTLEMENT_MISMATCH
        chain tops l1
          lease l1 topped up by 0.0000139: 0.0000277 for 200 s
        chain tops l1
          again l1
        ada beat l1
          lease l1 evidenced 10 s, cost 0.0000013
        wait 165
          00:02:50 funds of lease l1 end at 00:03:20
        tom topup l1 3400
          top-up 2 of lease l1 by 3400 s, 0.0004723 held
        chain refuses l1 topup 3
          refused UNKNOWN_FACT
        chain refuses l1 topup 1
          again l1
        chain refuses l1 topup 2
          top-up 2 of lease l1 failed, releases 0.0004723
        chain refuses l1 topup 2
          again l1
        chain tops l1
          refused SETTLEMENT_MISMATCH
        tom topup l1 3400
          top-up 3 of lease l1 by 3400 s, 0.0004723 held
        chain tops l1
          lease l1 topped up by 0.0004723: 0.0005 for 3600 s
        tom topup l1 1
          refused OUT_OF_BOUNDS
        ada beat l1
          lease l1 evidenced 10 s, cost 0.0000013
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 999.9995  | 0    | 0.0005   | 0           |
        tom stop l1
          lease l1 closing (stopped)
        ada finish l1 stopped
          lease l1 closed (stopped): 10 s, pay 0.0000013, fee 0, refund 0.0004987, to be settled
        chain pays l1 0.0000013 0 0.0000125
          refused SETTLEMENT_MISMATCH
        chain pays l1
          lease l1 paid: ada 0.0000013, treasury 0, tom 0.0004987
        ",
    );
}

#[test]
fn a_top_up_of_nothing_is_none() {
    check(
        "
        ada bid p1 H100-80 1 @ 0.0000003
          bid b1 open
        tom order H100-80 1x1 @ 0.0000003 for=3600 prepay=1800
          order o1 open, holds 0.0000001
          lease l1: o1 on b1, 1x1 at 0.0000003 (One), escrow 0.0000001
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        tom topup l1 599
          refused OUT_OF_BOUNDS
        tom topup l1 600
          top-up 1 of lease l1 by 600 s, 0.0000001 held
        chain tops l1
          lease l1 topped up by 0.0000001: 0.0000002 for 2400 s
        ",
    );
}

#[test]
fn a_suspended_lease_that_is_topped_up_goes_on_and_ends_as_much_later() {
    check(
        "
        ada bid p1 H100-80 1 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6 for=200 prepay=60
          order o1 open, holds 0.06
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 0.06
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:03:20
        wait 55
          00:00:30 funds of lease l1 end at 00:01:00
        ada beat l1
          lease l1 evidenced 55 s, cost 0.055
        wait 15
          00:01:00 lease l1 suspended until 00:06:00
        ada beat l1
          lease l1 evidenced 60 s, cost 0.06
        wait 10
        tom topup l1 40
          top-up 1 of lease l1 by 40 s, 0.04 held
        wait 10
        chain tops l1
          lease l1 topped up by 0.04: 0.1 for 100 s
          lease l1 resumed, runs until 00:03:50
        wait 5
        ada beat l1
          lease l1 evidenced 60 s, cost 0.06
        wait 30
          00:01:40 funds of lease l1 end at 00:02:10
        ada beat l1
          lease l1 evidenced 90 s, cost 0.09
        wait 15
          00:02:10 lease l1 suspended until 00:06:40
        ada beat l1
          lease l1 evidenced 95 s, cost 0.095
        tom topup l1 100
          top-up 2 of lease l1 by 100 s, 0.1 held
        wait 10
        chain tops l1
          lease l1 topped up by 0.1: 0.2 for 200 s
          lease l1 resumed, runs until 00:04:10
        ada beat l1
          lease l1 evidenced 95 s, cost 0.095
        wait 50
        ada beat l1
          lease l1 evidenced 145 s, cost 0.145
        wait 55
          00:04:10 lease l1 closing (completed)
        ada finish l1 stopped
          lease l1 closed (completed): 195 s, pay 0.195, fee 0.00975, refund 0.005, to be settled
        chain pays l1
          lease l1 paid: ada 0.18525, treasury 0.00975, tom 0.005
        ",
    );
}

#[test]
fn the_node_s_absence_neither_moves_the_end_of_funds_nor_closes_a_suspended_lease() {
    check(
        "
        ada bid p1 H100-80 3 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6 for=600 prepay=60
          order o1 open, holds 0.06
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 0.06
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:10:00
        wait 10
        down 100
        resume
          00:01:50 done
          00:01:50 funds of lease l1 end at 00:01:00
          00:01:50 lease l1 suspended until 00:06:50
        down 1000
        resume
          00:18:30 done
        tom topup l1 60
          top-up 1 of lease l1 by 60 s, 0.06 held
        chain tops l1
          lease l1 topped up by 0.06: 0.12 for 120 s
          lease l1 resumed, runs until 00:27:30
        ",
    );
}
