//! Orders: time in force, holds, client ids and bounds.

use berth_domain::{Bounds, Genesis};

use crate::cast::genesis;
use crate::script::{check, check_with};

#[test]
fn ioc_takes_what_there_is_and_ends() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 2x1 @ 2 ioc
          order o1 open, holds 4
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 1 left, holds 2
          order o1 cancelled (notFilledAtOnce), releases 2
        tom order H100-80 1x1 @ 2 ioc
          order o2 open, holds 2
          order o2 cancelled (notFilledAtOnce), releases 2
        book H100-80
          | orders | price | bids |
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 999       | 0    | 1        | 0           |
        ada bid p1 H100-80 1 @ 1
          bid b2 open
        tom order H100-80 1x1 @ 2 ioc manual
          refused OUT_OF_BOUNDS
        ",
    );
}

#[test]
fn gtd_rests_until_its_time() {
    check(
        "
        tom order H100-80 2x1 @ 2 until=+60
          order o1 open, holds 4
        tia order H100-80 1x1 @ 2 until=+60
          order o2 open, holds 2
        tim order H100-80 1x1 @ 1 until=+0
          refused TIME_IN_PAST
        wait 59
        ada bid p1 H100-80 1 @ 2
          bid b1 open
          lease l1: o1 on b1, 1x1 at 2 (One), escrow 2
          order o1 has l1 for 1 replica, 1 left, holds 2
        wait 1
          00:01:00 order o1 expired, releases 2
          00:01:00 order o2 expired, releases 2
        money tom tia
          | account | available | held | escrowed | withdrawing |
          | tom     | 998       | 0    | 2        | 0           |
          | tia     | 1000      | 0    | 0        | 0           |
        state o1 o2 l1
          o1 expired, o2 expired, l1 opened
        tom cancel o1
          refused ORDER_CLOSED
        ",
    );
}

#[test]
fn cancelling_gives_back_the_hold_and_lets_leases_go_on() {
    check(
        "
        ada bid p1 H100-80 1 @ 1
          bid b1 open
        tom order H100-80 3x1 @ 2
          order o1 open, holds 6
          lease l1: o1 on b1, 1x1 at 1 (One), escrow 1
          order o1 has l1 for 1 replica, 2 left, holds 4
        tia cancel o1
          refused NOT_YOURS
        tom cancel o1
          order o1 cancelled (requested), releases 4
        tom cancel o1
          refused ORDER_CLOSED
        tom cancel o2
          refused UNKNOWN_ORDER
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 999       | 0    | 1        | 0           |
        state o1 l1
          o1 cancelled, l1 opened
        ada cancel b1
          refused BID_CLOSED
        ada bid p1 H100-80 2 @ 1
          bid b2 open
        bob cancel b2
          refused NOT_YOURS
        ada cancel b2
          bid b2 cancelled (requested)
        ada cancel b2
          refused BID_CLOSED
        ada cancel b3
          refused UNKNOWN_BID
        book H100-80
          | orders | price | bids |
        ",
    );
}

#[test]
fn holds_use_the_highest_limit_and_are_exact_to_the_stroop() {
    check(
        "
        ada host gpus=1xH100-80 cpu=16 memory=1024 storage=100
          provider p6 of ada
        tom order H100-80 3x1 @ One:0.0000007 Five:0.0000011 for=1000
          order o1 open, holds 0.0000009
        cem bid p3 H100-80 3 @ 0.0000001
          bid b1 open
        dee bid p4 H100-80 3 @ 0.0000001
          bid b2 open
        ada bid p6 on o1 @ 0.0000004
          bid b3 open
          lease l1: o1 on b3, 1x1 at 0.0000004 (One), escrow 0.0000001
          order o1 has l1 for 1 replica, 2 left, holds 0.0000006
        money tom
          | account | available   | held      | escrowed  | withdrawing |
          | tom     | 999.9999993 | 0.0000006 | 0.0000001 | 0           |
        eve bid p5 H100-80 1 @ 0.0000001
          bid b4 open
          lease l2: o1 on b4, 1x1 at 0.0000011 (Five), escrow 0.0000003
          order o1 has l2 for 1 replica, 1 left, holds 0.0000003
        money tom
          | account | available   | held      | escrowed  | withdrawing |
          | tom     | 999.9999993 | 0.0000003 | 0.0000004 | 0           |
        tom order H100-80 1x1 @ 0.0000035 for=1000
          order o2 open, holds 0.0000009
        tom order H100-80 1x1 @ 0.0000036 for=1000
          order o3 open, holds 0.000001
        tom order H100-80 3x1 @ 7 for=3600 prepay=1234
          order o4 open, holds 7.1983333
        tom cancel o3
          order o3 cancelled (requested), releases 0.000001
        tom order H100-80 1x1 @ 999.9999991
          refused INSUFFICIENT_FUNDS
        tom order H100-80 1x1 @ 999.9999991 for=3599
          refused INSUFFICIENT_FUNDS
        money tom
          | account | available   | held      | escrowed  | withdrawing |
          | tom     | 992.8016651 | 7.1983345 | 0.0000004 | 0           |
        ",
    );
}

#[test]
fn a_hold_that_cannot_be_counted_or_paid_is_refused() {
    check(
        "
        tom order H100-80 1x1 @ 1000.0000001
          refused INSUFFICIENT_FUNDS
        tom order H100-80 256x1024 @ 1000000000 for=31622400
          refused AMOUNT_TOO_LARGE
        tom order H100-80 256x1 @ 90000000 for=31622400
          refused AMOUNT_TOO_LARGE
        tom order H100-80 1x1 @ 0.0000001 for=3599
          refused OUT_OF_BOUNDS
        tom order H100-80 2x1 @ 1000
          refused INSUFFICIENT_FUNDS
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 1000      | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn orders_outside_their_bounds_are_refused() {
    check(
        "
        tom order A100-40 1x1 @ 1
          refused UNKNOWN_MARKET
        tom order H100-80 0x1 @ 1
          refused OUT_OF_BOUNDS
        tom order H100-80 1x0 @ 1
          refused OUT_OF_BOUNDS
        tom order H100-80 1x1025 @ 0.001
          refused OUT_OF_BOUNDS
        tom order H100-80 10001x1 @ 0.001
          refused OUT_OF_BOUNDS
        tom order H100-80 1x1 @ 1 for=0
          refused OUT_OF_BOUNDS
        tom order H100-80 1x1 @ 1 for=31622401
          refused OUT_OF_BOUNDS
        tom order H100-80 1x1 @ 1 for=60 prepay=61
          refused OUT_OF_BOUNDS
        tom order H100-80 1x1 @ 1 for=60 prepay=0
          refused OUT_OF_BOUNDS
        tom order CPU 1x1 @ 1 cpu=1
          refused OUT_OF_BOUNDS
        tom order H100-80 1x1 @ 1 needs=b:1,a:1
          refused NOT_CANONICAL
        tom order H100-80 1x1 @ 1 needs=a:1,a:2
          refused NOT_CANONICAL
        ",
    );
}

#[test]
fn a_repeated_client_id_answers_the_first_outcome() {
    check(
        "
        tom order H100-80 1x1 @ 2 id=a
          order o1 open, holds 2
        tom order H100-80 1x1 @ 2 id=a
          again o1
        tom order H100-80 1x1 @ 2.1 id=a
          refused CLIENT_ID_REUSED
        tia order H100-80 1x1 @ 2 id=a
          order o2 open, holds 2
        tom cancel o1
          order o1 cancelled (requested), releases 2
        tom order H100-80 1x1 @ 2 id=a
          again o1
        tom order H100-80 1x1 @ 5000 id=b
          refused INSUFFICIENT_FUNDS
        tom order H100-80 1x1 @ 3 id=b
          order o3 open, holds 3
        ada bid p1 H100-80 1 @ 5 id=a
          bid b1 open
        ada bid p1 H100-80 1 @ 5 id=a
          again b1
        ada bid p1 H100-80 2 @ 5 id=a
          refused CLIENT_ID_REUSED
        ada host gpus=1xH100-80 cpu=1 memory=1 storage=1 id=h
          provider p6 of ada
        ada host gpus=1xH100-80 cpu=1 memory=1 storage=1 id=h
          again p6
        ada bid p1 H100-80 1 @ 5 id=h
          refused CLIENT_ID_REUSED
        ",
    );
}

#[test]
fn client_ids_of_live_things_and_the_last_few_are_remembered() {
    check_with(
        Genesis { bounds: Bounds { client_ids: 2, ..Bounds::default() }, ..genesis() },
        "
        tom order H100-80 1x1 @ 1 id=live
          order o1 open, holds 1
        tom order H100-80 1x1 @ 2 id=a
          order o2 open, holds 2
        tom cancel o2
          order o2 cancelled (requested), releases 2
        tom order H100-80 1x1 @ 2 id=b
          order o3 open, holds 2
        tom cancel o3
          order o3 cancelled (requested), releases 2
        tom order H100-80 1x1 @ 2 id=c
          order o4 open, holds 2
        tom cancel o4
          order o4 cancelled (requested), releases 2
        tom order H100-80 1x1 @ 1 id=live
          again o1
        tom order H100-80 1x1 @ 2 id=b
          again o3
        tom order H100-80 1x1 @ 2 id=a
          order o5 open, holds 2
        tom order H100-80 1x1 @ 1 id=live
          again o1
        tom order H100-80 1x1 @ 2 id=c
          again o4
        tom order H100-80 1x1 @ 2 id=b
          order o6 open, holds 2
        ",
    );
}

#[test]
fn client_ids_of_live_bids_and_of_providers_are_remembered_too() {
    check_with(
        Genesis { bounds: Bounds { client_ids: 1, ..Bounds::default() }, ..genesis() },
        "
        ada host gpus=1xH100-80 cpu=1 memory=1 storage=1 id=host
          provider p6 of ada
        ada bid p1 H100-80 1 @ 2 id=live
          bid b1 open
        ada bid p1 H100-80 1 @ 2 id=over
          bid b2 open
        ada cancel b2
          bid b2 cancelled (requested)
        ada bid p1 H100-80 1 @ 2 id=last
          bid b3 open
        ada bid p1 H100-80 1 @ 2 id=live
          again b1
        ada host gpus=1xH100-80 cpu=1 memory=1 storage=1 id=host
          again p6
        ada bid p1 H100-80 1 @ 2 id=over
          bid b4 open
        ",
    );
}

#[test]
fn an_account_s_open_things_are_bounded() {
    check_with(
        Genesis { bounds: Bounds { orders: 1, bids: 2, providers: 2, ..Bounds::default() }, ..genesis() },
        "
        tom order H100-80 1x1 @ 1
          order o1 open, holds 1
        tom order H100-80 1x1 @ 1
          refused TOO_MANY_ORDERS
        tia order H100-80 1x1 @ 1
          order o2 open, holds 1
        tom cancel o1
          order o1 cancelled (requested), releases 1
        tom order H100-80 1x1 @ 1
          order o3 open, holds 1
        ada bid p1 H100-80 1 @ 2
          bid b1 open
        ada bid p1 H100-80 1 @ 2
          bid b2 open
        ada bid p1 H100-80 1 @ 2
          refused TOO_MANY_BIDS
        ada cancel b1
          bid b1 cancelled (requested)
        ada bid p1 H100-80 1 @ 2
          bid b3 open
        ada host gpus=1xH100-80 cpu=1 memory=1 storage=1
          provider p6 of ada
        ada host gpus=1xH100-80 cpu=1 memory=1 storage=1
          refused TOO_MANY_PROVIDERS
        ",
    );
}

#[test]
fn a_new_gpu_class_opens_its_market() {
    check(
        "
        ada host gpus=2xA100-40,1xRTX4090-24 cpu=4 memory=1 storage=1
          market A100-40 opened
          market RTX4090-24 opened
          provider p6 of ada
        ada host gpus=1xRTX4090-24 cpu=4 memory=1 storage=1
          provider p7 of ada
        ada host gpus=1xRTX4090-24,1xA100-40 cpu=4 memory=1 storage=1
          refused NOT_CANONICAL
        ada host gpus=0xA100-40 cpu=4 memory=1 storage=1
          refused OUT_OF_BOUNDS
        ada host cpu=0 memory=1 storage=1
          refused OUT_OF_BOUNDS
        ada host cpu=4 memory=1 storage=1
          provider p8 of ada
        ada bid p6 A100-40 2 @ 1
          bid b1 open
        tom order A100-40 1x2 @ 1
          order o1 open, holds 2
          lease l1: o1 on b1, 1x2 at 1 (One), escrow 2
          order o1 has l1 for 1 replica, 0 left, holds 0
        ",
    );
}
