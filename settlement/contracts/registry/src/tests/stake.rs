use super::*;
use crate::event;

fn stake_is_paid_in_and_counts(host: Host) {
    let world = World::with_stake(host, 300);
    let account = world.provider.clone();
    world.published(&event::StakeDeposited { account: account.clone(), staked: 300, amount: 300 });
    world.registry.deposit_stake(&account, &200);
    world.published(&event::StakeDeposited { account, staked: 500, amount: 200 });
    assert_eq!((world.stakes(), world.held()), ([500, 0, 0], 500));
    assert_eq!(world.token.balance(&world.provider), 500);
    for amount in [0, -1, i128::MIN] {
        let outcome = refusal(world.registry.try_deposit_stake(&world.provider, &amount));
        assert_eq!(outcome, Err(Error::AmountNotPositive));
    }
    assert!(world.registry.try_deposit_stake(&world.provider, &501).is_err(), "it has no more");
}

fn stake_is_bound_for_the_delay_and_then_paid_to_its_account_by_anyone(host: Host) {
    let world = World::with_stake(host, 300);
    let (account, registry) = (world.provider.clone(), &world.registry);
    world.unbond(100).unwrap();
    let release_at = NOW + UNBONDING;
    world.published(&event::StakeUnbonding { account: account.clone(), staked: 200, unbonding: 100, release_at });
    assert_eq!(world.stakes(), [200, 100, 0], "it counts no more at once");
    let withdraw = || refusal(registry.try_withdraw_stake(&account));
    world.at(release_at - 1);
    assert_eq!(withdraw(), Err(Error::StillBound));
    world.at(release_at).env.mock_auths(&[]);
    assert_eq!(withdraw(), Ok(100));
    world.published(&event::StakeWithdrawn { account: account.clone(), staked: 200, amount: 100 });
    assert_eq!((world.stakes(), world.held(), world.token.balance(&account)), ([200, 0, 0], 200, 800));
    assert_eq!(withdraw(), Err(Error::NotUnbonding));
}

fn asking_for_more_back_delays_all_of_it(host: Host) {
    let world = World::with_stake(host, 300);
    world.unbond(100).unwrap();
    world.at(NOW + UNBONDING - 1).unbond(50).unwrap();
    world.at(NOW + UNBONDING);
    assert_eq!(refusal(world.registry.try_withdraw_stake(&world.provider)), Err(Error::StillBound));
    world.at(NOW + 2 * UNBONDING - 1);
    assert_eq!(world.registry.withdraw_stake(&world.provider), 150);
    for (amount, error) in [
        (151, Error::StakeTooLow),
        (i128::MAX, Error::StakeTooLow),
        (0, Error::AmountNotPositive),
        (-1, Error::AmountNotPositive),
    ] {
        assert_eq!(world.unbond(amount), Err(error), "{amount}");
    }
}

fn what_was_asked_back_may_stay(host: Host) {
    let world = World::with_stake(host, 300);
    world.unbond(100).unwrap();
    world.registry.cancel_unbonding(&world.provider);
    world.published(&event::StakeRebonded { account: world.provider.clone(), staked: 300, amount: 100 });
    assert_eq!(world.stakes(), [300, 0, 0]);
    let again = refusal(world.registry.try_cancel_unbonding(&world.provider));
    assert_eq!(again, Err(Error::NotUnbonding));
}

on_both_hosts!(
    stake_is_paid_in_and_counts,
    stake_is_bound_for_the_delay_and_then_paid_to_its_account_by_anyone,
    asking_for_more_back_delays_all_of_it,
    what_was_asked_back_may_stay,
);
