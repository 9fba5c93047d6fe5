//! Standbys, and what takes over from a lease that failed.

use std::cell::RefCell;
use std::collections::BTreeSet;

use berth_domain::{
    AccountId, Bounds, Command, EscrowFailed, Event, Genesis, LeaseState, Mode, OpenAccount, Seconds, SettlementPaid, Text,
    TimeInForce,
};
use berth_exchange::Lease;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::cast::{CAST, TENANTS, address, genesis, tx};
use crate::desk::Desk;
use crate::moves::{Move, command, moves, opening, rules_of};
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
fn in_a_paused_market_what_is_left_does_not_go_on_but_a_standby_takes_over() {
    check(
        "
        ada bid p1 H100-80 2 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1.2, holds 0.2
          bid b2 parked
        tia order H100-80 1x1 @ 2 failover
          order o2 open, holds 2
          lease l2: o2 on b1, 1x1 at 1 (One), escrow 1
          order o2 has l2 for 1 replica, 0 left, holds 0
          no standby for l2
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        ada finish l2 failed
          lease l2 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        treasury pause H100-80
          market H100-80 paused
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
          lease l3: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          l1 goes on as l3
          no standby for l3
        chain pays l2
          lease l2 paid: ada 0, treasury 0, tia 1
          l2 does not go on: MARKET_PAUSED
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
fn without_a_standby_an_order_stands_for_what_is_left() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 2 failover prepay=1800
          order o1 open, holds 1
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 0.5
          order o1 has l1 for 1 replica, 0 left, holds 0
          no standby for l1
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 0.0166666
        ada finish l1 failed
          lease l1 closed (failed): 60 s, pay 0.0166666, fee 0.0008333, refund 0.4833334, to be settled
        chain pays l1
          lease l1 paid: ada 0.0158333, treasury 0.0008333, tom 0.4833334
          order o2 open, holds 0.9666666
          l1 goes on as o2
        book H100-80
          | orders                                | price | bids |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 2     |      |
        bob bid p2 H100-80 1 @ 1.5
          bid b2 open
          lease l2: o2 on b2, 1x1 at 2 (Two), escrow 0.9666666
          order o2 has l2 for 1 replica, 0 left, holds 0
          no standby for l2
        chain escrowed l2
          lease l2 escrowed
        bob start l2
          lease l2 runs until 01:00:00
        ",
    );
}

#[test]
fn what_is_left_meets_the_book_at_once() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 2 failover until=+10
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          no standby for l1
        bob bid p2 H100-80 1 @ 1.5
          bid b2 open
        cem bid p3 H100-80 1 @ 1.5
          bid b3 open
        chain escrowed l1
          lease l1 escrowed
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
          order o2 open, holds 2
          lease l2: o2 on b3, 1x1 at 1.5 (Three), escrow 1.5
          order o2 has l2 for 1 replica, 0 left, holds 0
          l1 goes on as o2
          standby of l2: 1 of b2 at 1.5
          bid b2 parked
        state o2 b2 b3
          o2 filled, b2 parked, b3 matched
        ",
    );
}

#[test]
fn an_order_whose_time_is_over_tries_once_for_what_is_left() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 2 failover until=+10
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          no standby for l1
        chain escrowed l1
          lease l1 escrowed
        wait 20
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
          order o2 open, holds 2
          order o2 cancelled (notFilledAtOnce), releases 2
          l1 goes on as o2
        ",
    );
}

#[test]
fn without_funds_what_is_left_is_parked_until_there_are() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          no standby for l1
        tom order H100-80 1x1 @ 999
          order o2 open, holds 999
        chain escrowed l1
          lease l1 escrowed
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
          order o3 open, holds 0
          order o3 parked, releases 0
          l1 goes on as o3
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 1         | 999  | 0        | 0           |
        chain credits tom 1
          tom has 1 more
          order o3 resumed, holds 2
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 0         | 1001 | 0        | 0           |
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
fn where_less_than_a_stroop_is_left_nothing_goes_on() {
    check(
        "
        ada bid p1 H100-80 2 @ 0.0001
          bid b1 open
        bob bid p2 H100-80 1 @ 0.0002
          bid b2 open
        tom order H100-80 1x1 @ 0.0002 failover for=60
          order o1 open, holds 0.0000033
          lease l1: o1 on b1, 1x1 at 0.0001 (One), escrow 0.0000016
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 0.0002, holds 0.0000017
          bid b2 parked
        tia order H100-80 1x1 @ 0.0001 failover for=60
          order o2 open, holds 0.0000016
          lease l2: o2 on b1, 1x1 at 0.0001 (One), escrow 0.0000016
          order o2 has l2 for 1 replica, 0 left, holds 0
          no standby for l2
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada start l1
          lease l1 runs until 00:01:00
        ada start l2
          lease l2 runs until 00:01:00
        wait 59
        ada beat l1
          lease l1 evidenced 59 s, cost 0.0000016
        ada beat l2
          lease l2 evidenced 59 s, cost 0.0000016
        ada finish l1 failed
          lease l1 closed (failed): 59 s, pay 0.0000016, fee 0, refund 0, to be settled
        ada finish l2 failed
          lease l2 closed (failed): 59 s, pay 0.0000016, fee 0, refund 0, to be settled
        chain pays l1
          lease l1 paid: ada 0.0000016, treasury 0, tom 0
          standby of l1 released: b2 (leaseEnded)
          bid b2 resumed
        chain pays l2
          lease l2 paid: ada 0.0000016, treasury 0, tia 0
          l2 does not go on: OUT_OF_BOUNDS
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

/// Random commands in which every order that may have standbys wants them, and
/// others are gangs. What must always hold is checked after every entry; in the
/// end nothing stands by for what is over.
#[test]
#[expect(clippy::disallowed_methods, reason = "the environment only says how long to try")]
fn no_stream_of_failing_leases_breaks_what_always_holds() {
    let cases = std::env::var("BERTH_STREAMS").map_or(100, |n| n.parse().expect("BERTH_STREAMS is a number"));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let stream = (any::<[u8; 6]>(), proptest::collection::vec(moves(), 150..250));
    let met = RefCell::new(BTreeSet::new());
    TestRunner::new(config)
        .run(&stream, |(rules, moves)| {
            let desk = play(rules, &moves);
            met.borrow_mut().extend(desk.log.iter().flat_map(|frame| &frame.events).map(Event::name));
            Ok(())
        })
        .expect("every stream holds");
    let met = met.into_inner();
    for name in [
        "standby.reserved",
        "standby.released",
        "standby.missing",
        "lease.failedOver",
        "order.continued",
        "order.discontinued",
    ] {
        assert!(met.contains(name), "no stream meets {name}");
    }
}

fn play([scan, fills, rest @ ..]: [u8; 6], moves: &[Move]) -> Desk {
    let mut rules = rules_of(rest);
    rules.bounds.scan = [10_000, 10_000, 10, 40][usize::from(scan % 4)];
    rules.bounds.fills = [1_000, 1_000, 2, 3][usize::from(fills % 4)];
    let mut desk = Desk::open(rules);
    for (name, _) in CAST {
        desk.submit(AccountId::EXCHANGE, OpenAccount { address: address(name) });
    }
    for (account, command) in opening(&TENANTS) {
        desk.submit(account, command);
    }
    for next in moves {
        if next.is_up {
            desk.wait(next.pause);
        } else {
            desk.go_down(next.pause);
            if next.resumes {
                desk.resume();
            }
        }
        let (account, mut command) = command(&desk, next);
        if let Command::PlaceOrder(place) = &mut command {
            match next.dice[15] % 4 {
                0 if place.mode == Mode::Auto && place.expires_at.is_none() => {
                    place.time_in_force = TimeInForce::Fok;
                }
                _ => place.failover = place.mode == Mode::Auto && place.time_in_force != TimeInForce::Fok,
            }
        }
        desk.submit(account, command);
    }
    end(&mut desk);
    desk
}

/// Lets time pass and the chain answer until every lease is over.
fn end(desk: &mut Desk) {
    loop {
        let Some(lease) = desk.exchange.leases().find(|lease| !is_over(lease)).cloned() else { break };
        let (id, state, is_escrowed) = (lease.id, lease.state, lease.is_escrowed());
        let (pay, fee, refund) = (lease.pay, lease.fee, lease.escrow - lease.pay);
        match (state, is_escrowed) {
            (LeaseState::Closing, false) => {
                let reason = Text::new("too late").expect("short");
                desk.submit(AccountId::EXCHANGE, EscrowFailed { lease: id, reason });
            }
            (LeaseState::Closed, _) => {
                desk.submit(AccountId::EXCHANGE, SettlementPaid { lease: id, tx: tx(5, id), ledger: 1, pay, fee, refund });
            }
            _ => desk.wait(Seconds(1_000)),
        }
    }
    assert_eq!(desk.exchange.standbys().count(), 0, "nothing stands by for what is over");
}

fn is_over(lease: &Lease) -> bool {
    lease.state == LeaseState::Closed && (!lease.is_escrowed() || lease.paid_at.is_some())
}
