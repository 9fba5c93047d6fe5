//! What takes over from a lease that failed: its standby, or an order for what is
//! left of it.

use crate::script::check;

#[test]
fn a_standby_takes_over_for_the_time_that_is_left_when_the_old_lease_is_settled() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1.2, holds 0.2
          bid b2 parked
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 0.0166666
        cem bid p3 H100-80 4 @ 1.5
          bid b3 open
        wait 180
          00:04:00 lease l1 closed (dark): 60 s, pay 0.0166666, fee 0.0008333, refund 0.9833334, to be settled
        state b2
          b2 parked
        ada beat l1
          refused LEASE_STATE
        chain pays l1
          lease l1 paid: ada 0.0158333, treasury 0.0008333, tom 0.9833334
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.18
          l1 goes on as l2
          standby of l2: 1 of b3 at 1.5, holds 0.295
        ada beat l1
          refused LEASE_STATE
        money tom ada bob
          | account | available   | held  | escrowed | withdrawing |
          | tom     | 998.5083334 | 0.295 | 1.18     | 0           |
          | ada     | 0.0158333   | 0     | 0        | 0           |
          | bob     | 0           | 0     | 0        | 0           |
        chain escrowed l2
          lease l2 escrowed
        bob start l2
          lease l2 runs until 01:03:00
        state b2
          b2 matched
        ",
    );
}

#[test]
fn a_standby_of_a_standby_takes_over_too() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        cem bid p3 H100-80 1 @ 1.4
          bid b3 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1.2, holds 0.2
          bid b2 parked
        chain escrowed l1
          lease l1 escrowed
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          l1 goes on as l2
          standby of l2: 1 of b3 at 1.4, holds 0.2
          bid b3 parked
        chain escrowed l2
          lease l2 escrowed
        wait 600
          00:10:00 lease l2 closing (startTimeout)
        bob finish l2 failed
          lease l2 closed (startTimeout): 0 s, pay 0, fee 0, refund 1.2, to be settled
        chain pays l2
          lease l2 paid: bob 0, treasury 0, tom 1.2
          lease l3: o1 on b3, 1x1 at 1.4 (Three), escrow 1.4
          l2 goes on as l3
          no standby for l3
        chain escrowed l3
          lease l3 escrowed
        cem start l3
          lease l3 runs until 01:10:00
        wait 60
        cem finish l3 failed
          lease l3 closed (failed): 0 s, pay 0, fee 0, refund 1.4, to be settled
        chain pays l3
          lease l3 paid: cem 0, treasury 0, tom 1.4
          order o2 open, holds 2
          l3 goes on as o2
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 998       | 2    | 0        | 0           |
        ",
    );
}

#[test]
fn a_standby_may_be_replaced_while_the_lease_that_failed_waits_for_the_chain() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        cem bid p3 H100-80 1 @ 1.4
          bid b3 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1.2, holds 0.2
          bid b2 parked
        chain escrowed l1
          lease l1 escrowed
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        bob cancel b2
          bid b2 cancelled (requested)
          standby of l1 released: b2 (bidEnded)
          standby of l1: 1 of b3 at 1.4, holds 0.4
          bid b3 parked
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
          lease l2: o1 on b3, 1x1 at 1.4 (Three), escrow 1.4
          l1 goes on as l2
          no standby for l2
        state b3
          b3 matched
        ",
    );
}

#[test]
fn a_lease_that_failed_and_was_refunded_by_the_chain_goes_on_all_the_same() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 2
          bid b2 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 2, holds 1
          bid b2 parked
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 0.0166666
        ada finish l1 failed
          lease l1 closed (failed): 60 s, pay 0.0166666, fee 0.0008333, refund 0.9833334, to be settled
        chain refunds l1
          lease l1 paid: ada 0, treasury 0, tom 1
          lease l2: o1 on b2, 1x1 at 2 (Two), escrow 1.9666666
          l1 goes on as l2
          no standby for l2
        money tom ada
          | account | available   | held | escrowed  | withdrawing |
          | tom     | 998.0333334 | 0    | 1.9666666 | 0           |
          | ada     | 0           | 0    | 0         | 0           |
        ",
    );
}

#[test]
fn a_lease_that_was_refunded_as_it_ran_does_not_go_on() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 2
          bid b2 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 2, holds 1
          bid b2 parked
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        chain refunds l1
          lease l1 closed (refunded): 0 s, pay 0, fee 0, refund 1, released
          standby of l1 released: b2 (leaseEnded)
          lease l1 paid: ada 0, treasury 0, tom 1
          bid b2 resumed
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 1000      | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn an_escrow_that_never_came_is_no_failure_of_the_provider() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1.2, holds 0.2
          bid b2 parked
        state b2
          b2 parked
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 1, released
          standby of l1 released: b2 (leaseEnded)
          bid b2 resumed
        state b2
          b2 open
        tia order H100-80 1x1 @ 2 failover
          order o2 open, holds 2
          lease l2: o2 on b2, 1x1 at 1.2 (Two), escrow 1.2
          order o2 has l2 for 1 replica, 0 left, holds 0
          no standby for l2
        ",
    );
}

#[test]
fn a_standby_takes_over_for_all_of_the_time_also_where_amounts_are_rounded_down() {
    // What is reserved is floor(rate × time): that money divided by the rate is
    // a second less.
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.0000001
          bid b2 open
        tom order H100-80 1x1 @ 2 failover for=3599
          order o1 open, holds 1.9994444
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 0.9997222
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1.0000001, holds 0.0000001
          bid b2 parked
        chain escrowed l1
          lease l1 escrowed
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 0.9997222, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 0.9997222
          lease l2: o1 on b2, 1x1 at 1.0000001 (Two), escrow 0.9997223
          l1 goes on as l2
          no standby for l2
        ",
    );
}
