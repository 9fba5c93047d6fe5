//! Events as rows of a table, for those who ask with SQL.

use berth_domain::Event;
use berth_render::Unsealed;
use berth_wire::event::{event_json, event_type};

use crate::player::Moment;
use crate::thing::Thing;
use crate::touch::touched_by;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The entry that it followed from.
    pub seq: u64,
    /// Its place among the events of that entry, from 0.
    pub index: u32,
    /// When: microseconds since 1970.
    pub at: u64,
    /// Its name, such as `lease.opened`.
    pub kind: &'static str,
    /// The market's name, when it is about one, or about an order, a bid or a
    /// lease in one.
    pub market: Option<String>,
    /// The accounts, hosts, orders, bids and leases that it is about: the first
    /// of each, by number.
    pub account: Option<u64>,
    /// See `account`.
    pub provider: Option<u64>,
    /// See `account`.
    pub order: Option<u64>,
    /// See `account`.
    pub bid: Option<u64>,
    /// See `account`.
    pub lease: Option<u64>,
    /// All of it, as JSON text.
    pub payload: String,
}

/// The rows of an entry, in the order of its events.
pub fn rows<'a>(moment: &'a Moment<'a>) -> impl Iterator<Item = Row> + 'a {
    (0..).zip(moment.events).map(|(index, event)| row(moment, index, event))
}

fn row(moment: &Moment<'_>, index: u32, event: &Event) -> Row {
    let names = Unsealed(moment.after);
    let mut row = Row {
        seq: moment.seq().0,
        index,
        at: moment.entry.at.0,
        kind: event_type(event),
        market: None,
        account: None,
        provider: None,
        order: None,
        bid: None,
        lease: None,
        payload: event_json(event, &names).to_string(),
    };
    let things = touched_by(event);
    // In their order a market comes before what lies in it.
    let market = things.iter().find_map(|thing| thing.market(moment.after));
    row.market = market.and_then(|id| moment.after.market(id)).map(|market| market.class.to_string());
    for thing in things {
        let (slot, id) = match thing {
            Thing::Market(_) => continue,
            Thing::Account(id) => (&mut row.account, id.0.into()),
            Thing::Provider(id) => (&mut row.provider, id.0.into()),
            Thing::Order(id) => (&mut row.order, id.0),
            Thing::Bid(id) => (&mut row.bid, id.0),
            Thing::Lease(id) => (&mut row.lease, id.0),
        };
        slot.get_or_insert(id);
    }
    row
}
