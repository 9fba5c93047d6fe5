//! Entries that have outlived their rent, and the call that keeps them alive.

use super::*;
use crate::storage::Key;
use soroban_sdk::testutils::storage::{Instance as _, Persistent as _};

/// A day at one ledger every five seconds.
const LEDGERS_PER_DAY: u32 = 17_280;

impl World {
    fn ttl(&self, key: &Key) -> u32 {
        self.env.as_contract(&self.escrow.address, || self.env.storage().persistent().get_ttl(key))
    }

    fn has(&self, key: &Key) -> bool {
        self.env.as_contract(&self.escrow.address, || self.env.storage().persistent().has(key))
    }

    fn pass_days(&self, days: u32) {
        self.env.ledger().with_mut(|ledger| ledger.sequence_number += days * LEDGERS_PER_DAY);
    }
}

fn extending_keeps_what_is_named_and_skips_what_is_not_there(host: Host) {
    let world = World::with_deposit(host, 100);
    let World { env, escrow, tenant, provider, token, other, .. } = &world;
    world.open(1, 60).unwrap();
    escrow.request_withdraw(tenant, &token.address, &10);
    escrow.set_provider_mandate(provider, &token.address, &1, &DEADLINE);
    let key = |kind: fn(Address, Address) -> Key, who: &Address| kind(who.clone(), token.address.clone());
    let keys = || {
        [
            Key::Lease(1),
            key(Key::Balance, tenant),
            key(Key::Request, tenant),
            key(Key::Tenant, tenant),
            key(Key::Provider, provider),
        ]
    };
    let before = keys().map(|key| world.ttl(&key));
    let pair = |who: &Address, token: &Address| (who.clone(), token.clone());
    let accounts = [pair(provider, &token.address), pair(tenant, &other.address), pair(tenant, &token.address)];
    escrow.extend(&vec![env, 99, 1], &Vec::from_array(env, accounts));
    world.published_nothing();
    for (key, before) in keys().iter().zip(before) {
        assert!(world.ttl(key) > before && world.ttl(key) >= 120 * LEDGERS_PER_DAY);
    }
    assert!(!world.has(&key(Key::Balance, provider)) && !world.has(&Key::Lease(99)), "it makes no entry");
    let instance = env.as_contract(&escrow.address, || env.storage().instance().get_ttl());
    assert!(instance >= 120 * LEDGERS_PER_DAY);
}

fn what_lives_long_is_not_extended_again(host: Host) {
    let world = World::with_deposit(host, 100);
    let World { env, escrow, .. } = &world;
    world.open(1, 60).unwrap();
    let extend = || escrow.extend(&vec![env, 1], &Vec::new(env));
    extend();
    world.pass_days(30);
    let left = world.ttl(&Key::Lease(1));
    extend();
    assert_eq!(world.ttl(&Key::Lease(1)), left, "90 days are enough");
    world.pass_days(31);
    extend();
    assert!(world.ttl(&Key::Lease(1)) >= 120 * LEDGERS_PER_DAY);
}

fn an_archived_lease_is_restored_by_the_call_that_needs_it(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 360).unwrap();
    world.settle(1, 100).unwrap();
    world.open(2, 200).unwrap();
    // Longer than anything lives that nobody extends.
    world.pass_days(200);
    assert_eq!(world.open(1, 1), Err(Error::LeaseExists));
    assert_eq!(world.settle(1, 100), Err(Error::LeaseNotOpen));
    assert_eq!(world.balances(), [200, 95, 5]);
    world.at(DEADLINE + WINDOW + 1).refund(2).unwrap();
    world.escrow.request_withdraw(&world.tenant, &world.token.address, &400);
    world.pass_days(200);
    assert_eq!(world.escrow.pay_withdraw(&world.tenant, &world.token.address, &world.operator), 400);
    assert_eq!(world.held(), 100);
}

on_both_hosts!(
    extending_keeps_what_is_named_and_skips_what_is_not_there,
    what_lives_long_is_not_extended_again,
    an_archived_lease_is_restored_by_the_call_that_needs_it,
);
