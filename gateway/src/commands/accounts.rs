//! What concerns all orders and bids of an account.

use berth_domain::Code;
use berth_wire::address::Name;
use berth_wire::request::{CancelAllRequest, DeadManRequest, MandateRequest};
use berth_wire::response::{Acknowledged, Changed, Mandate};

use super::{changed, unknown};
use crate::caller::{Caller, TRADE_OR_PROVIDE};
use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::{Done, Turn};

/// Ends an account's orders and bids, or those that the request means.
pub(crate) async fn cancel_all(
    node: &Node,
    caller: Caller,
    request: CancelAllRequest,
    turn: Turn,
) -> Result<Acknowledged, Refusal> {
    node.may_change(caller, TRADE_OR_PROVIDE)?;
    let (name, all) = request.parse();
    let actor = node.known(caller, name.as_ref(), "address")?;
    let session = turn.session.ok_or_else(|| Refusal::malformed("thisSession", "needs a connection that stays"))?;
    let command = node.view.read(|x| all.command(|class| x.market_of(class).map(|market| market.id), session));
    let command = command.map_err(|_| unknown(Code::UnknownMarket, "market"))?;
    node.submit(actor, command, turn, |_| None).await.map(acknowledged)
}

/// Arms or disarms an account's dead-man timer.
pub(crate) async fn set_dead_man(
    node: &Node,
    caller: Caller,
    request: DeadManRequest,
    turn: Turn,
) -> Result<Acknowledged, Refusal> {
    node.may_change(caller, TRADE_OR_PROVIDE)?;
    let (name, command) = request.parse();
    let actor = node.known(caller, name.as_ref(), "address")?;
    node.submit(actor, command, turn, |_| None).await.map(acknowledged)
}

/// Replaces what an account limits. Only the account itself may: what binds a key
/// must not be the key's to lift.
pub(crate) async fn set_mandate(
    node: &Node,
    caller: Caller,
    name: &Name,
    request: MandateRequest,
    turn: Turn,
) -> Result<Changed<Mandate>, Refusal> {
    node.may_manage_keys(caller, None)?;
    let (named, command) = request.parse();
    let actor = node.known(caller, Some(name), "address")?;
    if let Some(named) = &named
        && node.known(caller, Some(named), "address")?.account != actor.account
    {
        return Err(Refusal::malformed("address", "is not the one in the path"));
    }
    let done = node.submit(actor, command, turn, |code| (code == Code::TimeInPast).then_some("until")).await?;
    changed(node, done, |x| x.account(actor.account).map(|one| berth_render::mandate(&one.mandate.unwrap_or_default())))
}

fn acknowledged(done: Done) -> Acknowledged {
    Acknowledged { seq: done.seq.0, entry_hash: done.entry_hash }
}
