use super::*;
use crate::event;

fn what_is_slashed_is_the_tenants_to_claim(host: Host) {
    let world = World::with_stake(host, 300);
    assert_eq!(world.slash(7, 80), Ok(80));
    let (account, tenant) = (world.provider.clone(), world.tenant.clone());
    world.published(&event::StakeSlashed { account, tenant: tenant.clone(), lease: 7, staked: 220, amount: 80 });
    assert_eq!((world.stakes(), world.held()), ([220, 0, 80], 300));
    assert_eq!(world.registry.slashed(&7), Some(80));
    world.slash(8, 20).unwrap();
    // Whoever has it paid, it goes to the tenant.
    world.env.mock_auths(&[]);
    assert_eq!(world.registry.claim(&tenant), 100);
    world.published(&event::Claimed { tenant: tenant.clone(), amount: 100 });
    assert_eq!((world.stakes(), world.held(), world.token.balance(&tenant)), ([200, 0, 0], 200, 1_100));
    assert_eq!(refusal(world.registry.try_claim(&tenant)), Err(Error::NothingToClaim));
}

fn a_lease_is_slashed_for_once(host: Host) {
    let world = World::with_stake(host, 300);
    world.slash(7, 10).unwrap();
    assert_eq!(world.slash(7, 10), Err(Error::AlreadySlashed));
    world.at(NOW + 9 * PERIOD);
    assert_eq!(world.slash(7, 10), Err(Error::AlreadySlashed));
    let other = &world.admin;
    world.registry.deposit_stake(other, &100);
    let outcome = refusal(world.registry.try_slash(other, &world.tenant, &7, &10));
    assert_eq!(outcome, Err(Error::AlreadySlashed));
}

fn a_slash_keeps_to_the_bounds_of_the_deployment(host: Host) {
    let world = World::with_stake(host, 1_000);
    for (amount, error) in [
        (SLASH_MAX + 1, Error::SlashTooHigh),
        (i128::MAX, Error::SlashTooHigh),
        (0, Error::AmountNotPositive),
        (-1, Error::AmountNotPositive),
    ] {
        assert_eq!(world.slash(1, amount), Err(error), "{amount}");
    }
    world.slash(1, 100).unwrap();
    world.slash(2, 100).unwrap();
    assert_eq!(world.slash(3, 51), Err(Error::SlashPeriodExceeded));
    world.slash(3, 50).unwrap();
    assert_eq!(world.at(NOW + PERIOD - 1).slash(4, 1), Err(Error::SlashPeriodExceeded));
    // What a period allows, it allows of each account.
    world.registry.deposit_stake(&world.admin, &100);
    world.registry.slash(&world.admin, &world.tenant, &4, &100);
    world.at(NOW + PERIOD).slash(5, 100).unwrap();
    assert_eq!(world.stakes(), [650, 0, 450]);
}

fn what_is_unbonding_is_slashed_after_what_counts(host: Host) {
    let world = World::with_stake(host, 130);
    world.unbond(100).unwrap();
    assert_eq!(world.slash(1, 50), Ok(50));
    assert_eq!(world.stakes(), [0, 80, 50]);
    // To the last second before it is paid out, and also after its delay.
    world.at(NOW + UNBONDING);
    assert_eq!(world.slash(2, 60), Ok(60));
    assert_eq!(world.stakes(), [0, 20, 110]);
    // Who has less than it should lose loses what there is.
    assert_eq!(world.slash(3, 60), Ok(20));
    assert_eq!((world.stakes(), world.registry.slashed(&3)), ([0, 0, 130], Some(20)));
    assert_eq!(world.slash(4, 1), Err(Error::NoStake));
    assert_eq!((world.registry.slashed(&4), world.held()), (None, 130));
    assert_eq!(refusal(world.registry.try_withdraw_stake(&world.provider)), Err(Error::NotUnbonding));
}

fn a_provider_may_be_the_tenant_it_harmed(host: Host) {
    let world = World::with_stake(host, 100);
    let provider = &world.provider;
    assert_eq!(world.registry.slash(provider, provider, &1, &30), 30);
    assert_eq!(world.registry.claim(provider), 30);
    assert_eq!((world.stakes(), world.held()), ([70, 0, 0], 70));
}

on_both_hosts!(
    what_is_slashed_is_the_tenants_to_claim,
    a_lease_is_slashed_for_once,
    a_slash_keeps_to_the_bounds_of_the_deployment,
    what_is_unbonding_is_slashed_after_what_counts,
    a_provider_may_be_the_tenant_it_harmed,
);
