//! Looking ahead. With many orders and bids nearly all the time of a command
//! goes into waiting for memory, one place after the other: the order, where it
//! rests, what stands around it, its row, its new row. Whoever knows the next
//! entries asks for all of that for many of them at once, so that the waits
//! overlap.

use berth_book::{Around, Book, Ladder, Node, prefetch};
use berth_domain::{BidId, Command, Entry, OrderId, Rate};

use crate::exchange::Exchange;
use crate::state::{Bid, Order, bid_key, bids_of, order_key, orders_of, place};

/// Live orders and bids, from where on it is worth its instructions: with fewer
/// of them all that is read often lies in the caches.
const MANY: usize = 20_000;

/// A thing that rests and will move or leave.
#[derive(Clone, Copy)]
struct Resting<'a> {
    book: &'a Book,
    node: Node,
    /// Where it will be.
    goal: Option<(Ladder, u64)>,
    around: Around,
}

impl Exchange {
    /// Entries that are best looked at together, and then applied: the
    /// processor's nearest cache holds the memory of about as many.
    pub const AHEAD: usize = 32;

    /// Asks for the memory that these entries will read when they are applied,
    /// which is best done right after, for [`Exchange::AHEAD`] of them at a time.
    ///
    /// It is a hint and no more: it changes nothing, whatever the entries say,
    /// and what applying them gives never depends on it. In an exchange that
    /// the processor's caches hold it does nothing.
    pub fn look_ahead(&self, entries: &[Entry]) {
        if self.live >= MANY {
            entries.chunks(Self::AHEAD).for_each(|group| self.look_at(group));
        }
    }

    /// One step after the other for all entries, since each needs what the one
    /// before has brought.
    fn look_at(&self, group: &[Entry]) {
        for entry in group {
            if let Some(account) = self.accounts.get(entry.account) {
                account.ask();
            }
            self.ledger.ask(entry.account);
            match entry.command {
                Command::AmendOrder(ref amend) => self.ask_for_order(amend.order),
                Command::CancelOrder(ref cancel) => self.ask_for_order(cancel.order),
                Command::AmendBid(ref amend) => self.ask_for_bid(amend.bid),
                Command::CancelBid(ref cancel) => self.ask_for_bid(cancel.bid),
                _ => {}
            }
        }
        let mut resting = [None; Self::AHEAD];
        for (resting, entry) in resting.iter_mut().zip(group) {
            *resting = self.resting_of(&entry.command);
            if let Some(Resting { book, node, .. }) = resting {
                book.expect(*node);
            }
        }
        for Resting { book, node, around, .. } in resting.iter_mut().flatten() {
            *around = book.around(*node);
        }
        for Resting { book, goal, around, .. } in resting.iter().flatten() {
            if let Some((ladder, key)) = *goal {
                book.toward(*around, ladder, key);
            }
        }
    }

    fn ask_for_order(&self, id: OrderId) {
        if let Some(order) = place(&self.orders, id.0) {
            order.ask();
        }
    }

    fn ask_for_bid(&self, id: BidId) {
        if let Some(bid) = place(&self.bids, id.0) {
            bid.ask();
        }
    }

    /// What a command moves or takes out; of an order with several levels its
    /// place in the first.
    fn resting_of(&self, command: &Command) -> Option<Resting<'_>> {
        match *command {
            Command::AmendOrder(ref amend) => {
                let order = self.order(amend.order)?;
                let (level, limit) = amend.limits.as_ref().unwrap_or(&order.limits).iter().next()?;
                self.order_at(order, Some((orders_of(level), order_key(limit))))
            }
            Command::CancelOrder(ref cancel) => {
                let order = self.order(cancel.order)?;
                self.ask_for_order(order.older);
                self.ask_for_order(order.younger);
                self.order_at(order, None)
            }
            Command::AmendBid(ref amend) => {
                let bid = self.bid(amend.bid)?;
                let level = self.accounts.get(bid.account)?.level;
                self.bid_at(bid, amend.price.map(|price: Rate| (bids_of(level), bid_key(price))))
            }
            Command::CancelBid(ref cancel) => {
                let bid = self.bid(cancel.bid)?;
                self.ask_for_bid(bid.older);
                self.ask_for_bid(bid.younger);
                if let Some(host) = self.provider(bid.provider) {
                    prefetch(&host.youngest_bid);
                }
                self.bid_at(bid, None)
            }
            _ => None,
        }
    }

    fn order_at(&self, order: &Order, goal: Option<(Ladder, u64)>) -> Option<Resting<'_>> {
        let node = order.nodes.iter().flatten().next()?;
        Some(Resting { book: self.market(order.market)?.ladders(), node: *node, goal, around: Around::default() })
    }

    fn bid_at(&self, bid: &Bid, goal: Option<(Ladder, u64)>) -> Option<Resting<'_>> {
        Some(Resting { book: self.market(bid.market)?.ladders(), node: bid.node?, goal, around: Around::default() })
    }
}
