use super::*;
use crate::{ProviderMandate, TenantMandate, event};

const DAY: u64 = 86_400;
/// The midnight (UTC) after the world begins.
const MIDNIGHT: u64 = NOW - NOW % DAY + DAY;

impl World {
    fn sign(&self, per_lease: i128, per_day: i128, until: u64) -> Result<(), Error> {
        let World { tenant, token, .. } = self;
        refusal(self.escrow.try_set_tenant_mandate(tenant, &token.address, &per_lease, &per_day, &until))
    }

    fn floor(&self, floor_per_hour: i128, until: u64) -> Result<(), Error> {
        let World { provider, token, .. } = self;
        refusal(self.escrow.try_set_provider_mandate(provider, &token.address, &floor_per_hour, &until))
    }

    fn signed_by_tenant(&self) -> Option<TenantMandate> {
        self.escrow.tenant_mandate(&self.tenant, &self.token.address)
    }

    /// A lease of `amount` whose deadline is an hour away.
    fn open_now(&self, lease: u64, amount: i128) -> Result<(), Error> {
        let deadline = self.env.ledger().timestamp() + 3_600;
        self.open_on(lease, &Terms { deadline, ..self.terms(amount) })
    }
}

fn nobody_is_leased_for_without_having_signed(host: Host) {
    let world = World::new(host);
    world.deposit(&world.tenant, 500);
    assert_eq!((world.signed_by_tenant(), world.open(1, 1)), (None, Err(Error::NoMandate)));
    world.sign(100, 200, DEADLINE).unwrap();
    let (account, token) = (world.tenant.clone(), world.token.address.clone());
    world.published(&event::TenantMandateSet { account, token, per_lease: 100, per_day: 200, until: DEADLINE });
    world.open(1, 100).unwrap();
    let signed = TenantMandate { per_lease: 100, per_day: 200, until: DEADLINE, day: NOW / DAY, spent: 100 };
    assert_eq!(world.signed_by_tenant(), Some(signed));
}

fn a_lease_locks_not_a_stroop_beyond(host: Host) {
    let world = World::new(host);
    world.deposit(&world.tenant, 1_000);
    world.sign(100, 250, DEADLINE).unwrap();
    assert_eq!(world.open(1, 101), Err(Error::AboveMandatePerLease));
    world.open(1, 100).unwrap();
    world.open(2, 100).unwrap();
    assert_eq!(world.open(3, 51), Err(Error::AboveMandatePerDay));
    // What was given back was locked all the same.
    world.settle(1, 0).unwrap();
    assert_eq!(world.open(3, 51), Err(Error::AboveMandatePerDay));
    world.open(3, 50).unwrap();
    assert_eq!(world.open(4, 1), Err(Error::AboveMandatePerDay));
    assert_eq!(world.balances(), [850, 0, 0]);
}

fn a_day_is_that_of_utc(host: Host) {
    let world = World::new(host);
    world.deposit(&world.tenant, 1_000);
    world.sign(100, 100, u64::MAX).unwrap();
    world.at(MIDNIGHT - 1).open_now(1, 100).unwrap();
    assert_eq!(world.open_now(2, 1), Err(Error::AboveMandatePerDay));
    world.at(MIDNIGHT).open_now(2, 100).unwrap();
    assert_eq!(world.open_now(3, 1), Err(Error::AboveMandatePerDay));
    world.at(MIDNIGHT + 3 * DAY).open_now(3, 100).unwrap();
    let signed = world.signed_by_tenant().unwrap();
    assert_eq!((signed.day, signed.spent), (MIDNIGHT / DAY + 3, 100));
}

fn a_mandate_ends_with_its_last_second(host: Host) {
    let world = World::new(host);
    world.deposit(&world.tenant, 500);
    world.sign(100, 200, NOW + 10).unwrap();
    world.at(NOW + 10).open(1, 1).unwrap();
    assert_eq!(world.at(NOW + 11).open(2, 1), Err(Error::NoMandate));
    assert_eq!(world.top_up(1, 1, 1, DEADLINE), Err(Error::NoMandate));
    // What was opened in time is settled as agreed.
    world.settle(1, 1).unwrap();
}

fn a_new_mandate_takes_the_place_of_the_one_before_on_the_same_day(host: Host) {
    let world = World::new(host);
    world.deposit(&world.tenant, 1_000);
    world.sign(100, 200, DEADLINE).unwrap();
    world.open(1, 100).unwrap();
    world.sign(100, 150, DEADLINE).unwrap();
    assert_eq!(world.open(2, 51), Err(Error::AboveMandatePerDay));
    // Nor is the day forgotten by ending it.
    world.sign(7, 7, 0).unwrap();
    let (account, token) = (world.tenant.clone(), world.token.address.clone());
    world.published(&event::TenantMandateSet { account, token, per_lease: 0, per_day: 0, until: 0 });
    assert_eq!(world.open(2, 1), Err(Error::NoMandate));
    world.sign(100, 150, DEADLINE).unwrap();
    assert_eq!(world.open(2, 51), Err(Error::AboveMandatePerDay));
    world.open(2, 50).unwrap();
}

fn limits_are_positive_and_may_be_anything_else(host: Host) {
    let world = World::new(host);
    world.deposit(&world.tenant, 1_000);
    for (per_lease, per_day) in [(0, 1), (1, 0), (-1, 1), (1, i128::MIN)] {
        assert_eq!(world.sign(per_lease, per_day, DEADLINE), Err(Error::AmountNotPositive));
    }
    assert_eq!(world.signed_by_tenant(), None);
    world.sign(i128::MAX, i128::MAX, u64::MAX).unwrap();
    world.open(1, 1_000).unwrap();
    world.settle(1, 0).unwrap();
    world.open(2, 1_000).unwrap();
    assert_eq!(world.signed_by_tenant().unwrap().spent, 2_000);
    // One that had ended before it was signed allows nothing.
    world.settle(2, 0).unwrap();
    world.sign(1, 1, 1).unwrap();
    assert_eq!(world.open(3, 1), Err(Error::NoMandate));
}

fn ending_what_was_never_signed_makes_no_entry(host: Host) {
    let world = World::new(host);
    world.sign(0, 0, 0).unwrap();
    world.floor(0, 0).unwrap();
    assert_eq!(world.signed_by_tenant(), None);
    assert_eq!(world.escrow.provider_mandate(&world.provider, &world.token.address), None);
}

fn a_provider_is_not_leased_below_its_floor(host: Host) {
    let world = World::with_deposit(host, 500);
    world.floor(3_601, NOW + 10).unwrap();
    let (account, token) = (world.provider.clone(), world.token.address.clone());
    world.published(&event::ProviderMandateSet { account, token, floor_per_hour: 3_601, until: NOW + 10 });
    assert_eq!(world.open(1, 1), Err(Error::BelowFloor));
    let signed = world.escrow.provider_mandate(&world.provider, &world.token.address);
    assert_eq!(signed, Some(ProviderMandate { floor_per_hour: 3_601, until: NOW + 10 }));
    world.open_on(1, &Terms { rate_per_hour: 3_601, ..world.terms(1) }).unwrap();
    // It wants nothing once it has ended, by time or by word.
    assert_eq!(world.at(NOW + 10).open(2, 1), Err(Error::BelowFloor));
    world.at(NOW + 11).open(2, 1).unwrap();
    world.floor(3_601, DEADLINE).unwrap();
    assert_eq!(world.open(3, 1), Err(Error::BelowFloor));
    world.floor(9, 0).unwrap();
    assert_eq!(world.escrow.provider_mandate(&world.provider, &world.token.address), None);
    world.open(3, 1).unwrap();
    for floor in [0, -1] {
        assert_eq!(world.floor(floor, DEADLINE), Err(Error::RateNotPositive));
    }
}

on_both_hosts!(
    nobody_is_leased_for_without_having_signed,
    a_lease_locks_not_a_stroop_beyond,
    a_day_is_that_of_utc,
    a_mandate_ends_with_its_last_second,
    a_new_mandate_takes_the_place_of_the_one_before_on_the_same_day,
    limits_are_positive_and_may_be_anything_else,
    ending_what_was_never_signed_makes_no_entry,
    a_provider_is_not_leased_below_its_floor,
);
