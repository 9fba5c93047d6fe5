//! What happens to leases: their agents' reports, and a tenant's stop.

use berth_domain::{AccountId, Code, Command, LeaseId};
use berth_wire::address::Name;
use berth_wire::request::{FinishRequest, HeartbeatRequest, StartRequest, StopRequest, TopUpRequest};
use berth_wire::response::{Changed, Lease};

use super::{changed, unknown};
use crate::caller::{Actor, Caller, PROVIDE, TRADE};
use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::Turn;
use berth_render as render;

/// The agent started a lease's containers.
pub(crate) async fn start(
    node: &Node,
    caller: Caller,
    request: StartRequest,
    turn: Turn,
) -> Result<Changed<Lease>, Refusal> {
    let (address, command) = request.parse()?;
    report(node, caller, command.lease, address.as_ref(), command, turn).await
}

/// The agent saw a lease's containers run.
pub(crate) async fn heartbeat(
    node: &Node,
    caller: Caller,
    request: HeartbeatRequest,
    turn: Turn,
) -> Result<Changed<Lease>, Refusal> {
    let (address, command) = request.parse();
    report(node, caller, command.lease, address.as_ref(), command, turn).await
}

/// The agent saw a lease's containers end.
pub(crate) async fn finish(
    node: &Node,
    caller: Caller,
    request: FinishRequest,
    turn: Turn,
) -> Result<Changed<Lease>, Refusal> {
    let (address, command) = request.parse()?;
    report(node, caller, command.lease, address.as_ref(), command, turn).await
}

/// A tenant stops a lease, in the name given or its own.
pub(crate) async fn stop(
    node: &Node,
    caller: Caller,
    path: Option<LeaseId>,
    request: StopRequest,
    turn: Turn,
) -> Result<Changed<Lease>, Refusal> {
    node.may_change(caller, TRADE)?;
    let (name, command) = request.parse(path)?;
    let tenant = party(node, command.lease, |lease| lease.tenant)?;
    let actor = node.actor_on(caller, name.as_ref(), "tenantAddress", tenant)?;
    act(node, command.lease, actor, command, turn, "tenantAddress").await
}

/// A tenant pays for more of a lease in advance, in the name given or its own.
pub(crate) async fn top_up(
    node: &Node,
    caller: Caller,
    path: Option<LeaseId>,
    request: TopUpRequest,
    turn: Turn,
) -> Result<Changed<Lease>, Refusal> {
    node.may_change(caller, TRADE)?;
    let (name, command) = request.parse(path)?;
    let (lease, tenant) = (command.lease, party(node, command.lease, |lease| lease.tenant)?);
    let actor = node.actor_on(caller, name.as_ref(), "tenantAddress", tenant)?;
    let field = |code| match code {
        Code::NotYours => Some("tenantAddress"),
        Code::OutOfBounds | Code::AmountTooLarge => Some("seconds"),
        _ => None,
    };
    let done = node.submit(actor, command, turn, field).await?;
    changed(node, done, |x| x.lease(lease).map(|lease| render::lease(x, lease)))
}

async fn report(
    node: &Node,
    caller: Caller,
    lease: LeaseId,
    name: Option<&Name>,
    command: impl Into<Command>,
    turn: Turn,
) -> Result<Changed<Lease>, Refusal> {
    node.may_change(caller, PROVIDE)?;
    // In open mode nothing but the name says that it is the agent's word.
    if name.is_none() && caller.account().is_none() {
        return Err(Refusal::malformed("address", "is missing"));
    }
    let provider = party(node, lease, |lease| lease.provider_account)?;
    let actor = node.actor_on(caller, name, "address", provider)?;
    act(node, lease, actor, command, turn, "address").await
}

async fn act(
    node: &Node,
    lease: LeaseId,
    actor: Actor,
    command: impl Into<Command>,
    turn: Turn,
    name: &'static str,
) -> Result<Changed<Lease>, Refusal> {
    let field = |code| match code {
        Code::NotYours => Some(name),
        Code::OutOfBounds => Some("containers"),
        _ => None,
    };
    let done = node.submit(actor, command, turn, field).await?;
    changed(node, done, |x| x.lease(lease).map(|lease| render::lease(x, lease)))
}

fn party(
    node: &Node,
    lease: LeaseId,
    which: impl FnOnce(&berth_exchange::Lease) -> AccountId,
) -> Result<AccountId, Refusal> {
    node.view.read(|x| x.lease(lease).map(which)).ok_or_else(|| unknown(Code::UnknownLease, "leaseId"))
}
