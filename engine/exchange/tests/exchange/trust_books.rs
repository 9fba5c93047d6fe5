//! What another trust level or uptime does to the books, and what time counts
//! for the uptime.

use berth_domain::{Bounds, Genesis};

use crate::script::check_with;
use crate::trust::{check, rules};

#[test]
fn a_stake_lifts_an_account_and_its_bids_move_with_their_age() {
    check(
        "
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        bob bid p2 H100-80 1 @ 2
          bid b2 open
        ada bid p1 H100-80 2 @ 3
          bid b3 open
        book H100-80
          | orders | price | bids         |
          |        | 3     | 2 One        |
          |        | 2     | 1 Two, 1 One |
        chain stakes ada 99.9999999
          ada stakes 99.9999999
        chain stakes ada 100
          ada stakes 100
          ada is Two, was One (stake)
        chain stakes ada 100 again
          again nothing
        book H100-80
          | orders | price | bids      |
          |        | 3     | 2 Two     |
          |        | 2     | 2 Two (2) |
        tom order H100-80 1x1 @ 2 ioc
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 2 (Two), escrow 2
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain stakes ada 99
          ada stakes 99
          ada is One, was Two (stake)
        book H100-80
          | orders | price | bids  |
          |        | 3     | 2 One |
          |        | 2     | 1 Two |
        chain stakes tim 2000
          tim stakes 2000
          tim is Two, was One (stake)
        standing ada tim
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | One   | 100        | 99    | 0/0       | 0+0         | 0       | 1      |
          | tim     | Two   | 100        | 2000  | 0/0       | 0+0         | 0       | 1      |
        ",
    );
}

#[test]
fn bids_that_another_level_makes_eligible_enter_again_in_age_order() {
    check(
        "
        tom order H100-80 1x1 @ Two:2
          order o1 open, holds 2
        tia order H100-80 1x1 @ Two:3
          order o2 open, holds 3
        ada bid p1 H100-80 1 @ 2 id=older
          bid b1 open
        ada bid p1 H100-80 1 @ 1.5
          bid b2 open
        ada bid p1 CPU 1 @ 1
          bid b3 open
        book H100-80
          | orders | price | bids  |
          | 1 Two  | 3     |       |
          | 1 Two  | 2     | 1 One |
          |        | 1.5   | 1 One |
        chain stakes ada 100
          ada stakes 100
          ada is Two, was One (stake)
          lease l1: o2 on b1, 1x1 at 3 (Two), escrow 3
          order o2 has l1 for 1 replica, 0 left, holds 0
          lease l2: o1 on b2, 1x1 at 2 (Two), escrow 2
          order o1 has l2 for 1 replica, 0 left, holds 0
        book H100-80
          | orders | price | bids |
        ",
    );
}

#[test]
fn directed_bids_that_are_not_accepted_at_the_new_level_have_lost() {
    check(
        "
        tom order H100-80 1x1 @ One:2 manual
          order o1 open, holds 2
        tia order H100-80 1x1 @ One:2 Two:1.5 manual
          order o2 open, holds 2
        tim order H100-80 1x1 @ One:2 Two:2 manual
          order o3 open, holds 2
        ada bid p1 on o1 @ 2
          bid b1 open
        ada bid p1 on o2 @ 1.6
          bid b2 open
        ada bid p1 on o3 @ 2
          bid b3 open
        chain stakes ada 100
          ada stakes 100
          ada is Two, was One (stake)
          bid b1 lost
          bid b2 lost
        state b1 b2 b3
          b1 lost, b2 lost, b3 open
        ",
    );
}

#[test]
fn uptime_filters_orders_and_bids_enter_again_when_a_bad_day_is_over() {
    check(
        "
        ada bid p1 H100-80 8 @ 240
          bid b1 open
        tom order H100-80 1x1 @ 240 for=600
          order o1 open, holds 40
          lease l1: o1 on b1, 1x1 at 240 (One), escrow 40
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:10:00
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 4
        wait 180
          00:04:00 lease l1 closed (dark): 60 s, pay 4, fee 0.2, refund 36, to be settled
          00:04:00 ada has 90 of 100, had 100 (dark l1)
        standing ada
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | One   | 90         | 0     | 0/1       | 0+1         | 1       | 0.1    |
        tia order H100-80 1x1 @ 240 for=60 uptime=5000
          order o2 open, holds 4
        tim order H100-80 1x1 @ 240 for=60 uptime=1000 ioc
          order o3 open, holds 4
          lease l2: o3 on b1, 1x1 at 240 (One), escrow 4
          order o3 has l2 for 1 replica, 0 left, holds 0
        chain refuses l2
          lease l2 closed (escrowFailed): 0 s, pay 0, fee 0, refund 4, released
        book H100-80
          | orders                                | price | bids  |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 240   | 6 One |
        wait 172800
          48:00:00 lease l3: o2 on b1, 1x1 at 240 (One), escrow 4
          48:00:00 order o2 has l3 for 1 replica, 0 left, holds 0
        book H100-80
          | orders | price | bids  |
          |        | 240   | 5 One |
        ",
    );
}

#[test]
fn bids_that_one_entry_could_not_enter_again_go_on_in_the_next_tick() {
    check_with(
        Genesis { bounds: Bounds { fills: 1, ..Bounds::default() }, ..rules() },
        "
        tom order H100-80 1x1 @ Two:2
          order o1 open, holds 2
        tia order H100-80 1x1 @ Two:3
          order o2 open, holds 3
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        ada bid p1 H100-80 1 @ 1.5
          bid b2 open
        ada bid p1 H100-80 1 @ 1.5
          bid b3 open
        chain stakes ada 100
          ada stakes 100
          ada is Two, was One (stake)
          lease l1: o2 on b1, 1x1 at 3 (Two), escrow 3
          order o2 has l1 for 1 replica, 0 left, holds 0
        wait 1
          00:00:00 lease l2: o1 on b2, 1x1 at 2 (Two), escrow 2
          00:00:00 order o1 has l2 for 1 replica, 0 left, holds 0
        book H100-80
          | orders | price | bids  |
          |        | 1.5   | 1 Two |
        ",
    );
}

#[test]
fn time_without_funds_is_no_time_that_a_host_was_down() {
    check(
        "
        ada bid p1 H100-80 8 @ 240
          bid b1 open
        tom order H100-80 1x1 @ 240 for=120 prepay=60
          order o1 open, holds 4
          lease l1: o1 on b1, 1x1 at 240 (One), escrow 4
          order o1 has l1 for 1 replica, 0 left, holds 0
        tia order H100-80 1x1 @ 240 for=900 prepay=400
          order o2 open, holds 26.6666666
          lease l2: o2 on b1, 1x1 at 240 (One), escrow 26.6666666
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:02:00
        wait 30
          00:00:30 funds of lease l1 end at 00:01:00
        ada beat l1
          lease l1 evidenced 30 s, cost 2
        wait 30
          00:01:00 lease l1 suspended until 00:06:00
        ada beat l1
          lease l1 evidenced 60 s, cost 4
        wait 60
        tom topup l1 60
          top-up 1 of lease l1 by 60 s, 4 held
        chain tops l1
          lease l1 topped up by 4: 8 for 120 s
          lease l1 resumed, runs until 00:03:00
        ada beat l1
          lease l1 evidenced 60 s, cost 4
        wait 30
        ada beat l1
          lease l1 evidenced 90 s, cost 6
        wait 30
          00:03:00 lease l1 closing (completed)
        ada finish l1 stopped
          lease l1 closed (completed): 120 s, pay 8, fee 0.4, refund 0, to be settled
        standing ada
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | One   | 100        | 0     | 1/1       | 0+0         | 1       | 1      |
        chain escrowed l2
          lease l2 escrowed
        ada start l2
          lease l2 runs until 00:18:00
        wait 60
        ada beat l2
          lease l2 evidenced 60 s, cost 4
        wait 40
        ada beat l2
          lease l2 evidenced 100 s, cost 6.6666666
        wait 300
          00:07:40 lease l2 closed (dark): 100 s, pay 6.6666666, fee 0.3333333, refund 20, to be settled
          00:07:40 ada has 90 of 100, had 100 (dark l2)
        standing ada
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | One   | 90         | 0     | 1/2       | 0+1         | 2       | 0.625  |
        ",
    );
}

#[test]
fn a_top_up_that_came_too_late_is_no_time_that_a_host_was_down() {
    check(
        "
        ada bid p1 H100-80 8 @ 240
          bid b1 open
        tom order H100-80 1x1 @ 240 for=300 prepay=60
          order o1 open, holds 4
          lease l1: o1 on b1, 1x1 at 240 (One), escrow 4
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:05:00
        wait 60
          00:00:30 funds of lease l1 end at 00:01:00
          00:01:00 lease l1 suspended until 00:06:00
        ada beat l1
          lease l1 evidenced 60 s, cost 4
        tom topup l1 120
          top-up 1 of lease l1 by 120 s, 8 held
        wait 300
          00:06:00 lease l1 closing (exhausted)
        chain tops l1
          lease l1 topped up by 8: 12 for 180 s
        ada finish l1 stopped
          lease l1 closed (exhausted): 60 s, pay 4, fee 0.2, refund 8, to be settled
        standing ada
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | One   | 100        | 0     | 1/1       | 0+0         | 1       | 1      |
        ",
    );
}
