//! `bbo` and `ticker`: a market's best rows, and a market at a glance. A reader
//! is always sent the newest, so one who is slow has no backlog.

use std::sync::Arc;

use berth_domain::{MarketId, Seq};

use super::subscriptions::{Batch, Named};
use crate::book::Channel;
use crate::node::Node;

pub(super) struct BboSubscription {
    named: Named,
    channel: Arc<Channel>,
    /// The entry of the frame that was sent last.
    sent: Option<Seq>,
}

impl BboSubscription {
    /// `None` when there is no such market.
    pub(super) fn new(node: &Node, named: Named, market: MarketId) -> Option<Self> {
        Some(Self { named, channel: node.view.follow_best(market)?, sent: None })
    }

    pub(super) fn next(&mut self) -> Batch {
        let mut batch = Batch::default();
        if let Some(quote) = self.channel.quote.get()
            && self.sent.is_none_or(|sent| sent < quote.seq)
        {
            batch.push(self.named.frame(quote.seq, self.sent, &quote.body), quote.seq.next());
            self.sent = Some(quote.seq);
        }
        batch
    }
}

pub(super) struct TickerSubscription {
    named: Named,
    market: MarketId,
    channel: Arc<Channel>,
    sent: Option<Seq>,
    /// Whether it is time to look.
    due: bool,
}

impl TickerSubscription {
    /// `None` when there is no such market.
    pub(super) fn new(node: &Node, named: Named, market: MarketId) -> Option<Self> {
        Some(Self { named, market, channel: node.view.follow_best(market)?, sent: None, due: true })
    }

    pub(super) const fn beat(&mut self) {
        self.due = true;
    }

    pub(super) fn next(&mut self, node: &Node) -> Batch {
        let mut batch = Batch::default();
        if std::mem::take(&mut self.due) {
            let glance = node.view.glance(self.market, &self.channel);
            if self.sent.is_none_or(|sent| sent < glance.seq) {
                batch.push(self.named.frame(glance.seq, self.sent, &glance.body), glance.seq.next());
                self.sent = Some(glance.seq);
            }
        }
        batch
    }
}
