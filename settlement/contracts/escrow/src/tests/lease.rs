use super::*;
use crate::{Outcome, event};

fn an_opened_lease_locks_its_amount_and_fixes_its_terms(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(9, 360).unwrap();
    let Terms { tenant, provider, token, rate_per_hour, amount, deadline } = world.terms(360);
    world.published(&event::Opened { lease: 9, tenant, provider, token, rate_per_hour, amount, deadline });
    let terms = world.terms(360);
    assert_eq!(
        world.lease(9),
        Lease {
            terms,
            opened_at: NOW,
            fee_bps: 500,
            top_ups: 0,
            cancelled: false,
            receipt: crate::Receipt { seconds: 0, seq: 0 },
            outcome: Outcome::Open
        }
    );
    assert_eq!((world.balances(), world.held()), ([140, 0, 0], 500));
    assert_eq!(world.escrow.lease(&8), None);
}

fn a_lease_that_cannot_be_locked_is_refused(host: Host) {
    let world = World::with_deposit(host, 500);
    let open =
        |rate_per_hour, amount, deadline| world.open_on(1, &Terms { rate_per_hour, deadline, ..world.terms(amount) });
    assert_eq!(open(1, 501, DEADLINE), Err(Error::BalanceTooLow));
    assert_eq!(open(1, 0, DEADLINE), Err(Error::AmountNotPositive));
    assert_eq!(open(1, -1, DEADLINE), Err(Error::AmountNotPositive));
    assert_eq!(open(0, 1, DEADLINE), Err(Error::RateNotPositive));
    assert_eq!(open(-1, 1, DEADLINE), Err(Error::RateNotPositive));
    assert_eq!(open(1, 1, NOW - 1), Err(Error::DeadlinePassed));
    assert_eq!(open(1, 1, NOW + crate::LEASE_SECONDS_MAX + 1), Err(Error::DeadlineTooFar));
    assert_eq!(open(1, 1, u64::MAX), Err(Error::DeadlineTooFar));
    assert_eq!((world.balances(), world.escrow.lease(&1)), ([500, 0, 0], None));
    // Nothing of a refused lease counts as spent.
    let signed = world.escrow.tenant_mandate(&world.tenant, &world.token.address).unwrap();
    assert_eq!(signed.spent, 0);
    // The deadline's own second still counts.
    assert_eq!(open(1, 1, NOW), Ok(()));
}

fn the_furthest_deadline_is_one(host: Host) {
    let world = World::with_deposit(host, 500);
    let deadline = NOW + crate::LEASE_SECONDS_MAX;
    world.open_on(1, &Terms { deadline, ..world.terms(500) }).unwrap();
    world.at(deadline + WINDOW).settle(1, u64::MAX).unwrap();
    assert_eq!(world.balances(), [0, 475, 25]);
}

fn a_lease_id_is_never_used_again(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 100).unwrap();
    assert_eq!(world.open(1, 100), Err(Error::LeaseExists));
    world.settle(1, 50).unwrap();
    assert_eq!(world.open(1, 100), Err(Error::LeaseExists));
    world.open(2, 100).unwrap();
    world.at(DEADLINE + WINDOW + 1).refund(2).unwrap();
    world.at(NOW);
    assert_eq!(world.open(2, 100), Err(Error::LeaseExists));
    assert_eq!(world.balances(), [450, 48, 2]);
}

fn a_lease_is_paid_once_and_then_takes_nothing_more(host: Host) {
    let world = World::with_deposit(host, 500);
    let refuses_all = |lease, error| {
        assert_eq!(world.settle(lease, 50), Err(error));
        assert_eq!(world.refund(lease), Err(error));
        assert_eq!(world.cancel(lease), Err(error));
        assert_eq!(world.top_up(lease, 1, 1, DEADLINE), Err(error));
        assert_eq!(world.receipt(lease, 1, 1), Err(error));
    };
    refuses_all(1, Error::NoSuchLease);
    for lease in [1, 2] {
        world.open(lease, 100).unwrap();
    }
    world.settle(1, 50).unwrap();
    refuses_all(1, Error::LeaseNotOpen);
    world.at(DEADLINE + WINDOW + 1).refund(2).unwrap();
    for lease in [1, 2] {
        refuses_all(lease, Error::LeaseNotOpen);
    }
    assert_eq!(world.balances(), [450, 48, 2]);
}

fn one_account_may_be_both_sides_of_a_lease(host: Host) {
    let world = World::with_deposit(host, 500);
    let terms = Terms { provider: world.tenant.clone(), ..world.terms(100) };
    world.open_on(1, &terms).unwrap();
    world.settle(1, 60).unwrap();
    assert_eq!(world.balances(), [497, 0, 3]);
    // Nor does it matter who else it is.
    for who in [&world.operator, &world.treasury] {
        world.deposit(who, 500);
        world.allow(who, 500, 500);
    }
    world.open_on(2, &Terms { tenant: world.treasury.clone(), ..world.terms(100) }).unwrap();
    world.settle(2, 60).unwrap();
    assert_eq!(world.balances(), [497, 57, 506 - 60]);
    world.open_on(3, &Terms { tenant: world.operator.clone(), provider: world.operator.clone(), ..terms }).unwrap();
    world.settle(3, 60).unwrap();
    assert_eq!((world.balance(&world.operator), world.held()), (497, 1_500));
}

on_both_hosts!(
    an_opened_lease_locks_its_amount_and_fixes_its_terms,
    a_lease_that_cannot_be_locked_is_refused,
    the_furthest_deadline_is_one,
    a_lease_id_is_never_used_again,
    a_lease_is_paid_once_and_then_takes_nothing_more,
    one_account_may_be_both_sides_of_a_lease,
);
