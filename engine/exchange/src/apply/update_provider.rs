//! An owner says whether a host takes leases and what it offers. One that takes
//! none is drained: its leases go on, its standing bids are parked.

use berth_domain::{Code, ProviderChanged, UpdateProvider};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::rules::is_sorted;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, update: &UpdateProvider) -> Result<Outcome, Code> {
    let UpdateProvider { provider: id, available, ref attributes } = *update;
    let provider = x.provider(id).ok_or(Code::UnknownProvider)?;
    if provider.account != step.account {
        return Err(Code::NotYours);
    }
    if !is_sorted(attributes, |attribute| &attribute.key) {
        return Err(Code::NotCanonical);
    }
    if provider.available == available && provider.attributes == *attributes {
        return Ok(Outcome::Repeated(Reply::Provider(id)));
    }
    let provider = x.provider_mut(id);
    provider.available = available;
    provider.attributes.clone_from(attributes);
    step.emit(ProviderChanged { provider: id, available, attributes: attributes.clone() });
    if available {
        x.reenter_bids(step, id);
    } else {
        x.host_stands_by_no_longer(step, id);
        x.park_without_room(step, id);
    }
    Ok(Outcome::Done(Reply::Provider(id)))
}
