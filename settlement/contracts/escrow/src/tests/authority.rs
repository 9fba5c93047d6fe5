//! Who may do what: each call with one signature, which must be the right one.

use super::*;
use soroban_sdk::{
    IntoVal as _, Val, Vec,
    testutils::{MockAuth, MockAuthInvoke},
};

/// Lets `signer` alone sign for one call of the escrow, and for the token
/// transfer that a deposit makes in it.
fn only(world: &World, signer: &Address, function: &str, arguments: Vec<Val>, transfer: i128) {
    let to = world.escrow.address.clone();
    let nested = MockAuthInvoke {
        contract: &world.token.address,
        fn_name: "transfer",
        args: (signer.clone(), to, transfer).into_val(&world.env),
        sub_invokes: &[],
    };
    let nested = [nested];
    world.env.mock_auths(&[MockAuth {
        address: signer,
        invoke: &MockAuthInvoke {
            contract: &world.escrow.address,
            fn_name: function,
            args: arguments,
            sub_invokes: if transfer > 0 { &nested } else { &[] },
        },
    }]);
}

#[test]
fn only_the_payer_may_deposit() {
    let world = World::new();
    let World { env, escrow, tenant, operator, .. } = &world;
    for (signer, allowed) in [(operator, false), (tenant, true)] {
        let arguments = (tenant.clone(), tenant.clone(), 100i128).into_val(env);
        only(&world, signer, "deposit", arguments, 100);
        assert_eq!(escrow.try_deposit(tenant, tenant, &100).is_ok(), allowed);
    }
}

#[test]
fn only_the_account_may_request_or_cancel() {
    let world = World::with_deposit(500);
    let World { env, escrow, tenant, operator, .. } = &world;
    for (signer, allowed) in [(operator, false), (tenant, true)] {
        only(&world, signer, "request_withdraw", (tenant.clone(), 100i128).into_val(env), 0);
        assert_eq!(escrow.try_request_withdraw(tenant, &100).is_ok(), allowed);
    }
    for (signer, allowed) in [(operator, false), (tenant, true)] {
        only(&world, signer, "cancel_withdraw", (tenant.clone(),).into_val(env), 0);
        assert_eq!(escrow.try_cancel_withdraw(tenant).is_ok(), allowed);
    }
}

#[test]
fn naming_the_operator_is_not_being_the_operator() {
    let world = World::with_deposit(500);
    let World { env, escrow, tenant, operator, .. } = &world;
    escrow.request_withdraw(tenant, &100);
    for (signer, allowed) in [(tenant, false), (operator, true)] {
        only(&world, signer, "pay_withdraw", (tenant.clone(), operator.clone()).into_val(env), 0);
        assert_eq!(escrow.try_pay_withdraw(tenant, operator).is_ok(), allowed);
    }
}

#[test]
fn only_the_operator_may_open_and_settle() {
    let world = World::with_deposit(500);
    let World { env, escrow, tenant, provider, operator, .. } = &world;
    let mut opened = 0;
    for signer in [tenant, provider, operator] {
        let arguments = (1u64, tenant.clone(), provider.clone(), 3_600i128, 100i128, DEADLINE);
        only(&world, signer, "open", arguments.into_val(env), 0);
        let outcome = escrow.try_open(&1, tenant, provider, &3_600, &100, &DEADLINE);
        assert_eq!(outcome.is_ok(), signer == operator);
        opened += i128::from(outcome.is_ok());
    }
    assert_eq!((opened, world.balances()), (1, [400, 0, 0]));
    for signer in [tenant, provider, operator] {
        only(&world, signer, "settle", (1u64, 50u64, world.proof()).into_val(env), 0);
        let outcome = escrow.try_settle(&1, &50, &world.proof());
        assert_eq!(outcome.is_ok(), signer == operator);
    }
    assert_eq!(world.balances(), [450, 48, 2]);
}

#[test]
fn refunds_late_payments_and_extensions_need_no_signature() {
    let world = World::with_deposit(500);
    world.open(1, 100).unwrap();
    world.escrow.request_withdraw(&world.tenant, &200);
    world.at(DEADLINE + 1).env.mock_auths(&[]);
    world.refund(1).unwrap();
    world.escrow.pay_withdraw(&world.tenant, &world.provider);
    world.escrow.extend(&Vec::new(&world.env), &Vec::new(&world.env));
    assert_eq!((world.balances(), world.held()), ([300, 0, 0], 300));
}
