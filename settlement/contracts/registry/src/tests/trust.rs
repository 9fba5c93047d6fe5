use super::*;
use crate::{Attestation, Badge, event};

const DAYS_400: u64 = 400 * 24 * 3_600;

impl World {
    fn attest(&self, auditor: &Address, until: u64) -> Result<(), Error> {
        refusal(self.registry.try_attest(auditor, &self.provider, &until, &self.hash(3)))
    }

    fn attested_until(&self) -> u64 {
        self.registry.attested_until(&self.provider)
    }
}

fn a_badge_says_what_it_rests_on_and_only_a_newer_entry_changes_it(host: Host) {
    let world = World::new(host);
    let (account, entry) = (&world.provider, world.hash(1));
    let set = |level, seq, byte| refusal(world.registry.try_set_badge(account, &level, &seq, &world.hash(byte)));
    assert_eq!(world.registry.badge(account), None);
    set(3, 10, 1).unwrap();
    world.published(&event::BadgeGiven { account: account.clone(), level: 3, seq: 10, entry: entry.clone() });
    assert_eq!(world.registry.badge(account), Some(Badge { level: 3, seq: 10, entry, given_at: NOW }));
    for level in [0, 6, u32::MAX] {
        assert_eq!(set(level, 11, 2), Err(Error::LevelUnknown));
    }
    for seq in [10, 9] {
        assert_eq!(set(4, seq, 2), Err(Error::BadgeNotNewer));
    }
    world.at(NOW + 5);
    set(1, 11, 2).unwrap();
    let entry = world.hash(2);
    assert_eq!(world.registry.badge(account), Some(Badge { level: 1, seq: 11, entry, given_at: NOW + 5 }));
    assert_eq!(world.registry.badge(&world.tenant), None, "it is nobody else's");
}

fn an_attestation_holds_until_its_last_second(host: Host) {
    let world = World::new(host);
    world.attest(&world.auditor, NOW + 100).unwrap();
    let (account, auditor, evidence) = (world.provider.clone(), world.auditor.clone(), world.hash(3));
    world.published(&event::Attested { account, auditor, until: NOW + 100, evidence: evidence.clone() });
    let said = world.registry.attestation(&world.provider, &world.auditor);
    assert_eq!(said, Some(Attestation { until: NOW + 100, evidence, given_at: NOW }));
    assert_eq!((world.attested_until(), world.registry.attested_until(&world.tenant)), (NOW + 100, 0));
    assert_eq!(world.at(NOW + 100).attested_until(), NOW + 100);
    assert_eq!(world.at(NOW + 101).attested_until(), 0);
}

fn an_attestation_is_taken_back_by_saying_so(host: Host) {
    for until in [0, NOW - 1, NOW] {
        let world = World::new(host);
        world.attest(&world.auditor, NOW + 100).unwrap();
        world.attest(&world.auditor, until).unwrap();
        let (account, auditor, evidence) = (world.provider.clone(), world.auditor.clone(), world.hash(3));
        world.published(&event::Attested { account, auditor, until: 0, evidence });
        assert_eq!((world.attested_until(), world.registry.attestation(&world.provider, &world.auditor)), (0, None));
    }
}

fn only_auditors_attest_and_not_for_ever(host: Host) {
    let world = World::new(host);
    assert_eq!(world.attest(&world.tenant, NOW + 1), Err(Error::NotAnAuditor));
    assert_eq!(world.attest(&world.auditor, NOW + DAYS_400 + 1), Err(Error::AttestationTooLong));
    assert_eq!(world.attest(&world.auditor, u64::MAX), Err(Error::AttestationTooLong));
    world.attest(&world.auditor, NOW + DAYS_400).unwrap();
}

fn what_an_auditor_said_counts_as_long_as_it_is_one(host: Host) {
    let world = World::new(host);
    let World { registry, auditor, tenant, .. } = &world;
    registry.set_auditor(tenant, &true);
    world.published(&event::AuditorNamed { auditor: tenant.clone(), named: true });
    world.attest(auditor, NOW + 100).unwrap();
    world.attest(tenant, NOW + 50).unwrap();
    assert_eq!(world.attested_until(), NOW + 100);
    registry.set_auditor(auditor, &false);
    world.published(&event::AuditorNamed { auditor: auditor.clone(), named: false });
    assert_eq!(world.attested_until(), NOW + 50);
    assert_eq!(world.attest(auditor, NOW + 200), Err(Error::NotAnAuditor));
    registry.set_auditor(auditor, &false);
    world.published_nothing();
    registry.set_auditor(auditor, &true);
    assert_eq!(world.attested_until(), NOW + 100);
}

fn there_is_room_for_sixteen_auditors(host: Host) {
    let world = World::new(host);
    for _ in 1..16 {
        world.registry.set_auditor(&Address::generate(&world.env), &true);
    }
    let one_more = world.registry.try_set_auditor(&Address::generate(&world.env), &true);
    assert_eq!(refusal(one_more), Err(Error::TooManyAuditors));
    assert_eq!(world.registry.auditors().len(), 16);
}

on_both_hosts!(
    a_badge_says_what_it_rests_on_and_only_a_newer_entry_changes_it,
    an_attestation_holds_until_its_last_second,
    an_attestation_is_taken_back_by_saying_so,
    only_auditors_attest_and_not_for_ever,
    what_an_auditor_said_counts_as_long_as_it_is_one,
    there_is_room_for_sixteen_auditors,
);
