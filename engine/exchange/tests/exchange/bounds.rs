//! Bounds of one entry and of a market's book, where several things share them.

use berth_domain::{Bounds, Genesis};

use crate::cast::genesis;
use crate::script::check_with;

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
