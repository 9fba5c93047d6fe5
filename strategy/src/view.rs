//! What a strategy sees.

use berth_domain::{Address, LeaseState, Micros, ProviderId, ResourceClass, Stroops};
use berth_wire::book::{BookPicture, BookRow};

use crate::own::Own;

/// What a strategy sees: one market, and what is its own.
#[derive(Clone, Debug)]
pub struct View {
    /// The time: microseconds since 1970.
    pub now: Micros,
    /// Whose bot it is.
    pub address: Address,
    /// The market.
    pub market: ResourceClass,
    /// The market's book.
    pub book: BookPicture,
    /// Whether the book is what the node has; false while it is not heard.
    pub is_current: bool,
    /// Whether book and what is its own are of one moment, and all that it said and
    /// that was answered is in both. Otherwise its own bids may look like others', or
    /// the other way round; that is over after half a second.
    pub is_settled: bool,
    /// Orders, bids and leases of its own.
    pub own: Own,
    /// Money that is free to be used; none while the exchange does not know the
    /// account, which an open node opens with its first command.
    pub available: Option<Stroops>,
    /// Hosts of its own.
    pub hosts: Vec<Host>,
}

/// A host of the strategy's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its id.
    pub id: ProviderId,
    /// Units of the market that it has.
    pub units: u32,
}

impl View {
    pub(crate) fn new(address: Address, market: ResourceClass) -> Self {
        Self {
            now: Micros(0),
            address,
            market,
            book: BookPicture::default(),
            is_current: false,
            is_settled: true,
            own: Own::new(address),
            available: None,
            hosts: Vec::new(),
        }
    }

    /// Units of a host that its leases of this market hold.
    #[must_use]
    pub fn units_leased(&self, host: ProviderId) -> u32 {
        let held = self.own.leases().filter(|lease| {
            lease.provider == host
                && lease.owner == self.address
                && lease.market == self.market
                && lease.state != LeaseState::Closed
        });
        held.fold(0, |sum, lease| sum.saturating_add(lease.units.saturating_mul(lease.replicas)))
    }

    /// Supply of others, lowest price first: the book's rows without what its own
    /// bids stand for in them.
    pub fn supply_of_others(&self) -> impl Iterator<Item = BookRow> {
        let mut mine: Vec<(i64, u64)> = Vec::new();
        for bid in self.own.bids().filter(|bid| bid.market == self.market && bid.order.is_none() && !bid.is_parked) {
            if let Some(price) = bid.price {
                mine.push((price.get(), bid.remaining.into()));
            }
        }
        self.book.bids().iter().filter_map(move |row| {
            let mut others = row.quantity;
            for (_, own) in mine.iter_mut().filter(|(price, _)| *price == row.price.get()) {
                let taken = others.min(*own);
                others -= taken;
                *own -= taken;
            }
            (others > 0).then_some(BookRow { quantity: others, ..*row })
        })
    }
}
