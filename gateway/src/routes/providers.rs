//! `/providers`

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use berth_domain::{Code, ProviderId};
use berth_wire::request::ProviderRequest;
use berth_wire::response::{List, Provider};

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
    params(crate::openapi::Pages, crate::openapi::AtSeq, ("address" = Option<berth_wire::address::Name>, Query, description = "Only those of this owner.")),
    responses((status = 200, body = berth_wire::response::List<berth_wire::response::Provider>, description = "Done.")),
)]
pub(super) async fn list(State(app): State<App>, mut query: Query) -> Result<At<List<Provider>>, Refusal> {
    let at = query.at_seq()?;
    let part = query.page()?;
    let owner = query.account(&app, "address")?;
    query.finish()?;
    let found = app.state(at, move |x| {
        page(part, x.providers().count() as u64, |id| {
            let one = x.provider(ProviderId(u32::try_from(id).ok()?))?;
            owner.passes(one.account).then(|| provider(x, one))
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
