//! Top-ups that the chain answers late, or refuses.

use crate::script::check;

#[test]
fn a_top_up_that_comes_too_late_goes_back_with_the_rest() {
    check(
        "
        ada bid p1 H100-80 3 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6 for=600 prepay=60
          order o1 open, holds 0.06
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 0.06
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:10:00
        wait 50
          00:00:30 funds of lease l1 end at 00:01:00
        ada beat l1
          lease l1 evidenced 50 s, cost 0.05
        tom topup l1 60
          top-up 1 of lease l1 by 60 s, 0.06 held
        wait 20
          00:01:00 lease l1 suspended until 00:06:00
        tom stop l1
          lease l1 closing (stopped)
        wait 10
        chain tops l1
          lease l1 topped up by 0.06: 0.12 for 120 s
        ada finish l1 stopped
          lease l1 closed (stopped): 60 s, pay 0.06, fee 0.003, refund 0.06, to be settled
        chain pays l1
          lease l1 paid: ada 0.057, treasury 0.003, tom 0.06
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 999.94    | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn a_lease_that_closes_with_a_top_up_under_way_gives_it_back_whatever_the_chain_says() {
    check(
        "
        ada bid p1 H100-80 3 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6 for=600 prepay=60
          order o1 open, holds 0.06
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 0.06
          order o1 has l1 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 3.6 for=600 prepay=60
          order o2 open, holds 0.06
          lease l2: o2 on b1, 1x1 at 3.6 (One), escrow 0.06
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada start l1
          lease l1 runs until 00:10:00
        ada start l2
          lease l2 runs until 00:10:00
        wait 20
        tom topup l1 60
          top-up 1 of lease l1 by 60 s, 0.06 held
        tom topup l2 60
          top-up 1 of lease l2 by 60 s, 0.06 held
        tom stop l1
          lease l1 closing (stopped)
        tom stop l2
          lease l2 closing (stopped)
        ada finish l1 stopped
          lease l1 closed (stopped): 20 s, pay 0.02, fee 0.001, refund 0.04, to be settled
        ada finish l2 stopped
          lease l2 closed (stopped): 20 s, pay 0.02, fee 0.001, refund 0.04, to be settled
        chain tops l1
          lease l1 topped up by 0.06: 0.12 for 120 s
        chain pays l1
          lease l1 paid: ada 0.019, treasury 0.001, tom 0.1
        chain tops l1
          again l1
        chain pays l2
          lease l2 paid: ada 0.019, treasury 0.001, tom 0.04
        chain tops l2
          refused SETTLEMENT_MISMATCH
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 999.9     | 0.06 | 0        | 0           |
        chain refuses l2 topup 1
          top-up 1 of lease l2 failed, releases 0.06
        money tom
          | account | available | held | escrowed | withdrawing |
          | tom     | 999.96    | 0    | 0        | 0           |
        ",
    );
}

#[test]
fn a_refund_after_the_deadline_gives_the_top_ups_back_too() {
    check(
        "
        ada bid p1 H100-80 3 @ 3.6
          bid b1 open
        tom order H100-80 1x1 @ 3.6 for=600 prepay=60
          order o1 open, holds 0.06
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 0.06
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:10:00
        tom topup l1 60
          top-up 1 of lease l1 by 60 s, 0.06 held
        chain tops l1
          lease l1 topped up by 0.06: 0.12 for 120 s
        chain refunds l1 0.06
          refused SETTLEMENT_MISMATCH
        chain refunds l1
          lease l1 closed (refunded): 0 s, pay 0, fee 0, refund 0.12, released
          lease l1 paid: ada 0, treasury 0, tom 0.12
        ",
    );
}

#[test]
fn money_held_for_a_top_up_is_not_set_aside_before_the_chain_answers() {
    check(
        "
        ada bid p1 H100-80 3 @ 3600
          bid b1 open
        tom order H100-80 1x1 @ 3600 for=600 prepay=100
          order o1 open, holds 100
          lease l1: o1 on b1, 1x1 at 3600 (One), escrow 100
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:10:00
        tom topup l1 500
          top-up 1 of lease l1 by 500 s, 500 held
        chain asks tom 900
          tom waits for 400
        tom topup l1 1
          refused TOP_UP_PENDING
        chain refuses l1 topup 1
          top-up 1 of lease l1 failed, releases 500
        tom topup l1 500
          top-up 2 of lease l1 by 500 s, 500 held
        chain refuses l1 topup 2
          top-up 2 of lease l1 failed, releases 500
        chain withdrew tom 900
          tom withdrew 900
        tom topup l1 1
          refused INSUFFICIENT_FUNDS
        ",
    );
}
