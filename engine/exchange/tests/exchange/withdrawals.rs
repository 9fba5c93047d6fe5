//! Money comes in and goes out by what happened on the chain.

use crate::script::check;

#[test]
fn a_deposit_counts_once() {
    check(
        "
        chain credits tom 5
          tom has 5 more
        chain credits tom 5 again
          again nothing
        chain credits nell 7
          account account 10 opened, level One
          account 10 has 7 more
        chain credits tom 0
          refused OUT_OF_BOUNDS
        money tom nell
          | account | available | held | escrowed | withdrawing |
          | tom     | 1005      | 0    | 0        | 0           |
          | nell    | 7         | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn a_request_takes_what_is_free_and_then_parks_the_youngest_orders() {
    check(
        "
        tom order H100-80 1x1 @ 300
          order o1 open, holds 300
        tom order H100-80 1x1 @ 200
          order o2 open, holds 200
        tia order H100-80 1x1 @ 900
          order o3 open, holds 900
        tom order H100-80 1x1 @ 100
          order o4 open, holds 100
        chain asks tom 350
          tom waits for 350
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 50        | 600  | 0        | 350         |
        chain asks tom 650
          order o4 parked, releases 100
          order o2 parked, releases 200
          tom waits for 650
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 50        | 300  | 0        | 650         |
        chain asks tom 650 again
          again nothing
        chain withdrew tom 650
          tom withdrew 650
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 50        | 300  | 0        | 0           |
        ",
    );
}

#[test]
fn a_request_leaves_what_escrows_hold() {
    check(
        "
        ada bid p1 H100-80 1 @ 600
          bid b1 open
        tom order H100-80 1x1 @ 600
          order o1 open, holds 600
          lease l1: o1 on b1, 1x1 at 600 (One), escrow 600
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain asks tom 1000
          tom waits for 400
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 0         | 0    | 600      | 400         |
        chain withdrew tom 1000
          tom withdrew 1000
        money tom
          | account | available | held | escrowed | withdrawing | owed |
          | tom     | 0         | 0    | 600      | 0           | 600  |
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 600, released
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 0         | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn a_request_taken_back_is_free_again() {
    check(
        "
        chain asks tom 400
          tom waits for 400
        chain asks tom 1000
          tom waits for 1000
        chain keeps tom 1000
          tom has 1000 back
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 1000      | 0    | 0        | 0           |
        chain asks nell 5
          account account 10 opened, level One
          account 10 waits for 0
        chain keeps ned 5
          refused UNKNOWN_FACT
        chain withdrew ned 5
          refused UNKNOWN_FACT
        chain withdrew tom 3000.0000001
          refused SETTLEMENT_MISMATCH
        chain withdrew tom 1000
          tom withdrew 1000
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 0         | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn a_withdrawal_that_was_not_asked_for_parks_orders_too() {
    check(
        "
        tom order H100-80 1x1 @ 700
          order o1 open, holds 700
        chain withdrew tom 400
          order o1 parked, releases 700
          tom withdrew 400
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 600       | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn parked_orders_come_back_by_their_age_when_their_funds_do() {
    check(
        "
        ada bid p1 H100-80 1 @ 250
          bid b1 open
        tom order H100-80 1x1 @ 200
          order o1 open, holds 200
        tom order H100-80 1x2 @ 150
          order o2 open, holds 300
        tom order H100-80 1x1 @ 100
          order o3 open, holds 100
        chain asks tom 1000
          order o3 parked, releases 100
          order o2 parked, releases 300
          order o1 parked, releases 200
          tom waits for 1000
        book H100-80
          | orders | price | bids  |
          |        | 250   | 1 One |
        bob bid p2 H100-80 1 @ 90
          bid b2 open
        chain credits tom 150
          tom has 150 more
          order o3 resumed, holds 100
          lease l1: o3 on b2, 1x1 at 90 (Two), escrow 90
          order o3 has l1 for 1 replica, 0 left, holds 0
        chain keeps tom 1000
          tom has 1000 back
          order o1 resumed, holds 200
          order o2 resumed, holds 300
        book H100-80
          | orders                                | price | bids  |
          |                                       | 250   | 1 One |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 200   |       |
          | 2 Five, 2 Four, 2 Three, 2 Two, 2 One | 150   |       |
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 560       | 500  | 90       | 0           |
        ",
    );
}

#[test]
fn a_parked_order_waits_with_its_bids_and_its_time_and_can_be_amended() {
    check(
        "
        tom order H100-80 2x1 @ 300 manual
          order o1 open, holds 600
        ada bid p1 on o1 @ 250
          bid b1 open
        tom order H100-80 1x1 @ 400 until=+60
          order o2 open, holds 400
        chain asks tom 900
          order o2 parked, releases 400
          order o1 parked, releases 600
          tom waits for 900
        bob bid p2 on o1 @ 240
          bid b2 open
        tom accept b1
          refused ORDER_PARKED
        tom amend o1 2x
          order o1 amended, 2 of 2 left, holds 0
        tom amend o2 @ 90
          order o2 amended, 1 of 1 left, holds 0
          order o2 resumed, holds 90
        wait 60
          00:01:00 order o2 expired, releases 90
        chain credits tom 600
          tom has 600 more
          order o1 resumed, holds 600
        tom accept b2
          lease l1: o1 on b2, 2x1 at 240 (Two), escrow 480
          order o1 has l1 for 2 replicas, 0 left, holds 0
          bid b1 lost
        state o1 o2 b1 b2
          o1 filled, o2 expired, b1 lost, b2 matched
        ",
    );
}
