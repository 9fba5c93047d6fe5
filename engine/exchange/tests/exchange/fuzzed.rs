//! What the fuzzer found: one test a fault.

use berth_domain::{AccountId, Micros, OpenAccount, SetMandate, Stroops};

use crate::cast::{address, genesis};
use crate::desk::Desk;

#[test]
fn a_budget_of_the_last_day_waits_for_no_midnight() {
    let mut desk = Desk::open(genesis());
    desk.submit(AccountId::EXCHANGE, OpenAccount { address: address("tom") });
    let tom = desk.exchange.account_by_address(address("tom")).expect("he has an account");
    // The timer of the next day would be due now, and again after each tick.
    desk.now = Micros(u64::MAX);
    let per_day = Some(Stroops::new(1).expect("positive"));
    desk.submit(tom, SetMandate { per_lease: None, per_day, floor: None, until: None });
    assert_eq!(desk.exchange.next_deadline(), None);
}
