//! `/deposits` and `/withdrawals`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use berth_wire::request::{DepositRequest, WithdrawalRequest};

use crate::body;
use crate::caller::Caller;
use crate::commands::transfers::transfer;
use crate::node::App;
use crate::problem::Refusal;
use crate::query::Query;
use crate::treasury::Way;

#[utoipa::path(
    post,
    path = "/deposits",
    tag = "accounts",
    summary = "Pays into an account: gives the transaction to be signed, or hands it in.",
    request_body = berth_wire::request::DepositRequest,
    responses((status = 202, body = berth_wire::response::Transfer, description = "On its way: state says how far.")),
)]
pub(super) async fn deposit(
    State(app): State<App>,
    caller: Caller,
    query: Query,
    body::Json(request): body::Json<DepositRequest>,
) -> Result<Response, Refusal> {
    query.finish()?;
    let transfer = transfer(&app, caller, Way::In, request.parse()?).await?;
    Ok((StatusCode::ACCEPTED, Json(transfer)).into_response())
}

#[utoipa::path(
    post,
    path = "/withdrawals",
    tag = "accounts",
    summary = "Pays out of an account: gives the transaction to be signed, or hands it in.",
    request_body = berth_wire::request::WithdrawalRequest,
    responses((status = 202, body = berth_wire::response::Transfer, description = "On its way: state says how far.")),
)]
pub(super) async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    query: Query,
    body::Json(request): body::Json<WithdrawalRequest>,
) -> Result<Response, Refusal> {
    query.finish()?;
    let transfer = transfer(&app, caller, Way::Out, request.parse()?).await?;
    Ok((StatusCode::ACCEPTED, Json(transfer)).into_response())
}
