//! What concerns all orders and bids of an account.

use berth_domain::{AccountId, Code};
use berth_wire::address::Name;
use berth_wire::request::{CancelAllRequest, DeadManRequest};
use berth_wire::response::Acknowledged;

use super::unknown;
use crate::node::{ATTESTED, Node};
use crate::problem::Refusal;
use crate::submit::{Done, Turn};

/// Ends an account's orders and bids, or those that the request means.
pub(crate) async fn cancel_all(node: &Node, request: CancelAllRequest, turn: Turn) -> Result<Acknowledged, Refusal> {
    node.may_change()?;
    let (name, all) = request.parse();
    let account = actor(node, name.as_ref())?;
    let session = turn.session.ok_or_else(|| Refusal::malformed("thisSession", "needs a connection that stays"))?;
    let command = node.view.read(|x| all.command(|class| x.market_of(class).map(|market| market.id), session));
    let command = command.map_err(|_| unknown(Code::UnknownMarket, "market"))?;
    node.submit(account, ATTESTED, command, turn, |_| None).await.map(acknowledged)
}

/// Arms or disarms an account's dead-man timer.
pub(crate) async fn set_dead_man(node: &Node, request: DeadManRequest, turn: Turn) -> Result<Acknowledged, Refusal> {
    node.may_change()?;
    let (name, command) = request.parse();
    let account = actor(node, name.as_ref())?;
    node.submit(account, ATTESTED, command, turn, |_| None).await.map(acknowledged)
}

/// Nothing but the name says whose all this is.
fn actor(node: &Node, name: Option<&Name>) -> Result<AccountId, Refusal> {
    node.known(name.ok_or_else(|| Refusal::malformed("address", "is missing"))?, "address")
}

fn acknowledged(done: Done) -> Acknowledged {
    Acknowledged { seq: done.seq.0, entry_hash: done.entry_hash }
}
