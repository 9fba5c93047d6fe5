//! Entries that have outlived their rent, and the call that keeps them alive.

use super::*;
use crate::storage::Key;
use soroban_sdk::testutils::storage::{Instance as _, Persistent as _};

/// A day at one ledger every five seconds.
const LEDGERS_PER_DAY: u32 = 17_280;

fn extending_keeps_what_is_named_and_skips_what_is_not_there(host: Host) {
    let world = World::with_stake(host, 300);
    let World { env, registry, provider, tenant, auditor, .. } = &world;
    world.register(provider, "A", 1, 1).unwrap();
    world.slash(1, 10).unwrap();
    registry.set_badge(provider, &2, &1, &world.hash(1));
    registry.attest(auditor, provider, &(NOW + 100), &world.hash(2));
    let ttl = |key: &Key| env.as_contract(&registry.address, || env.storage().persistent().get_ttl(key));
    let keys = [
        Key::NextGpu,
        Key::Gpu(1),
        Key::Gpus(provider.clone()),
        Key::Stake(provider.clone()),
        Key::Badge(provider.clone()),
        Key::Attestation(provider.clone(), auditor.clone()),
        Key::Claim(tenant.clone()),
    ];
    let before: std::vec::Vec<u32> = keys.iter().map(ttl).collect();
    registry.extend(&vec![env, 9, 1], &vec![env, world.admin.clone(), tenant.clone(), provider.clone()]);
    world.published_nothing();
    for (key, before) in keys.iter().zip(before) {
        assert!(ttl(key) > before && ttl(key) >= 120 * LEDGERS_PER_DAY);
    }
    let instance = env.as_contract(&registry.address, || env.storage().instance().get_ttl());
    assert!(instance >= 120 * LEDGERS_PER_DAY);
}

fn what_is_archived_is_restored_by_the_call_that_needs_it(host: Host) {
    let world = World::with_stake(host, 300);
    world.register(&world.provider, "A", 1, 1).unwrap();
    world.slash(1, 10).unwrap();
    // Longer than anything lives that nobody extends.
    world.env.ledger().with_mut(|ledger| ledger.sequence_number += 200 * LEDGERS_PER_DAY);
    assert_eq!(world.slash(1, 10), Err(Error::AlreadySlashed));
    assert_eq!(world.register(&world.provider, "B", 1, 1), Ok(2));
    assert_eq!(world.registry.get_provider_gpus(&world.provider), vec![&world.env, 1, 2]);
    assert_eq!(world.stakes(), [290, 0, 10]);
    assert_eq!(world.registry.claim(&world.tenant), 10);
}

on_both_hosts!(
    extending_keeps_what_is_named_and_skips_what_is_not_there,
    what_is_archived_is_restored_by_the_call_that_needs_it,
);
