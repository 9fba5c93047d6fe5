//! GPUs at a fixed price. A listing is a host with one GPU and a standing bid for
//! it; to rent it is to place an order for that bid alone.

use berth_domain::{AmendBid, BidId, BidTarget, Code, LeaseState, OrderId, Seconds, UpdateProvider};
use berth_exchange::{Exchange, Reply};
use berth_render as render;
use berth_wire::errors::{EdgeCode, Problem, refusal};
use berth_wire::request::{
    AmendGpuRequest, GpuListing, GpuSpecification, Listed, NewListing, RentRequest, StopRequest,
};
use berth_wire::response::{Changed, GpuOffer, Lease};

use super::{changed, leases, orders, unknown};
use crate::caller::{Caller, PROVIDE, TRADE_OR_PROVIDE};
use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::{Done, Turn};

/// Lists a GPU: registers its host, then bids for it. A repeat with the same client
/// id finds both.
pub(crate) async fn list(node: &Node, caller: Caller, request: GpuListing) -> Result<Changed<GpuOffer>, Refusal> {
    node.may_change(caller, PROVIDE)?;
    let listing = request.parse()?;
    node.may_begin()?;
    let owner = node.actor(caller, listing.host.address.as_ref(), "ownerAddress").await?;
    // Before there is a host without a market.
    node.view.read(|x| {
        let opens = x.genesis().is_some_and(|genesis| genesis.open_markets);
        let is_open = opens || x.market_of(&listing.class).is_some();
        if is_open { Ok(()) } else { Err(unknown(Code::UnknownMarket, "model")) }
    })?;

    let done = node.submit(owner, listing.register().clone(), Turn::any(), field).await?;
    let Reply::Provider(provider) = done.reply else { return Err(EdgeCode::OutcomeUnknown.into()) };
    if done.repeated
        && let Some(bid) = node.view.read(|x| listed_before(x, &listing, provider))
    {
        return shown(node, &done, bid?);
    }
    let market = node.view.read(|x| x.market_of(&listing.class).map(|market| market.id));
    let market = market.ok_or_else(|| unknown(Code::UnknownMarket, "model"))?;
    let done = node.submit(owner, listing.bid(provider, market), Turn::any(), field).await?;
    match done.reply {
        Reply::Bid(bid) => shown(node, &done, bid),
        _ => Err(EdgeCode::OutcomeUnknown.into()),
    }
}

/// The live bid that a repeated listing made before, which must be at its price.
fn listed_before(
    x: &Exchange,
    listing: &NewListing,
    provider: berth_domain::ProviderId,
) -> Option<Result<BidId, Refusal>> {
    let bid = x.bids().rev().find(|bid| bid.provider == provider && bid.is_live() && bid.is_standing())?;
    let same = bid.price == listing.price;
    Some(if same { Ok(bid.id) } else { Err(Refusal::from(Code::ClientIdReused).at("clientOrderId")) })
}

/// Changes a listing's price, or whether its host takes leases, or both one after
/// the other.
pub(crate) async fn amend(
    node: &Node,
    caller: Caller,
    id: BidId,
    request: AmendGpuRequest,
) -> Result<Changed<GpuOffer>, Refusal> {
    node.may_change(caller, TRADE_OR_PROVIDE)?;
    let price = request.price()?;
    let (owner, host) = node
        .view
        .read(|x| {
            let bid = x.bid(id).filter(|bid| render::gpu(x, bid).is_some())?;
            let host = x.provider(bid.provider)?;
            Some((bid.account, (host.id, host.attributes.clone())))
        })
        .ok_or_else(|| unknown(Code::UnknownBid, "id"))?;
    let actor = node.actor_on(caller, request.owner_address.as_ref(), "ownerAddress", owner)?;
    let mut done = None;
    if let Some(price) = price {
        let amend = AmendBid { bid: id, price: Some(price), quantity: None, expires_at: None };
        done = Some(node.submit(actor, amend, Turn::any(), field).await?);
    }
    if let Some(available) = request.available {
        node.may_change(caller, PROVIDE)?;
        let (provider, attributes) = host;
        done = Some(node.submit(actor, UpdateProvider { provider, available, attributes }, Turn::any(), field).await?);
    }
    let done = done.ok_or_else(|| Refusal::malformed("", "changes nothing: it names no price, and not available"))?;
    shown(node, &done, id)
}

/// Rents a GPU: all of it at once, at the price that it is listed at, or not at all.
pub(crate) async fn rent(
    node: &Node,
    caller: Caller,
    id: BidId,
    request: RentRequest,
) -> Result<Changed<Lease>, Refusal> {
    if request.renter_address.is_none() && caller.account().is_none() {
        return Err(Refusal::malformed("renterAddress", "is missing"));
    }
    let (listed, durations) = node.view.read(|x| listed(x, id))?;
    let order = request.order(&listed)?;
    let asked = order.clone().parse().map_err(|wrong| Refusal::from(wrong).renamed(name))?;
    if !(durations.0..=durations.1).contains(&asked.duration) {
        let detail = format!("is {}, and it is rented for {} to {}", asked.duration, durations.0, durations.1);
        return Err(Refusal::from(Problem::new(refusal(Code::OutOfBounds), detail)).at("durationSeconds"));
    }
    let placed = orders::place_aimed(node, caller, order, id, Turn::any()).await;
    let placed = placed.map_err(|refusal| refusal.renamed(name))?;
    let lease = node.view.read(|x| {
        let lease = x.leases_of_order(OrderId(placed.object.id)).next();
        lease.map(|lease| render::lease(x, lease))
    });
    match lease {
        Some(lease) => Ok(Changed { object: lease, seq: placed.seq, entry_hash: placed.entry_hash }),
        None => {
            let detail = format!("order {} found it taken, or could not take it; nothing is held", placed.object.id);
            Err(Refusal::from(Problem::new(refusal(Code::NoRoom), detail)).at("id"))
        }
    }
}

/// What is rented, with the shortest and the longest rental, when it can be now.
fn listed(x: &Exchange, id: BidId) -> Result<(Listed, (Seconds, Seconds)), Refusal> {
    let bid = x.bid(id).ok_or_else(|| unknown(Code::UnknownBid, "id"))?;
    let offer = render::gpu(x, bid).ok_or_else(|| unknown(Code::UnknownBid, "id"))?;
    let BidTarget::Standing { min_duration, max_duration, .. } = bid.target else {
        return Err(unknown(Code::UnknownBid, "id"));
    };
    use berth_wire::response::GpuStatus;
    match offer.status {
        GpuStatus::Available => {}
        GpuStatus::Rented => return Err(Refusal::from(Code::NoRoom).at("id")),
        GpuStatus::Unavailable => return Err(Refusal::from(Code::ProviderUnavailable).at("id")),
        GpuStatus::Ended => return Err(Refusal::from(Code::BidClosed).at("id")),
    }
    let gpu = GpuSpecification { model: offer.model, vram: offer.vram, count: 1 };
    let listed = Listed { bid: id, price: bid.price, level: offer.trust_level, gpu };
    Ok((listed, (min_duration, max_duration)))
}

/// Stops the newest rental of a GPU.
pub(crate) async fn stop(
    node: &Node,
    caller: Caller,
    id: BidId,
    request: StopRequest,
) -> Result<Changed<Lease>, Refusal> {
    let lease = node.view.read(|x| {
        let bid = x.bid(id).filter(|bid| render::gpu(x, bid).is_some());
        let bid = bid.ok_or_else(|| unknown(Code::UnknownBid, "id"))?;
        let lease = x.last_lease_of_bid(bid.id).filter(|lease| lease.state != LeaseState::Closed);
        let detail = "nobody rents it now";
        lease
            .map(|lease| lease.id)
            .ok_or_else(|| Refusal::from(Problem::new(refusal(Code::LeaseState), detail)).at("id"))
    })?;
    leases::stop(node, caller, Some(lease), request, Turn::any()).await
}

fn shown(node: &Node, done: &Done, id: BidId) -> Result<Changed<GpuOffer>, Refusal> {
    changed(node, *done, |x| render::gpu(x, x.bid(id)?))
}

/// Where a fault of the order that a rental makes stands in the rental.
fn name(of_order: &str) -> String {
    match of_order.strip_prefix("specification.").unwrap_or(of_order) {
        "tenantAddress" => "renterAddress".to_owned(),
        "maxPrice" => "maxPricePerHour".to_owned(),
        other => other.to_owned(),
    }
}

fn field(code: Code) -> Option<&'static str> {
    match code {
        Code::ClientIdReused => Some("clientOrderId"),
        Code::TooManyProviders | Code::TooManyBids | Code::NotYours => Some("ownerAddress"),
        Code::UnknownMarket | Code::BookFull => Some("model"),
        Code::BidClosed => Some("id"),
        Code::NotCanonical => Some("attributes"),
        Code::OutOfBounds => Some("maxDuration"),
        _ => None,
    }
}
