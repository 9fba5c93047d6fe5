//! `/leases`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use berth_domain::{Address, Code, JobResult, LeaseId, LeaseState, OrderId, ProviderId};
use berth_wire::errors::EdgeCode;
use berth_wire::proof::ProofChain;
use berth_wire::request::{Agent, StopRequest, TopUpRequest};
use berth_wire::response::{Lease, LeaseHealth, List};

use super::page;
use crate::body;
use crate::caller::Caller;
use crate::clock::now;
use crate::commands;
use crate::node::App;
use crate::past::At;
use crate::problem::Refusal;
use crate::query::{Query, Segment};
use crate::submit::Turn;
use berth_render::lease;
use berth_render::lease_health;

#[utoipa::path(
    get,
    path = "/leases",
    tag = "leases",
    summary = "Lists leases.",
    params(crate::openapi::Pages, crate::openapi::AtSeq, ("providerId" = Option<u64>, Query, description = "Only those of this host."), ("orderId" = Option<u64>, Query, description = "Only those of this order."), ("tenantAddress" = Option<berth_wire::address::Name>, Query, description = "Only those of this tenant."), ("providerAddress" = Option<berth_wire::address::Name>, Query, description = "Only those of this owner's hosts."), ("market" = Option<String>, Query, description = "Only those of this market."), ("state" = Option<String>, Query, description = "Only those in one of these states, separated by commas."), ("agent" = Option<String>, Query, description = "Only those that this kind of agent serves: own or house.")),
    responses((status = 200, body = berth_wire::response::List<berth_wire::response::Lease>, description = "Done.")),
)]
pub(super) async fn list(State(app): State<App>, mut query: Query) -> Result<At<List<Lease>>, Refusal> {
    let at = query.at_seq()?;
    let part = query.page()?;
    let provider = query.take::<u32>("providerId", "an id")?.map(ProviderId);
    let order = query.take::<u64>("orderId", "an id")?.map(OrderId);
    let tenant = query.account(&app, "tenantAddress")?;
    let owner = query.account(&app, "providerAddress")?;
    let market = query.market(&app, "market")?;
    let states = query.names("state", LeaseState::from_name)?;
    let agent = query.names("agent", |name| match name {
        "own" => Some(Agent::Own),
        "house" => Some(Agent::House),
        _ => None,
    })?;
    query.finish()?;
    let found = app.state(at, move |x| {
        let serves = |id| {
            let own = x.provider(id).is_some_and(|provider| provider.own_agent);
            if own { Agent::Own } else { Agent::House }
        };
        page(part, x.leases().count() as u64, |id| {
            let one = x.lease(LeaseId(id))?;
            let passes = provider.is_none_or(|provider| one.provider == provider)
                && order.is_none_or(|order| one.order == order)
                && tenant.passes(one.tenant)
                && owner.passes(one.provider_account)
                && market.passes(one.market)
                && states.as_ref().is_none_or(|states| states.contains(&one.state))
                && agent.as_ref().is_none_or(|agents| agents.contains(&serves(one.provider)));
            passes.then(|| lease(x, one))
        })
    });
    Ok(At::new(at, found.await?))
}

#[utoipa::path(
    get,
    path = "/leases/{id}",
    tag = "leases",
    summary = "Shows a lease.",
    params(("id" = u64, Path, description = "Its number."), crate::openapi::AtSeq),
    responses((status = 200, body = berth_wire::response::Lease, description = "Done.")),
)]
pub(super) async fn one(State(app): State<App>, id: Segment, mut query: Query) -> Result<At<Lease>, Refusal> {
    let at = query.at_seq()?;
    query.finish()?;
    let id = LeaseId(id.id(Code::UnknownLease)?);
    let found = app.state(at, move |x| x.lease(id).map(|one| lease(x, one))).await?;
    found.map(|found| At::new(at, found)).ok_or_else(unknown)
}

#[utoipa::path(
    get,
    path = "/leases/{id}/health",
    tag = "leases",
    summary = "How a lease does.",
    params(("id" = u64, Path, description = "Its number.")),
    responses((status = 200, body = berth_wire::response::LeaseHealth, description = "Done.")),
)]
pub(super) async fn health(State(app): State<App>, id: Segment, query: Query) -> Result<Json<LeaseHealth>, Refusal> {
    query.finish()?;
    let id = LeaseId(id.id(Code::UnknownLease)?);
    let health = app.view.read(|x| {
        let interval = x.genesis().map(|genesis| genesis.timing.heartbeat_interval).unwrap_or_default();
        x.lease(id).map(|one| lease_health(one, now(), interval))
    });
    health.map(Json).ok_or_else(unknown)
}

#[utoipa::path(
    get,
    path = "/leases/{id}/proof",
    tag = "leases",
    summary = "The proof chain of a lease.",
    params(("id" = u64, Path, description = "Its number.")),
    responses((status = 200, body = berth_wire::proof::ProofChain, description = "Done.")),
)]
pub(super) async fn proof(State(app): State<App>, id: Segment, mut query: Query) -> Result<At<ProofChain>, Refusal> {
    let at = query.at_seq()?;
    query.finish()?;
    let id = LeaseId(id.id(Code::UnknownLease)?);
    let found = app.state(at, move |x| x.lease(id).map(berth_render::proof)).await?;
    found.map(|found| At::new(at, found)).ok_or_else(unknown)
}

/// What to run: for the tenant, for the owner of the provider that holds the
/// lease, and for the operator. In open mode for who says to be one of them.
#[utoipa::path(
    get,
    path = "/leases/{id}/specification",
    tag = "leases",
    summary = "What a lease runs, for its tenant and its provider.",
    params(("id" = u64, Path, description = "Its number."), ("address" = Option<berth_wire::address::Name>, Query, description = "Who asks, in open mode.")),
    responses((status = 200, body = berth_wire::request::Specification, description = "Done.")),
)]
pub(super) async fn specification(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
) -> Result<Response, Refusal> {
    let name = query.actor("address", None)?;
    query.finish()?;
    let id = LeaseId(id.id(Code::UnknownLease)?);
    let asks = app.reader(caller, name.as_ref(), "address")?;
    let order = party(&app, caller, asks, id, "a specification")?.order;
    let hash = app.view.read(|x| x.order(order).map(|order| order.spec_hash)).ok_or_else(unknown)?;
    let private = app.private.clone();
    match tokio::task::spawn_blocking(move || private.get(&hash)).await {
        Ok(Ok(Some(body))) => Ok(([(CONTENT_TYPE, "application/json")], body).into_response()),
        Ok(Ok(None)) => Err(Refusal::new(EdgeCode::Gone, "this node does not have the specification")),
        Ok(Err(error)) => {
            tracing::error!(%error, "a specification cannot be read");
            Err(EdgeCode::Unavailable.into())
        }
        Err(_) => Err(EdgeCode::Unavailable.into()),
    }
}

/// What of a lease its parties' own things depend on.
pub(super) struct Private {
    pub(super) order: OrderId,
    pub(super) state: LeaseState,
    pub(super) replicas: u32,
    pub(super) result: Option<JobResult>,
}

/// Whether who asks may have what is a lease's own: its tenant, the owner of the
/// provider that holds it, the operator.
pub(super) fn party(
    app: &App,
    caller: Caller,
    asks: Option<Address>,
    id: LeaseId,
    what: &str,
) -> Result<Private, Refusal> {
    let (private, is_party) = app.view.read(|x| {
        let one = x.lease(id).ok_or_else(unknown)?;
        let asks = asks.map(|address| x.account_by_address(address));
        let is_serving = asks == Some(Some(one.provider_account));
        let is_party = is_serving && caller.may_provide() || asks == Some(Some(one.tenant)) && caller.may_read();
        // The operator's node has it on its disk anyway.
        let is_party = is_party || (caller == Caller::Operator && asks.is_none());
        Ok::<_, Refusal>((
            Private { order: one.order, state: one.state, replicas: one.replicas, result: one.result },
            is_party,
        ))
    })?;
    // What the desk has ordered is for whoever paid for it.
    let payer = || app.till.as_ref().map_or(Ok(None), |till| till.payer_of(private.order));
    let is_party = is_party || (asks.is_some() && caller.may_read() && payer()? == asks);
    if !is_party {
        let detail =
            format!("{what} is for the lease's tenant with the scope read, and its provider with the scope provide");
        return Err(Refusal::new(EdgeCode::Forbidden, detail).at("address"));
    }
    Ok(private)
}

#[utoipa::path(
    post,
    path = "/leases/{id}/stop",
    tag = "leases",
    summary = "Stops a lease: what was used is paid, the rest is refunded.",
    params(("id" = u64, Path, description = "Its number."), ("tenantAddress" = Option<berth_wire::address::Name>, Query, description = "Who stops it; in open mode its tenant when left out.")),
    request_body = Option<berth_wire::request::StopRequest>,
    responses((status = 202, body = berth_wire::response::Changed<berth_wire::response::Lease>, description = "Done.")),
)]
pub(super) async fn stop(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
    body::JsonOrNothing(mut request): body::JsonOrNothing<StopRequest>,
) -> Result<Response, Refusal> {
    request.tenant_address = query.actor("tenantAddress", request.tenant_address)?;
    query.finish()?;
    let id = LeaseId(id.id(Code::UnknownLease)?);
    let stopped = commands::leases::stop(&app, caller, Some(id), request, Turn::any()).await?;
    // The containers still have to go; a lease that is closed has nothing left.
    let status = if stopped.object.state == LeaseState::Closed { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(stopped)).into_response())
}

#[utoipa::path(
    post,
    path = "/leases/{id}/topup",
    tag = "leases",
    summary = "Pays for more of a lease in advance.",
    description = "What it costs is held at once, and is in the lease's escrow when the contract has it: then `lease.toppedUp` says so, or `lease.topUpFailed` why it is not.",
    params(("id" = u64, Path, description = "Its number."), ("tenantAddress" = Option<berth_wire::address::Name>, Query, description = "Who pays; in open mode its tenant when left out.")),
    request_body = berth_wire::request::TopUpRequest,
    responses((status = 202, body = berth_wire::response::Changed<berth_wire::response::Lease>, description = "What it costs is held.")),
)]
pub(super) async fn top_up(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
    body::Json(mut request): body::Json<TopUpRequest>,
) -> Result<Response, Refusal> {
    request.tenant_address = query.actor("tenantAddress", request.tenant_address)?;
    query.finish()?;
    let id = LeaseId(id.id(Code::UnknownLease)?);
    let held = commands::leases::top_up(&app, caller, Some(id), request, Turn::any()).await?;
    Ok((StatusCode::ACCEPTED, Json(held)).into_response())
}

pub(super) fn unknown() -> Refusal {
    Refusal::from(Code::UnknownLease).at("id")
}
