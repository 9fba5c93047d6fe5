//! `/gpus`: fixed prices over the same books.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use berth_domain::{BidId, Code, Rate, ResourceClass, Stroops, TrustLevel};
use berth_render as render;
use berth_wire::price::Per;
use berth_wire::request::{AmendGpuRequest, GpuListing, RentRequest, StopRequest};
use berth_wire::response::{Changed, GpuOffer, GpuStatus, List};

use super::{created, idempotent, page};
use crate::body;
use crate::caller::Caller;
use crate::commands::gpus;
use crate::node::App;
use crate::past::At;
use crate::problem::Refusal;
use crate::query::{Query, Segment};

#[utoipa::path(
    post,
    path = "/gpus",
    tag = "gpus",
    summary = "Lists a GPU at a fixed price.",
    request_body = GpuListing,
    responses((status = 201, body = Changed<GpuOffer>, description = "Done.")),
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    query: Query,
    body::Json(mut request): body::Json<GpuListing>,
) -> Result<Response, Refusal> {
    query.finish()?;
    idempotent(&headers, &mut request.client_order_id)?;
    gpus::list(&app, caller, request).await.map(created)
}

#[utoipa::path(
    get,
    path = "/gpus",
    tag = "gpus",
    summary = "GPUs at a fixed price.",
    params(crate::openapi::Pages, crate::openapi::AtSeq, ("model" = Option<String>, Query, description = "Only this model, with or without vendor words."), ("minVram" = Option<u32>, Query, description = "Only those with this many GiB at least."), ("maxPrice" = Option<String>, Query, description = "Only those that cost this much per hour at most."), ("trust" = Option<String>, Query, description = "Only those of owners of these levels, separated by commas."), ("available" = Option<bool>, Query, description = "Only those that can be rented now, or only the others."), ("ownerAddress" = Option<berth_wire::address::Name>, Query, description = "Only those of this owner.")),
    responses((status = 200, body = List<GpuOffer>, description = "Done.")),
)]
pub(super) async fn list(State(app): State<App>, mut query: Query) -> Result<At<List<GpuOffer>>, Refusal> {
    let at = query.at_seq()?;
    let part = query.page()?;
    let wanted = Wanted {
        model: query.text("model").map(|model| model_of(&model)).transpose()?,
        min_vram: query.take::<u16>("minVram", "a whole number of GiB")?,
        max_price: query.take::<Stroops>("maxPrice", "a price such as \"2.5\"")?,
        trust: query.names("trust", TrustLevel::from_name)?,
        available: query.take::<bool>("available", "true or false")?,
    };
    let max_price = wanted.max_price.map(|price| Per::Hour.rate(price, "maxPrice")).transpose()?;
    let owner = query.account(&app, "ownerAddress")?;
    query.finish()?;
    let found = app.state(at, move |x| {
        page(part, x.bids().count() as u64, |id| {
            let bid = x.bid(BidId(id))?;
            if !bid.is_live() || !owner.passes(bid.account) {
                return None;
            }
            render::gpu(x, bid).filter(|offer| wanted.passes(offer, max_price))
        })
    });
    Ok(At::new(at, found.await?))
}

/// What a list is asked for.
struct Wanted {
    model: Option<String>,
    min_vram: Option<u16>,
    max_price: Option<Stroops>,
    trust: Option<Vec<TrustLevel>>,
    available: Option<bool>,
}

impl Wanted {
    fn passes(&self, offer: &GpuOffer, max_price: Option<Rate>) -> bool {
        self.model.as_ref().is_none_or(|model| offer.model == *model)
            && self.min_vram.is_none_or(|least| offer.vram >= least)
            && max_price.is_none_or(|most| offer.price_per_hour <= most)
            && self.trust.as_ref().is_none_or(|levels| levels.contains(&offer.trust_level))
            && self.available.is_none_or(|available| (offer.status == GpuStatus::Available) == available)
    }
}

/// A model as markets name it.
fn model_of(product: &str) -> Result<String, Refusal> {
    match ResourceClass::gpu(product, 1) {
        Ok(ResourceClass::Gpu { model, .. }) => Ok(model.as_str().to_owned()),
        Ok(ResourceClass::Cpu) => Err(Refusal::malformed("model", "names no GPU model")),
        Err(why) => Err(Refusal::malformed("model", why.to_string())),
    }
}

#[utoipa::path(
    get,
    path = "/gpus/{id}",
    tag = "gpus",
    summary = "A GPU at a fixed price.",
    params(("id" = u64, Path, description = "Its number."), crate::openapi::AtSeq),
    responses((status = 200, body = GpuOffer, description = "Done.")),
)]
pub(super) async fn one(State(app): State<App>, id: Segment, mut query: Query) -> Result<At<GpuOffer>, Refusal> {
    let at = query.at_seq()?;
    query.finish()?;
    let id = BidId(id.id(Code::UnknownBid)?);
    let found = app.state(at, move |x| x.bid(id).and_then(|bid| render::gpu(x, bid))).await?;
    found.map(|found| At::new(at, found)).ok_or_else(|| Refusal::from(Code::UnknownBid).at("id"))
}

#[utoipa::path(
    patch,
    path = "/gpus/{id}",
    tag = "gpus",
    summary = "Changes a listing's price, or whether its host takes leases.",
    params(("id" = u64, Path, description = "Its number."), ("ownerAddress" = Option<berth_wire::address::Name>, Query, description = "In whose name; in open mode its owner when left out.")),
    request_body = AmendGpuRequest,
    responses((status = 200, body = Changed<GpuOffer>, description = "Done.")),
)]
pub(super) async fn amend(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
    body::Json(mut request): body::Json<AmendGpuRequest>,
) -> Result<Json<Changed<GpuOffer>>, Refusal> {
    request.owner_address = query.actor("ownerAddress", request.owner_address)?;
    query.finish()?;
    let id = BidId(id.id(Code::UnknownBid)?);
    gpus::amend(&app, caller, id, request).await.map(Json)
}

#[utoipa::path(
    post,
    path = "/gpus/{id}/rent",
    tag = "gpus",
    summary = "Rents a GPU at its price: an order for that one.",
    params(("id" = u64, Path, description = "Its number.")),
    request_body = RentRequest,
    responses((status = 202, body = Changed<berth_wire::response::Lease>, description = "Its lease, which waits for its escrow.")),
)]
pub(super) async fn rent(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    headers: HeaderMap,
    query: Query,
    body::Json(mut request): body::Json<RentRequest>,
) -> Result<Response, Refusal> {
    query.finish()?;
    idempotent(&headers, &mut request.client_order_id)?;
    let id = BidId(id.id(Code::UnknownBid)?);
    let lease = gpus::rent(&app, caller, id, request).await?;
    Ok((StatusCode::ACCEPTED, Json(lease)).into_response())
}

#[utoipa::path(
    post,
    path = "/gpus/{id}/stop",
    tag = "gpus",
    summary = "Stops the rental of a GPU: what was used is paid, the rest is refunded.",
    params(("id" = u64, Path, description = "Its number."), ("renterAddress" = Option<berth_wire::address::Name>, Query, description = "Who stops it; in open mode its renter when left out.")),
    request_body = Option<StopRequest>,
    responses((status = 202, body = Changed<berth_wire::response::Lease>, description = "Its lease, whose container is being stopped.")),
)]
pub(super) async fn stop(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
    body::JsonOrNothing(mut request): body::JsonOrNothing<StopRequest>,
) -> Result<Response, Refusal> {
    request.tenant_address = query.actor("renterAddress", request.tenant_address)?;
    query.finish()?;
    let id = BidId(id.id(Code::UnknownBid)?);
    let lease = gpus::stop(&app, caller, id, request).await?;
    Ok((StatusCode::ACCEPTED, Json(lease)).into_response())
}
