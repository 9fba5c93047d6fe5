//! Mass quotes.

use berth_domain::{Code, MassQuote};
use berth_wire::errors::EdgeCode;
use berth_wire::request::MassQuoteRequest;
use berth_wire::response::{Changed, MassQuoted};

use super::unknown;
use crate::caller::{Caller, TRADE_OR_PROVIDE};
use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::Turn;

/// Replaces all bids of a quote set, in the caller's name, the name given, or
/// that of the owner of the host that is quoted first.
pub(crate) async fn mass(
    node: &Node,
    caller: Caller,
    request: MassQuoteRequest,
    turn: Turn,
) -> Result<Changed<MassQuoted>, Refusal> {
    node.may_change(caller, TRADE_OR_PROVIDE)?;
    let (name, quotes) = request.parse()?;
    let actor = match quotes.first {
        Some(provider) if name.is_none() => {
            let owner = node.view.read(|x| x.provider(provider).map(|provider| provider.account));
            let owner = owner.ok_or_else(|| unknown(Code::UnknownProvider, "quotes[0].providerId"))?;
            node.actor_on(caller, None, "quotes[0].providerId", owner)?
        }
        _ => node.known(caller, name.as_ref(), "address")?,
    };
    let command = node.view.read(|x| quotes.command(|class| x.market_of(class).map(|market| market.id)));
    let command = command.map_err(|field| Refusal::from(Code::UnknownMarket).at(field))?;
    let command = MassQuote { session: turn.session, ..command };
    let done = node.submit(actor, command, turn, field).await?;
    // The entry's own events say which bids are the quotes'.
    let frames = node.frames(done.seq, 1).await.map_err(|_| EdgeCode::OutcomeUnknown)?;
    let placed = frames.first().filter(|frame| frame.seq == done.seq).ok_or(EdgeCode::OutcomeUnknown)?;
    let bids = placed.placed.iter().map(|bid| bid.0).collect();
    Ok(Changed::new(MassQuoted { quote_set_id: quotes.set, bids }, done.seq, done.entry_hash))
}

fn field(code: Code) -> Option<&'static str> {
    match code {
        Code::UnknownProvider | Code::NotYours | Code::OutOfBounds | Code::DoesNotFit | Code::ProviderUnavailable => {
            Some("quotes")
        }
        Code::PostOnlyWouldCross => Some("postOnly"),
        _ => None,
    }
}
