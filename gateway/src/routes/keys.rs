//! `/accounts/{address}/keys`: the keys that speak for an account beside its own.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use berth_wire::address::{self, Name};
use berth_wire::request::RegisterKeyRequest;
use berth_wire::response::{AccountKey, Acknowledged, List};

use super::created;
use crate::body;
use crate::caller::Caller;
use crate::commands::keys;
use crate::node::App;
use crate::problem::Refusal;
use crate::query::{Query, Segment, Segments};
use crate::submit::Turn;

#[utoipa::path(
    post,
    path = "/accounts/{address}/keys",
    tag = "accounts",
    summary = "Lets a key speak for the account.",
    params(("address" = String, Path, description = "Its key, G….")),
    request_body = berth_wire::request::RegisterKeyRequest,
    responses((status = 201, body = berth_wire::response::Changed<berth_wire::response::AccountKey>, description = "Done.")),
)]
pub(super) async fn register(
    State(app): State<App>,
    caller: Caller,
    address: Segment,
    query: Query,
    body::Json(request): body::Json<RegisterKeyRequest>,
) -> Result<Response, Refusal> {
    query.finish()?;
    keys::register(&app, caller, &name(address.as_str())?, request, Turn::any()).await.map(created)
}

#[utoipa::path(
    get,
    path = "/accounts/{address}/keys",
    tag = "accounts",
    summary = "The account's registered keys.",
    params(("address" = String, Path, description = "Its key, G….")),
    responses((status = 200, body = berth_wire::response::List<berth_wire::response::AccountKey>, description = "Done.")),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    address: Segment,
    query: Query,
) -> Result<Json<List<AccountKey>>, Refusal> {
    query.finish()?;
    // An account has so few that they are one page.
    Ok(Json(List { items: keys::list(&app, caller, &name(address.as_str())?)?, next: None }))
}

#[utoipa::path(
    delete,
    path = "/accounts/{address}/keys/{key}",
    tag = "accounts",
    summary = "Lets a key speak no more.",
    params(("address" = String, Path, description = "Its key, G…."), ("key" = String, Path, description = "The key, G….")),
    responses((status = 200, body = berth_wire::response::Acknowledged, description = "Done.")),
)]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Segments(address, key): Segments,
    query: Query,
) -> Result<Json<Acknowledged>, Refusal> {
    query.finish()?;
    let key = address::read(&key).ok_or_else(|| Refusal::malformed("key", "is not a public key, G…"))?;
    keys::revoke(&app, caller, &name(&address)?, key, Turn::any()).await.map(Json)
}

fn name(text: &str) -> Result<Name, Refusal> {
    Name::new(text).map_err(|why| Refusal::malformed("address", why))
}
