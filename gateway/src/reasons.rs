//! Why an order trades with a provider, or not: by pages, since each provider and
//! each of its bids is looked at.

use berth_domain::ProviderId;
use berth_exchange::{Exchange, Order};
use berth_wire::response::ProviderVerdict;

use crate::limits::REASONS_BIDS_MAX;
use crate::query::Page;

/// What providers come to for an order, and the cursor of the next page.
pub(crate) fn reasons(x: &Exchange, order: &Order, page: Page) -> (Vec<ProviderVerdict>, Option<String>) {
    let last = x.providers().count() as u64;
    let (mut verdicts, mut bids, mut id) = (Vec::new(), 0, page.after);
    while id < last && verdicts.len() < page.limit && bids < REASONS_BIDS_MAX {
        id += 1;
        let Ok(provider) = u32::try_from(id).map(ProviderId) else { break };
        bids += x.live_bids(provider).count();
        verdicts.extend(x.verdict_on(order, provider).map(|verdict| berth_render::provider_verdict(x, &verdict)));
    }
    (verdicts, (id < last).then(|| id.to_string()))
}
