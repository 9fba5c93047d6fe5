use super::*;
use crate::{Outcome, Settlement};
use soroban_sdk::{Event as _, testutils::Events as _};

#[test]
fn an_opened_lease_locks_its_amount_and_fixes_its_terms() {
    let world = World::with_deposit(500);
    world.open(9, 360).unwrap();
    assert_eq!(
        world.env.events().all().filter_by_contract(&world.escrow.address),
        [crate::event::Opened {
            lease: 9,
            tenant: world.tenant.clone(),
            provider: world.provider.clone(),
            amount: 360
        }
        .to_xdr(&world.env, &world.escrow.address)]
    );
    let lease = world.escrow.lease(&9).unwrap();
    assert_eq!((lease.tenant, lease.provider), (world.tenant.clone(), world.provider.clone()));
    assert_eq!((lease.rate_per_hour, lease.amount), (3_600, 360));
    assert_eq!((lease.deadline, lease.fee_bps, lease.outcome), (DEADLINE, 500, Outcome::Open));
    assert_eq!((world.balances(), world.held()), ([140, 0, 0], 500));
    assert_eq!(world.escrow.lease(&8), None);
}

#[test]
fn a_lease_that_cannot_be_locked_is_refused() {
    let world = World::with_deposit(500);
    let open = |rate: i128, amount: i128, deadline: u64| {
        let World { tenant, provider, .. } = &world;
        refusal(world.escrow.try_open(&1, tenant, provider, &rate, &amount, &deadline))
    };
    assert_eq!(open(1, 501, DEADLINE), Err(Error::BalanceTooLow));
    assert_eq!(open(1, 0, DEADLINE), Err(Error::AmountNotPositive));
    assert_eq!(open(1, -1, DEADLINE), Err(Error::AmountNotPositive));
    assert_eq!(open(0, 1, DEADLINE), Err(Error::RateNotPositive));
    assert_eq!(open(-1, 1, DEADLINE), Err(Error::RateNotPositive));
    assert_eq!(open(1, 1, NOW - 1), Err(Error::DeadlinePassed));
    assert_eq!((world.balances(), world.escrow.lease(&1)), ([500, 0, 0], None));
    // The deadline's own second still counts.
    assert_eq!(open(1, 1, NOW), Ok(()));
}

#[test]
fn settling_pays_by_the_second_and_returns_the_rest() {
    //  locked  seconds    tenant provider treasury
    for (locked, seconds, expected) in [
        (360, 0, [500, 0, 0]),
        (360, 1, [499, 1, 0]),
        (360, 100, [400, 95, 5]),
        (360, 119, [381, 114, 5]),
        (360, 360, [140, 342, 18]),
        (360, 361, [140, 342, 18]),
        (360, u64::MAX, [140, 342, 18]),
    ] {
        let world = World::with_deposit(500);
        world.open(1, locked).unwrap();
        world.settle(1, seconds).unwrap();
        assert_eq!(world.balances(), expected, "{seconds} s");
        assert_eq!(world.held(), 500);
    }
}

#[test]
fn a_settled_lease_keeps_its_record_and_tells_it() {
    let world = World::with_deposit(500);
    world.open(1, 360).unwrap();
    world.settle(1, 100).unwrap();
    let proof = world.proof();
    let (pay, fee, refund, seconds) = (100, 5, 260, 100);
    assert_eq!(
        world.env.events().all().filter_by_contract(&world.escrow.address),
        [crate::event::Settled { lease: 1, pay, fee, refund, seconds, proof: proof.clone() }
            .to_xdr(&world.env, &world.escrow.address)]
    );
    let settlement = Settlement { pay, fee, refund, seconds, proof };
    assert_eq!(world.escrow.lease(&1).unwrap().outcome, Outcome::Settled(settlement));
}

#[test]
fn the_deadline_divides_settling_from_refunding_to_the_second() {
    //   at             settle                       refund
    for (at, settles, refunds) in [
        (DEADLINE - 1, Ok(()), Err(Error::DeadlineNotPassed)),
        (DEADLINE, Ok(()), Err(Error::DeadlineNotPassed)),
        (DEADLINE + 1, Err(Error::DeadlinePassed), Ok(())),
    ] {
        let world = World::with_deposit(500);
        world.open(1, 100).unwrap();
        world.open(2, 100).unwrap();
        world.at(at);
        assert_eq!(world.settle(1, 10), settles, "{at}");
        assert_eq!(world.refund(2), refunds, "{at}");
    }
}

#[test]
fn a_refund_gives_the_tenant_everything() {
    let world = World::with_deposit(500);
    world.open(1, 360).unwrap();
    world.at(DEADLINE + 1).refund(1).unwrap();
    assert_eq!(
        world.env.events().all().filter_by_contract(&world.escrow.address),
        [crate::event::Refunded { lease: 1, amount: 360 }.to_xdr(&world.env, &world.escrow.address)]
    );
    assert_eq!(world.balances(), [500, 0, 0]);
    assert_eq!(world.escrow.lease(&1).unwrap().outcome, Outcome::Refunded);
}

#[test]
fn a_lease_ends_once_and_its_id_is_never_used_again() {
    let world = World::with_deposit(500);
    world.open(1, 100).unwrap();
    assert_eq!(world.open(1, 100), Err(Error::LeaseExists));
    world.settle(1, 50).unwrap();
    assert_eq!(world.settle(1, 50), Err(Error::LeaseNotOpen));
    assert_eq!(world.open(1, 100), Err(Error::LeaseExists));
    world.open(2, 100).unwrap();
    world.at(DEADLINE + 1);
    assert_eq!(world.refund(1), Err(Error::LeaseNotOpen));
    world.refund(2).unwrap();
    assert_eq!(world.refund(2), Err(Error::LeaseNotOpen));
    world.at(NOW);
    assert_eq!(world.open(2, 100), Err(Error::LeaseExists));
    assert_eq!(world.settle(2, 1), Err(Error::LeaseNotOpen));
    assert_eq!(world.settle(3, 1), Err(Error::NoSuchLease));
    assert_eq!(world.refund(3), Err(Error::NoSuchLease));
    // 50 stroops were paid once, of which 5 % are two and a half.
    assert_eq!(world.balances(), [450, 48, 2]);
}

#[test]
fn one_account_may_hold_every_part_of_a_lease() {
    let world = World::with_deposit(500);
    let tenant = &world.tenant;
    world.escrow.open(&1, tenant, tenant, &3_600, &100, &DEADLINE);
    world.settle(1, 60).unwrap();
    assert_eq!(world.balances(), [497, 0, 3]);
}
