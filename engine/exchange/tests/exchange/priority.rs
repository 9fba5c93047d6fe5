//! Price, then trust, then time; and whose price it is.

use crate::script::check;

#[test]
fn an_order_takes_the_lowest_price_then_the_higher_trust_then_the_older() {
    check(
        "
        ada bid p1 H100-80 2 @ 2
          bid b1 open
        bob bid p2 H100-80 1 @ 1.5
          bid b2 open
        dee bid p4 H100-80 1 @ 2
          bid b3 open
        eve bid p5 H100-80 1 @ 2.25
          bid b4 open
        ada bid p1 H100-80 1 @ 2
          bid b5 open
        book H100-80
          | orders | price | bids              |
          |        | 2.25  | 1 Five            |
          |        | 2     | 1 Four, 3 One (2) |
          |        | 1.5   | 1 Two             |
        tom order H100-80 5x1 @ 2.5
          order o1 open, holds 12.5
          lease l1: o1 on b2, 1x1 at 1.5 (Two), escrow 1.5
          order o1 has l1 for 1 replica, 4 left, holds 10
          lease l2: o1 on b3, 1x1 at 2 (Four), escrow 2
          order o1 has l2 for 1 replica, 3 left, holds 7.5
          lease l3: o1 on b1, 2x1 at 2 (One), escrow 4
          order o1 has l3 for 2 replicas, 1 left, holds 2.5
          lease l4: o1 on b5, 1x1 at 2 (One), escrow 2
          order o1 has l4 for 1 replica, 0 left, holds 0
        book H100-80
          | orders | price | bids   |
          |        | 2.25  | 1 Five |
        ",
    );
}

#[test]
fn a_bid_takes_the_highest_limit_at_its_own_level_then_the_older() {
    check(
        "
        tom order H100-80 1x1 @ 2 One
          order o1 open, holds 2
        tia order H100-80 1x1 @ One:3 Three:1
          order o2 open, holds 3
        tim order H100-80 1x1 @ One:1 Three:2.5
          order o3 open, holds 2.5
        tom order H100-80 1x1 @ 2.5 Three
          order o4 open, holds 2.5
        book H100-80
          | orders         | price | bids |
          | 1 One          | 3     |      |
          | 2 Three (2)    | 2.5   |      |
          | 1 One          | 2     |      |
          | 1 Three, 1 One | 1     |      |
        cem bid p3 H100-80 3 @ 1
          bid b1 open
          lease l1: o3 on b1, 1x1 at 2.5 (Three), escrow 2.5
          order o3 has l1 for 1 replica, 0 left, holds 0
          lease l2: o4 on b1, 1x1 at 2.5 (Three), escrow 2.5
          order o4 has l2 for 1 replica, 0 left, holds 0
          lease l3: o2 on b1, 1x1 at 1 (Three), escrow 1
          order o2 has l3 for 1 replica, 0 left, holds 0
        book H100-80
          | orders | price | bids |
          | 1 One  | 2     |      |
        ada bid p1 H100-80 1 @ 1
          bid b2 open
          lease l4: o1 on b2, 1x1 at 2 (One), escrow 2
          order o1 has l4 for 1 replica, 0 left, holds 0
        ",
    );
}

#[test]
fn the_lease_trades_at_the_resting_side_s_price() {
    check(
        "
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        tom order H100-80 1x1 @ 3
          order o1 open, holds 3
          lease l1: o1 on b1, 1x1 at 2 (One), escrow 2
          order o1 has l1 for 1 replica, 0 left, holds 0
        tia order H100-80 1x1 @ 3
          order o2 open, holds 3
        ada bid p1 H100-80 1 @ 2
          bid b2 open
          lease l2: o2 on b2, 1x1 at 3 (One), escrow 3
          order o2 has l2 for 1 replica, 0 left, holds 0
        book H100-80
          | orders | price | bids |
        ",
    );
}

#[test]
fn each_level_has_its_own_limit() {
    check(
        "
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        cem bid p3 H100-80 1 @ 2.5
          bid b2 open
        eve bid p5 H100-80 1 @ 4
          bid b3 open
        tom order H100-80 3x1 @ One:1.9 Three:2.5 Five:3.9
          order o1 open, holds 11.7
          lease l1: o1 on b2, 1x1 at 2.5 (Three), escrow 2.5
          order o1 has l1 for 1 replica, 2 left, holds 7.8
        book H100-80
          | orders  | price | bids   |
          |         | 4     | 1 Five |
          | 2 Five  | 3.9   |        |
          | 2 Three | 2.5   |        |
          |         | 2     | 1 One  |
          | 2 One   | 1.9   |        |
        ",
    );
}

#[test]
fn only_accepted_levels_trade() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1
          bid b2 open
        tom order H100-80 1x1 @ 5 Four Five
          order o1 open, holds 5
        tia order H100-80 1x1 @ 5 Two
          order o2 open, holds 5
          lease l1: o2 on b2, 1x1 at 1 (Two), escrow 1
          order o2 has l1 for 1 replica, 0 left, holds 0
        book H100-80
          | orders         | price | bids  |
          | 1 Five, 1 Four | 5     |       |
          |                | 1     | 1 One |
        ",
    );
}

#[test]
fn a_bid_above_every_limit_rests_beside_the_orders() {
    check(
        "
        tom order H100-80 2x2 @ 2
          order o1 open, holds 8
        ada bid p1 H100-80 4 @ 2.0000001
          bid b1 open
        bob bid p2 H100-80 4 @ 2.1
          bid b2 open
        bob bid p2 H100-80 1 @ 2.1
          bid b3 open
        book H100-80
          | orders                                | price     | bids      |
          |                                       | 2.1       | 5 Two (2) |
          |                                       | 2.0000001 | 4 One     |
          | 4 Five, 4 Four, 4 Three, 4 Two, 4 One | 2         |           |
        ",
    );
}

#[test]
fn quantity_is_taken_from_several_bids_with_one_lease_each() {
    check(
        "
        ada bid p1 H100-80 2 @ 1
          bid b1 open
        bob bid p2 H100-80 2 @ 1.2
          bid b2 open
        cem bid p3 H100-80 8 @ 1.4
          bid b3 open
        tom order H100-80 6x1 @ 2
          order o1 open, holds 12
          lease l1: o1 on b1, 2x1 at 1 (One), escrow 2
          order o1 has l1 for 2 replicas, 4 left, holds 8
          lease l2: o1 on b2, 2x1 at 1.2 (Two), escrow 2.4
          order o1 has l2 for 2 replicas, 2 left, holds 4
          lease l3: o1 on b3, 2x1 at 1.4 (Three), escrow 2.8
          order o1 has l3 for 2 replicas, 0 left, holds 0
        book H100-80
          | orders | price | bids    |
          |        | 1.4   | 6 Three |
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 992.8     | 0    | 7.2      | 0           |
        ",
    );
}

#[test]
fn a_bid_fills_several_orders_with_one_lease_each() {
    check(
        "
        tom order H100-80 2x1 @ 2
          order o1 open, holds 4
        tia order H100-80 1x2 @ 3
          order o2 open, holds 6
        ada bid p1 H100-80 5 @ 1
          bid b1 open
          lease l1: o2 on b1, 1x2 at 3 (One), escrow 6
          order o2 has l1 for 1 replica, 0 left, holds 0
          lease l2: o1 on b1, 2x1 at 2 (One), escrow 4
          order o1 has l2 for 2 replicas, 0 left, holds 0
        book H100-80
          | orders | price | bids  |
          |        | 1     | 1 One |
        ",
    );
}

#[test]
fn the_units_of_a_replica_are_never_split() {
    check(
        "
        ada bid p1 H100-80 3 @ 1
          bid b1 open
        bob bid p2 H100-80 5 @ 2
          bid b2 open
        tom order H100-80 3x2 @ 2
          order o1 open, holds 12
          lease l1: o1 on b1, 1x2 at 1 (One), escrow 2
          order o1 has l1 for 1 replica, 2 left, holds 8
          lease l2: o1 on b2, 2x2 at 2 (Two), escrow 8
          order o1 has l2 for 2 replicas, 0 left, holds 0
        book H100-80
          | orders | price | bids  |
          |        | 2     | 1 Two |
          |        | 1     | 1 One |
        tia order H100-80 1x4 @ 2
          order o2 open, holds 8
        tia order H100-80 2x1 @ 2
          order o3 open, holds 4
          lease l3: o3 on b1, 1x1 at 1 (One), escrow 1
          order o3 has l3 for 1 replica, 1 left, holds 2
          lease l4: o3 on b2, 1x1 at 2 (Two), escrow 2
          order o3 has l4 for 1 replica, 0 left, holds 0
        book H100-80
          | orders                                | price | bids |
          | 4 Five, 4 Four, 4 Three, 4 Two, 4 One | 2     |      |
        ",
    );
}

#[test]
fn markets_do_not_meet() {
    check(
        "
        ada bid p1 H100-80 4 @ 1
          bid b1 open
        tom order CPU 1x4 @ 2
          order o1 open, holds 8
        ada bid p1 CPU 8 @ 1
          bid b2 open
          lease l1: o1 on b2, 1x4 at 2 (One), escrow 8
          order o1 has l1 for 1 replica, 0 left, holds 0
        book H100-80
          | orders | price | bids  |
          |        | 1     | 4 One |
        book CPU
          | orders | price | bids  |
          |        | 1     | 4 One |
        ",
    );
}
