//! What is left of a lease that failed without a standby: an order stands for it.

use crate::script::check;

#[test]
fn in_a_paused_market_what_is_left_does_not_go_on_but_a_standby_takes_over() {
    check(
        "
        ada bid p1 H100-80 2 @ 1
          bid b1 open
        bob bid p2 H100-80 1 @ 1.2
          bid b2 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 1.2, holds 0.2
          bid b2 parked
        tia order H100-80 1x1 @ 2 failover
          order o2 open, holds 2
          lease l2: o2 on b1, 1x1 at 1 (One), escrow 1
          order o2 has l2 for 1 replica, 0 left, holds 0
          no standby for l2
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        ada finish l2 failed
          lease l2 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        treasury pause H100-80
          market H100-80 paused
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
          lease l3: o1 on b2, 1x1 at 1.2 (Two), escrow 1.2
          l1 goes on as l3
          no standby for l3
        chain pays l2
          lease l2 paid: ada 0, treasury 0, tia 1
          l2 does not go on: MARKET_PAUSED
        ",
    );
}

#[test]
fn without_a_standby_an_order_stands_for_what_is_left() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 2 failover prepay=1800
          order o1 open, holds 1
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 0.5
          order o1 has l1 for 1 replica, 0 left, holds 0
          no standby for l1
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:00:00
        wait 60
        ada beat l1
          lease l1 evidenced 60 s, cost 0.0166666
        ada finish l1 failed
          lease l1 closed (failed): 60 s, pay 0.0166666, fee 0.0008333, refund 0.4833334, to be settled
        chain pays l1
          lease l1 paid: ada 0.0158333, treasury 0.0008333, tom 0.4833334
          order o2 open, holds 0.9666666
          l1 goes on as o2
        book H100-80
          | orders                                | price | bids |
          | 1 Five, 1 Four, 1 Three, 1 Two, 1 One | 2     |      |
        bob bid p2 H100-80 1 @ 1.5
          bid b2 open
          lease l2: o2 on b2, 1x1 at 2 (Two), escrow 0.9666666
          order o2 has l2 for 1 replica, 0 left, holds 0
          no standby for l2
        chain escrowed l2
          lease l2 escrowed
        bob start l2
          lease l2 runs until 01:00:00
        ",
    );
}

#[test]
fn what_is_left_meets_the_book_at_once() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 2 failover until=+10
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          no standby for l1
        bob bid p2 H100-80 1 @ 1.5
          bid b2 open
        cem bid p3 H100-80 1 @ 1.5
          bid b3 open
        chain escrowed l1
          lease l1 escrowed
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
          order o2 open, holds 2
          lease l2: o2 on b3, 1x1 at 1.5 (Three), escrow 1.5
          order o2 has l2 for 1 replica, 0 left, holds 0
          l1 goes on as o2
          standby of l2: 1 of b2 at 1.5
          bid b2 parked
        state o2 b2 b3
          o2 filled, b2 parked, b3 matched
        ",
    );
}

#[test]
fn an_order_whose_time_is_over_tries_once_for_what_is_left() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 2 failover until=+10
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          no standby for l1
        chain escrowed l1
          lease l1 escrowed
        wait 20
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
          order o2 open, holds 2
          order o2 cancelled (notFilledAtOnce), releases 2
          l1 goes on as o2
        ",
    );
}

#[test]
fn without_funds_what_is_left_is_parked_until_there_are() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 1x1 @ 2 failover
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 0 left, holds 0
          no standby for l1
        tom order H100-80 1x1 @ 999
          order o2 open, holds 999
        chain escrowed l1
          lease l1 escrowed
        ada finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 1, to be settled
        chain pays l1
          lease l1 paid: ada 0, treasury 0, tom 1
          order o3 open, holds 0
          order o3 parked, releases 0
          l1 goes on as o3
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 1         | 999  | 0        | 0           |
        chain credits tom 1
          tom has 1 more
          order o3 resumed, holds 2
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 0         | 1001 | 0        | 0           |
        ",
    );
}

#[test]
fn where_less_than_a_stroop_is_left_nothing_goes_on() {
    check(
        "
        ada bid p1 H100-80 2 @ 0.0001
          bid b1 open
        bob bid p2 H100-80 1 @ 0.0002
          bid b2 open
        tom order H100-80 1x1 @ 0.0002 failover for=60
          order o1 open, holds 0.0000033
          lease l1: o1 on b1, 1x1 at 0.0001 (One), escrow 0.0000016
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 0.0002, holds 0.0000017
          bid b2 parked
        tia order H100-80 1x1 @ 0.0001 failover for=60
          order o2 open, holds 0.0000016
          lease l2: o2 on b1, 1x1 at 0.0001 (One), escrow 0.0000016
          order o2 has l2 for 1 replica, 0 left, holds 0
          no standby for l2
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada start l1
          lease l1 runs until 00:01:00
        ada start l2
          lease l2 runs until 00:01:00
        wait 59
        ada beat l1
          lease l1 evidenced 59 s, cost 0.0000016
        ada beat l2
          lease l2 evidenced 59 s, cost 0.0000016
        ada finish l1 failed
          lease l1 closed (failed): 59 s, pay 0.0000016, fee 0, refund 0, to be settled
        ada finish l2 failed
          lease l2 closed (failed): 59 s, pay 0.0000016, fee 0, refund 0, to be settled
        chain pays l1
          lease l1 paid: ada 0.0000016, treasury 0, tom 0
          standby of l1 released: b2 (leaseEnded)
          bid b2 resumed
        chain pays l2
          lease l2 paid: ada 0.0000016, treasury 0, tia 0
          l2 does not go on: OUT_OF_BOUNDS
        ",
    );
}
