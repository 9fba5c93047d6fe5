//! Registering hosts.

use berth_domain::Code;
use berth_exchange::Reply;
use berth_wire::request::ProviderRequest;
use berth_wire::response::{Changed, Provider};

use super::changed;
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

fn field(code: Code) -> Option<&'static str> {
    match code {
        Code::ClientIdReused => Some("clientOrderId"),
        Code::OutOfBounds | Code::NotCanonical => Some("resources"),
        Code::TooManyProviders => Some("address"),
        _ => None,
    }
}
