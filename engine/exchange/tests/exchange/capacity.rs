//! Capacity is the provider's: several bids on one host never sell it twice.

use crate::script::check;

#[test]
fn several_bids_on_one_host_are_never_oversold() {
    check(
        "
        ada host gpus=4xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of ada
        ada bid p6 H100-80 4 @ 1
          bid b1 open
        ada bid p6 H100-80 4 @ 1.5
          bid b2 open
        tom order H100-80 3x1 @ 2
          order o1 open, holds 6
          lease l1: o1 on b1, 3x1 at 1 (One), escrow 3
          order o1 has l1 for 3 replicas, 0 left, holds 0
        tia order H100-80 3x1 @ 2
          order o2 open, holds 6
          lease l2: o2 on b1, 1x1 at 1 (One), escrow 1
          order o2 has l2 for 1 replica, 2 left, holds 4
          bid b2 parked
        book H100-80
          | orders                                | price | bids |
          | 2 Five, 2 Four, 2 Three, 2 Two, 2 One | 2     |      |
        state b1 b2 o1 o2
          b1 matched, b2 parked, o1 filled, o2 open
        ",
    );
}

#[test]
fn parked_bids_resume_with_their_age() {
    check(
        "
        ada host gpus=2xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of ada
        ada bid p6 H100-80 1 @ 1
          bid b1 open
        ada bid p6 H100-80 2 @ 1.5
          bid b2 open
        ada bid p6 H100-80 1 @ 1
          bid b3 open
        tom order H100-80 2x1 @ 1
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 1 left, holds 1
          lease l2: o1 on b3, 1x1 at 1 (One), escrow 1
          order o1 has l2 for 1 replica, 0 left, holds 0
          bid b2 parked
        ada bid p1 H100-80 1 @ 1.5
          bid b4 open
        book H100-80
          | orders | price | bids  |
          |        | 1.5   | 1 One |
        tim order H100-80 1x1 @ 1.2
          order o2 open, holds 1.2
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 1, released
          bid b2 resumed
        chain refuses l2
          lease l2 closed (escrowFailed): 0 s, pay 0, fee 0, refund 1, released
        book H100-80
          | orders                                | price | bids      |
          |                                       | 1.5   | 3 One (2) |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 1.2   |           |
        tia order H100-80 1x1 @ 1.5
          order o3 open, holds 1.5
          lease l3: o3 on b2, 1x1 at 1.5 (One), escrow 1.5
          order o3 has l3 for 1 replica, 0 left, holds 0
        book H100-80
          | orders                                | price | bids      |
          |                                       | 1.5   | 2 One (2) |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 1.2   |           |
        ",
    );
}

#[test]
fn freed_room_enters_bids_as_incoming_in_age_order_at_the_orders_price() {
    check(
        "
        ada host gpus=2xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of ada
        tom order H100-80 1x2 @ 2
          order o1 open, holds 4
        ada bid p6 H100-80 2 @ 1.5
          bid b1 open
          lease l1: o1 on b1, 1x2 at 2 (One), escrow 4
          order o1 has l1 for 1 replica, 0 left, holds 0
        ada bid p6 H100-80 1 @ 1.1
          bid b2 open
          bid b2 parked
        ada bid p6 H100-80 4 @ 1
          bid b3 open
          bid b3 parked
        state b1 b2 b3
          b1 matched, b2 parked, b3 parked
        tia order H100-80 1x1 @ 1.8
          order o2 open, holds 1.8
        tim order H100-80 1x1 @ 1.2
          order o3 open, holds 1.2
        book H100-80
          | orders                                | price | bids |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 1.8   |      |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 1.2   |      |
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 4, released
          bid b2 resumed
          lease l2: o2 on b2, 1x1 at 1.8 (One), escrow 1.8
          order o2 has l2 for 1 replica, 0 left, holds 0
          bid b3 resumed
          lease l3: o3 on b3, 1x1 at 1.2 (One), escrow 1.2
          order o3 has l3 for 1 replica, 0 left, holds 0
          bid b3 parked
        book H100-80
          | orders | price | bids |
        ",
    );
}

#[test]
fn memory_and_processors_bound_what_fits_too() {
    check(
        "
        ada host gpus=8xH100-80 cpu=8 memory=100 storage=50
          provider p6 of ada
        ada bid p6 H100-80 8 @ 1
          bid b1 open
        tom order H100-80 4x1 @ 2 cpu=3 memory=10
          order o1 open, holds 8
          lease l1: o1 on b1, 2x1 at 1 (One), escrow 2
          order o1 has l1 for 2 replicas, 2 left, holds 4
        tia order H100-80 4x1 @ 2 memory=30 storage=10
          order o2 open, holds 8
          lease l2: o2 on b1, 2x1 at 1 (One), escrow 2
          order o2 has l2 for 2 replicas, 2 left, holds 4
        book H100-80
          | orders                                                    | price | bids  |
          | 4 Five (2), 4 Four (2), 4 Three (2), 4 Two (2), 4 One (2) | 2     |       |
          |                                                           | 1     | 4 One |
        ",
    );
}

#[test]
fn processors_that_gpu_leases_take_are_gone_from_the_processor_market() {
    check(
        "
        ada host gpus=2xH100-80 cpu=8 memory=100 storage=50
          provider p6 of ada
        ada bid p6 CPU 8 @ 0.1
          bid b1 open
        ada bid p6 H100-80 2 @ 1
          bid b2 open
        tom order H100-80 1x1 @ 2 cpu=6
          order o1 open, holds 2
          lease l1: o1 on b2, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        tia order CPU 2x2 @ 0.2
          order o2 open, holds 0.8
          lease l2: o2 on b1, 1x2 at 0.1 (One), escrow 0.2
          order o2 has l2 for 1 replica, 1 left, holds 0.4
          bid b1 parked
        tia order H100-80 1x1 @ 2
          order o3 open, holds 2
          lease l3: o3 on b2, 1x1 at 1 (One), escrow 1
          order o3 has l3 for 1 replica, 0 left, holds 0
        book CPU
          | orders                                | price | bids |
          | 2 Five, 2 Four, 2 Three, 2 Two, 2 One | 0.2   |      |
        ",
    );
}

#[test]
fn a_bid_of_a_host_without_room_is_parked_at_once() {
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
        tia order H100-80 2x1 @ 3
          order o2 open, holds 6
        ada bid p6 H100-80 5 @ 2
          bid b2 open
          bid b2 parked
        ada cancel b2
          bid b2 cancelled (requested)
        ada bid p6 H100-80 5 @ 2.5
          bid b3 open
          bid b3 parked
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 1, released
          bid b3 resumed
          lease l2: o2 on b3, 1x1 at 3 (One), escrow 3
          order o2 has l2 for 1 replica, 1 left, holds 3
          bid b3 parked
        book H100-80
          | orders                                | price | bids |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 3     |      |
        ",
    );
}

#[test]
fn a_closed_lease_gives_back_room_and_neither_quantity_nor_replicas() {
    check(
        "
        ada bid p1 H100-80 3 @ 1
          bid b1 open
        tom order H100-80 2x1 @ 1
          order o1 open, holds 2
          lease l1: o1 on b1, 2x1 at 1 (One), escrow 2
          order o1 has l1 for 2 replicas, 0 left, holds 0
        book H100-80
          | orders | price | bids  |
          |        | 1     | 1 One |
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 2, released
        book H100-80
          | orders | price | bids  |
          |        | 1     | 1 One |
        state o1 b1
          o1 filled, b1 open
        ",
    );
}

#[test]
fn a_host_that_has_no_such_unit_cannot_bid() {
    check(
        "
        ada host gpus=2xRTX4090-24 cpu=0 memory=64 storage=64
          market RTX4090-24 opened
          provider p6 of ada
        ada bid p6 H100-80 1 @ 1
          refused DOES_NOT_FIT
        ada bid p6 CPU 1 @ 1
          refused DOES_NOT_FIT
        ada bid p6 A100-40 1 @ 1
          refused UNKNOWN_MARKET
        ada bid p6 RTX4090-24 1 @ 1
          bid b1 open
        bob bid p6 RTX4090-24 1 @ 1
          refused NOT_YOURS
        ada bid p9 RTX4090-24 1 @ 1
          refused UNKNOWN_PROVIDER
        ada bid p6 RTX4090-24 0 @ 1
          refused OUT_OF_BOUNDS
        ada bid p6 RTX4090-24 1 @ 1 min=20 max=10
          refused OUT_OF_BOUNDS
        ",
    );
}
