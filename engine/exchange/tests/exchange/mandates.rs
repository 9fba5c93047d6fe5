//! Mandates: what an account lets be spent, and asked for, in its name.

use berth_domain::{Bounds, Genesis};

use crate::cast::genesis;
use crate::script::{Stage, check, check_with};

#[test]
fn a_fill_is_cut_to_the_budget_of_a_lease_and_taken_in_as_many_leases() {
    check(
        "
        tom mandate lease=5
          mandate of tom: 5 a lease
        ada bid p1 H100-80 4 @ 2
          bid b1 open
        bob bid p2 H100-80 8 @ 2.1
          bid b2 open
        tom order H100-80 7x1 @ 2.5
          order o1 open, holds 17.5
          lease l1: o1 on b1, 2x1 at 2 (One), escrow 4
          order o1 has l1 for 2 replicas, 5 left, holds 12.5
          lease l2: o1 on b1, 2x1 at 2 (One), escrow 4
          order o1 has l2 for 2 replicas, 3 left, holds 7.5
          lease l3: o1 on b2, 2x1 at 2.1 (Two), escrow 4.2
          order o1 has l3 for 2 replicas, 1 left, holds 2.5
          lease l4: o1 on b2, 1x1 at 2.1 (Two), escrow 2.1
          order o1 has l4 for 1 replica, 0 left, holds 0
        tom order H100-80 3x2 @ 2.4
          order o2 open, holds 14.4
          lease l5: o2 on b2, 1x2 at 2.1 (Two), escrow 4.2
          order o2 has l5 for 1 replica, 2 left, holds 9.6
          lease l6: o2 on b2, 1x2 at 2.1 (Two), escrow 4.2
          order o2 has l6 for 1 replica, 1 left, holds 4.8
        ada bid p1 H100-80 3 @ 1
          bid b3 open
          lease l7: o2 on b3, 1x2 at 2.4 (One), escrow 4.8
          order o2 has l7 for 1 replica, 0 left, holds 0
        ",
    );
}

#[test]
fn an_order_beyond_the_budget_of_a_lease_is_parked_until_the_mandate_allows_it() {
    check(
        "
        ada bid p1 H100-80 8 @ 2
          bid b1 open
        tom order H100-80 1x1 @ 1.9
          order o1 open, holds 1.9
        tom mandate lease=1.5
          mandate of tom: 1.5 a lease
          order o1 parked, releases 1.9
        tom order H100-80 2x1 @ 2.5
          order o2 open, holds 5
          order o2 parked, releases 5
        tom order H100-80 1x1 @ 2.5 ioc
          order o3 open, holds 2.5
          order o3 cancelled (notFilledAtOnce), releases 2.5
        tom order H100-80 1x1 @ 2.5 manual
          order o4 open, holds 2.5
          order o4 parked, releases 2.5
        tom order H100-80 1x1 @ 1.5
          order o5 open, holds 1.5
        tom amend o5 @ 1.6
          order o5 amended, 1 of 1 left, holds 1.6
          order o5 parked, releases 1.6
        book H100-80
          | orders | price | bids  |
          |        | 2     | 8 One |
        tom amend o5 @ 1.4
          order o5 amended, 1 of 1 left, holds 0
          order o5 resumed, holds 1.4
        tom mandate lease=2
          mandate of tom: 2 a lease
          order o1 resumed, holds 1.9
        tom mandate lease=3
          mandate of tom: 3 a lease
          order o2 resumed, holds 5
          lease l1: o2 on b1, 1x1 at 2 (One), escrow 2
          order o2 has l1 for 1 replica, 1 left, holds 2.5
          lease l2: o2 on b1, 1x1 at 2 (One), escrow 2
          order o2 has l2 for 1 replica, 0 left, holds 0
          order o4 resumed, holds 2.5
        tom mandate none
          mandate of tom: none
        state o1 o2 o3 o4 o5
          o1 open, o2 filled, o3 cancelled, o4 open, o5 open
        ",
    );
}

#[test]
fn a_day_s_budget_parks_what_it_allows_no_more_of_until_midnight() {
    check(
        "
        wait 86000
        tom order H100-80 1x1 @ 1
          order o1 open, holds 1
        ada bid p1 H100-80 1 @ 1
          bid b1 open
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
        tom mandate day=6
          mandate of tom: 6 a day
        tom order H100-80 1x1 @ 2.9
          order o2 open, holds 2.9
        ada bid p1 H100-80 8 @ 3
          bid b2 open
        tom order H100-80 4x1 @ 3.5
          order o3 open, holds 14
          lease l2: o3 on b2, 1x1 at 3 (One), escrow 3
          order o3 has l2 for 1 replica, 3 left, holds 10.5
          order o3 parked, releases 10.5
          order o2 parked, releases 2.9
        tia order H100-80 1x1 @ 1
          order o4 open, holds 1
        tom order H100-80 1x1 @ 2
          order o5 open, holds 2
        wait 310
          23:58:20 lease l1 closing (escrowTimeout)
          23:58:20 lease l2 closing (escrowTimeout)
        chain refuses l2
          lease l2 closed (escrowTimeout): 0 s, pay 0, fee 0, refund 3, released
        wait 100
          24:00:00 order o2 resumed, holds 2.9
          24:00:00 order o3 resumed, holds 10.5
          24:00:00 lease l3: o3 on b2, 2x1 at 3 (One), escrow 6
          24:00:00 order o3 has l3 for 2 replicas, 1 left, holds 3.5
          24:00:00 order o3 parked, releases 3.5
          24:00:00 order o2 parked, releases 2.9
          24:00:00 order o5 parked, releases 2
        tom order H100-80 1x1 @ 0.1
          order o6 open, holds 0.1
          order o6 parked, releases 0.1
        tom mandate day=6 until=+60
          mandate of tom: 6 a day, until 24:01:10
        wait 60
          24:01:10 mandate of tom: none
          24:01:10 order o2 resumed, holds 2.9
          24:01:10 order o3 resumed, holds 3.5
          24:01:10 lease l4: o3 on b2, 1x1 at 3 (One), escrow 3
          24:01:10 order o3 has l4 for 1 replica, 0 left, holds 0
          24:01:10 order o5 resumed, holds 2
          24:01:10 order o6 resumed, holds 0.1
        tom mandate day=6 until=+0
          refused TIME_IN_PAST
        ",
    );
}

#[test]
fn a_bid_below_its_owner_s_floor_does_not_trade() {
    check(
        "
        ada bid p1 H100-80 2 @ 2
          bid b1 open
        ada bid p1 H100-80 2 @ 3
          bid b2 open
        ada mandate floor=2.5 until=+3600
          mandate of ada: from 2.5, until 01:00:00
          bid b1 parked
        book H100-80
          | orders | price | bids  |
          |        | 3     | 2 One |
        tom order H100-80 1x1 @ 2.7
          order o1 open, holds 2.7
        ada bid p1 H100-80 1 @ 2.4
          bid b3 open
          bid b3 parked
        ada bid p1 H100-80 1 @ 2.4 ioc
          bid b4 open
          bid b4 cancelled (notFilledAtOnce)
        ada bid p1 on o1 @ 2.4
          bid b5 open
          bid b5 parked
        tom accept b5
          refused MANDATE_EXCEEDED
        ada amend b2 @ 2.3
          bid b2 amended, 2 at 2.3
          bid b2 parked
        ada amend b3 @ 2.8
          bid b3 amended, 1 at 2.8
          bid b3 resumed
        ada amend b1 @ 2.6
          bid b1 amended, 2 at 2.6
          bid b1 resumed
          lease l1: o1 on b1, 1x1 at 2.7 (One), escrow 2.7
          order o1 has l1 for 1 replica, 0 left, holds 0
          bid b5 lost
        tia order H100-80 1x1 @ 2.35
          order o2 open, holds 2.35
        ada mandate floor=2.3
          mandate of ada: from 2.3
          bid b2 resumed
          lease l2: o2 on b2, 1x1 at 2.35 (One), escrow 2.35
          order o2 has l2 for 1 replica, 0 left, holds 0
        ada mandate none
          mandate of ada: none
        ",
    );
}

#[test]
fn a_mandate_that_ends_lets_bids_and_orders_in_again_by_their_age() {
    check(
        "
        ada mandate lease=1 floor=5 until=+60
          mandate of ada: 1 a lease, from 5, until 00:01:00
        chain credits ada 100
          ada has 100 more
        ada bid p1 H100-80 1 @ 2
          bid b1 open
          bid b1 parked
        ada order H100-80 1x1 @ 3 skip
          order o1 open, holds 3
          order o1 parked, releases 3
        ada bid p1 H100-80 1 @ 4
          bid b2 open
          bid b2 parked
        wait 60
          00:01:00 mandate of ada: none
          00:01:00 bid b1 resumed
          00:01:00 order o1 resumed, holds 3
          00:01:00 bid b2 resumed
        ",
    );
}

#[test]
fn what_waits_for_its_turn_is_not_resumed_before_it_by_other_funds() {
    let bounds = Bounds { scan: 1, tick: 1, ..genesis().bounds };
    check_with(
        Genesis { bounds, ..genesis() },
        "
        ada mandate lease=1 floor=5 until=+10
          mandate of ada: 1 a lease, from 5, until 00:00:10
        chain credits ada 100
          ada has 100 more
        ada order H100-80 1x1 @ 3
          order o1 open, holds 3
          order o1 parked, releases 3
        ada bid p1 H100-80 1 @ 4
          bid b1 open
          bid b1 parked
        ada order H100-80 1x1 @ 2
          order o2 open, holds 2
          order o2 parked, releases 2
        ada order H100-80 1x1 @ 0.5 until=+20
          order o3 open, holds 0.5
        down 100
        resume
          00:01:40 done
          00:01:40 mandate of ada: none
          00:01:40 order o1 resumed, holds 3
          00:01:40 order o3 expired, releases 0.5
          00:01:40 bid b1 resumed
          00:01:40 order o2 resumed, holds 2
        ",
    );
}

#[test]
fn directed_bids_and_auctions_keep_to_the_mandate() {
    check(
        "
        tom mandate lease=5 day=9
          mandate of tom: 5 a lease, 9 a day
        tom order H100-80 4x1 @ 2 closes=+60
          order o1 open, holds 8
        ada bid p1 on o1 @ 2
          bid b1 open
        bob bid p2 on o1 @ 1.9
          bid b2 open
        tom order H100-80 3x1 @ 2
          order o2 open, holds 6
        wait 60
          00:01:00 lease l1: o1 on b2, 2x1 at 1.9 (Two), escrow 3.8
          00:01:00 order o1 has l1 for 2 replicas, 2 left, holds 4
          00:01:00 lease l2: o1 on b1, 2x1 at 2 (One), escrow 4
          00:01:00 order o1 has l2 for 2 replicas, 0 left, holds 0
          00:01:00 order o2 parked, releases 6
        ",
    );
}

#[test]
fn a_top_up_keeps_to_the_mandate() {
    check(
        "
        ada bid p1 H100-80 1 @ 3600
          bid b1 open
        tom order H100-80 1x1 @ 3600 for=600 prepay=100
          order o1 open, holds 100
          lease l1: o1 on b1, 1x1 at 3600 (One), escrow 100
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:10:00
        tom mandate lease=150
          mandate of tom: 150 a lease
        tom topup l1 51
          refused MANDATE_EXCEEDED
        tom mandate day=140
          mandate of tom: 140 a day
        tom topup l1 41
          refused MANDATE_EXCEEDED
        tom order H100-80 1x1 @ 1
          order o2 open, holds 1
        tom topup l1 40
          top-up 1 of lease l1 by 40 s, 40 held
          order o2 parked, releases 1
        chain tops l1
          lease l1 topped up by 40: 140 for 140 s
        tom topup l1 1
          refused MANDATE_EXCEEDED
        ",
    );
}

#[test]
fn a_fill_or_kill_order_within_its_mandate_is_filled_in_lots_or_not_at_all() {
    check(
        "
        tom mandate lease=5 day=11
          mandate of tom: 5 a lease, 11 a day
        ada bid p1 H100-80 8 @ 2
          bid b1 open
        tom order H100-80 6x1 @ 2 fok
          order o1 open, holds 12
          order o1 cancelled (notFilledAtOnce), releases 12
        tom order H100-80 5x1 @ 2 fok
          order o2 open, holds 10
          lease l1: o2 on b1, 2x1 at 2 (One), escrow 4
          order o2 has l1 for 2 replicas, 3 left, holds 6
          lease l2: o2 on b1, 2x1 at 2 (One), escrow 4
          order o2 has l2 for 2 replicas, 1 left, holds 2
          lease l3: o2 on b1, 1x1 at 2 (One), escrow 2
          order o2 has l3 for 1 replica, 0 left, holds 0
        ",
    );
}

#[test]
fn a_budget_is_kept_to_the_stroop() {
    // Of n replicas the escrow is floor(7 × n × 1000 / 3600): 1, 3, 5, 7, …
    check(
        "
        ada bid p1 H100-80 8 @ 0.0000007
          bid b1 open
        tom mandate lease=0.0000004
          mandate of tom: 0.0000004 a lease
        tom order H100-80 3x1 @ 0.0000007 for=1000
          order o1 open, holds 0.0000005
          lease l1: o1 on b1, 2x1 at 0.0000007 (One), escrow 0.0000003
          order o1 has l1 for 2 replicas, 1 left, holds 0.0000001
          lease l2: o1 on b1, 1x1 at 0.0000007 (One), escrow 0.0000001
          order o1 has l2 for 1 replica, 0 left, holds 0
        tom mandate lease=0.0000005
          mandate of tom: 0.0000005 a lease
        tom order H100-80 3x1 @ 0.0000007 for=1000
          order o2 open, holds 0.0000005
          lease l3: o2 on b1, 3x1 at 0.0000007 (One), escrow 0.0000005
          order o2 has l3 for 3 replicas, 0 left, holds 0
        ",
    );
}

#[test]
fn what_has_ended_gives_up_its_turn() {
    let bounds = Bounds { scan: 1, tick: 1, ..genesis().bounds };
    let mut stage = Stage::new(Genesis { bounds, ..genesis() });
    for line in [
        "tom mandate lease=1 until=+10",
        "tom order H100-80 1x1 @ 3",
        "tom order H100-80 1x1 @ 2",
        "tom order H100-80 1x1 @ 2 until=+20",
        "down 100",
    ] {
        stage.play(line);
    }
    let before = stage.desk.exchange.head();
    let told = [
        "00:01:40 done",
        "00:01:40 mandate of tom: none",
        "00:01:40 order o1 resumed, holds 3",
        "00:01:40 order o3 expired, releases 0",
        "00:01:40 order o2 resumed, holds 2",
    ];
    assert_eq!(stage.play("resume"), told);
    // The resumption, the end of the mandate, that of the order, one turn: no
    // tick looks for the order that is over.
    assert_eq!(stage.desk.exchange.head().0 - before.0, 4);
}
