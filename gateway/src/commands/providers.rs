//! Registering and changing hosts.

use berth_domain::{Code, ProviderId};
use berth_exchange::Reply;
use berth_wire::request::{ProviderRequest, UpdateProviderRequest};
use berth_wire::response::{Changed, Provider};

use super::{changed, unknown};
use crate::caller::{Caller, PROVIDE};
use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::Turn;
use berth_render as render;

/// Registers a host in the name of its owner.
pub(crate) async fn register(
    node: &Node,
    caller: Caller,
    request: ProviderRequest,
    turn: Turn,
) -> Result<Changed<Provider>, Refusal> {
    node.may_change(caller, PROVIDE)?;
    let provider = request.parse()?;
    node.may_begin()?;
    let owner = node.actor(caller, provider.address.as_ref(), "address").await?;
    let done = node.submit(owner, provider.command, turn, field).await?;
    changed(node, done, |x| match done.reply {
        Reply::Provider(id) => x.provider(id).map(|provider| render::provider(x, provider)),
        _ => None,
    })
}

/// Changes what a host offers and whether it takes leases, in the name given or its
/// owner's.
pub(crate) async fn update(
    node: &Node,
    caller: Caller,
    id: ProviderId,
    request: UpdateProviderRequest,
    turn: Turn,
) -> Result<Changed<Provider>, Refusal> {
    node.may_change(caller, PROVIDE)?;
    let found = node
        .view
        .read(|x| x.provider(id).map(|provider| (provider.account, provider.available, provider.attributes.clone())));
    let (owner, available, attributes) = found.ok_or_else(|| unknown(Code::UnknownProvider, "id"))?;
    let (name, command) = request.parse(id, available, attributes)?;
    let actor = node.actor_on(caller, name.as_ref(), "address", owner)?;
    let field = |code| match code {
        Code::NotYours => Some("address"),
        Code::NotCanonical => Some("attributes"),
        _ => None,
    };
    let done = node.submit(actor, command, turn, field).await?;
    changed(node, done, |x| x.provider(id).map(|provider| render::provider(x, provider)))
}

fn field(code: Code) -> Option<&'static str> {
    match code {
        Code::ClientIdReused => Some("clientOrderId"),
        Code::OutOfBounds | Code::NotCanonical => Some("resources"),
        Code::TooManyProviders => Some("address"),
        _ => None,
    }
}
