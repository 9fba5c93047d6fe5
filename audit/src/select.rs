//! Which lines of a log are shown.

use berth_domain::{AccountId, Command, Event, MarketId, Seq};

use crate::player::Moment;
use crate::thing::Thing;
use crate::touch::touched;

/// A choice of lines; what is not said chooses all.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The first entry.
    pub from: Option<Seq>,
    /// The last entry.
    pub to: Option<Seq>,
    /// Names of commands or events, whole or with a `*` at the end: one of them
    /// must fit the command or one of its events.
    pub types: Vec<String>,
    /// Whose: who said it, or whom it touches.
    pub account: Option<AccountId>,
    /// Of which market: it, or an order, a bid or a lease in it.
    pub market: Option<MarketId>,
}

impl Selection {
    /// Whether a line is chosen.
    #[must_use]
    pub fn has(&self, moment: &Moment<'_>) -> bool {
        let seq = moment.seq();
        if self.from.is_some_and(|from| seq < from) || self.to.is_some_and(|to| seq > to) {
            return false;
        }
        if !self.types.is_empty() {
            let command = moment.entry.command.name();
            let mut names = std::iter::once(command).chain(moment.events.iter().map(berth_wire::event::event_type));
            if !names.any(|name| self.types.iter().any(|wanted| fits(wanted, name))) {
                return false;
            }
        }
        if self.account.is_none() && self.market.is_none() {
            return true;
        }
        let things = touched(moment.entry, moment.outcome, moment.events);
        // Most of what is said of a lease names no market but the lease.
        let lies_in = |market| things.iter().any(|thing| thing.market(moment.after) == Some(market));
        let market = self.market.is_none_or(lies_in);
        market && self.account.is_none_or(|account| things.iter().any(|thing| belongs(moment, *thing, account)))
    }
}

/// What a refusal may be of: `order.refused` and the like are events by these
/// names only.
const REFUSED: [&str; 9] = [
    "exchange.refused",
    "account.refused",
    "provider.refused",
    "order.refused",
    "bid.refused",
    "lease.refused",
    "deposit.refused",
    "withdrawal.refused",
    "market.refused",
];

/// Whether there is a command or an event that a name fits, with or without a `*`
/// at the end.
#[must_use]
pub fn is_type(wanted: &str) -> bool {
    let commands = Command::TAGS.iter().map(|(_, name, _)| *name);
    let events = Event::TAGS.iter().map(|(_, name, _)| *name);
    commands.chain(events).chain(REFUSED).any(|name| fits(wanted, name))
}

/// Whether a thing is an account or belongs to it.
fn belongs(moment: &Moment<'_>, thing: Thing, account: AccountId) -> bool {
    let x = moment.after;
    match thing {
        Thing::Account(id) => id == account,
        Thing::Provider(id) => x.provider(id).is_some_and(|host| host.account == account),
        Thing::Order(id) => x.order(id).is_some_and(|order| order.account == account),
        Thing::Bid(id) => x.bid(id).is_some_and(|bid| bid.account == account),
        Thing::Lease(id) => {
            x.lease(id).is_some_and(|lease| lease.tenant == account || lease.provider_account == account)
        }
        Thing::Market(_) => false,
    }
}

fn fits(wanted: &str, name: &str) -> bool {
    wanted.strip_suffix('*').map_or(wanted == name, |beginning| name.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::{fits, is_type};

    #[test]
    fn a_name_that_nothing_has_is_told_from_one_that_something_has() {
        for name in ["order.place", "lease.opened", "order.*", "*", "bid.refused", "tick"] {
            assert!(is_type(name), "{name}");
        }
        for name in ["nosuch.thing", "nosuch.*", "", "order", "order.placed.*"] {
            assert!(!is_type(name), "{name}");
        }
    }

    #[test]
    fn a_star_stands_for_the_rest() {
        assert!(fits("order.*", "order.place") && fits("order.place", "order.place") && fits("*", "tick"));
        assert!(!fits("order.*", "orders") && !fits("order", "order.place") && !fits("", "tick"));
    }
}
