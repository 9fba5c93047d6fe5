//! A fill-or-kill order over several leases is all or nothing until all of them
//! have started.

use berth_domain::{Bounds, Genesis};

use crate::cast::genesis;
use crate::script::{check, check_with};

#[test]
fn when_one_escrow_is_refused_all_leases_of_a_gang_close() {
    check(
        "
        ada bid p1 H100-80 2 @ 1
        bob bid p2 H100-80 2 @ 1
        tom order H100-80 3x1 @ 1 fok
        chain escrowed l1
        ada start l1
        wait 30
        ada beat l1
        chain refuses l2
        ada finish l1 stopped
        chain pays l1
        money tom ada bob
        ",
    );
}

#[test]
fn a_gang_whose_lease_does_not_start_in_time_is_refunded() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
        bob bid p2 H100-80 1 @ 1
        cem bid p3 H100-80 1 @ 1
        tom order H100-80 3x1 @ 1 fok
        chain escrowed l1
        chain escrowed l2
        ada start l1
        wait 300
        wait 300
        chain escrowed l3
        ",
    );
}
