//! What the operator says of markets.

use berth_domain::{Code, Command, CycleMarket, MarketId, PauseMarket, ResourceClass, ResumeMarket};
use berth_exchange::Reply;
use berth_wire::errors::EdgeCode;
use berth_wire::request::OpenMarketRequest;
use berth_wire::response::{Changed, Market};

use super::{changed, unknown};
use crate::caller::{Actor, Caller};
use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::Turn;
use berth_render as render;

/// Opens a market. One that is open is acknowledged again.
pub(crate) async fn open(
    node: &Node,
    caller: Caller,
    request: OpenMarketRequest,
    turn: Turn,
) -> Result<Changed<Market>, Refusal> {
    let operator = operator(node, caller)?;
    submit(node, operator, request.parse(), turn).await
}

/// Stops trade in a market.
pub(crate) async fn pause(node: &Node, caller: Caller, name: &str, turn: Turn) -> Result<Changed<Market>, Refusal> {
    let operator = operator(node, caller)?;
    let market = market(node, name)?;
    submit(node, operator, PauseMarket { market }, turn).await
}

/// Lets trade in a market go on.
pub(crate) async fn resume(node: &Node, caller: Caller, name: &str, turn: Turn) -> Result<Changed<Market>, Refusal> {
    let operator = operator(node, caller)?;
    let market = market(node, name)?;
    submit(node, operator, ResumeMarket { market }, turn).await
}

/// Lets all that waits in a market enter it again, now.
pub(crate) async fn cycle(node: &Node, caller: Caller, name: &str, turn: Turn) -> Result<Changed<Market>, Refusal> {
    let operator = operator(node, caller)?;
    let market = market(node, name)?;
    submit(node, operator, CycleMarket { market }, turn).await
}

/// The operator, when it asks: with its token, or as its account. An open node
/// believes names, and this none the less is nobody's by a name.
fn operator(node: &Node, caller: Caller) -> Result<Actor, Refusal> {
    let (account, address) = node.view.read(|x| {
        let account = x.operator();
        (account, x.account(account).map(|operator| operator.address))
    });
    let asks = match caller {
        Caller::Operator => true,
        Caller::Account(holder) => holder.key.is_none() && Some(holder.address) == address,
        Caller::Anyone => return Err(Refusal::unauthorized("this needs the operator's bearer token")),
    };
    if !asks {
        return Err(Refusal::new(EdgeCode::Forbidden, "this is the operator's to say"));
    }
    Ok(Actor { account, authority: caller.authority() })
}

fn market(node: &Node, name: &str) -> Result<MarketId, Refusal> {
    let class: Option<ResourceClass> = name.parse().ok();
    let market = class.and_then(|class| node.view.read(|x| x.market_of(&class).map(|market| market.id)));
    market.ok_or_else(|| unknown(Code::UnknownMarket, "market"))
}

async fn submit(
    node: &Node,
    operator: Actor,
    command: impl Into<Command>,
    turn: Turn,
) -> Result<Changed<Market>, Refusal> {
    let done = node.submit(operator, command, turn, |_| Some("market")).await?;
    changed(node, done, |x| match done.reply {
        Reply::Market(id) => x.market(id).map(|market| render::market(x, market)),
        _ => None,
    })
}
