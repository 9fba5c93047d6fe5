//! What the contract says of a lease, and what the exchange makes of it.

use berth_domain::LeaseId;

use crate::cast::genesis;
use crate::desk::OPENING;
use crate::script::{Stage, check};

#[test]
fn a_refused_escrow_releases_the_money() {
    check(
        "
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        tom order H100-80 1x1 @ 2.5
          order o1 open, holds 2.5
          lease l1: o1 on b1, 1x1 at 2 (One), escrow 2
          order o1 has l1 for 1 replica, 0 left, holds 0
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 998       | 0    | 2        | 0           |
        chain refuses l1
          lease l1 closed (escrowFailed): 0 s, pay 0, fee 0, refund 2, released
        chain refuses l1
          again l1
        chain escrowed l1
          refused SETTLEMENT_MISMATCH
        chain refunds l1
          refused SETTLEMENT_MISMATCH
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 1000      | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn a_lease_stopped_before_the_chain_answered_pays_nothing() {
    check(
        "
        ada bid p1 H100-80 2 @ 2
          bid b1 open
        tom order H100-80 1x1 @ 2
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 2 (One), escrow 2
          order o1 has l1 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 2
          order o2 open, holds 2
          lease l2: o2 on b1, 1x1 at 2 (One), escrow 2
          order o2 has l2 for 1 replica, 0 left, holds 0
        wait 5
        tom stop l1
          lease l1 closing (stopped)
        tom stop l2
          lease l2 closing (stopped)
        ada beat l1
          refused LEASE_STATE
        ada finish l1 stopped
          done
        wait 10000
        chain escrowed l1
          lease l1 escrowed
          lease l1 closed (stopped): 0 s, pay 0, fee 0, refund 2, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 2
        chain refuses l2
          lease l2 closed (stopped): 0 s, pay 0, fee 0, refund 2, released
        money tom ada
          | account | available | held | escrowed | withdrawing |
          | tom     | 1000      | 0    | 0        | 0           |
          | ada     | 0         | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn a_lease_stopped_before_it_started_pays_nothing() {
    check(
        "
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        tom order H100-80 1x1 @ 2
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 2 (One), escrow 2
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        tom stop l1
          lease l1 closing (stopped)
        ada start l1
          refused LEASE_STATE
        ada beat l1
          refused LEASE_STATE
        wait 10
        ada finish l1 stopped
          lease l1 closed (stopped): 0 s, pay 0, fee 0, refund 2, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 2
        money tom ada
          | account | available | held | escrowed | withdrawing |
          | tom     | 1000      | 0    | 0        | 0           |
          | ada     | 0         | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn amounts_that_the_exchange_did_not_compute_are_refused() {
    check(
        "
        ada bid p1 H100-80 1 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6
          order o1 open, holds 3.6
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 50
        tom stop l1
          lease l1 closing (stopped)
        ada finish l1 stopped
          lease l1 closed (stopped): 50 s, pay 0.05, fee 0.0025, refund 3.55, to be settled
        chain pays l1 0.06 0.003 3.54
          refused SETTLEMENT_MISMATCH
        chain pays l1 0.05 0.0026 3.55
          refused SETTLEMENT_MISMATCH
        chain pays l1 0.05 0.0025 3.54
          refused SETTLEMENT_MISMATCH
        chain refunds l1 3.55
          refused SETTLEMENT_MISMATCH
        chain pays l1 0.05 0.0025 3.55
          lease l1 paid: ada 0.0475, treasury 0.0025, tom 3.55
        chain refunds l1
          refused SETTLEMENT_MISMATCH
        ",
    );
}

#[test]
fn a_refund_after_the_deadline_gives_all_back() {
    check(
        "
        ada bid p1 H100-80 2 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6
          order o1 open, holds 3.6
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o1 has l1 for 1 replica, 0 left, holds 0
        tia order H100-80 1x1 @ 3.6
          order o2 open, holds 3.6
          lease l2: o2 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        ada start l2
          lease l2 runs until 01:00:00
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 0.06
        tom stop l1
          lease l1 closing (stopped)
        ada finish l1 stopped
          lease l1 closed (stopped): 60 s, pay 0.06, fee 0.003, refund 3.54, to be settled
        chain refunds l1
          lease l1 paid: ada 0, treasury 0, tom 3.6
        chain refunds l1
          again l1
        chain pays l1
          refused SETTLEMENT_MISMATCH
        chain refunds l2
          lease l2 closed (refunded): 0 s, pay 0, fee 0, refund 3.6, released
          lease l2 paid: ada 0, treasury 0, tia 3.6
        money tom tia ada
          | account | available | held | escrowed | withdrawing |
          | tom     | 1000      | 0    | 0        | 0           |
          | tia     | 1000      | 0    | 0        | 0           |
          | ada     | 0         | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn the_contract_can_settle_whatever_the_timeouts_allow() {
    let mut stage = Stage::new(genesis());
    for line in ["ada bid p1 H100-80 1 @ 2", "wait 7", "tom order H100-80 1x1 @ 2 for=1000 prepay=500"] {
        stage.play(line);
    }
    let lease = stage.desk.exchange.lease(LeaseId(1)).expect("the script opens one");
    // Opened, then escrow, start, duration, suspension, closing and grace, each
    // at its longest.
    let latest = OPENING.unix_seconds() + 7 + 300 + 600 + 1_000 + 300 + 120 + 3_600;
    assert_eq!(lease.chain_deadline, latest);
}
