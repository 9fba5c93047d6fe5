//! `/accounts`

use axum::extract::State;
use axum::response::Response;
use berth_domain::Code;
use berth_wire::address::Name;
use berth_wire::request::MandateRequest;
use berth_wire::response::Account;

use super::created;
use crate::body;
use crate::caller::Caller;
use crate::commands::accounts::set_mandate;
use crate::node::App;
use crate::past::At;
use crate::problem::Refusal;
use crate::query::{Query, Segment};
use crate::submit::Turn;
use berth_render::account;

#[utoipa::path(
    get,
    path = "/accounts/{address}",
    tag = "accounts",
    summary = "An account and its money.",
    params(("address" = String, Path, description = "Its key, G…; in open mode any name."), crate::openapi::AtSeq),
    responses((status = 200, body = berth_wire::response::Account, description = "Done.")),
)]
pub(super) async fn one(State(app): State<App>, address: Segment, mut query: Query) -> Result<At<Account>, Refusal> {
    let at = query.at_seq()?;
    query.finish()?;
    let name = Name::new(address.as_str()).map_err(|why| Refusal::malformed("address", why))?;
    let address = app.address(&name, "address")?;
    let found = app.state(at, move |x| x.account(x.account_by_address(address)?).map(|one| account(x, one))).await?;
    found.map(|found| At::new(at, found)).ok_or_else(|| Refusal::from(Code::UnknownAccount).at("address"))
}

#[utoipa::path(
    post,
    path = "/accounts/{address}/mandates",
    tag = "accounts",
    summary = "Replaces the limits of what may be done in the account's name.",
    params(("address" = String, Path, description = "Its key, G…; in open mode any name.")),
    request_body = berth_wire::request::MandateRequest,
    responses((status = 201, body = berth_wire::response::Changed<berth_wire::response::Mandate>, description = "Done.")),
)]
pub(super) async fn mandate(
    State(app): State<App>,
    caller: Caller,
    address: Segment,
    query: Query,
    body::Json(request): body::Json<MandateRequest>,
) -> Result<Response, Refusal> {
    query.finish()?;
    let name = Name::new(address.as_str()).map_err(|why| Refusal::malformed("address", why))?;
    set_mandate(&app, caller, &name, request, Turn::any()).await.map(created)
}
