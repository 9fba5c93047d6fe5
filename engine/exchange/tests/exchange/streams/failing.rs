//! Orders that want to go on when a lease fails: which do, what streams must
//! meet of that, and the standbys of the exchange and the oracle.

use berth_domain::{Event, Mode, PlaceOrder, TimeInForce};
use berth_exchange::Exchange;

use super::dice::Dice;
use crate::oracle::{Oracle, Origin, Standby};

/// What streams must meet of failover.
pub(crate) const TO_MEET: [&str; 13] = [
    "standby.reserved",
    "standby.released",
    "standby.missing",
    "lease.failedOver",
    "order.continued",
    "order.discontinued",
    "standby ends leaseEnded",
    "standby ends bidEnded",
    "standby ends unfunded",
    "discontinued TOO_MANY_ORDERS",
    "discontinued BOOK_FULL",
    "discontinued SCAN_LIMIT",
    "discontinued OUT_OF_BOUNDS",
];

/// What an event says of that, beside its name.
pub(crate) fn met(event: &Event) -> Option<String> {
    match event {
        Event::StandbyReleased(e) => Some(format!("standby ends {}", e.reason)),
        Event::OrderDiscontinued(e) => Some(format!("discontinued {}", e.code)),
        _ => None,
    }
}

/// Most orders that may have standbys want them, and some that may not.
pub(crate) fn wants_standbys(place: &mut PlaceOrder, dice: &mut Dice<'_>) {
    let may = place.mode == Mode::Auto && place.time_in_force != TimeInForce::Fok && place.aim.is_none();
    place.failover = if may { dice.once_in(2) } else { dice.once_in(100) };
}

pub(crate) fn compare(x: &Exchange, oracle: &Oracle) {
    let mut known: Vec<Standby> = oracle.standbys.clone();
    known.sort_unstable_by_key(|standby| standby.lease);
    let told = x.standbys().map(|it| {
        let (lease, bid, host, price, units) = (it.lease, it.bid, it.provider, it.price, it.units);
        Standby { lease, bid, host, price, units, hold: it.hold.get().into() }
    });
    assert_eq!(told.collect::<Vec<_>>(), known, "standbys");
    for (it, known) in x.leases().zip(&oracle.leases) {
        let origin = match it.origin {
            berth_exchange::Origin::Match => Origin::Match,
            berth_exchange::Origin::Failover(from) => Origin::Failover(from),
            berth_exchange::Origin::Rerun(of) => Origin::Rerun(of),
        };
        assert_eq!((origin, it.prepay), (known.origin, known.prepay), "where lease {} comes from", it.id);
    }
    for bid in x.bids() {
        assert_eq!(bid.reserved, oracle.reserved(bid.id), "units of bid {} that stand by", bid.id);
    }
}
