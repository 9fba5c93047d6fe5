//! What time alone does, and what the node's absence does not.

use berth_domain::{Bounds, Genesis};

use crate::cast::genesis;
use crate::script::{check, check_with};

#[test]
fn a_silent_provider_goes_dark_and_is_paid_until_its_last_heartbeat() {
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
        ada beat l1
          lease l1 evidenced 50 s, cost 0.05
        wait 179
        state l1
          l1 running
        wait 1
          00:03:50 lease l1 closed (dark): 50 s, pay 0.05, fee 0.0025, refund 3.55, to be settled
        ada beat l1
          refused LEASE_STATE
        ada finish l1 stopped
          again l1
        ",
    );
}

#[test]
fn a_start_that_does_not_come_closes_the_lease() {
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
        wait 599
        wait 1
          00:10:00 lease l1 closing (startTimeout)
        ada start l1
          refused LEASE_STATE
        wait 119
        wait 1
          00:12:00 lease l1 closed (startTimeout): 0 s, pay 0, fee 0, refund 3.6, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 3.6
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 1000      | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn an_escrow_that_does_not_come_closes_the_lease_once_the_chain_has_spoken() {
    check(
        "
        ada bid p1 H100-80 2 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6
          order o1 open, holds 3.6
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o1 has l1 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 3.6
          order o2 open, holds 3.6
          lease l2: o2 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o2 has l2 for 1 replica, 0 left, holds 0
        wait 300
          00:05:00 lease l1 closing (escrowTimeout)
          00:05:00 lease l2 closing (escrowTimeout)
        wait 5000
        chain refuses l1
          lease l1 closed (escrowTimeout): 0 s, pay 0, fee 0, refund 3.6, released
        chain escrowed l2
          lease l2 escrowed
          lease l2 closed (escrowTimeout): 0 s, pay 0, fee 0, refund 3.6, to be settled
        chain pays l2
          lease l2 paid: ada 0, treasury 0, tom 3.6
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 1000      | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn an_agent_that_never_says_the_containers_are_gone_is_not_waited_for() {
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
        wait 40
        ada beat l1
          lease l1 evidenced 40 s, cost 0.04
        wait 20
        tom stop l1
          lease l1 closing (stopped)
        wait 119
        wait 1
          00:03:00 lease l1 closed (stopped): 40 s, pay 0.04, fee 0.002, refund 3.56, to be settled
        ",
    );
}

#[test]
fn a_lease_whose_prepaid_time_is_over_is_exhausted() {
    check(
        "
        ada bid p1 H100-80 1 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6 for=7200 prepay=90
          order o1 open, holds 0.09
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 0.09
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 02:00:00
        wait 50
        ada beat l1
          lease l1 evidenced 50 s, cost 0.05
        wait 40
          00:01:00 funds of lease l1 end at 00:01:30
          00:01:30 lease l1 suspended until 00:06:30
        ada finish l1 stopped
          refused LEASE_STATE
        wait 5
        ada beat l1
          lease l1 evidenced 90 s, cost 0.09
        wait 300
          00:06:30 lease l1 closing (exhausted)
        ada finish l1 stopped
          lease l1 closed (exhausted): 90 s, pay 0.09, fee 0.0045, refund 0, to be settled
        chain pays l1
          lease l1 paid: ada 0.0855, treasury 0.0045, tom 0
        money tom ada treasury
          | account  | available | held | escrowed | withdrawing |
          | tom      | 999.91    | 0    | 0        | 0           |
          | ada      | 0.0855    | 0    | 0        | 0           |
          | treasury | 0.0045    | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn the_node_s_absence_kills_no_lease() {
    check(
        "
        ada bid p1 H100-80 4 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6
          order o1 open, holds 3.6
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o1 has l1 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 3.6
          order o2 open, holds 3.6
          lease l2: o2 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o2 has l2 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 3.6
          order o3 open, holds 3.6
          lease l3: o3 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o3 has l3 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 3.6
          order o4 open, holds 3.6
          lease l4: o4 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o4 has l4 for 1 replica, 0 left, holds 0
        chain escrowed l2
          lease l2 escrowed
        chain escrowed l3
          lease l3 escrowed
        chain escrowed l4
          lease l4 escrowed
        ada start l3
          lease l3 runs until 01:00:00
        ada start l4
          lease l4 runs until 01:00:00
        wait 10
        tom stop l4
          lease l4 closing (stopped)
        down 1000
        resume
          00:16:50 done
        state l1 l2 l3 l4
          l1 opened, l2 escrowed, l3 running, l4 closing
        wait 119
        wait 1
          00:18:50 lease l4 closed (stopped): 0 s, pay 0, fee 0, refund 3.6, to be settled
        wait 59
        ada beat l3
          lease l3 evidenced 0 s, cost 0
        wait 120
        wait 300
          00:21:50 lease l1 closing (escrowTimeout)
          00:22:49 lease l3 closed (dark): 0 s, pay 0, fee 0, refund 3.6, to be settled
        ",
    );
}

#[test]
fn ends_do_not_move_when_the_node_was_down() {
    check(
        "
        ada bid p1 H100-80 1 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6 for=500
          order o1 open, holds 0.5
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 0.5
          order o1 has l1 for 1 replica, 0 left, holds 0
        tia order H100-80 1x1 @ 1 until=+400
          order o2 open, holds 1
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:08:20
        down 600
        resume
          00:10:00 done
          00:10:00 order o2 expired, releases 1
          00:10:00 lease l1 closing (completed)
        ",
    );
}

#[test]
fn a_lease_that_ended_while_the_node_was_down_is_paid_to_its_end() {
    check(
        "
        ada bid p1 H100-80 1 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6 for=50
          order o1 open, holds 0.05
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 0.05
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:00:50
        down 59
        resume
          00:00:59 done
          00:00:59 lease l1 closing (completed)
        ada beat l1
          lease l1 evidenced 50 s, cost 0.05
        ada finish l1 stopped
          lease l1 closed (completed): 50 s, pay 0.05, fee 0.0025, refund 0, to be settled
        ",
    );
}

#[test]
fn without_a_resumption_the_timers_fire_late_and_in_their_order() {
    check_with(
        Genesis { bounds: Bounds { tick: 1, ..Bounds::default() }, ..genesis() },
        "
        ada bid p1 H100-80 1 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6
          order o1 open, holds 3.6
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o1 has l1 for 1 replica, 0 left, holds 0
        tia order H100-80 1x1 @ 1 until=+400
          order o2 open, holds 1
        tim order H100-80 1x1 @ 1 until=+100
          order o3 open, holds 1
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        down 600
        ada beat l1
          00:10:00 order o3 expired, releases 1
          00:10:00 lease l1 closed (dark): 0 s, pay 0, fee 0, refund 3.6, to be settled
          00:10:00 order o2 expired, releases 1
          refused LEASE_STATE
        ",
    );
}
