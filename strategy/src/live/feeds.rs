//! What a node says of a market and of an account.

use std::sync::Arc;

use berth_client::{BookState, BookStream, Client, ClientError, OwnChange, OwnChanges, OwnChannel};
use berth_domain::Micros;
use tokio::time::{Duration, Interval, MissedTickBehavior, interval};

use super::LiveConfig;
use crate::Happening;
use crate::own::OwnEvent;
use crate::view::View;

/// How often it is looked whether the node is heard.
const LOOK: Duration = Duration::from_millis(100);

/// A market's book and all that is an account's own.
pub(super) struct Feeds {
    book: BookStream,
    orders: OwnChanges,
    bids: OwnChanges,
    leases: OwnChanges,
    balances: OwnChanges,
    look: Interval,
    was_current: bool,
}

/// Something new.
pub(super) enum News {
    Book(Arc<BookState>, bool),
    Own(OwnChannel, OwnChange),
    Connection(bool),
}

impl Feeds {
    pub(super) fn open(client: &Client, config: &LiveConfig) -> Self {
        let own = |channel| client.own_changes(channel, config.name.clone());
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            book: client.book_stream(config.market.clone()),
            orders: own(OwnChannel::Orders),
            bids: own(OwnChannel::Bids),
            leases: own(OwnChannel::Leases),
            balances: own(OwnChannel::Balances),
            look,
            was_current: true,
        }
    }

    /// Waits for the first of each.
    pub(super) async fn begin(&mut self, view: &mut View) -> Result<(), ClientError> {
        let book = self.book.next().await?;
        News::Book(book, true).tell(view);
        for own in [&mut self.orders, &mut self.bids, &mut self.leases, &mut self.balances] {
            // Which channel it is of makes no difference to what there is.
            News::Own(OwnChannel::Balances, own.next().await?).tell(view);
        }
        Ok(())
    }

    /// The next; waits for it. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<News, ClientError> {
        loop {
            tokio::select! {
                book = self.book.next() => {
                    self.was_current = self.book.is_current();
                    return Ok(News::Book(book?, self.was_current));
                }
                own = self.orders.next() => return own.map(|own| News::Own(OwnChannel::Orders, own)),
                own = self.bids.next() => return own.map(|own| News::Own(OwnChannel::Bids, own)),
                own = self.leases.next() => return own.map(|own| News::Own(OwnChannel::Leases, own)),
                // Its events are those of the other channels.
                own = self.balances.next() => {
                    let own = own?;
                    return Ok(News::Own(OwnChannel::Balances, OwnChange { events: Vec::new(), ..own }));
                }
                _ = self.look.tick() => {
                    let is_current = self.book.is_current();
                    if std::mem::replace(&mut self.was_current, is_current) != is_current {
                        return Ok(News::Connection(is_current));
                    }
                }
            }
        }
    }
}

impl News {
    /// Takes it into the view; what it is to the strategy.
    pub(super) fn tell(self, view: &mut View) -> Vec<Happening> {
        match self {
            Self::Book(book, is_current) => {
                view.book = book.picture.clone();
                view.is_current = is_current;
                vec![Happening::Book]
            }
            Self::Connection(is_current) => {
                view.is_current = is_current;
                vec![Happening::Connection]
            }
            Self::Own(_, change) => {
                if let Some(state) = change.state {
                    view.own.begin(change.seq, state);
                }
                if let Some(balance) = change.balances.and_then(|balances| balances.into_iter().next()) {
                    view.available = Some(balance.available);
                }
                let now: Micros = view.now;
                let events = change.events.iter().filter_map(OwnEvent::read);
                let mut happenings = Vec::new();
                for event in events {
                    if view.own.take(change.seq, now, &event) {
                        happenings.push(Happening::Own(event));
                    }
                }
                happenings
            }
        }
    }
}
