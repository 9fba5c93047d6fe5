//! The invariant, after every call of any sequence of calls: what is bonded,
//! unbonding and to be claimed sums to what the contract holds of the token.

use super::{Host, NOW, PERIOD, SLASH_MAX, SLASH_PERIOD_MAX, World, std};
use proptest::prelude::*;
use soroban_sdk::Address;
use std::vec;

#[derive(Clone, Debug)]
enum Call {
    Deposit(usize, i128),
    Unbond(usize, i128),
    Rebond(usize),
    Withdraw(usize),
    Slash(usize, usize, u64, i128),
    Claim(usize),
    Wait(u64),
}

fn any_call() -> impl Strategy<Value = Call> {
    let p = || 0..3usize;
    let amount = || -1..400i128;
    prop_oneof![
        3 => (p(), amount()).prop_map(|(who, amount)| Call::Deposit(who, amount)),
        3 => (p(), amount()).prop_map(|(who, amount)| Call::Unbond(who, amount)),
        1 => p().prop_map(Call::Rebond),
        2 => p().prop_map(Call::Withdraw),
        4 => (p(), p(), 0..40u64, -1..SLASH_MAX + 2).prop_map(|(who, tenant, lease, amount)| {
            Call::Slash(who, tenant, lease, amount)
        }),
        1 => p().prop_map(Call::Claim),
        1 => (1..4_000u64).prop_map(Call::Wait),
    ]
}

fn play(host: Host, calls: &[Call]) -> Result<(), TestCaseError> {
    let world = World::new(host);
    let people: [&Address; 3] = [&world.provider, &world.tenant, &world.auditor];
    let registry = &world.registry;
    // What each account lost in the period at hand.
    let (mut period, mut lost) = (NOW / PERIOD, [0; 3]);
    for call in calls {
        let now = world.env.ledger().timestamp();
        if now / PERIOD != period {
            (period, lost) = (now / PERIOD, [0; 3]);
        }
        let _refused = match *call {
            Call::Deposit(who, amount) => registry.try_deposit_stake(people[who], &amount).is_err(),
            Call::Unbond(who, amount) => registry.try_request_unbonding(people[who], &amount).is_err(),
            Call::Rebond(who) => registry.try_cancel_unbonding(people[who]).is_err(),
            Call::Withdraw(who) => registry.try_withdraw_stake(people[who]).is_err(),
            Call::Slash(who, tenant, lease, amount) => {
                let slashed = registry.try_slash(people[who], people[tenant], &lease, &amount);
                if let Ok(taken) = &slashed {
                    lost[who] += taken.as_ref().unwrap();
                }
                slashed.is_err()
            }
            Call::Claim(tenant) => registry.try_claim(people[tenant]).is_err(),
            Call::Wait(seconds) => {
                world.at(now + seconds);
                false
            }
        };
        prop_assert!(lost.iter().all(|lost| *lost <= SLASH_PERIOD_MAX), "after {:?}", call);
        let parts: vec::Vec<i128> = people
            .iter()
            .flat_map(|who| {
                let stake = registry.stake(who);
                [stake.bonded, stake.unbonding, registry.claimable(who)]
            })
            .collect();
        prop_assert!(parts.iter().all(|amount| *amount >= 0), "after {:?}", call);
        let sum = parts.iter().sum::<i128>();
        prop_assert_eq!(sum, world.held(), "after {:?}", call);
        prop_assert_eq!(sum + people.map(|who| world.token.balance(who)).iter().sum::<i128>(), 3_000);
    }
    Ok(())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(48))]
    #[test]
    fn stakes_are_conserved_natively(calls in proptest::collection::vec(any_call(), 1..60)) {
        play(Host::Native, &calls)?;
    }
}

proptest! {
    #![proptest_config(config(12))]
    #[test]
    fn stakes_are_conserved_in_wasm(calls in proptest::collection::vec(any_call(), 1..60)) {
        play(Host::Wasm, &calls)?;
    }
}
