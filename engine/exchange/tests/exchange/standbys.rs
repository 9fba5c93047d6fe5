//! Standbys: who is reserved, and when one is released or replaced.

use berth_domain::{Bounds, Genesis};

use crate::cast::genesis;
use crate::script::{check, check_with};

#[test]
fn the_next_best_bid_of_another_account_stands_by_and_the_hold_covers_the_dearer() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        ada bid p1 H100-80 1 @ 1.1
          bid b2 open
        bob bid p2 H100-80 4 @ 1.5
          bid b3 open
        cem bid p3 H100-80 4 @ 1.2
          bid b4 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b4 at 1.2, holds 0.2
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 998.8     | 0.2  | 1        | 0           |
        book H100-80
          | orders | price | bids    |
          |        | 1.5   | 4 Two   |
          |        | 1.2   | 3 Three |
          |        | 1.1   | 1 One   |
        ",
    );
}

#[test]
fn where_nobody_can_stand_by_the_lease_goes_on_without() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        ada bid p1 H100-80 1 @ 1
          bid b2 open
        bob bid p2 H100-80 1 @ 2.5
          bid b3 open
        cem bid p3 H100-80 1 @ 1
          bid b4 open
        dee bid p4 H100-80 4 @ 1 max=60
          bid b5 open
        tom order H100-80 2x1 @ 2 failover
          order o1 open, holds 4
          lease l1: o1 on b4, 1x1 at 1 (Three), escrow 1
          order o1 has l1 for 1 replica, 1 left, holds 2
          lease l2: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l2 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1
          bid b2 parked
          no standby for l2
        bob bid p2 H100-80 2 @ 1
          bid b6 open
        tim order H100-80 1x2 @ 2 failover
          order o2 open, holds 4
          lease l3: o2 on b6, 1x2 at 1 (Two), escrow 2
          order o2 has l3 for 1 replica, 0 left, holds 0
          no standby for l3
        ",
    );
}

#[test]
fn an_incoming_bid_opens_leases_that_others_stand_by_for() {
    check(
        "
        bob bid p2 H100-80 1 @ 2
          bid b1 open
        tom order H100-80 1x2 @ 2 failover
          order o1 open, holds 4
        cem bid p3 H100-80 4 @ 1.9
          bid b2 open
          lease l1: o1 on b2, 1x2 at 2 (Three), escrow 4
          order o1 has l1 for 1 replica, 0 left, holds 0
          no standby for l1
        ada bid p1 H100-80 4 @ 1.8
          bid b3 open
        tia order H100-80 1x2 @ 2 failover
          order o2 open, holds 4
          lease l2: o2 on b3, 1x2 at 1.8 (One), escrow 3.6
          order o2 has l2 for 1 replica, 0 left, holds 0
          standby of l2: 1 of b2 at 1.9, holds 0.2
          bid b2 parked
        book H100-80
          | orders | price | bids  |
          |        | 2     | 1 Two |
          |        | 1.8   | 2 One |
        ",
    );
}

#[test]
fn a_standby_is_released_at_the_end_and_its_units_and_room_serve_others() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob host gpus=1xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of bob
        bob bid p6 H100-80 1 @ 1.5
          bid b2 open
        bob bid p6 H100-80 1 @ 1.8
          bid b3 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1.5, holds 0.5
          bid b2 parked
          bid b3 parked
        tia order H100-80 1x1 @ 1.9
          order o2 open, holds 1.9
        state b2 b3 o2
          b2 parked, b3 parked, o2 open
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 998.5     | 0.5  | 1        | 0           |
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 0.0166666
        tom stop l1
          lease l1 closing (stopped)
          standby of l1 released: b2 (leaseEnded)
          bid b2 resumed
          lease l2: o2 on b2, 1x1 at 1.9 (Two), escrow 1.9
          order o2 has l2 for 1 replica, 0 left, holds 0
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 999       | 0    | 1        | 0           |
        ada finish l1 stopped
          lease l1 closed (stopped): 60 s, pay 0.0166666, fee 0.0008333, refund 0.9833334, to be settled
        ",
    );
}

#[test]
fn a_bid_that_ends_is_replaced_by_the_next_best() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        cem bid p3 H100-80 1 @ 1.5 until=+60
          bid b3 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1.2, holds 0.2
          bid b2 parked
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 998.8     | 0.2  | 1        | 0           |
        bob cancel b2
          bid b2 cancelled (requested)
          standby of l1 released: b2 (bidEnded)
          standby of l1: 1 of b3 at 1.5, holds 0.5
          bid b3 parked
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 998.5     | 0.5  | 1        | 0           |
        wait 60
          00:01:00 bid b3 expired
          00:01:00 standby of l1 released: b3 (bidEnded)
          00:01:00 no standby for l1
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 999       | 0    | 1        | 0           |
        ",
    );
}

#[test]
fn a_host_that_is_drained_stands_by_no_longer() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        bob bid p2 H100-80 2 @ 1.3
          bid b3 open
        cem bid p3 H100-80 1 @ 1.5
          bid b4 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1.2, holds 0.2
          bid b2 parked
        bob drain p2
          provider p2 is drained, offers nothing
          standby of l1 released: b2 (providerUnavailable)
          bid b3 parked
          standby of l1: 1 of b4 at 1.5, holds 0.5
          bid b4 parked
        bob offer p2
          provider p2 takes leases, offers nothing
          bid b2 resumed
          bid b3 resumed
        book H100-80
          | orders | price | bids  |
          |        | 1.3   | 2 Two |
          |        | 1.2   | 1 Two |
        ",
    );
}

#[test]
fn a_bid_sells_its_other_units_and_waits_with_those_that_stand_by() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 3 @ 1.2
          bid b2 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1.2, holds 0.2
        book H100-80
          | orders | price | bids  |
          |        | 1.2   | 2 Two |
        tia order H100-80 2x1 @ 2
          order o2 open, holds 4
          lease l2: o2 on b2, 2x1 at 1.2 (Two), escrow 2.4
          order o2 has l2 for 2 replicas, 0 left, holds 0
          bid b2 parked
        state b2
          b2 parked
        bob amend b2 quantity=4
          bid b2 amended, 1 at 1.2
          bid b2 resumed
        state b2
          b2 open
        book H100-80
          | orders | price | bids  |
          |        | 1.2   | 1 Two |
        bob amend b2 quantity=3
          refused OUT_OF_BOUNDS
        tim order H100-80 1x1 @ 2
          order o3 open, holds 2
          lease l3: o3 on b2, 1x1 at 1.2 (Two), escrow 1.2
          order o3 has l3 for 1 replica, 0 left, holds 0
          bid b2 parked
        state b2
          b2 parked
        chain escrowed l1
          lease l1 escrowed
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
          lease l4: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          l1 goes on as l4
          no standby for l4
        state b2
          b2 matched
        ",
    );
}

#[test]
fn a_withdrawal_takes_the_hold_of_a_standby_after_that_of_orders() {
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
        tom order CPU 1x1 @ 3
          order o2 open, holds 3
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 995       | 4    | 1        | 0           |
        chain withdrew tom 998
          order o2 parked, releases 3
          tom withdrew 998
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 0         | 1    | 1        | 0           |
        chain withdrew tom 1
          standby of l1 released: b2 (unfunded)
          tom withdrew 1
          bid b2 resumed
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 0         | 0    | 1        | 0           |
        state l1
          l1 opened
        ",
    );
}

#[test]
fn only_an_order_that_meets_the_book_and_may_go_elsewhere_has_standbys() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 2 failover manual
          refused OUT_OF_BOUNDS
        tom order H100-80 1x1 @ 2 failover closes=+60
          refused OUT_OF_BOUNDS
        tom order H100-80 1x1 @ 2 failover fok
          refused OUT_OF_BOUNDS
        tom order H100-80 1x1 @ 2 failover ioc aim=b1
          refused OUT_OF_BOUNDS
        tom order H100-80 1x1 @ 2 failover ioc
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          no standby for l1
        ",
    );
}

#[test]
fn standbys_that_one_entry_cannot_replace_are_replaced_in_the_next_tick() {
    let bounds = Bounds { scan: 2, ..Bounds::default() };
    check_with(
        Genesis { bounds, ..genesis() },
        "
        ada bid p1 H100-80 3 @ 1
          bid b1 open
        bob bid p2 H100-80 3 @ 1.2
          bid b2 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1.2, holds 0.2
        tia order H100-80 1x1 @ 2 failover
          order o2 open, holds 2
          lease l2: o2 on b1, 1x1 at 1 (One), escrow 1
          order o2 has l2 for 1 replica, 0 left, holds 0
          standby of l2: 1 of b2 at 1.2, holds 0.2
        tim order H100-80 1x1 @ 2 failover
          order o3 open, holds 2
          lease l3: o3 on b1, 1x1 at 1 (One), escrow 1
          order o3 has l3 for 1 replica, 0 left, holds 0
          standby of l3: 1 of b2 at 1.2, holds 0.2
          bid b2 parked
        cem bid p3 H100-80 3 @ 1.4
          bid b3 open
        bob cancel b2
          bid b2 cancelled (requested)
          standby of l1 released: b2 (bidEnded)
          standby of l2 released: b2 (bidEnded)
          standby of l3 released: b2 (bidEnded)
          standby of l1: 1 of b3 at 1.4, holds 0.4
          standby of l2: 1 of b3 at 1.4, holds 0.4
        wait 0
          00:00:00 standby of l3: 1 of b3 at 1.4, holds 0.4
          00:00:00 bid b3 parked
        ",
    );
}

#[test]
fn what_a_replaced_bid_stood_by_with_is_there_for_the_next_at_the_end_of_the_entry() {
    check(
        "
        bob host gpus=1xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of bob
        bob bid p6 H100-80 1 @ 1.5
          bid b1 open
        ada bid p1 H100-80 1 @ 1
          bid b2 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b2, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b1 at 1.5, holds 0.5
          bid b1 parked
        tia order H100-80 1x1 @ 1.8
          order o2 open, holds 1.8
        bob replace b1 bid p6 H100-80 1 @ 1.7 post
          bid b1 cancelled (replaced)
          standby of l1 released: b1 (bidEnded)
          bid b3 open
          bid b3 parked
          bid b3 resumed
          lease l2: o2 on b3, 1x1 at 1.8 (Two), escrow 1.8
          order o2 has l2 for 1 replica, 0 left, holds 0
          no standby for l1
        ",
    );
}
