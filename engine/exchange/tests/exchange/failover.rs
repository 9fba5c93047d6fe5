//! Standbys, and what takes over from a lease that failed.

use crate::script::check;

#[test]
fn the_next_best_bid_of_another_account_stands_by() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
        ada bid p1 H100-80 1 @ 1.1
        bob bid p2 H100-80 4 @ 1.5
        cem bid p3 H100-80 4 @ 1.2
        tom order H100-80 1x1 @ 2 failover
        money tom
        book H100-80
        ",
    );
}
