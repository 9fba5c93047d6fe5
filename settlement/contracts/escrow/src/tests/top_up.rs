use super::*;
use crate::event;

fn a_top_up_locks_more_and_moves_the_deadline(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 100).unwrap();
    world.top_up(1, 1, 50, DEADLINE + 60).unwrap();
    world.published(&event::ToppedUp { lease: 1, number: 1, amount: 50, total: 150, deadline: DEADLINE + 60 });
    let lease = world.lease(1);
    assert_eq!((lease.terms.amount, lease.terms.deadline, lease.top_ups), (150, DEADLINE + 60, 1));
    assert_eq!(world.balances(), [350, 0, 0]);
    world.at(DEADLINE + 60 + WINDOW).settle(1, 150).unwrap();
    assert_eq!(world.balances(), [350, 143, 7]);
}

fn each_top_up_happens_once_and_in_order(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 100).unwrap();
    for number in [0, 2, u32::MAX] {
        assert_eq!(world.top_up(1, number, 50, DEADLINE), Err(Error::TopUpOutOfOrder), "{number}");
    }
    world.top_up(1, 1, 50, DEADLINE).unwrap();
    assert_eq!(world.top_up(1, 1, 50, DEADLINE), Err(Error::TopUpOutOfOrder));
    assert_eq!(world.top_up(1, 3, 50, DEADLINE), Err(Error::TopUpOutOfOrder));
    world.top_up(1, 2, 50, DEADLINE).unwrap();
    assert_eq!((world.lease(1).terms.amount, world.balances()), (200, [300, 0, 0]));
}

fn a_top_up_that_cannot_be_is_refused(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 100).unwrap();
    for (amount, deadline, error) in [
        (0, DEADLINE, Error::AmountNotPositive),
        (-1, DEADLINE, Error::AmountNotPositive),
        (401, DEADLINE, Error::BalanceTooLow),
        (i128::MAX, DEADLINE, Error::BalanceTooLow),
        // It would take from the provider what it serves.
        (1, DEADLINE - 1, Error::DeadlineEarlier),
        (1, NOW + crate::LEASE_SECONDS_MAX + 1, Error::DeadlineTooFar),
    ] {
        assert_eq!(world.top_up(1, 1, amount, deadline), Err(error), "{amount} until {deadline}");
    }
    world.at(DEADLINE + 1);
    assert_eq!(world.top_up(1, 1, 1, DEADLINE + 60), Err(Error::DeadlinePassed));
    world.at(DEADLINE).top_up(1, 1, 1, DEADLINE + 60).unwrap();
}

fn a_lease_and_its_top_ups_keep_to_the_mandate_together(host: Host) {
    let world = World::with_deposit(host, 500);
    world.allow(&world.tenant, 150, 170);
    world.open(1, 100).unwrap();
    assert_eq!(world.top_up(1, 1, 51, DEADLINE), Err(Error::AboveMandatePerLease));
    world.top_up(1, 1, 50, DEADLINE).unwrap();
    assert_eq!(world.open(2, 21), Err(Error::AboveMandatePerDay));
    world.open(2, 20).unwrap();
    assert_eq!(world.top_up(2, 1, 1, DEADLINE), Err(Error::AboveMandatePerDay));
}

fn a_top_up_ranks_before_a_request_as_its_lease_does(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 100).unwrap();
    world.escrow.request_withdraw(&world.tenant, &world.token.address, &400);
    world.top_up(1, 1, 300, DEADLINE).unwrap();
    assert_eq!((world.requested(), world.balances(), world.held()), (100, [0, 0, 0], 500));
}

on_both_hosts!(
    a_top_up_locks_more_and_moves_the_deadline,
    each_top_up_happens_once_and_in_order,
    a_top_up_that_cannot_be_is_refused,
    a_lease_and_its_top_ups_keep_to_the_mandate_together,
    a_top_up_ranks_before_a_request_as_its_lease_does,
);
