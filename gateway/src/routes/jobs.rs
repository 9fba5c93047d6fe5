//! `/jobs`: batch jobs.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use berth_domain::{Code, OrderId};
use berth_render::job;
use berth_wire::request::JobRequest;
use berth_wire::response::{Changed, Job, JobStatus, JobTemplate, List};

use super::{created, idempotent, page};
use crate::body;
use crate::caller::Caller;
use crate::commands::jobs;
use crate::commands::paid::{self, Answered};
use crate::node::App;
use crate::past::At;
use crate::problem::Refusal;
use crate::query::{Query, Segment};

#[utoipa::path(
    post,
    path = "/jobs",
    tag = "jobs",
    summary = "Submits a batch job: an image with a command, or a Python script.",
    request_body = JobRequest,
    params(("PAYMENT-SIGNATURE" = Option<String>, Header, description = "The payment of whoever has no account, as x402 has it.")),
    responses((status = 201, body = Changed<Job>, description = "Done."), (status = 402, body = berth_wire::errors::Problem, content_type = "application/problem+json", description = "What is to be paid is in PAYMENT-REQUIRED.")),
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    query: Query,
    body::Json(mut request): body::Json<JobRequest>,
) -> Result<Response, Refusal> {
    query.finish()?;
    idempotent(&headers, &mut request.client_order_id)?;
    if let Some(till) = app.till_for(caller) {
        return Ok(match paid::job(&app, till, &headers, request).await? {
            Answered::Done(job, receipt) => paid::receipted(created(job), &receipt),
            Answered::Not(response) => response,
        });
    }
    jobs::submit(&app, caller, request).await.map(created)
}

#[utoipa::path(
    get,
    path = "/jobs",
    tag = "jobs",
    summary = "Lists batch jobs.",
    params(crate::openapi::Pages, crate::openapi::AtSeq, ("tenantAddress" = Option<berth_wire::address::Name>, Query, description = "Only those of this tenant."), ("status" = Option<String>, Query, description = "Only those that are so, separated by commas: pending, assigned, running, verifying, completed, failed, cancelled.")),
    responses((status = 200, body = List<Job>, description = "Done.")),
)]
pub(super) async fn list(State(app): State<App>, mut query: Query) -> Result<At<List<Job>>, Refusal> {
    let at = query.at_seq()?;
    let part = query.page()?;
    let tenant = query.account(&app, "tenantAddress")?;
    let wanted = query.names("status", JobStatus::from_name)?;
    query.finish()?;
    let found = app.state(at, move |x| {
        page(part, x.orders().count() as u64, |id| {
            let order = x.order(OrderId(id)).filter(|order| tenant.passes(order.account))?;
            job(x, order).filter(|job| wanted.as_ref().is_none_or(|wanted| wanted.contains(&job.status)))
        })
    });
    Ok(At::new(at, found.await?))
}

#[utoipa::path(
    get,
    path = "/jobs/{id}",
    tag = "jobs",
    summary = "Shows a batch job.",
    params(("id" = u64, Path, description = "Its number, which is its order's."), crate::openapi::AtSeq),
    responses((status = 200, body = Job, description = "Done.")),
)]
pub(super) async fn one(State(app): State<App>, id: Segment, mut query: Query) -> Result<At<Job>, Refusal> {
    let at = query.at_seq()?;
    query.finish()?;
    let id = OrderId(id.id(Code::UnknownOrder)?);
    let found = app.state(at, move |x| x.order(id).and_then(|order| job(x, order))).await?;
    found.map(|found| At::new(at, found)).ok_or_else(|| Refusal::from(Code::UnknownOrder).at("id"))
}

/// The templates that can be run now: none, until there are images for them.
#[utoipa::path(
    get,
    path = "/jobs/templates",
    tag = "jobs",
    summary = "Lists the templates that can be run.",
    responses((status = 200, body = List<JobTemplate>, description = "Done.")),
)]
pub(super) async fn templates(query: Query) -> Result<Json<List<JobTemplate>>, Refusal> {
    query.finish()?;
    Ok(Json(List { items: Vec::new(), next: None }))
}
