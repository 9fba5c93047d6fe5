//! Who may do what: each call with one signature, which must be the right one.

use super::*;
use soroban_sdk::{
    IntoVal as _, Symbol, Val,
    testutils::{MockAuth, MockAuthInvoke},
};

/// Whose signature a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Admin,
    Operator,
    Auditor,
    Provider,
    Nobody,
}

fn prepared(host: Host) -> World {
    let world = World::with_stake(host, 300);
    world.register(&world.provider, "A", 1, 1).unwrap();
    world.unbond(50).unwrap();
    world.slash(1, 10).unwrap();
    world.at(NOW + UNBONDING);
    world
}

/// Every call that changes something: its name, its arguments and whose
/// signature it needs.
fn calls(world: &World) -> [(&'static str, Vec<Val>, Needs); 14] {
    let World { env, provider, tenant, auditor, .. } = world;
    let hash = world.hash(1);
    let model = String::from_str(env, "A");
    let nothing = (Vec::<u64>::new(env), Vec::<Address>::new(env));
    [
        ("register_gpu", (provider, model, 1u32, 1i128).into_val(env), Needs::Provider),
        ("set_availability", (provider, 1u64, false).into_val(env), Needs::Provider),
        ("update_price", (provider, 1u64, 2i128).into_val(env), Needs::Provider),
        ("remove_gpu", (provider, 1u64).into_val(env), Needs::Provider),
        ("deposit_stake", (provider, 100i128).into_val(env), Needs::Provider),
        ("request_unbonding", (provider, 10i128).into_val(env), Needs::Provider),
        ("cancel_unbonding", (provider,).into_val(env), Needs::Provider),
        ("withdraw_stake", (provider,).into_val(env), Needs::Nobody),
        ("slash", (provider, tenant, 2u64, 10i128).into_val(env), Needs::Operator),
        ("claim", (tenant,).into_val(env), Needs::Nobody),
        ("set_badge", (provider, 2u32, 1u64, &hash).into_val(env), Needs::Operator),
        ("set_auditor", (tenant, true).into_val(env), Needs::Admin),
        ("attest", (auditor, provider, NOW + 9_000, &hash).into_val(env), Needs::Auditor),
        ("extend", nothing.into_val(env), Needs::Nobody),
    ]
}

fn each_call_needs_the_one_signature_and_no_other_will_do(host: Host) {
    let signers = [None, Some(Needs::Admin), Some(Needs::Operator), Some(Needs::Auditor), Some(Needs::Provider)];
    for call in 0..calls(&prepared(host)).len() {
        for signer in signers {
            let world = prepared(host);
            let World { env, registry, token, admin, operator, auditor, provider, .. } = &world;
            let (function, arguments, needs) = calls(&world)[call].clone();
            let address = match signer {
                Some(Needs::Admin) => admin,
                Some(Needs::Operator) => operator,
                Some(Needs::Auditor) => auditor,
                _ => provider,
            };
            // A deposit moves the token as well, in the same signer's name.
            let transfer = (address, &registry.address, 100i128).into_val(env);
            let transfer =
                [MockAuthInvoke { contract: &token.address, fn_name: "transfer", args: transfer, sub_invokes: &[] }];
            let invoke = MockAuthInvoke {
                contract: &registry.address,
                fn_name: function,
                args: arguments.clone(),
                sub_invokes: if function == "deposit_stake" { &transfer } else { &[] },
            };
            match signer {
                Some(_) => env.mock_auths(&[MockAuth { address, invoke: &invoke }]),
                None => env.mock_auths(&[]),
            };
            let name = Symbol::new(env, function);
            let outcome = env.try_invoke_contract::<Val, Error>(&registry.address, &name, arguments);
            let allowed = needs == Needs::Nobody || signer == Some(needs);
            assert_eq!(outcome.is_ok(), allowed, "{function} signed by {signer:?}: {outcome:?}");
        }
    }
}

on_both_hosts!(each_call_needs_the_one_signature_and_no_other_will_do);
