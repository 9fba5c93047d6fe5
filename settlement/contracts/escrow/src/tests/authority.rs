//! Who may do what: each call with one signature, which must be the right one.

use super::*;
use crate::Settle;
use soroban_sdk::{
    IntoVal as _, Val,
    testutils::{MockAuth, MockAuthInvoke},
};

/// Whose signature a call needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Operator,
    Tenant,
    Provider,
    Nobody,
}

/// A lease to refund, and ones to do other things with.
fn prepared(host: Host) -> World {
    let world = World::with_deposit(host, 500);
    for lease in 1..=3 {
        world.open(lease, 60).unwrap();
    }
    let short = Terms { deadline: NOW + 1, ..world.terms(60) };
    world.open_on(4, &short).unwrap();
    for person in [&world.tenant, &world.provider] {
        world.deposit(person, 50);
        world.escrow.request_withdraw(person, &world.token.address, &20);
    }
    // Cancelling is allowed, and the short lease's window is over.
    world.at(NOW + CANCEL_AFTER);
    world
}

/// Every call that changes something: its name, its arguments and whose
/// signature it needs.
fn calls(world: &World) -> [(&'static str, Vec<Val>, Needs); 14] {
    let World { env, operator, tenant, provider, .. } = world;
    let token = world.token.address.clone();
    let batch = vec![env, Settle { lease: 1, seconds: 5, proof: world.proof() }];
    let receipt = world.signed(2, 5, 1);
    let nothing = (Vec::<u64>::new(env), Vec::<(Address, Address)>::new(env));
    [
        ("deposit", (tenant, tenant, &token, 100i128).into_val(env), Needs::Tenant),
        ("request_withdraw", (tenant, &token, 10i128).into_val(env), Needs::Tenant),
        ("cancel_withdraw", (tenant, &token).into_val(env), Needs::Tenant),
        // Naming the operator is not being the operator.
        ("pay_withdraw", (tenant, &token, operator).into_val(env), Needs::Operator),
        ("set_tenant_mandate", (tenant, &token, 1i128, 1i128, 1u64).into_val(env), Needs::Tenant),
        ("set_provider_mandate", (provider, &token, 1i128, 1u64).into_val(env), Needs::Provider),
        ("open", (9u64, world.terms(10)).into_val(env), Needs::Operator),
        ("top_up", (1u64, 1u32, 10i128, DEADLINE).into_val(env), Needs::Operator),
        ("settle", (1u64, 5u64, world.proof()).into_val(env), Needs::Operator),
        ("settle_many", (batch,).into_val(env), Needs::Operator),
        ("cancel", (1u64,).into_val(env), Needs::Tenant),
        ("submit_receipt", (2u64, 5u64, 1u64, receipt).into_val(env), Needs::Nobody),
        ("refund", (4u64,).into_val(env), Needs::Nobody),
        ("extend", nothing.into_val(env), Needs::Nobody),
    ]
}

fn each_call_needs_the_one_signature_and_no_other_will_do(host: Host) {
    for call in 0..calls(&prepared(host)).len() {
        for signer in [None, Some(Needs::Operator), Some(Needs::Tenant), Some(Needs::Provider)] {
            let world = prepared(host);
            let World { env, escrow, operator, tenant, provider, token, .. } = &world;
            let (function, arguments, needs) = calls(&world)[call].clone();
            let address = match signer {
                Some(Needs::Operator) => operator,
                Some(Needs::Tenant) => tenant,
                _ => provider,
            };
            // A deposit moves the token as well, in the same signer's name.
            let transfer = (address.clone(), escrow.address.clone(), 100i128).into_val(env);
            let transfer =
                [MockAuthInvoke { contract: &token.address, fn_name: "transfer", args: transfer, sub_invokes: &[] }];
            let invoke = MockAuthInvoke {
                contract: &escrow.address,
                fn_name: function,
                args: arguments.clone(),
                sub_invokes: if function == "deposit" { &transfer } else { &[] },
            };
            match signer {
                Some(_) => env.mock_auths(&[MockAuth { address, invoke: &invoke }]),
                None => env.mock_auths(&[]),
            };
            let function_name = soroban_sdk::Symbol::new(env, function);
            let outcome = env.try_invoke_contract::<Val, Error>(&escrow.address, &function_name, arguments);
            let allowed = needs == Needs::Nobody || signer == Some(needs);
            let case = signer.map(|signer| signer as u8);
            assert_eq!(outcome.is_ok(), allowed, "{function} signed by {case:?}: {outcome:?}");
        }
    }
}

fn a_late_withdrawal_needs_no_signature(host: Host) {
    let world = World::with_deposit(host, 500);
    world.escrow.request_withdraw(&world.tenant, &world.token.address, &200);
    world.at(NOW + DELAY).env.mock_auths(&[]);
    world.escrow.pay_withdraw(&world.tenant, &world.token.address, &world.provider);
    assert_eq!((world.balances(), world.held()), ([300, 0, 0], 300));
}

fn what_is_read_needs_no_signature(host: Host) {
    let world = prepared(host);
    world.env.mock_auths(&[]);
    let (who, token) = (&world.tenant, &world.token.address);
    assert!(world.escrow.balance(who, token) > 0 && world.escrow.requested(who, token).is_some());
    assert!(world.escrow.tenant_mandate(who, token).is_some() && world.escrow.lease(&1).is_some());
    assert_eq!(world.escrow.provider_mandate(who, token), None);
    assert_eq!(world.escrow.config().fee_bps, 500);
}

on_both_hosts!(
    each_call_needs_the_one_signature_and_no_other_will_do,
    a_late_withdrawal_needs_no_signature,
    what_is_read_needs_no_signature,
);
