use super::*;
use crate::event;

fn a_deposit_moves_the_token_and_credits_who_it_names(host: Host) {
    let world = World::new(host);
    let World { tenant, provider, token, .. } = &world;
    world.escrow.deposit(tenant, provider, &token.address, &400);
    world.published(&event::Deposit {
        from: tenant.clone(),
        to: provider.clone(),
        token: token.address.clone(),
        amount: 400,
    });
    assert_eq!(world.balances(), [0, 400, 0]);
    assert_eq!(world.held(), 400);
    assert_eq!(token.balance(tenant), 600);
}

fn a_deposit_of_nothing_or_less_is_refused(host: Host) {
    let world = World::new(host);
    for amount in [0, -1, i128::MIN] {
        let outcome = world.escrow.try_deposit(&world.tenant, &world.tenant, &world.token.address, &amount);
        assert_eq!(refusal(outcome), Err(Error::AmountNotPositive));
        world.published_nothing();
    }
    assert_eq!(world.held(), 0);
}

fn a_deposit_of_more_than_one_has_changes_nothing(host: Host) {
    let world = World::new(host);
    assert!(world.escrow.try_deposit(&world.tenant, &world.tenant, &world.token.address, &1_001).is_err());
    assert_eq!((world.balances(), world.held()), ([0, 0, 0], 0));
}

fn a_token_that_the_deployment_does_not_know_is_refused(host: Host) {
    let world = World::new(host);
    let World { env, escrow, tenant, .. } = &world;
    let alien = env.register_stellar_asset_contract_v2(Address::generate(env)).address();
    StellarAssetClient::new(env, &alien).mint(tenant, &1_000);
    let unknown = Err(Error::TokenUnknown);
    assert_eq!(refusal(escrow.try_deposit(tenant, tenant, &alien, &1)), unknown);
    assert_eq!(refusal(escrow.try_set_tenant_mandate(tenant, &alien, &1, &1, &DEADLINE)), unknown);
    assert_eq!(refusal(escrow.try_set_provider_mandate(tenant, &alien, &1, &DEADLINE)), unknown);
    assert_eq!(world.open_on(1, &Terms { token: alien.clone(), ..world.terms(1) }), unknown);
    assert_eq!(refusal(escrow.try_request_withdraw(tenant, &alien, &1)), Err(Error::BalanceTooLow));
    assert_eq!(TokenClient::new(env, &alien).balance(&escrow.address), 0);
}

fn tokens_do_not_mix(host: Host) {
    let world = World::with_deposit(host, 500);
    let World { escrow, tenant, provider, other, .. } = &world;
    escrow.deposit(tenant, tenant, &other.address, &100);
    let in_other = Terms { token: other.address.clone(), ..world.terms(60) };
    // What was signed for one token allows nothing in the other.
    assert_eq!(world.open_on(1, &in_other), Err(Error::NoMandate));
    escrow.set_tenant_mandate(tenant, &other.address, &100, &100, &DEADLINE);
    assert_eq!(world.open_on(1, &Terms { amount: 101, ..in_other.clone() }), Err(Error::AboveMandatePerLease));
    world.open_on(1, &in_other).unwrap();
    assert_eq!((escrow.balance(tenant, &other.address), world.balances()), (40, [500, 0, 0]));
    world.settle(1, 60).unwrap();
    assert_eq!(escrow.balance(provider, &other.address), 57);
    escrow.request_withdraw(provider, &other.address, &57);
    let in_the_first = escrow.try_pay_withdraw(provider, &world.token.address, &world.operator);
    assert_eq!(refusal(in_the_first), Err(Error::NoRequest));
    escrow.pay_withdraw(provider, &other.address, &world.operator);
    assert_eq!((other.balance(provider), world.held()), (1_057, 500));
    assert_eq!(other.balance(&escrow.address), 43);
}

on_both_hosts!(
    a_deposit_moves_the_token_and_credits_who_it_names,
    a_deposit_of_nothing_or_less_is_refused,
    a_deposit_of_more_than_one_has_changes_nothing,
    a_token_that_the_deployment_does_not_know_is_refused,
    tokens_do_not_mix,
);
