//! A fill-or-kill order over several leases is all or nothing until all of them
//! have started.

use berth_domain::{Bounds, Genesis};

use crate::cast::genesis;
use crate::script::{check, check_with};

#[test]
fn when_one_escrow_is_refused_all_leases_of_a_gang_close_and_none_is_paid() {
    check(
        "
        ada bid p1 H100-80 2 @ 1
          bid b1 open
        bob bid p2 H100-80 2 @ 1.2
          bid b2 open
        tom order H100-80 3x1 @ 2 fok
          order o1 open, holds 6
          lease l1: o1 on b1, 2x1 at 1 (One), escrow 2
          order o1 has l1 for 2 replicas, 1 left, holds 2
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          order o1 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 30
        ada beat l1
          lease l1 evidenced 30 s, cost 0.0166666
        chain refuses l2
          lease l2 closed (escrowFailed): 0 s, pay 0, fee 0, refund 1.2, released
          lease l1 closing (gangFailed)
        ada beat l1
          lease l1 evidenced 30 s, cost 0.0166666
        ada finish l1 stopped
          lease l1 closed (gangFailed): 0 s, pay 0, fee 0, refund 2, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 2
        money tom ada bob
          | account | available | held | escrowed | withdrawing |
          | tom     | 1000      | 0    | 0        | 0           |
          | ada     | 0         | 0    | 0        | 0           |
          | bob     | 0         | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn a_gang_of_which_one_does_not_start_in_time_is_refunded() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        cem bid p3 H100-80 1 @ 1.4
          bid b3 open
        tom order H100-80 3x1 @ 2 fok
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
        wait 180
          00:03:00 lease l1 closed (dark): 0 s, pay 0, fee 0, refund 1, to be settled
          00:03:00 lease l2 closing (gangFailed)
          00:03:00 lease l3 closing (gangFailed)
        wait 120
          00:05:00 lease l2 closed (gangFailed): 0 s, pay 0, fee 0, refund 1.2, to be settled
        chain escrowed l3
          lease l3 escrowed
          lease l3 closed (gangFailed): 0 s, pay 0, fee 0, refund 1.4, to be settled
        bob finish l2 stopped
          again l2
        ",
    );
}

#[test]
fn a_lease_that_fails_before_the_others_run_fails_them() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        tom order H100-80 2x1 @ 2 fok
          order o1 open, holds 4
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 1 left, holds 2
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          order o1 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        bob finish l2 failed
          lease l2 closed (failed): 0 s, pay 0, fee 0, refund 1.2, to be settled
          lease l1 closing (gangFailed)
        bob start l2
          refused LEASE_STATE
        ada finish l1 stopped
          lease l1 closed (gangFailed): 0 s, pay 0, fee 0, refund 1, to be settled
        state l1 l2
          l1 closed, l2 closed
        ",
    );
}

#[test]
fn once_all_run_each_lease_of_a_gang_is_for_itself() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        tom order H100-80 2x1 @ 2 fok
          order o1 open, holds 4
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 1 left, holds 2
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          order o1 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        bob start l2
          lease l2 runs until 01:00:00
        bob finish l2 failed
          lease l2 closed (failed): 0 s, pay 0, fee 0, refund 1.2, to be settled
        state l1 l2
          l1 running, l2 closed
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 0.0166666
        tom stop l1
          lease l1 closing (stopped)
        ada finish l1 stopped
          lease l1 closed (stopped): 60 s, pay 0.0166666, fee 0.0008333, refund 0.9833334, to be settled
        ",
    );
}

#[test]
fn a_lease_that_its_tenant_stops_is_no_longer_waited_for() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        tom order H100-80 2x1 @ 2 fok
          order o1 open, holds 4
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 1 left, holds 2
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          order o1 has l2 for 1 replica, 0 left, holds 0
        tom stop l2
          lease l2 closing (stopped)
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        chain escrowed l2
          lease l2 escrowed
          lease l2 closed (stopped): 0 s, pay 0, fee 0, refund 1.2, to be settled
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        state l1 l2
          l1 closed, l2 closed
        ",
    );
}

#[test]
fn filled_by_one_lease_it_is_no_gang() {
    check(
        "
        ada bid p1 H100-80 4 @ 1
          bid b1 open
        tom order H100-80 2x1 @ 2 fok
          order o1 open, holds 4
          lease l1: o1 on b1, 2x1 at 1 (One), escrow 2
          order o1 has l1 for 2 replicas, 0 left, holds 0
        bob bid p2 H100-80 4 @ 1.2
          bid b2 open
        tia order H100-80 1x1 @ 1
          order o2 open, holds 1
          lease l2: o2 on b1, 1x1 at 1 (One), escrow 1
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 2, released
        state l1 l2
          l1 closed, l2 opened
        ",
    );
}

/// The two leases that the freed room opens are as many as one entry may touch.
#[test]
fn a_gang_closes_in_the_next_tick_where_the_entry_has_done_enough() {
    let bounds = Bounds { fills: 2, ..Bounds::default() };
    check_with(
        Genesis { bounds, ..genesis() },
        "
        ada host gpus=2xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of ada
        ada bid p6 H100-80 2 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        tom order H100-80 3x1 @ 2 fok
          order o1 open, holds 6
          lease l1: o1 on b1, 2x1 at 1 (One), escrow 2
          order o1 has l1 for 2 replicas, 1 left, holds 2
          lease l2: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          order o1 has l2 for 1 replica, 0 left, holds 0
        tia order H100-80 1x1 @ 1
          order o2 open, holds 1
        tim order H100-80 1x1 @ 1
          order o3 open, holds 1
        ada bid p6 H100-80 2 @ 1
          bid b3 open
          bid b3 parked
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 2, released
          bid b3 resumed
          lease l3: o2 on b3, 1x1 at 1 (One), escrow 1
          order o2 has l3 for 1 replica, 0 left, holds 0
          lease l4: o3 on b3, 1x1 at 1 (One), escrow 1
          order o3 has l4 for 1 replica, 0 left, holds 0
        state l2
          l2 opened
        wait 0
          00:00:00 lease l2 closing (gangFailed)
        ",
    );
}
