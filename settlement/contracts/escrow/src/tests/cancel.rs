use super::*;
use crate::event;

const FROM: u64 = NOW + CANCEL_AFTER;

fn a_tenant_ends_its_lease_from_a_day_on(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 360).unwrap();
    assert_eq!(world.at(FROM - 1).cancel(1), Err(Error::TooSoonToCancel));
    world.at(FROM).cancel(1).unwrap();
    world.published(&event::Cancelled { lease: 1, deadline: FROM });
    let lease = world.lease(1);
    assert_eq!((lease.terms.deadline, lease.cancelled), (FROM, true));
    assert_eq!(world.cancel(1), Err(Error::LeaseCancelled));
}

fn what_was_served_before_is_settled_within_the_window(host: Host) {
    let world = World::with_deposit(host, 1_000);
    world.open_on(1, &Terms { deadline: DEADLINE + 10_000, ..world.terms(1_000) }).unwrap();
    world.at(FROM + 10).cancel(1).unwrap();
    assert_eq!(world.at(FROM + 10 + WINDOW).refund(1), Err(Error::WindowNotPassed));
    world.settle(1, 900).unwrap();
    assert_eq!(world.balances(), [100, 855, 45]);
}

fn a_receipt_that_comes_after_the_cancellation_counts(host: Host) {
    let world = World::with_deposit(host, 1_000);
    world.open_on(1, &Terms { rate_per_hour: 360, ..world.terms(1_000) }).unwrap();
    world.at(FROM).cancel(1).unwrap();
    world.at(FROM + WINDOW).receipt(1, 600, 1).unwrap();
    world.at(FROM + WINDOW + 1).refund(1).unwrap();
    assert_eq!(world.balances(), [940, 57, 3]);
}

fn no_second_after_the_cancellation_counts(host: Host) {
    let world = World::with_deposit(host, 1_000);
    world.open_on(1, &Terms { rate_per_hour: 360, ..world.terms(1_000) }).unwrap();
    world.receipt(1, 3_000, 1).unwrap();
    world.at(FROM).cancel(1).unwrap();
    world.settle(1, 3_600).unwrap();
    assert_eq!(world.balances(), [1_000 - 120, 114, 6]);
}

fn what_is_cancelled_cannot_be_made_longer(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 100).unwrap();
    world.at(FROM).cancel(1).unwrap();
    assert_eq!(world.top_up(1, 1, 1, DEADLINE + 10_000), Err(Error::LeaseCancelled));
}

fn a_lease_past_its_deadline_needs_no_cancelling(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 100).unwrap();
    assert_eq!(world.at(DEADLINE + 1).cancel(1), Err(Error::DeadlinePassed));
    world.at(DEADLINE).cancel(1).unwrap();
    assert_eq!(world.lease(1).terms.deadline, DEADLINE);
}

on_both_hosts!(
    a_tenant_ends_its_lease_from_a_day_on,
    what_was_served_before_is_settled_within_the_window,
    a_receipt_that_comes_after_the_cancellation_counts,
    no_second_after_the_cancellation_counts,
    what_is_cancelled_cannot_be_made_longer,
    a_lease_past_its_deadline_needs_no_cancelling,
);
