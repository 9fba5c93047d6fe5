//! Bounds of one entry and of a market's book, where several things share them.

use berth_domain::{Bounds, Genesis, OpenMarket};

use crate::cast::{class, genesis};
use crate::script::{Stage, check_with};

fn bounded(scan: u32, depth: u32) -> Genesis {
    Genesis { bounds: Bounds { scan, depth, ..Bounds::default() }, ..genesis() }
}

#[test]
fn all_quotes_of_an_entry_share_what_it_may_pass_over() {
    // The second would meet o3, but the entry is through with its two before.
    // Once each quote that was only to rest had a budget of its own.
    check_with(
        bounded(2, 100),
        "
        tom order H100-80 1x1 @ 5 needs=region:mars
          order o1 open, holds 5
        tom order H100-80 1x1 @ 5 needs=region:mars
          order o2 open, holds 5
        tom order H100-80 1x1 @ 3
          order o3 open, holds 3
        eve quote 1 p5:H100-80:1@2 post-only
          refused POST_ONLY_WOULD_CROSS
        eve quote 1 p5:H100-80:1@4 p5:H100-80:1@2 post-only
          bid b1 open
          bid b2 open
          bid b2 cancelled (scanLimit)
        ",
    );
}

#[test]
fn a_bid_that_is_parked_at_once_needs_no_place_in_the_book() {
    check_with(
        bounded(100, 2),
        "
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        bob bid p2 H100-80 1 @ 2
          bid b2 open
        cem bid p3 H100-80 1 @ 2
          refused BOOK_FULL
        cem drain p3
          provider p3 is drained, offers nothing
        cem bid p3 H100-80 1 @ 2
          bid b3 open
          bid b3 parked
        eve bid p5 H100-80 1 @ 2
          refused BOOK_FULL
        book H100-80
          | orders | price | bids         |
          |        | 2     | 1 Two, 1 One |
        ",
    );
}

#[test]
fn an_incoming_bid_passes_over_nobody_once_its_host_is_full() {
    // Once it went on to the third order beyond its room, and ended with
    // scanLimit instead of waiting for room.
    check_with(
        bounded(2, 100),
        "
        tom order H100-80 1x8 @ 5
          order o1 open, holds 40
        tom order H100-80 1x8 @ 4
          order o2 open, holds 32
        tom order H100-80 1x8 @ 4
          order o3 open, holds 32
        tom order H100-80 1x8 @ 4
          order o4 open, holds 32
        ada bid p1 H100-80 32 @ 3
          bid b1 open
          lease l1: o1 on b1, 1x8 at 5 (One), escrow 40
          order o1 has l1 for 1 replica, 0 left, holds 0
          bid b1 parked
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 40, released
          bid b1 resumed
          lease l2: o2 on b1, 1x8 at 4 (One), escrow 32
          order o2 has l2 for 1 replica, 0 left, holds 0
          bid b1 parked
        ",
    );
}

fn crowded(directed: u32) -> Genesis {
    Genesis { bounds: Bounds { directed, ..Bounds::default() }, ..genesis() }
}

#[test]
fn so_many_bids_wait_on_one_order_and_a_better_one_drives_out_the_last() {
    check_with(
        crowded(2),
        "
        tom order H100-80 1x1 @ 5 manual
          order o1 open, holds 5
        ada bid p1 on o1 @ 1
          bid b1 open
        bob bid p2 on o1 @ 4
          bid b2 open
        ada bid p1 on o1 @ 1
          refused BOOK_FULL
        bob bid p2 on o1 @ 4
          bid b3 open
          bid b1 lost
        bob bid p2 on o1 @ 4
          refused BOOK_FULL
        bob bid p2 on o1 @ 3
          bid b4 open
          bid b3 lost
        ada bid p1 on o1 @ 1
          refused BOOK_FULL
        bob replace b4 bid p2 on o1 @ 4
          bid b4 cancelled (replaced)
          bid b5 open
        tom accept b2
          lease l1: o1 on b2, 1x1 at 4 (Two), escrow 4
          order o1 has l1 for 1 replica, 0 left, holds 0
          bid b5 lost
        ",
    );
}

#[test]
fn what_is_filled_at_once_waits_beside_nobody() {
    check_with(
        crowded(0),
        "
        ada host gpus=1xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of ada
        tom order H100-80 2x1 @ 5
          order o1 open, holds 10
        ada bid p6 on o1 @ 1
          bid b1 open
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 1 left, holds 5
        ada bid p6 on o1 @ 1
          refused BOOK_FULL
        tia order H100-80 1x1 @ 5 manual
          order o2 open, holds 5
        eve bid p5 on o2 @ 1
          refused BOOK_FULL
        ",
    );
}

#[test]
fn a_tick_that_has_told_enough_leaves_the_rest_to_the_next() {
    // Once a tick counted its timers alone, and a dead man's things were all
    // ended beside whatever else was due.
    let bounds = Bounds { tick: 3, ..genesis().bounds };
    let mut stage = Stage::new(Genesis { bounds, ..genesis() });
    for line in [
        "tom order H100-80 1x1 @ 3",
        "tom order H100-80 1x1 @ 2",
        "tom order H100-80 1x1 @ 1",
        "tia order H100-80 1x1 @ 1",
        "tom dead-man 10",
        "tia dead-man 10",
        "down 100",
    ] {
        stage.play(line);
    }
    stage.play("resume");
    let before = stage.desk.exchange.head();
    let told = [
        "00:01:50 order o1 cancelled (deadMan), releases 3",
        "00:01:50 order o2 cancelled (deadMan), releases 2",
        "00:01:50 order o3 cancelled (deadMan), releases 1",
        "00:01:50 dead-man timer of tom disarmed",
        "00:01:50 order o4 cancelled (deadMan), releases 1",
        "00:01:50 dead-man timer of tia disarmed",
    ];
    assert_eq!(stage.play("wait 10"), told);
    assert_eq!(stage.desk.exchange.head().0 - before.0, 2, "a tick for each");
}

#[test]
fn hosts_open_so_many_markets_and_the_operator_the_rest() {
    let mut stage = Stage::new(genesis());
    for host in 0..40 {
        let classes: Vec<String> = (0..32).map(|gpu| format!("1xQ{host:02}{gpu:02}-1")).collect();
        let told = stage.play(&format!("ada host gpus={} cpu=1 memory=1 storage=1", classes.join(",")));
        assert!(told.iter().all(|told| !told.contains("refused")), "the host is there all the same: {told:?}");
    }
    assert_eq!(stage.desk.exchange.markets().count(), 1_024);
    let operator = stage.desk.exchange.account_by_address(genesis().operator).expect("the genesis opens it");
    stage.desk.submit(operator, OpenMarket { class: class("Q3931-1") });
    assert_eq!(stage.desk.exchange.markets().count(), 1_025);
}
