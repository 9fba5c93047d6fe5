//! `/providers`

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use berth_domain::{Code, ProviderId, ResourceClass, TrustLevel};
use berth_wire::request::{ProviderRequest, UpdateProviderRequest};
use berth_wire::response::{Changed, List, Provider};

use super::{created, idempotent, page};
use crate::body;
use crate::caller::Caller;
use crate::commands;
use crate::node::App;
use crate::past::At;
use crate::problem::Refusal;
use crate::query::{Query, Segment};
use crate::submit::Turn;
use berth_render::provider;

#[utoipa::path(
    post,
    path = "/providers",
    tag = "providers",
    summary = "Registers a host.",
    request_body = berth_wire::request::ProviderRequest,
    responses((status = 201, body = berth_wire::response::Changed<berth_wire::response::Provider>, description = "Done.")),
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    query: Query,
    body::Json(mut request): body::Json<ProviderRequest>,
) -> Result<Response, Refusal> {
    query.finish()?;
    idempotent(&headers, &mut request.client_order_id)?;
    commands::providers::register(&app, caller, request, Turn::any()).await.map(created)
}

#[utoipa::path(
    get,
    path = "/providers",
    tag = "providers",
    summary = "Lists hosts.",
    params(crate::openapi::Pages, crate::openapi::AtSeq, ("address" = Option<berth_wire::address::Name>, Query, description = "Only those of this owner."), ("market" = Option<String>, Query, description = "Only those that have something of this market."), ("trust" = Option<String>, Query, description = "Only those of owners of these levels, separated by commas."), ("available" = Option<bool>, Query, description = "Only those that take leases, or only the others."), ("attribute" = Option<String>, Query, description = "Only those that offer this: key=value, or a key alone.")),
    responses((status = 200, body = berth_wire::response::List<berth_wire::response::Provider>, description = "Done.")),
)]
pub(super) async fn list(State(app): State<App>, mut query: Query) -> Result<At<List<Provider>>, Refusal> {
    let at = query.at_seq()?;
    let part = query.page()?;
    let owner = query.account(&app, "address")?;
    let class = query.take::<ResourceClass>("market", "a market's name such as \"H100-80\" or \"CPU\"")?;
    let trust = query.names("trust", TrustLevel::from_name)?;
    let available = query.take::<bool>("available", "true or false")?;
    let attribute = query.text("attribute");
    query.finish()?;
    let offers = move |one: &berth_exchange::Provider, wanted: &str| {
        let (key, value) = wanted.split_once('=').map_or((wanted, None), |(key, value)| (key, Some(value)));
        let mut offered = one.attributes.iter();
        offered.any(|a| a.key.as_str() == key && value.is_none_or(|value| a.value.as_str() == value))
    };
    let found = app.state(at, move |x| {
        page(part, x.providers().count() as u64, |id| {
            let one = x.provider(ProviderId(u32::try_from(id).ok()?))?;
            let level = || x.account(one.account).map(|account| account.level);
            let passes = owner.passes(one.account)
                && class.as_ref().is_none_or(|class| one.trades(class))
                && trust.as_ref().is_none_or(|levels| level().is_some_and(|level| levels.contains(&level)))
                && available.is_none_or(|available| one.available == available)
                && attribute.as_ref().is_none_or(|wanted| offers(one, wanted));
            passes.then(|| provider(x, one))
        })
    });
    Ok(At::new(at, found.await?))
}

#[utoipa::path(
    get,
    path = "/providers/{id}",
    tag = "providers",
    summary = "Shows a host.",
    params(("id" = u64, Path, description = "Its number."), crate::openapi::AtSeq),
    responses((status = 200, body = berth_wire::response::Provider, description = "Done.")),
)]
pub(super) async fn one(State(app): State<App>, id: Segment, mut query: Query) -> Result<At<Provider>, Refusal> {
    let at = query.at_seq()?;
    query.finish()?;
    let id = ProviderId(id.id(Code::UnknownProvider)?);
    let found = app.state(at, move |x| x.provider(id).map(|one| provider(x, one))).await?;
    found.map(|found| At::new(at, found)).ok_or_else(|| Refusal::from(Code::UnknownProvider).at("id"))
}

/// Resources, host name and port are what a host was registered with; one that has
/// others is another host.
#[utoipa::path(
    patch,
    path = "/providers/{id}",
    tag = "providers",
    summary = "Says whether a host takes leases, and what it offers.",
    params(("id" = u64, Path, description = "Its number."), ("address" = Option<berth_wire::address::Name>, Query, description = "In whose name; in open mode its owner when left out.")),
    request_body = berth_wire::request::UpdateProviderRequest,
    responses((status = 200, body = berth_wire::response::Changed<berth_wire::response::Provider>, description = "Done.")),
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
    body::Json(mut request): body::Json<UpdateProviderRequest>,
) -> Result<Json<Changed<Provider>>, Refusal> {
    request.address = query.actor("address", request.address)?;
    query.finish()?;
    let id = ProviderId(id.id(Code::UnknownProvider)?);
    commands::providers::update(&app, caller, id, request, Turn::any()).await.map(Json)
}
