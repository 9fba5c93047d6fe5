use super::*;
use soroban_sdk::{Event as _, testutils::Events as _};

#[test]
fn a_deposit_moves_the_token_and_credits_who_it_names() {
    let world = World::new();
    world.escrow.deposit(&world.tenant, &world.provider, &400);
    assert_eq!(
        world.env.events().all().filter_by_contract(&world.escrow.address),
        [crate::event::Deposit { from: world.tenant.clone(), to: world.provider.clone(), amount: 400 }
            .to_xdr(&world.env, &world.escrow.address)]
    );
    assert_eq!(world.balances(), [0, 400, 0]);
    assert_eq!(world.held(), 400);
    assert_eq!(world.token.balance(&world.tenant), 600);
}

#[test]
fn a_deposit_of_nothing_or_less_is_refused() {
    let world = World::new();
    for amount in [0, -1, i128::MIN] {
        let outcome = world.escrow.try_deposit(&world.tenant, &world.tenant, &amount);
        assert_eq!(refusal(outcome), Err(Error::AmountNotPositive));
    }
    assert_eq!(world.held(), 0);
}

#[test]
fn a_deposit_of_more_than_one_has_changes_nothing() {
    let world = World::new();
    assert!(world.escrow.try_deposit(&world.tenant, &world.tenant, &1_001).is_err());
    assert_eq!((world.balances(), world.held()), ([0, 0, 0], 0));
}

#[test]
fn a_deployment_keeps_to_its_bounds() {
    let world = World::new();
    let config = world.escrow.config();
    assert_eq!((config.fee_bps, config.withdraw_delay), (500, DELAY));
    assert_eq!((config.operator, config.treasury), (world.operator, world.treasury));

    for (fee_bps, delay, fits) in [
        (10_000u32, crate::WITHDRAW_DELAY_SECONDS_MAX, true),
        (10_001, 0, false),
        (0, crate::WITHDRAW_DELAY_SECONDS_MAX + 1, false),
    ] {
        let deployed = std::panic::catch_unwind(|| {
            let env = environment();
            let someone = Address::generate(&env);
            env.register(Escrow, (someone.clone(), someone.clone(), someone, fee_bps, delay));
        });
        assert_eq!(deployed.is_ok(), fits, "{fee_bps} bps, {delay} s");
    }
}

#[test]
fn extending_skips_what_is_not_there() {
    use soroban_sdk::{testutils::storage::Persistent as _, vec};
    let world = World::with_deposit(100);
    world.open(1, 60).unwrap();
    let ttl = |key: crate::storage::Key| {
        world.env.as_contract(&world.escrow.address, || world.env.storage().persistent().get_ttl(&key))
    };
    let lease = || ttl(crate::storage::Key::Lease(1));
    let balance = || ttl(crate::storage::Key::Balance(world.tenant.clone()));
    let (lease_before, balance_before) = (lease(), balance());
    world.escrow.extend(&vec![&world.env, 99, 1], &vec![&world.env, world.provider.clone(), world.tenant.clone()]);
    assert!(lease() > lease_before && balance() > balance_before);
}
