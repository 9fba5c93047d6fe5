//! Filters skip a pair and never block; a scan has a limit.

use berth_domain::{Bounds, Genesis};

use crate::cast::genesis;
use crate::script::{check, check_with};

#[test]
fn a_provider_that_lacks_an_attribute_is_skipped() {
    check(
        "
        ada host gpus=2xH100-80 cpu=16 memory=1024 storage=100 offers=region:us
          provider p6 of ada
        ada host gpus=2xH100-80 cpu=16 memory=1024 storage=100 offers=nvlink:4,region:eu
          provider p7 of ada
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        ada bid p6 H100-80 1 @ 1.1
          bid b2 open
        ada bid p7 H100-80 1 @ 1.2
          bid b3 open
        tom order H100-80 2x1 @ 2 needs=region:eu
          order o1 open, holds 4
          lease l1: o1 on b3, 1x1 at 1.2 (One), escrow 1.2
          order o1 has l1 for 1 replica, 1 left, holds 2
        tia order H100-80 1x1 @ 1.15 needs=nvlink:8,region:eu
          order o2 open, holds 1.15
        book H100-80
          | orders                                | price | bids  |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 2     |       |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 1.15  |       |
          |                                       | 1.1   | 1 One |
          |                                       | 1     | 1 One |
        ",
    );
}

#[test]
fn a_bid_skips_orders_that_require_what_it_lacks() {
    check(
        "
        tom order H100-80 1x1 @ 3 needs=region:eu
          order o1 open, holds 3
        tia order H100-80 1x1 @ 2
          order o2 open, holds 2
        ada bid p1 H100-80 2 @ 1
          bid b1 open
          lease l1: o2 on b1, 1x1 at 2 (One), escrow 2
          order o2 has l1 for 1 replica, 0 left, holds 0
        book H100-80
          | orders                                | price | bids  |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 3     |       |
          |                                       | 1     | 1 One |
        ",
    );
}

#[test]
fn durations_outside_a_bid_s_bounds_are_skipped() {
    check(
        "
        ada bid p1 H100-80 4 @ 1 min=60 max=120
          bid b1 open
        tom order H100-80 1x1 @ 2 for=59
          order o1 open, holds 0.0327777
        tom order H100-80 1x1 @ 2 for=121
          order o2 open, holds 0.0672222
        tom order H100-80 1x1 @ 2 for=60
          order o3 open, holds 0.0333333
          lease l1: o3 on b1, 1x1 at 1 (One), escrow 0.0166666
          order o3 has l1 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 2 for=120
          order o4 open, holds 0.0666666
          lease l2: o4 on b1, 1x1 at 1 (One), escrow 0.0333333
          order o4 has l2 for 1 replica, 0 left, holds 0
        book H100-80
          | orders                                                    | price | bids  |
          | 2 Five (2), 2 Four (2), 2 Three (2), 2 Two (2), 2 One (2) | 2     |       |
          |                                                           | 1     | 2 One |
        ",
    );
}

#[test]
fn a_self_trade_expires_the_taker_and_fills_before_it_stand() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom host gpus=4xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of tom
        tom bid p6 H100-80 2 @ 2
          bid b2 open
        tom order H100-80 3x1 @ 3
          order o1 open, holds 9
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 2 left, holds 6
          order o1 cancelled (selfTrade), releases 6
        book H100-80
          | orders | price | bids  |
          |        | 2     | 2 One |
        tia order H100-80 1x1 @ 1
          order o2 open, holds 1
        tom order H100-80 1x1 @ 1.5
          order o3 open, holds 1.5
        tom bid p6 H100-80 4 @ 1.5
          bid b3 open
          bid b3 cancelled (selfTrade)
        tom bid p6 H100-80 4 @ 1
          bid b4 open
          bid b4 cancelled (selfTrade)
        book H100-80
          | orders                                | price | bids  |
          |                                       | 2     | 2 One |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 1.5   |       |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 1     |       |
        ",
    );
}

#[test]
fn own_things_that_would_not_trade_anyway_are_no_self_trade() {
    check(
        "
        tom host gpus=4xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of tom
        tom bid p6 H100-80 2 @ 1 max=60
          bid b1 open
        tom order H100-80 1x1 @ 3
          order o1 open, holds 3
        book H100-80
          | orders                                | price | bids  |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 3     |       |
          |                                       | 1     | 2 One |
        ",
    );
}

fn scan(pairs: u32) -> Genesis {
    Genesis { bounds: Bounds { scan: pairs, ..Bounds::default() }, ..genesis() }
}

#[test]
fn a_scan_that_skips_too_many_refuses_the_order() {
    check_with(
        scan(2),
        "
        ada bid p1 H100-80 1 @ 1 max=60
          bid b1 open
        ada bid p1 H100-80 1 @ 1 max=60
          bid b2 open
        ada bid p1 H100-80 1 @ 2
          bid b3 open
        tom order H100-80 1x1 @ 3
          order o1 open, holds 3
          lease l1: o1 on b3, 1x1 at 2 (One), escrow 2
          order o1 has l1 for 1 replica, 0 left, holds 0
        ada bid p1 H100-80 1 @ 1 max=60
          bid b4 open
        ada bid p1 H100-80 1 @ 2
          bid b5 open
        tom order H100-80 1x1 @ 3
          refused SCAN_LIMIT
        tom order H100-80 1x1 @ 3 for=60
          order o2 open, holds 0.05
          lease l2: o2 on b1, 1x1 at 1 (One), escrow 0.0166666
          order o2 has l2 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 3
          order o3 open, holds 3
          lease l3: o3 on b5, 1x1 at 2 (One), escrow 2
          order o3 has l3 for 1 replica, 0 left, holds 0
        ",
    );
}

#[test]
fn what_is_left_ends_when_a_later_scan_skips_too_many() {
    check_with(
        scan(1),
        "
        bob bid p2 H100-80 1 @ 0.5
          bid b1 open
        ada bid p1 H100-80 1 @ 1 max=60
          bid b2 open
        ada bid p1 H100-80 1 @ 1 max=60
          bid b3 open
        ada bid p1 H100-80 1 @ 2
          bid b4 open
        tom order H100-80 2x1 @ 3
          order o1 open, holds 6
          lease l1: o1 on b1, 1x1 at 0.5 (Two), escrow 0.5
          order o1 has l1 for 1 replica, 1 left, holds 3
          order o1 cancelled (scanLimit), releases 3
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 999.5     | 0    | 0.5      | 0           |
        book H100-80
          | orders | price | bids      |
          |        | 2     | 1 One     |
          |        | 1     | 2 One (2) |
        ",
    );
}

#[test]
fn a_scan_that_skips_too_many_refuses_the_bid() {
    check_with(
        scan(1),
        "
        tom order H100-80 1x1 @ 3 for=60
          order o1 open, holds 0.05
        tom order H100-80 1x1 @ 3 for=60
          order o2 open, holds 0.05
        tom order H100-80 1x1 @ 2
          order o3 open, holds 2
        ada bid p1 H100-80 1 @ 1 min=61
          refused SCAN_LIMIT
        ada bid p1 H100-80 1 @ 2.5 min=61
          refused SCAN_LIMIT
        ada bid p1 H100-80 1 @ 3.5 min=61
          bid b1 open
        book H100-80
          | orders                                                    | price | bids  |
          |                                                           | 3.5   | 1 One |
          | 2 Five (2), 2 Four (2), 2 Three (2), 2 Two (2), 2 One (2) | 3     |       |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One                     | 2     |       |
        ",
    );
}

#[test]
fn a_bid_without_room_is_parked_and_not_scanned() {
    check_with(
        scan(1),
        "
        ada host gpus=1xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of ada
        ada bid p6 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 1
          order o1 open, holds 1
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        tia order H100-80 1x1 @ 3
          order o2 open, holds 3
        tia order H100-80 1x1 @ 3
          order o3 open, holds 3
        ada bid p6 H100-80 1 @ 2
          bid b2 open
          bid b2 parked
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 1, released
          bid b2 resumed
          lease l2: o2 on b2, 1x1 at 3 (One), escrow 3
          order o2 has l2 for 1 replica, 0 left, holds 0
        ",
    );
}

#[test]
fn a_lease_below_one_stroop_is_none() {
    check(
        "
        ada bid p1 H100-80 1 @ 0.0000001
          bid b1 open
        tom order H100-80 1x1 @ 1 for=60
          order o1 open, holds 0.0166666
        tom order H100-80 1x1 @ 0.0000001 for=60
          refused OUT_OF_BOUNDS
        tom order H100-80 1x1 @ 0.0000001 for=3600
          order o2 open, holds 0.0000001
          lease l1: o2 on b1, 1x1 at 0.0000001 (One), escrow 0.0000001
          order o2 has l1 for 1 replica, 0 left, holds 0
        book H100-80
          | orders                                | price | bids |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 1     |      |
        ",
    );
}

#[test]
fn one_entry_opens_no_more_leases_than_it_may() {
    check_with(
        Genesis { bounds: Bounds { fills: 1, ..Bounds::default() }, ..genesis() },
        "
        bob bid p2 H100-80 1 @ 0.5
          bid b1 open
        ada bid p1 H100-80 1 @ 1
          bid b2 open
        tom order H100-80 2x1 @ 3
          order o1 open, holds 6
          lease l1: o1 on b1, 1x1 at 0.5 (Two), escrow 0.5
          order o1 has l1 for 1 replica, 1 left, holds 3
          order o1 cancelled (scanLimit), releases 3
        ",
    );
}
