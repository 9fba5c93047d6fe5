//! Looking ahead. With many orders and bids nearly all the time of a command
//! goes into waiting for memory, one place after the other: the order, where it
//! rests, what stands around it, its row, its new row. Whoever knows the next
//! entries asks for all of that for many of them at once, so that the waits
//! overlap.

use berth_book::{Around, Book, Ladder, Node, prefetch};
use berth_domain::{AccountId, BidId, BidTarget, ClientId, Command, Entry, MarketId, OrderId, Rate};

use crate::exchange::Exchange;
use crate::state::{Bid, Order, bid_key, bids_of, order_key, orders_of, place};

/// Live orders and bids, from where on it is worth its instructions: with fewer
/// of them all that is read often lies in the caches.
const MANY: usize = 20_000;

/// A thing that rests and will move or leave, or one that will come to rest.
#[derive(Clone, Copy)]
struct Resting<'a> {
    book: &'a Book,
    /// Nothing for one that is still to come.
    node: Option<Node>,
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
        self.look_ahead_at(entries.iter().map(|entry| (entry.account, &entry.command)));
    }

    /// The same for commands that are no entries yet.
    pub fn look_ahead_at<'a>(&'a self, commands: impl Iterator<Item = (AccountId, &'a Command)>) {
        if self.live < MANY {
            return;
        }
        let mut group = [None; Self::AHEAD];
        let mut len = 0;
        for command in commands {
            group[len] = Some(command);
            len += 1;
            if len == group.len() {
                self.look_at(&group);
                len = 0;
            }
        }
        self.look_at(&group[..len]);
    }

    /// One step after the other for all commands, since each needs what the one
    /// before has brought.
    fn look_at<'a>(&'a self, group: &[Option<(AccountId, &'a Command)>]) {
        let group = || group.iter().flatten();
        for (account, command) in group() {
            if let Some(account) = self.accounts.get(*account) {
                account.ask();
            }
            self.ledger.ask(*account);
            self.ask_for(*account, command);
        }
        let mut resting = [None; Self::AHEAD];
        for (resting, (account, command)) in resting.iter_mut().zip(group()) {
            *resting = self.resting_of(*account, command);
            if let Some(Resting { book, node: Some(node), .. }) = resting {
                book.expect(*node);
            }
        }
        for Resting { book, node, goal, around } in resting.iter_mut().flatten() {
            *around = match (*node, *goal) {
                (Some(node), _) => book.around(node),
                (None, Some((ladder, key))) => book.at(ladder, key),
                (None, None) => Around::default(),
            };
        }
        for Resting { book, node, goal, around } in resting.iter().flatten() {
            match (node, *goal) {
                (Some(_), Some((ladder, key))) => book.toward(*around, ladder, key),
                (Some(_), None) => {}
                (None, _) => book.last(*around),
            }
        }
    }

    /// What a command names.
    fn ask_for(&self, account: AccountId, command: &Command) {
        match command {
            Command::AmendOrder(amend) => self.ask_for_order(amend.order),
            Command::CancelOrder(cancel) => self.ask_for_order(cancel.order),
            Command::AmendBid(amend) => self.ask_for_bid(amend.bid),
            Command::CancelBid(cancel) => self.ask_for_bid(cancel.bid),
            Command::PlaceOrder(place) => {
                if let Some(id) = &place.client_id {
                    self.client_ids.ask(account, id);
                }
            }
            Command::PlaceBid(place) => {
                if let Some(host) = self.provider(place.provider) {
                    host.ask();
                }
                if let Some(id) = &place.client_id {
                    self.client_ids.ask(account, id);
                }
            }
            _ => {}
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

    /// What a command moves, takes out or puts in; of an order with several
    /// levels its place in the first. Asks for its neighbours in lists.
    fn resting_of(&self, account: AccountId, command: &Command) -> Option<Resting<'_>> {
        match command {
            Command::AmendOrder(amend) => {
                let order = self.order(amend.order)?;
                let (level, limit) = amend.limits.as_ref().unwrap_or(&order.limits).iter().next()?;
                self.order_at(order, Some((orders_of(level), order_key(limit))))
            }
            Command::CancelOrder(cancel) => {
                let order = self.order(cancel.order)?;
                self.ask_for_order(order.older);
                self.ask_for_order(order.younger);
                self.ask_for_id(account, order.client_id.as_ref());
                self.order_at(order, None)
            }
            Command::AmendBid(amend) => {
                let bid = self.bid(amend.bid)?;
                let level = self.accounts.get(bid.account)?.level;
                self.bid_at(bid, amend.price.map(|price: Rate| (bids_of(level), bid_key(price))))
            }
            Command::CancelBid(cancel) => {
                let bid = self.bid(cancel.bid)?;
                self.ask_for_bid(bid.older);
                self.ask_for_bid(bid.younger);
                self.ask_for_id(account, bid.client_id.as_ref());
                if let Some(host) = self.provider(bid.provider) {
                    prefetch(&host.youngest_bid);
                }
                self.bid_at(bid, None)
            }
            Command::PlaceOrder(place) => {
                self.client_ids.ask_for_youngest(account);
                if let Some(older) = self.order(self.accounts.get(account)?.youngest_order) {
                    prefetch(&older.younger);
                }
                let (level, limit) = place.limits.iter().next()?;
                self.coming(place.market, orders_of(level), order_key(limit))
            }
            Command::PlaceBid(place) => {
                self.client_ids.ask_for_youngest(account);
                if let Some(older) = self.bid(self.provider(place.provider)?.youngest_bid) {
                    prefetch(&older.younger);
                }
                let BidTarget::Standing { market, .. } = place.target else { return None };
                self.coming(market, bids_of(self.accounts.get(account)?.level), bid_key(place.price))
            }
            _ => None,
        }
    }

    fn ask_for_id(&self, account: AccountId, id: Option<&ClientId>) {
        if let Some(id) = id {
            self.client_ids.ask(account, id);
        }
    }

    fn coming(&self, market: MarketId, ladder: Ladder, key: u64) -> Option<Resting<'_>> {
        let book = self.market(market)?.ladders();
        Some(Resting { book, node: None, goal: Some((ladder, key)), around: Around::default() })
    }

    fn order_at(&self, order: &Order, goal: Option<(Ladder, u64)>) -> Option<Resting<'_>> {
        let node = order.nodes.iter().flatten().next().copied();
        node?;
        Some(Resting { book: self.market(order.market)?.ladders(), node, goal, around: Around::default() })
    }

    fn bid_at(&self, bid: &Bid, goal: Option<(Ladder, u64)>) -> Option<Resting<'_>> {
        bid.node?;
        Some(Resting { book: self.market(bid.market)?.ladders(), node: bid.node, goal, around: Around::default() })
    }
}
