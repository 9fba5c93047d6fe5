//! Hosts that take no leases for a while, and hosts that offer something else.

use crate::script::check;

#[test]
fn a_drained_host_keeps_its_leases_and_parks_its_standing_bids() {
    check(
        "
        ada bid p1 H100-80 2 @ 2
          bid b1 open
        ada bid p1 CPU 8 @ 1
          bid b2 open
        ada bid p1 H100-80 4 @ 1
          bid b3 open
        tom order H100-80 1x1 @ 1
          order o1 open, holds 1
          lease l1: o1 on b3, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        bob drain p1
          refused NOT_YOURS
        ada drain p9
          refused UNKNOWN_PROVIDER
        ada drain p1
          provider p1 is drained, offers nothing
          bid b1 parked
          bid b2 parked
          bid b3 parked
        ada drain p1
          again p1
        book H100-80
          | orders | price | bids |
        tia order H100-80 1x1 @ 3
          order o2 open, holds 3
        ada bid p1 H100-80 1 @ 1
          bid b4 open
          bid b4 parked
        ada bid p1 H100-80 1 @ 1 ioc
          bid b5 open
          bid b5 cancelled (notFilledAtOnce)
        tia order H100-80 1x1 @ 1 ioc aim=b1
          order o3 open, holds 1
          order o3 cancelled (notFilledAtOnce), releases 1
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 1, released
        state b1 b2 b3 b4 b5
          b1 parked, b2 parked, b3 parked, b4 parked, b5 cancelled
        ada amend b1 @ 2.5
          bid b1 amended, 2 at 2.5
        ada offer p1
          provider p1 takes leases, offers nothing
          bid b2 resumed
          bid b3 resumed
          lease l2: o2 on b3, 1x1 at 3 (One), escrow 3
          order o2 has l2 for 1 replica, 0 left, holds 0
          bid b4 resumed
          bid b1 resumed
        book H100-80
          | orders | price | bids      |
          |        | 2.5   | 2 One     |
          |        | 1     | 3 One (2) |
        ",
    );
}

#[test]
fn no_directed_bid_of_a_drained_host_becomes_a_lease() {
    check(
        "
        tom order H100-80 1x1 @ 3 manual
          order o1 open, holds 3
        ada bid p1 on o1 @ 2
          bid b1 open
        tia order H100-80 1x1 @ 3
          order o2 open, holds 3
        ada drain p1
          provider p1 is drained, offers nothing
        tom accept b1
          refused PROVIDER_UNAVAILABLE
        ada bid p1 on o2 @ 2
          bid b2 open
          bid b2 parked
        tim order H100-80 1x1 @ 3 closes=+60
          order o3 open, holds 3
        ada bid p1 on o3 @ 2
          bid b3 open
        wait 60
          00:01:00 order o3 cancelled (auctionUnfilled), releases 3
          00:01:00 bid b3 lost
        ada offer p1
          provider p1 takes leases, offers nothing
          lease l1: o2 on b2, 1x1 at 2 (One), escrow 2
          order o2 has l1 for 1 replica, 0 left, holds 0
        tom accept b1
          lease l2: o1 on b1, 1x1 at 2 (One), escrow 2
          order o1 has l2 for 1 replica, 0 left, holds 0
        ",
    );
}

#[test]
fn what_a_host_offers_anew_meets_the_orders_that_require_it() {
    check(
        "
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        ada bid p1 H100-80 1 @ 1
          bid b2 open
        tom order H100-80 1x1 @ 2 needs=region:eu
          order o1 open, holds 2
        tia order H100-80 1x1 @ 1 needs=nvlink:yes,region:eu
          order o2 open, holds 1
        ada offer p1 region:eu,nvlink:yes
          refused NOT_CANONICAL
        ada offer p1 region:us
          provider p1 takes leases, offers region:us
        ada offer p1 region:us
          again p1
        ada offer p1 nvlink:yes,region:eu
          provider p1 takes leases, offers nvlink:yes,region:eu
          lease l1: o1 on b1, 1x1 at 2 (One), escrow 2
          order o1 has l1 for 1 replica, 0 left, holds 0
          lease l2: o2 on b2, 1x1 at 1 (One), escrow 1
          order o2 has l2 for 1 replica, 0 left, holds 0
        book H100-80
          | orders | price | bids |
        ",
    );
}

#[test]
fn no_directed_bid_of_a_host_that_offers_less_by_now_becomes_a_lease() {
    check(
        "
        ada offer p1 region:eu
          provider p1 takes leases, offers region:eu
        tom order H100-80 1x1 @ 3 manual needs=region:eu
          order o1 open, holds 3
        ada bid p1 on o1 @ 2
          bid b1 open
        tia order H100-80 1x1 @ 3 closes=+60 needs=region:eu
          order o2 open, holds 3
        ada bid p1 on o2 @ 2
          bid b2 open
        ada offer p1 region:us
          provider p1 takes leases, offers region:us
        tom accept b1
          refused ATTRIBUTE_MISSING
        wait 60
          00:01:00 order o2 cancelled (auctionUnfilled), releases 3
          00:01:00 bid b2 lost
        ada offer p1 region:eu
          provider p1 takes leases, offers region:eu
        tom accept b1
          lease l1: o1 on b1, 1x1 at 2 (One), escrow 2
          order o1 has l1 for 1 replica, 0 left, holds 0
        ",
    );
}
