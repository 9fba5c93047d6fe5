//! What the operator does: markets that open, stop and go on.

use berth_domain::{Bounds, Genesis};

use crate::cast::genesis;
use crate::script::{check, check_with};

#[test]
fn only_the_operator_says_what_is_the_operators_to_say() {
    check(
        "
        tom open A100-40
          refused NOT_THE_OPERATOR
        tom pause H100-80
          refused NOT_THE_OPERATOR
        tom resume H100-80
          refused NOT_THE_OPERATOR
        tom cycle H100-80
          refused NOT_THE_OPERATOR
        tom announce +1000 fee=0
          refused NOT_THE_OPERATOR
        tom upgrade 2 +1000
          refused NOT_THE_OPERATOR
        treasury open A100-40
          market A100-40 opened
        treasury open A100-40
          again m3
        treasury pause B200-192
          refused UNKNOWN_MARKET
        treasury cycle B200-192
          refused UNKNOWN_MARKET
        treasury resume H100-80
          again m2
        treasury pause H100-80
          market H100-80 paused
        treasury pause H100-80
          again m2
        treasury cycle H100-80
          refused MARKET_PAUSED
        treasury resume H100-80
          market H100-80 resumed
        ",
    );
}

#[test]
fn a_paused_market_takes_nothing_new_and_lets_everything_go() {
    check(
        "
        ada bid p1 H100-80 4 @ 2
          bid b1 open
        ada bid p1 H100-80 2 @ 3 until=+50
          bid b2 open
        tom order H100-80 3x1 @ 1
          order o1 open, holds 3
        tia order H100-80 1x1 @ 9 manual
          order o2 open, holds 9
        bob bid p2 on o2 @ 2
          bid b3 open
        tim order H100-80 1x1 @ 1 until=+50
          order o3 open, holds 1
        treasury pause H100-80
          market H100-80 paused
        tom order H100-80 1x1 @ 1
          refused MARKET_PAUSED
        ada bid p1 H100-80 1 @ 2
          refused MARKET_PAUSED
        bob bid p2 on o2 @ 2
          refused MARKET_PAUSED
        tia accept b3
          refused MARKET_PAUSED
        tom amend o1 @ 2
          refused MARKET_PAUSED
        tom amend o1 replicas=4
          refused MARKET_PAUSED
        tom amend o1 replicas=2
          order o1 amended, 2 of 2 left, holds 2
        ada amend b1 @ 1
          refused MARKET_PAUSED
        ada amend b1 quantity=5
          refused MARKET_PAUSED
        ada amend b1 quantity=3
          bid b1 amended, 3 at 2
        tom replace o1 order H100-80 1x1 @ 1
          refused MARKET_PAUSED
        ada replace b1 bid p1 H100-80 1 @ 2
          refused MARKET_PAUSED
        ada quote 1 p1:H100-80:1@5
          refused MARKET_PAUSED
        ada quote 1 p1:H100-80:0@5 p1:CPU:1@5
          bid b4 open
        wait 100
          00:00:50 order o3 expired, releases 1
          00:00:50 bid b2 expired
        tom cancel o1
          order o1 cancelled (requested), releases 2
        ada cancel-all in=H100-80
          bid b1 cancelled (requested)
        state o1 o2 o3 b1 b2 b3 b4
          o1 cancelled, o2 open, o3 expired, b1 cancelled, b2 expired, b3 open, b4 open
        tom order CPU 1x1 @ 1
          order o4 open, holds 1
        treasury resume H100-80
          market H100-80 resumed
        tia accept b3
          lease l1: o2 on b3, 1x1 at 2 (Two), escrow 2
          order o2 has l1 for 1 replica, 0 left, holds 0
        ",
    );
}

#[test]
fn room_freed_in_a_paused_market_waits_for_its_resumption() {
    check(
        "
        ada host gpus=1xH100-80 cpu=4 memory=1024 storage=100
          provider p6 of ada
        ada bid p6 H100-80 4 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 1
          order o1 open, holds 1
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          bid b1 parked
        ada bid p1 H100-80 1 @ 2 max=60
          bid b2 open
        tia order H100-80 1x1 @ 2 Two
          order o2 open, holds 2
        tia order H100-80 1x1 @ 1
          order o3 open, holds 1
        treasury pause H100-80
          market H100-80 paused
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 1, released
        state b1 o3
          b1 parked, o3 open
        treasury resume H100-80
          market H100-80 resumed
          bid b1 resumed
          lease l2: o3 on b1, 1x1 at 1 (One), escrow 1
          order o3 has l2 for 1 replica, 0 left, holds 0
          bid b1 parked
        state b1 o3
          b1 parked, o3 filled
        ",
    );
}

#[test]
fn what_became_eligible_in_a_pause_meets_in_the_order_of_age() {
    check(
        "
        ada host gpus=2xH100-80 cpu=4 memory=1024 storage=100
          provider p6 of ada
        ada bid p6 H100-80 1 @ 2
          bid b1 open
        ada bid p6 H100-80 1 @ 1
          bid b2 open
        ada drain p6
          provider p6 is drained, offers nothing
          bid b1 parked
          bid b2 parked
        tom order H100-80 1x1 @ 2
          order o1 open, holds 2
        treasury pause H100-80
          market H100-80 paused
        ada offer p6
          provider p6 takes leases, offers nothing
        book H100-80
          | orders                                | price | bids |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 2     |      |
        treasury resume H100-80
          market H100-80 resumed
          bid b1 resumed
          lease l1: o1 on b1, 1x1 at 2 (One), escrow 2
          order o1 has l1 for 1 replica, 0 left, holds 0
          bid b2 resumed
        ",
    );
}

#[test]
fn an_auction_due_in_a_pause_closes_when_the_market_is_resumed() {
    check(
        "
        tom order H100-80 2x1 @ 5 closes=+60
          order o1 open, holds 10
        ada bid p1 on o1 @ 4
          bid b1 open
        tia order H100-80 1x1 @ 5 closes=+90
          order o2 open, holds 5
        tim order H100-80 1x1 @ 5 closes=+70
          order o3 open, holds 5
        treasury pause H100-80
          market H100-80 paused
        wait 100
        state o1 o2 o3 b1
          o1 open, o2 open, o3 open, b1 open
        tim cancel o3
          order o3 cancelled (requested), releases 5
        treasury resume H100-80
          market H100-80 resumed
          lease l1: o1 on b1, 2x1 at 4 (One), escrow 8
          order o1 has l1 for 2 replicas, 0 left, holds 0
          order o2 cancelled (auctionUnfilled), releases 5
        ",
    );
}

#[test]
fn auctions_that_were_due_keep_their_order_when_one_entry_cannot_close_all() {
    let bounds = Bounds { fills: 2, ..genesis().bounds };
    check_with(
        Genesis { bounds, ..genesis() },
        "
        tom order H100-80 1x1 @ 5 closes=+80
          order o1 open, holds 5
        ada bid p1 on o1 @ 4
          bid b1 open
        tia order H100-80 2x1 @ 5 closes=+70
          order o2 open, holds 10
        ada bid p1 on o2 @ 4
          bid b2 open
        bob bid p2 on o2 @ 3
          bid b3 open
        tim order H100-80 1x1 @ 5 closes=+60
          order o3 open, holds 5
        ada bid p1 on o3 @ 4
          bid b4 open
        ada bid p1 H100-80 1 @ 6
          bid b5 open
        treasury pause H100-80
          market H100-80 paused
        wait 100
        treasury resume H100-80
          market H100-80 resumed
          lease l1: o3 on b4, 1x1 at 4 (One), escrow 4
          order o3 has l1 for 1 replica, 0 left, holds 0
        wait 1
          00:01:40 lease l2: o2 on b3, 2x1 at 3 (Two), escrow 6
          00:01:40 order o2 has l2 for 2 replicas, 0 left, holds 0
          00:01:40 bid b2 lost
          00:01:40 lease l3: o1 on b1, 1x1 at 4 (One), escrow 4
          00:01:40 order o1 has l3 for 1 replica, 0 left, holds 0
        ",
    );
}

#[test]
fn leases_of_a_paused_market_go_on() {
    check(
        "
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        tom order H100-80 1x1 @ 2 for=60
          order o1 open, holds 0.0333333
          lease l1: o1 on b1, 1x1 at 2 (One), escrow 0.0333333
          order o1 has l1 for 1 replica, 0 left, holds 0
        treasury pause H100-80
          market H100-80 paused
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:01:00
        wait 60
          00:01:00 lease l1 closing (completed)
        ada finish l1 stopped
          lease l1 closed (completed): 60 s, pay 0.0333333, fee 0.0016666, refund 0, to be settled
        chain pays l1
          lease l1 paid: ada 0.0316667, treasury 0.0016666, tom 0
        ",
    );
}

#[test]
fn a_cycle_changes_nothing_where_all_has_traded_that_could() {
    check(
        "
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        tom order H100-80 1x1 @ 1
          order o1 open, holds 1
        treasury cycle H100-80
          done
        book H100-80
          | orders                                | price | bids  |
          |                                       | 2     | 1 One |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 1     |       |
        ",
    );
}

#[test]
fn what_one_entry_may_not_let_enter_again_goes_on_in_the_next_tick() {
    let bounds = Bounds { scan: 2, ..genesis().bounds };
    check_with(
        Genesis { bounds, ..genesis() },
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        ada bid p1 H100-80 1 @ 2
          bid b2 open
        ada bid p1 H100-80 1 @ 3
          bid b3 open
        ada bid p1 CPU 1 @ 4
          bid b4 open
        ada bid p1 H100-80 1 @ 5
          bid b5 open
        ada drain p1
          provider p1 is drained, offers nothing
          bid b1 parked
          bid b2 parked
          bid b3 parked
          bid b4 parked
          bid b5 parked
        treasury pause H100-80
          market H100-80 paused
        ada offer p1
          provider p1 takes leases, offers nothing
          bid b4 resumed
        treasury resume H100-80
          market H100-80 resumed
          bid b1 resumed
          bid b2 resumed
        tom order H100-80 1x1 @ 3
          00:00:00 bid b3 resumed
          00:00:00 bid b5 resumed
          order o1 open, holds 3
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        treasury cycle H100-80
          done
        wait 1
        ",
    );
}
