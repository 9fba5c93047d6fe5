//! Batch jobs: orders of one replica, or of as many as are compared.

use berth_render as render;
use berth_wire::errors::EdgeCode;
use berth_wire::request::{JOB_ID_BYTES_MAX, JobRequest, OrderRequest};
use berth_wire::response::{Changed, Job};

use super::orders;
use crate::caller::Caller;
use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::Turn;

/// Submits a job in the name of its tenant.
pub(crate) async fn submit(node: &Node, caller: Caller, request: JobRequest) -> Result<Changed<Job>, Refusal> {
    let order = request.order(&unnamed()?)?;
    place(node, caller, order).await
}

/// Places the order that has a job run.
pub(super) async fn place(node: &Node, caller: Caller, order: OrderRequest) -> Result<Changed<Job>, Refusal> {
    let placed = orders::place(node, caller, order, Turn::any()).await;
    let placed = placed.map_err(|refusal| refusal.renamed(JobRequest::field))?;
    let id = berth_domain::OrderId(placed.object.id);
    let job = node.view.read(|x| render::job(x, x.order(id)?)).ok_or(EdgeCode::OutcomeUnknown)?;
    Ok(Changed { object: job, seq: placed.seq, entry_hash: placed.entry_hash })
}

/// An id for a job whose tenant gave it none.
fn unnamed() -> Result<String, Refusal> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::from(EdgeCode::Unavailable))?;
    let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    debug_assert!(id.len() <= JOB_ID_BYTES_MAX, "it fits behind the prefix");
    Ok(id)
}
