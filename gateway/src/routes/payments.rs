//! Payments for single calls.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use berth_wire::address::Name;
use berth_wire::errors::EdgeCode;
use berth_wire::request::PaidDepositRequest;
use berth_wire::response::Payment;

use crate::body;
use crate::commands::paid::{self, Answered};
use crate::node::App;
use crate::problem::Refusal;
use crate::query::{Query, Segment};

#[utoipa::path(
    post,
    path = "/accounts/{address}/deposits",
    tag = "accounts",
    summary = "Pays into an account by x402: whoever asks pays for it with the request.",
    params(("address" = String, Path, description = "Whose it shall be: its key, G…."), ("PAYMENT-SIGNATURE" = Option<String>, Header, description = "The payment, as x402 has it.")),
    request_body = PaidDepositRequest,
    responses((status = 202, body = Payment, description = "It is paid, and on its way into the account."), (status = 402, body = berth_wire::errors::Problem, content_type = "application/problem+json", description = "What is to be paid is in PAYMENT-REQUIRED.")),
)]
pub(super) async fn deposit(
    State(app): State<App>,
    address: Segment,
    headers: HeaderMap,
    query: Query,
    body::Json(request): body::Json<PaidDepositRequest>,
) -> Result<Response, Refusal> {
    query.finish()?;
    let till = app.till.as_ref().ok_or_else(not_here)?;
    let name = Name::new(address.as_str()).map_err(|why| Refusal::malformed("address", why))?;
    let account = app.address(&name, "address")?;
    Ok(match paid::deposit(&app, till, &headers, account, request.amount).await? {
        Answered::Done(payment, receipt) => {
            paid::receipted((StatusCode::ACCEPTED, Json(payment)).into_response(), &receipt)
        }
        Answered::Not(response) => response,
    })
}

#[utoipa::path(
    get,
    path = "/payments/{id}",
    tag = "accounts",
    summary = "A payment for a single call, and what became of it.",
    params(("id" = String, Path, description = "The hash of the transaction that paid it, which PAYMENT-RESPONSE names.")),
    responses((status = 200, body = Payment, description = "Done.")),
)]
pub(super) async fn one(State(app): State<App>, id: Segment, query: Query) -> Result<Json<Payment>, Refusal> {
    query.finish()?;
    let till = app.till.as_ref().ok_or_else(not_here)?;
    paid::payment(till.as_ref(), id.as_str()).map(Json)
}

fn not_here() -> Refusal {
    Refusal::new(EdgeCode::NotOffered, "this node takes no payments for single calls")
}
