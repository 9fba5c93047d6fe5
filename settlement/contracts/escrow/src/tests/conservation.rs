//! The invariant, after every call of any sequence of calls and for each token:
//! balances, requests and open leases sum to what the contract holds of it.

use super::{Host, World, std};
use crate::{Outcome, Settle, Terms};
use proptest::prelude::*;
use soroban_sdk::{Address, Vec};
use std::vec;

const LEASES: u64 = 6;

#[derive(Clone, Debug)]
enum Call {
    Deposit(usize, usize, i128),
    Request(usize, i128),
    Pay(usize, usize),
    PutBack(usize),
    Allow(usize, i128, i128, u64),
    Floor(usize, i128, u64),
    Open(u64, usize, usize, i128, i128, u64),
    TopUp(u64, u32, i128, u64),
    Settle(u64, u64),
    SettleMany(std::vec::Vec<(u64, u64)>),
    Receipt(u64, u64, u64),
    Cancel(u64),
    Refund(u64),
    Wait(u64),
}

/// A call, and in which of the two tokens it is.
fn any_call() -> impl Strategy<Value = (usize, Call)> {
    let person = 0..4usize;
    let lease = 1..=LEASES;
    let amount = -1..700i128;
    let (p, l, a) = (|| person.clone(), || lease.clone(), || amount.clone());
    let s = || 0..900u64;
    let call = prop_oneof![
        3 => (p(), p(), a()).prop_map(|(from, to, amount)| Call::Deposit(from, to, amount)),
        2 => (p(), a()).prop_map(|(who, amount)| Call::Request(who, amount)),
        2 => (p(), p()).prop_map(|(who, by)| Call::Pay(who, by)),
        1 => p().prop_map(Call::PutBack),
        2 => (p(), a(), 0..2_000i128, s()).prop_map(|(who, one, day, span)| Call::Allow(who, one, day, span)),
        1 => (p(), 0..9_000i128, s()).prop_map(|(who, floor, span)| Call::Floor(who, floor, span)),
        5 => (l(), p(), p(), 0..9_000i128, a(), s()).prop_map(|(id, tenant, provider, rate, amount, span)| {
            Call::Open(id, tenant, provider, rate, amount, span)
        }),
        2 => (l(), 0..3u32, a(), s()).prop_map(|(id, number, amount, span)| Call::TopUp(id, number, amount, span)),
        2 => (l(), s()).prop_map(|(id, seconds)| Call::Settle(id, seconds)),
        1 => proptest::collection::vec((l(), s()), 0..4).prop_map(Call::SettleMany),
        2 => (l(), s(), 0..9u64).prop_map(|(id, seconds, seq)| Call::Receipt(id, seconds, seq)),
        1 => l().prop_map(Call::Cancel),
        2 => l().prop_map(Call::Refund),
        2 => (1..400u64).prop_map(Call::Wait),
    ];
    (0..2usize, call)
}

/// Makes a call; answers whether it was refused.
fn make(world: &World, people: &[&Address; 4], token: &Address, call: &Call) -> bool {
    let now = world.env.ledger().timestamp();
    let escrow = &world.escrow;
    match call {
        Call::Deposit(from, to, amount) => escrow.try_deposit(people[*from], people[*to], token, amount).is_err(),
        Call::Request(who, amount) => escrow.try_request_withdraw(people[*who], token, amount).is_err(),
        Call::Pay(who, by) => escrow.try_pay_withdraw(people[*who], token, people[*by]).is_err(),
        Call::PutBack(who) => escrow.try_cancel_withdraw(people[*who], token).is_err(),
        // Now and then it is ended.
        Call::Allow(who, one, day, span) => {
            let until = if span % 9 == 0 { 0 } else { now + 10 * span };
            escrow.try_set_tenant_mandate(people[*who], token, one, day, &until).is_err()
        }
        Call::Floor(who, floor, span) => {
            escrow.try_set_provider_mandate(people[*who], token, floor, &(now + span)).is_err()
        }
        Call::Open(id, tenant, provider, rate_per_hour, amount, span) => {
            let (tenant, provider) = (people[*tenant].clone(), people[*provider].clone());
            let (token, deadline) = (token.clone(), now + span);
            let terms = Terms { tenant, provider, token, rate_per_hour: *rate_per_hour, amount: *amount, deadline };
            escrow.try_open(id, &terms).is_err()
        }
        Call::TopUp(id, number, amount, span) => escrow.try_top_up(id, number, amount, &(now + span)).is_err(),
        Call::Settle(id, seconds) => world.settle(*id, *seconds).is_err(),
        Call::SettleMany(leases) => {
            let one = |(lease, seconds): &(u64, u64)| Settle { lease: *lease, seconds: *seconds, proof: world.proof() };
            escrow.try_settle_many(&Vec::from_iter(&world.env, leases.iter().map(one))).is_err()
        }
        Call::Receipt(id, seconds, seq) => world.receipt(*id, *seconds, *seq).is_err(),
        Call::Cancel(id) => world.cancel(*id).is_err(),
        Call::Refund(id) => world.refund(*id).is_err(),
        Call::Wait(seconds) => {
            world.at(now + seconds);
            false
        }
    }
}

/// What was locked just now is within what its tenant has signed.
fn check_mandate(world: &World, lease: u64) -> Result<(), TestCaseError> {
    let lease = world.lease(lease);
    let (now, Terms { tenant, token, amount, .. }) = (world.env.ledger().timestamp(), lease.terms);
    let signed = world.escrow.tenant_mandate(&tenant, &token).unwrap();
    prop_assert!(now <= signed.until && amount <= signed.per_lease, "{} of {:?}", amount, signed);
    prop_assert!(signed.day == now / 86_400 && signed.spent <= signed.per_day, "{:?}", signed);
    Ok(())
}

fn check(world: &World, people: &[&Address; 4], after: &Call) -> Result<(), TestCaseError> {
    let escrow = &world.escrow;
    for token in [&world.token, &world.other] {
        let free = people.map(|who| escrow.balance(who, &token.address));
        let asked = people.map(|who| escrow.requested(who, &token.address).map_or(0, |request| request.amount));
        let locked = (1..=LEASES)
            .filter_map(|id| escrow.lease(&id))
            .filter(|lease| lease.outcome == Outcome::Open && lease.terms.token == token.address)
            .map(|lease| lease.terms.amount);
        prop_assert!(free.iter().chain(&asked).all(|amount| *amount >= 0), "after {:?}", after);
        let sum = free.iter().chain(&asked).sum::<i128>() + locked.sum::<i128>();
        prop_assert_eq!(sum, token.balance(&escrow.address), "after {:?}", after);
        let outside = people.map(|who| token.balance(who)).iter().sum::<i128>();
        prop_assert_eq!(sum + outside, 4_000);
    }
    // What was paid or given back is what was locked, and the fee is within.
    for lease in (1..=LEASES).filter_map(|id| escrow.lease(&id)) {
        if let Outcome::Settled(paid, _) | Outcome::Refunded(paid) = lease.outcome {
            prop_assert_eq!(paid.pay + paid.refund, lease.terms.amount);
            prop_assert!(0 <= paid.fee && paid.fee <= paid.pay && paid.refund >= 0);
            prop_assert!(paid.seconds <= lease.terms.deadline - lease.opened_at);
        }
    }
    Ok(())
}

fn play(host: Host, calls: &[(usize, Call)]) -> Result<(), TestCaseError> {
    let world = World::new(host);
    let people = [&world.operator, &world.treasury, &world.tenant, &world.provider];
    // Most have signed something: else hardly any lease would be opened.
    for (who, token) in people[..3].iter().zip([&world.token, &world.other, &world.token]) {
        world.escrow.set_tenant_mandate(who, &token.address, &600, &1_500, &u64::MAX);
        world.escrow.deposit(who, who, &token.address, &500);
    }
    for (token, call) in calls {
        let refused = make(&world, &people, [&world.token.address, &world.other.address][*token], call);
        if let (false, Call::Open(lease, ..) | Call::TopUp(lease, ..)) = (refused, call) {
            check_mandate(&world, *lease)?;
        }
        check(&world, &people, call)?;
    }
    Ok(())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(48))]
    #[test]
    fn money_is_conserved_natively(calls in proptest::collection::vec(any_call(), 1..60)) {
        play(Host::Native, &calls)?;
    }
}

proptest! {
    #![proptest_config(config(12))]
    #[test]
    fn money_is_conserved_in_wasm(calls in proptest::collection::vec(any_call(), 1..60)) {
        play(Host::Wasm, &calls)?;
    }
}
