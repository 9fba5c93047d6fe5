//! What the contract paid out while the exchange had other use for it: the
//! account owes it, until the chain says what became of that use.

use crate::script::check;

#[test]
fn what_is_paid_while_a_lease_waits_for_its_lock_is_owed_until_more_comes_in() {
    // The contract locks with money that came after the payment. Before there
    // were debts, the fact of the payment was refused for ever, and the facts
    // of the money and of the lock waited behind it.
    check(
        "
        ada bid p1 H100-80 1 @ 600
          bid b1 open
        tom order H100-80 1x1 @ 600
          order o1 open, holds 600
          lease l1: o1 on b1, 1x1 at 600 (One), escrow 600
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain asks tom 1000
          tom waits for 400
        chain withdrew tom 1000
          tom withdrew 1000
        money tom
          | account | available | held | escrowed | withdrawing | owed |
          | tom     | 0         | 0    | 600      | 0           | 600  |
        chain withdrew tom 1000 again
          again nothing
        chain credits tom 650
          tom has 650 more
        chain escrowed l1
          lease l1 escrowed
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 50        | 0    | 600      | 0           |
        ",
    );
}

#[test]
fn who_owes_has_nothing_available_and_what_comes_in_repays_first() {
    check(
        "
        ada bid p1 H100-80 1 @ 600
          bid b1 open
        tom order H100-80 1x1 @ 600
          order o1 open, holds 600
          lease l1: o1 on b1, 1x1 at 600 (One), escrow 600
          order o1 has l1 for 1 replica, 0 left, holds 0
        tom order CPU 1x1 @ 300
          order o2 open, holds 300
        chain withdrew tom 1000
          order o2 parked, releases 300
          tom withdrew 1000
        tom order CPU 1x1 @ 0.1
          refused INSUFFICIENT_FUNDS
        tom amend o2 @ 0.1
          order o2 amended, 1 of 1 left, holds 0
        chain asks tom 5
          tom waits for 0
        chain credits tom 200
          tom has 200 more
        money tom
          | account | available | held | escrowed | withdrawing | owed |
          | tom     | 0         | 0    | 600      | 0           | 400  |
        chain credits tom 400.5
          tom has 400.5 more
          order o2 resumed, holds 0.1
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 0.4       | 0.1  | 600      | 0           |
        ",
    );
}

#[test]
fn what_a_provider_earns_repays_first() {
    check(
        "
        chain credits ada 10
          ada has 10 more
        bob bid p2 CPU 1 @ 6
          bid b1 open
        ada order CPU 1x1 @ 6
          order o1 open, holds 6
          lease l1: o1 on b1, 1x1 at 6 (Two), escrow 6
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain withdrew ada 10
          ada withdrew 10
        ada bid p1 H100-80 1 @ 3.6
          bid b2 open
        tom order H100-80 1x1 @ 3.6
          order o2 open, holds 3.6
          lease l2: o2 on b2, 1x1 at 3.6 (One), escrow 3.6
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l2
          lease l2 escrowed
        ada start l2
          lease l2 runs until 01:00:00
        wait 60
        ada beat l2
          lease l2 evidenced 60 s, cost 0.06
        ada finish l2 exited=0
          lease l2 closed (completed): 60 s, pay 0.06, fee 0.003, refund 3.54, to be settled
        chain pays l2
          lease l2 paid: ada 0.057, treasury 0.003, tom 3.54
        money ada tom
          | account | available | held | escrowed | withdrawing | owed  |
          | ada     | 0         | 0    | 6        | 0           | 5.943 |
          | tom     | 999.94    | 0    | 0        | 0           | 0     |
        ",
    );
}

#[test]
fn what_is_held_for_a_top_up_and_paid_out_is_owed_until_the_chain_answers() {
    check(
        "
        ada bid p1 H100-80 1 @ 3600
          bid b1 open
        tom order H100-80 1x1 @ 3600 for=900 prepay=100
          order o1 open, holds 100
          lease l1: o1 on b1, 1x1 at 3600 (One), escrow 100
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:15:00
        tom topup l1 500
          top-up 1 of lease l1 by 500 s, 500 held
        chain withdrew tom 900
          tom withdrew 900
        money tom
          | account | available | held | escrowed | withdrawing | owed |
          | tom     | 0         | 500  | 100      | 0           | 500  |
        chain refuses l1 topup 1
          top-up 1 of lease l1 failed, releases 500
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 0         | 0    | 100      | 0           |
        ",
    );
}

#[test]
fn a_failover_goes_on_for_as_long_as_is_left_of_what_came_back() {
    check(
        "
        bob bid p2 H100-80 1 @ 600
          bid b1 open
        ada bid p1 H100-80 2 @ 600
          bid b2 open
        tom order H100-80 1x1 @ 600 for=60 failover
          order o1 open, holds 10
          lease l1: o1 on b1, 1x1 at 600 (Two), escrow 10
          order o1 has l1 for 1 replica, 0 left, holds 0
          standby of l1: 1 of b2 at 600
        chain escrowed l1
          lease l1 escrowed
        tom order H100-80 1x1 @ 600 for=30
          order o2 open, holds 5
          lease l2: o2 on b2, 1x1 at 600 (One), escrow 5
          order o2 has l2 for 1 replica, 0 left, holds 0
          bid b2 parked
        chain withdrew tom 990
          tom withdrew 990
        bob finish l1 failed
          lease l1 closed (failed): 0 s, pay 0, fee 0, refund 10, to be settled
        chain pays l1
          lease l1 paid: bob 0, treasury 0, tom 10
          lease l3: o1 on b2, 1x1 at 600 (One), escrow 5
          l1 goes on as l3
          no standby for l3
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 0         | 0    | 10       | 0           |
        ",
    );
}

#[test]
fn the_same_money_may_come_and_go_any_number_of_times() {
    // Once all that ever came in was to be counted in an i64.
    check(
        "
        chain credits nell 900000000000
          account account 10 opened, level One
          account 10 has 900000000000 more
        chain credits tom 30000000000
          refused AMOUNT_TOO_LARGE
        chain withdrew nell 900000000000
          account 10 withdrew 900000000000
        chain credits nell 900000000000
          account 10 has 900000000000 more
        chain withdrew nell 900000003000
          account 10 withdrew 900000003000
        money tom nell
          | account | available | held | escrowed | withdrawing | owed |
          | tom     | 1000      | 0    | 0        | 0           | 0    |
          | nell    | 0         | 0    | 0        | 0           | 3000 |
        chain withdrew tom 0.0000001
          refused SETTLEMENT_MISMATCH
        chain stakes ada 900000000000
          ada stakes 900000000000
          ada is Two, was One (stake)
        chain stakes ada 0
          ada stakes 0
          ada is One, was Two (stake)
        chain stakes ada 900000000000
          ada stakes 900000000000
          ada is Two, was One (stake)
        chain stakes bob 30000000000
          refused AMOUNT_TOO_LARGE
        ",
    );
}
