//! Bids that answer one order.

use crate::script::check;

#[test]
fn a_directed_bid_meets_an_auto_order_at_once_at_the_bid_s_price() {
    check(
        "
        tom order H100-80 3x1 @ 2
          order o1 open, holds 6
        ada bid p1 on o1 @ 1.5
          bid b1 open
          lease l1: o1 on b1, 3x1 at 1.5 (One), escrow 4.5
          order o1 has l1 for 3 replicas, 0 left, holds 0
        book H100-80
          | orders | price | bids |
        tom accept b1
          again l1
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 995.5     | 0    | 4.5      | 0           |
        ",
    );
}

#[test]
fn a_directed_bid_takes_as_many_replicas_as_fit_and_the_rest_waits_for_others() {
    check(
        "
        ada host gpus=3xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of ada
        tom order H100-80 4x1 @ 2
          order o1 open, holds 8
        ada bid p6 on o1 @ 1.5
          bid b1 open
          lease l1: o1 on b1, 3x1 at 1.5 (One), escrow 4.5
          order o1 has l1 for 3 replicas, 1 left, holds 2
        book H100-80
          | orders                                | price | bids |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 2     |      |
        bob bid p2 on o1 @ 2
          bid b2 open
          lease l2: o1 on b2, 1x1 at 2 (Two), escrow 2
          order o1 has l2 for 1 replica, 0 left, holds 0
        book H100-80
          | orders | price | bids |
        ",
    );
}

#[test]
fn a_directed_bid_without_room_waits_and_matches_when_there_is_some() {
    check(
        "
        ada host gpus=1xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of ada
        ada bid p6 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 1
          order o1 open, holds 1
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        tia order H100-80 1x1 @ 2 Five
          order o2 open, holds 2
        tia order H100-80 1x1 @ 2 One
          order o3 open, holds 2
        ada bid p6 on o3 @ 1.5
          bid b2 open
          bid b2 parked
        tia accept b2
          refused NO_ROOM
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 1, released
          lease l2: o3 on b2, 1x1 at 1.5 (One), escrow 1.5
          order o3 has l2 for 1 replica, 0 left, holds 0
        tia accept b2
          again l2
        state o3 b2
          o3 filled, b2 matched
        ",
    );
}

#[test]
fn a_manual_order_is_not_in_the_book_and_waits_for_its_tenant() {
    check(
        "
        ada bid p1 H100-80 4 @ 1
          bid b1 open
        tom order H100-80 2x1 @ 2 manual
          order o1 open, holds 4
        book H100-80
          | orders | price | bids  |
          |        | 1     | 4 One |
        bob bid p2 on o1 @ 1.8
          bid b2 open
        cem bid p3 on o1 @ 1.6
          bid b3 open
        tom accept b1
          refused NOT_DIRECTED
        tia accept b2
          refused NOT_YOURS
        cem accept b2
          refused NOT_YOURS
        tom accept b2
          lease l1: o1 on b2, 2x1 at 1.8 (Two), escrow 3.6
          order o1 has l1 for 2 replicas, 0 left, holds 0
          bid b3 lost
        state o1 b1 b2 b3
          o1 filled, b1 open, b2 matched, b3 lost
        tom accept b2
          again l1
        tom accept b3
          refused BID_CLOSED
        tom accept b1
          refused NOT_DIRECTED
        tom accept b9
          refused UNKNOWN_BID
        ",
    );
}

#[test]
fn an_accepted_bid_that_fills_a_part_leaves_the_others_waiting() {
    check(
        "
        ada host gpus=1xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of ada
        tom order H100-80 2x1 @ 2 manual
          order o1 open, holds 4
        ada bid p6 on o1 @ 1
          bid b1 open
        bob bid p2 on o1 @ 2
          bid b2 open
        tom accept b1
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 1 left, holds 2
        state o1 b1 b2
          o1 open, b1 matched, b2 open
        tom accept b2
          lease l2: o1 on b2, 1x1 at 2 (Two), escrow 2
          order o1 has l2 for 1 replica, 0 left, holds 0
        state o1 b1 b2
          o1 filled, b1 matched, b2 matched
        ",
    );
}

#[test]
fn a_manual_bid_without_room_can_be_accepted_later() {
    check(
        "
        ada host gpus=1xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of ada
        ada bid p6 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 1
          order o1 open, holds 1
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        tia order H100-80 1x1 @ 2 manual
          order o2 open, holds 2
        ada bid p6 on o2 @ 2
          bid b2 open
        tia accept b2
          refused NO_ROOM
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 1, released
        state b2
          b2 open
        tia accept b2
          lease l2: o2 on b2, 1x1 at 2 (One), escrow 2
          order o2 has l2 for 1 replica, 0 left, holds 0
        ",
    );
}

#[test]
fn a_directed_bid_that_could_never_match_is_refused() {
    check(
        "
        tom order H100-80 1x2 @ One:2 Three:3 needs=region:eu memory=2048
          order o1 open, holds 6
        ada host gpus=2xH100-80 cpu=16 memory=4096 storage=100 offers=region:eu
          provider p6 of ada
        ada host gpus=2xH100-80 cpu=16 memory=1024 storage=100 offers=region:eu
          provider p7 of ada
        ada host gpus=1xH100-80 cpu=16 memory=4096 storage=100 offers=region:eu
          provider p8 of ada
        ada bid p6 on o1 @ 2.0000001
          refused BID_ABOVE_LIMIT
        bob bid p2 on o1 @ 1
          refused LEVEL_NOT_ACCEPTED
        ada bid p1 on o1 @ 1
          refused ATTRIBUTE_MISSING
        ada bid p7 on o1 @ 1
          refused DOES_NOT_FIT
        ada bid p8 on o1 @ 1
          refused DOES_NOT_FIT
        ada bid p6 on o9 @ 1
          refused UNKNOWN_ORDER
        bob bid p6 on o1 @ 1
          refused NOT_YOURS
        tom host gpus=2xH100-80 cpu=16 memory=4096 storage=100 offers=region:eu
          provider p9 of tom
        tom bid p9 on o1 @ 1
          refused SELF_TRADE
        ada bid p6 on o1 @ 2
          bid b1 open
          lease l1: o1 on b1, 1x2 at 2 (One), escrow 4
          order o1 has l1 for 1 replica, 0 left, holds 0
        ada bid p6 on o1 @ 2
          refused ORDER_CLOSED
        ",
    );
}

#[test]
fn bids_that_wait_are_lost_when_the_order_ends() {
    check(
        "
        tom order H100-80 1x1 @ 2 manual
          order o1 open, holds 2
        tia order H100-80 1x1 @ 2 manual until=+60
          order o2 open, holds 2
        ada bid p1 on o1 @ 1
          bid b1 open
        bob bid p2 on o1 @ 1
          bid b2 open
        cem bid p3 on o2 @ 1
          bid b3 open
        bob cancel b2
          bid b2 cancelled (requested)
        tom cancel o1
          order o1 cancelled (requested), releases 2
          bid b1 lost
        wait 60
          00:01:00 order o2 expired, releases 2
          00:01:00 bid b3 lost
        state o1 o2 b1 b2 b3
          o1 cancelled, o2 expired, b1 lost, b2 cancelled, b3 lost
        ada cancel b1
          refused BID_CLOSED
        ",
    );
}

#[test]
fn an_auction_takes_the_lowest_price_and_nobody_decides_before_it_closes() {
    check(
        "
        tom order H100-80 1x1 @ 5 closes=+60
          order o1 open, holds 5
        ada bid p1 on o1 @ 4
          bid b1 open
        bob bid p2 on o1 @ 3
          bid b2 open
        tom accept b1
          refused AUCTION_OPEN
        tom amend o1 @ 6
          refused AUCTION_OPEN
        wait 60
          00:01:00 lease l1: o1 on b2, 1x1 at 3 (Two), escrow 3
          00:01:00 order o1 has l1 for 1 replica, 0 left, holds 0
          00:01:00 bid b1 lost
        ",
    );
}
