//! What accounts have signed in advance, and whether a lease keeps to it.

use crate::storage::Purse;
use crate::{Error, ProviderMandate, TenantMandate, Terms, positive};

const SECONDS_PER_DAY: u64 = 86_400;

/// Replaces a tenant's mandate; `until` 0 ends it.
pub(crate) fn set_tenant(purse: &Purse<'_>, per_lease: i128, per_day: i128, until: u64) -> Result<(), Error> {
    let before = purse.tenant_mandate();
    if until == 0 && before.is_none() {
        return Ok(());
    }
    if until > 0 {
        positive(per_lease)?;
        positive(per_day)?;
    }
    // What was locked today counts under the new one as well, and also when
    // the mandate ends: that is why its entry stays.
    let (day, spent) = before.map_or((0, 0), |before| (before.day, before.spent));
    purse.set_tenant_mandate(&TenantMandate { per_lease, per_day, until, day, spent });
    Ok(())
}

/// Replaces a provider's mandate; `until` 0 ends it.
pub(crate) fn set_provider(purse: &Purse<'_>, floor_per_hour: i128, until: u64) -> Result<(), Error> {
    if until == 0 {
        purse.remove_provider_mandate();
        return Ok(());
    }
    if floor_per_hour <= 0 {
        return Err(Error::RateNotPositive);
    }
    purse.set_provider_mandate(&ProviderMandate { floor_per_hour, until });
    Ok(())
}

/// Counts `amount` more for a lease that then locks `total`, or refuses when
/// the tenant's mandate does not allow it.
pub(crate) fn spend(tenant: &Purse<'_>, total: i128, amount: i128) -> Result<(), Error> {
    let now = tenant.env.ledger().timestamp();
    let mandate = tenant.tenant_mandate().filter(|mandate| now <= mandate.until).ok_or(Error::NoMandate)?;
    if total > mandate.per_lease {
        return Err(Error::AboveMandatePerLease);
    }
    let day = now / SECONDS_PER_DAY;
    let before = if mandate.day == day { mandate.spent } else { 0 };
    // The same money may be locked and given back many times a day: the sum
    // has no bound of its own.
    let spent = before.checked_add(amount).filter(|spent| *spent <= mandate.per_day);
    let spent = spent.ok_or(Error::AboveMandatePerDay)?;
    tenant.set_tenant_mandate(&TenantMandate { day, spent, ..mandate });
    Ok(())
}

/// Refuses what pays the provider less than its mandate wants. A mandate that
/// has ended wants nothing: being leased binds nobody to serve.
pub(crate) fn check_floor(provider: &Purse<'_>, terms: &Terms) -> Result<(), Error> {
    let now = provider.env.ledger().timestamp();
    let mandate = provider.provider_mandate().filter(|mandate| now <= mandate.until);
    match mandate {
        Some(mandate) if terms.rate_per_hour < mandate.floor_per_hour => Err(Error::BelowFloor),
        _ => Ok(()),
    }
}
