//! Events as rows of a table, for those who ask with SQL.

use berth_domain::{Event, Micros};
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
    /// The market's name, when it is about one.
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
    for thing in touched_by(event) {
        let (slot, id) = match thing {
            Thing::Market(id) => {
                let class = moment.after.market(id).map(|market| market.class.to_string());
                row.market = row.market.or(class);
                continue;
            }
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

/// The day of a stamp (UTC) as `2026-11-21`: days from the civil calendar, by
/// Howard Hinnant's `civil_from_days`.
#[must_use]
pub fn day(at: Micros) -> String {
    const DAY_MICROS: u64 = 86_400_000_000;
    let days = at.0 / DAY_MICROS + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        const DAY: u64 = 86_400_000_000;
        for (days, named) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (789, "1972-02-29"),
            (11_016, "2000-02-29"),
            (20_778, "2026-11-21"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(day(Micros(days * DAY)), named);
            assert_eq!(day(Micros(days * DAY + DAY - 1)), named);
        }
    }
}
