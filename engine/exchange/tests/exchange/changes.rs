//! New terms and new rules: announced, and in force by a timer.

use berth_domain::{AccountId, Authority, Entry, OpenAccount, RULES_VERSION, Tick};
use berth_exchange::LogViolation;

use crate::cast::{address, genesis};
use crate::script::{Stage, check};

#[test]
fn new_terms_are_announced_and_come_into_force_by_themselves() {
    check(
        "
        treasury announce +999 fee=700
          refused TOO_SOON
        treasury announce +1000 fee=700
          announced fee 700 from 00:16:40
        treasury announce +1000 scan=0
          refused OUT_OF_BOUNDS
        treasury announce +2000 fee=600 orders=1
          announced fee 600, bounds from 00:33:20
        wait 1000
        tom order H100-80 1x1 @ 1
          order o1 open, holds 1
        tom order H100-80 1x1 @ 1
          order o2 open, holds 1
        wait 1000
          00:33:20 terms in force, fee 600
        tom order H100-80 1x1 @ 1
          refused TOO_MANY_ORDERS
        tia order H100-80 1x1 @ 1
          order o3 open, holds 1
        tia order H100-80 1x1 @ 1
          refused TOO_MANY_ORDERS
        treasury announce +1000
          announced nothing from 00:50:00
        wait 1000
          00:50:00 terms in force, fee 600
        ",
    );
}

#[test]
fn a_lease_keeps_the_fee_and_the_timeouts_of_its_opening() {
    check(
        "
        ada bid p1 H100-80 2 @ 3.6
          bid b1 open
        treasury announce +1000 fee=1000 grace=5 closing=7
          announced fee 1000, timeouts from 00:16:40
        wait 990
        tom order H100-80 1x1 @ 3.6
          order o1 open, holds 3.6
          lease l1: o1 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 01:16:30
        wait 30
          00:16:40 terms in force, fee 1000
        tia order H100-80 1x1 @ 3.6
          order o2 open, holds 3.6
          lease l2: o2 on b1, 1x1 at 3.6 (One), escrow 3.6
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l2
          lease l2 escrowed
        ada start l2
          lease l2 runs until 01:17:00
        wait 4
        ada beat l2
          lease l2 evidenced 4 s, cost 0.004
        wait 26
        ada beat l1
          lease l1 evidenced 60 s, cost 0.06
        ada beat l2
          lease l2 evidenced 4 s, cost 0.004
        tom stop l1
          lease l1 closing (stopped)
        tia stop l2
          lease l2 closing (stopped)
        wait 120
          00:17:37 lease l2 closed (stopped): 4 s, pay 0.004, fee 0.0004, refund 3.596, to be settled
          00:19:30 lease l1 closed (stopped): 60 s, pay 0.06, fee 0.003, refund 3.54, to be settled
        ",
    );
}

#[test]
fn a_later_announcement_takes_the_place_of_the_one_before() {
    check(
        "
        treasury upgrade 0 +1000
          refused OUT_OF_BOUNDS
        treasury upgrade 1 +999
          refused TOO_SOON
        treasury upgrade 2 +1000
          announced rules 2 from 00:16:40
        treasury upgrade 1 +1500
          announced rules 1 from 00:25:00
        treasury announce +1000 fee=700
          announced fee 700 from 00:16:40
        treasury announce +1200
          announced nothing from 00:20:00
        wait 2000
          00:20:00 terms in force, fee 500
          00:25:00 rules 1 in force
        ",
    );
}

#[test]
fn a_build_that_does_not_know_the_rules_in_force_applies_nothing_more() {
    let mut stage = Stage::new(genesis());
    stage.play("treasury upgrade 2 +1000");
    assert_eq!(stage.play("wait 999"), Vec::<String>::new());
    assert_eq!(stage.play("wait 1"), ["00:16:40 rules 2 in force"]);
    let mut x = stage.desk.exchange.clone();
    assert_eq!(x.rules(), RULES_VERSION + 1);
    for rules in [RULES_VERSION, RULES_VERSION + 1] {
        for command in [Tick.into(), OpenAccount { address: address("nell") }.into()] {
            let (account, authority) = (AccountId::EXCHANGE, Authority::Exchange);
            let entry = Entry { rules, seq: x.head().next(), at: stage.desk.now, account, authority, command };
            let violation = LogViolation::Rules { seq: entry.seq, rules };
            assert_eq!(x.apply(&entry, &mut Vec::new()), Err(violation));
        }
    }
    assert_eq!(x.state_hash(), stage.desk.exchange.state_hash());
}
