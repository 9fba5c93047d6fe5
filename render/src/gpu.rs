//! GPUs at a fixed price: standing bids in the markets of GPUs.

use berth_domain::{BidTarget, LeaseState, Reputation, ResourceClass, TrustLevel};
use berth_exchange::{Bid, Exchange};
use berth_wire::response::{GpuOffer, GpuStatus};

use crate::address;

/// A bid as a listing; `None` when it is none: a directed bid, one of a quote set,
/// or one in the CPU market.
#[must_use]
pub fn gpu(x: &Exchange, bid: &Bid) -> Option<GpuOffer> {
    let BidTarget::Standing { min_duration, max_duration, .. } = bid.target else { return None };
    let market = &x.market(bid.market)?.class;
    let ResourceClass::Gpu { model, vram } = market else { return None };
    if bid.set.is_some() {
        return None;
    }
    let host = x.provider(bid.provider)?;
    let owner = x.account(bid.account);
    let lease = x.last_lease_of_bid(bid.id).filter(|lease| lease.state != LeaseState::Closed);
    let count = host.gpus.iter().find(|gpus| gpus.class == *market).map_or(0, |gpus| gpus.count);
    let free = host.free_units(market);
    let status = if !bid.is_live() {
        GpuStatus::Ended
    } else if !host.available {
        GpuStatus::Unavailable
    } else if free == 0 || bid.remaining == 0 {
        GpuStatus::Rented
    } else {
        GpuStatus::Available
    };
    let attributes = host.attributes.iter();
    Some(GpuOffer {
        id: bid.id.0,
        provider_id: bid.provider.0.into(),
        owner_address: address(x, bid.account),
        model: model.as_str().to_owned(),
        vram: *vram,
        count,
        free,
        market: market.clone(),
        price_per_hour: bid.price,
        status,
        available: status == GpuStatus::Available,
        trust_level: owner.map_or(TrustLevel::One, |account| account.level),
        reputation: owner.map_or(Reputation::MAX, |account| account.reputation).get(),
        attributes: attributes.map(|a| (a.key.as_str().to_owned(), a.value.as_str().to_owned())).collect(),
        min_duration: min_duration.0,
        max_duration: max_duration.0,
        rentals: bid.remaining,
        renter_address: lease.map(|lease| address(x, lease.tenant)),
        lease_id: lease.map(|lease| lease.id.0),
        listed_at: bid.placed_at.0,
    })
}
