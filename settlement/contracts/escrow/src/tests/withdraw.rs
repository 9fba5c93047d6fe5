use super::*;
use soroban_sdk::{Event as _, testutils::Events as _};

#[test]
fn a_request_sets_money_aside_and_adding_to_it_restarts_the_delay() {
    let world = World::with_deposit(500);
    world.escrow.request_withdraw(&world.tenant, &200);
    world.at(NOW + 100).escrow.request_withdraw(&world.tenant, &50);
    assert_eq!(
        world.env.events().all().filter_by_contract(&world.escrow.address),
        [crate::event::WithdrawRequested { account: world.tenant.clone(), amount: 250 }
            .to_xdr(&world.env, &world.escrow.address)]
    );
    let request = world.escrow.requested(&world.tenant).unwrap();
    assert_eq!((request.amount, request.since), (250, NOW + 100));
    assert_eq!((world.balances(), world.held()), ([250, 0, 0], 500));
}

#[test]
fn a_request_beyond_the_balance_is_refused() {
    let world = World::with_deposit(500);
    for (amount, error) in [
        (501, Error::BalanceTooLow),
        (i128::MAX, Error::BalanceTooLow),
        (0, Error::AmountNotPositive),
        (-5, Error::AmountNotPositive),
    ] {
        let outcome = world.escrow.try_request_withdraw(&world.tenant, &amount);
        assert_eq!(refusal(outcome), Err(error), "{amount}");
    }
    assert_eq!((world.balances(), world.requested()), ([500, 0, 0], 0));
}

#[test]
fn the_operator_pays_at_once_and_anyone_else_after_the_delay() {
    let world = World::with_deposit(500);
    let pay = |by: &Address| refusal(world.escrow.try_pay_withdraw(&world.tenant, by));

    world.escrow.request_withdraw(&world.tenant, &200);
    assert_eq!(pay(&world.provider), Err(Error::DelayNotPassed));
    assert_eq!(pay(&world.operator), Ok(200));
    assert_eq!(
        world.env.events().all().filter_by_contract(&world.escrow.address),
        [crate::event::Withdrawn { account: world.tenant.clone(), amount: 200 }
            .to_xdr(&world.env, &world.escrow.address)]
    );
    assert_eq!((world.token.balance(&world.tenant), world.held()), (700, 300));

    world.escrow.request_withdraw(&world.tenant, &300);
    world.at(NOW + DELAY - 1);
    assert_eq!(pay(&world.provider), Err(Error::DelayNotPassed));
    world.at(NOW + DELAY);
    assert_eq!(pay(&world.provider), Ok(300));
    assert_eq!((world.token.balance(&world.tenant), world.held()), (1_000, 0));
    assert_eq!(pay(&world.operator), Err(Error::NoRequest));
}

#[test]
fn a_cancelled_request_returns_to_the_balance() {
    let world = World::with_deposit(500);
    world.escrow.request_withdraw(&world.tenant, &200);
    world.escrow.cancel_withdraw(&world.tenant);
    assert_eq!(
        world.env.events().all().filter_by_contract(&world.escrow.address),
        [crate::event::WithdrawCancelled { account: world.tenant.clone(), amount: 200 }
            .to_xdr(&world.env, &world.escrow.address)]
    );
    assert_eq!((world.balances(), world.requested()), ([500, 0, 0], 0));
    let again = world.escrow.try_cancel_withdraw(&world.tenant);
    assert_eq!(refusal(again), Err(Error::NoRequest));
}

#[test]
fn opening_a_lease_ranks_before_a_request() {
    let world = World::with_deposit(500);
    world.escrow.request_withdraw(&world.tenant, &400);
    // The balance first (100), then 150 of the request, which keeps its age.
    world.at(NOW + 10).open(1, 250).unwrap();
    let request = world.escrow.requested(&world.tenant).unwrap();
    assert_eq!((request.amount, request.since), (250, NOW));
    assert_eq!(world.balances(), [0, 0, 0]);
    // What is left is paid, not what was asked for.
    let paid = world.escrow.pay_withdraw(&world.tenant, &world.operator);
    assert_eq!((paid, world.held()), (250, 250));
}

#[test]
fn a_lease_may_take_a_request_whole_but_not_more() {
    let world = World::with_deposit(500);
    world.escrow.request_withdraw(&world.tenant, &500);
    assert_eq!(world.open(1, 501), Err(Error::BalanceTooLow));
    assert_eq!(world.requested(), 500);
    world.open(1, 500).unwrap();
    assert_eq!(world.escrow.requested(&world.tenant), None);
    let paid = world.escrow.try_pay_withdraw(&world.tenant, &world.operator);
    assert_eq!(refusal(paid), Err(Error::NoRequest));
}

#[test]
fn the_treasury_withdraws_its_fees_like_anyone() {
    let world = World::with_deposit(500);
    world.open(1, 400).unwrap();
    world.settle(1, 400).unwrap();
    assert_eq!(world.balances(), [100, 380, 20]);
    world.escrow.request_withdraw(&world.treasury, &20);
    world.escrow.pay_withdraw(&world.treasury, &world.operator);
    assert_eq!((world.token.balance(&world.treasury), world.held()), (1_020, 480));
}
