//! The invariant, after every call of any sequence of calls: balances,
//! requests and open leases sum to what the contract holds of the token.

use super::*;
use crate::Outcome;
use proptest::prelude::*;

const LEASES: u64 = 6;

#[derive(Clone, Debug)]
enum Call {
    Deposit(usize, usize, i128),
    Request(usize, i128),
    Pay(usize, usize),
    Cancel(usize),
    Open(u64, usize, usize, i128, i128, u64),
    Settle(u64, u64),
    Refund(u64),
    Wait(u64),
}

fn any_call() -> impl Strategy<Value = Call> {
    let person = 0..4usize;
    let lease = 1..=LEASES;
    let amount = -1..700i128;
    let (p, l, a) = (|| person.clone(), || lease.clone(), || amount.clone());
    prop_oneof![
        3 => (p(), p(), a()).prop_map(|(from, to, amount)| Call::Deposit(from, to, amount)),
        2 => (p(), a()).prop_map(|(who, amount)| Call::Request(who, amount)),
        2 => (p(), p()).prop_map(|(who, by)| Call::Pay(who, by)),
        1 => p().prop_map(Call::Cancel),
        4 => (l(), p(), p(), 0..9_000i128, a(), 0..900u64)
            .prop_map(|(id, tenant, provider, rate, amount, span)| {
                Call::Open(id, tenant, provider, rate, amount, span)
            }),
        3 => (l(), 0..900u64).prop_map(|(id, seconds)| Call::Settle(id, seconds)),
        2 => l().prop_map(Call::Refund),
        1 => (1..400u64).prop_map(Call::Wait),
    ]
}

/// Makes a call; whether it is refused does not matter here.
fn make(world: &World, people: &[&Address; 4], call: &Call) {
    let now = world.env.ledger().timestamp();
    let escrow = &world.escrow;
    let _refused = match *call {
        Call::Deposit(from, to, amount) => escrow.try_deposit(people[from], people[to], &amount).is_err(),
        Call::Request(who, amount) => escrow.try_request_withdraw(people[who], &amount).is_err(),
        Call::Pay(who, by) => escrow.try_pay_withdraw(people[who], people[by]).is_err(),
        Call::Cancel(who) => escrow.try_cancel_withdraw(people[who]).is_err(),
        Call::Open(id, tenant, provider, rate, amount, span) => {
            escrow.try_open(&id, people[tenant], people[provider], &rate, &amount, &(now + span)).is_err()
        }
        Call::Settle(id, seconds) => world.settle(id, seconds).is_err(),
        Call::Refund(id) => world.refund(id).is_err(),
        Call::Wait(seconds) => {
            world.at(now + seconds);
            false
        }
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved(calls in proptest::collection::vec(any_call(), 1..60)) {
        let world = World::new();
        let people = [&world.operator, &world.treasury, &world.tenant, &world.provider];
        let outside = || people.map(|who| world.token.balance(who)).iter().sum::<i128>();
        for call in &calls {
            make(&world, &people, call);
            let free = people.map(|who| world.escrow.balance(who));
            let asked = people.map(|who| {
                world.escrow.requested(who).map_or(0, |request| request.amount)
            });
            let locked = (1..=LEASES)
                .filter_map(|id| world.escrow.lease(&id))
                .filter(|lease| lease.outcome == Outcome::Open)
                .map(|lease| lease.amount);
            prop_assert!(free.iter().chain(&asked).all(|amount| *amount >= 0), "after {:?}", call);
            let sum = free.iter().chain(&asked).sum::<i128>() + locked.sum::<i128>();
            prop_assert_eq!(sum, world.held(), "after {:?}", call);
            prop_assert_eq!(sum + outside(), 4_000);
        }
    }
}
