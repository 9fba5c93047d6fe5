//! `POST /commands`: a command in the log's own bytes, signed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use berth_wire::request::SignedRequest;

use crate::body;
use crate::commands;
use crate::node::App;
use crate::problem::Refusal;
use crate::query::Query;
use crate::submit::Turn;

#[utoipa::path(
    post,
    path = "/commands",
    tag = "commands",
    summary = "Hands in a signed command.",
    request_body = berth_wire::request::SignedRequest,
    responses((status = 201, body = berth_wire::response::Submitted, description = "Done.")),
)]
pub(super) async fn submit(
    State(app): State<App>,
    query: Query,
    body::Json(request): body::Json<SignedRequest>,
) -> Result<Response, Refusal> {
    query.finish()?;
    let submitted = commands::signed::submit(&app, request, Turn::any()).await?;
    Ok((StatusCode::CREATED, Json(submitted)).into_response())
}
