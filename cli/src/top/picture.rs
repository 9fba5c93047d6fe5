//! What is shown.

use std::collections::VecDeque;
use std::sync::Arc;

use berth_client::BookState;
use berth_domain::ResourceClass;
use berth_wire::channel::Trade;
use berth_wire::response::{Health, Lease, NetworkStats};

/// Trades that are kept.
const TRADES_MAX: usize = 200;

/// What is shown: one market, and the node.
#[derive(Debug, Default)]
pub(super) struct Picture {
    pub(super) url: String,
    pub(super) markets: Vec<ResourceClass>,
    pub(super) chosen: usize,
    pub(super) book: Option<Arc<BookState>>,
    /// Whether the book is what the node has.
    pub(super) is_current: bool,
    /// The newest first, with their times.
    pub(super) trades: VecDeque<(u64, Trade)>,
    /// Those that are not closed, the newest first.
    pub(super) leases: Vec<Lease>,
    pub(super) health: Option<Health>,
    pub(super) stats: Option<NetworkStats>,
    /// Why the node does not answer, while it does not.
    pub(super) trouble: Option<String>,
}

impl Picture {
    pub(super) fn new(url: String, markets: Vec<ResourceClass>) -> Self {
        Self { url, markets, ..Self::default() }
    }

    pub(super) fn market(&self) -> Option<&ResourceClass> {
        self.markets.get(self.chosen)
    }

    /// Shows this market; false when there is none such.
    pub(super) fn choose(&mut self, market: &ResourceClass) -> bool {
        let place = self.markets.iter().position(|other| other == market);
        self.chosen = place.unwrap_or(self.chosen);
        place.is_some()
    }

    /// Shows another market, so many further.
    pub(super) fn turn(&mut self, by: isize) {
        let count = self.markets.len().max(1);
        self.chosen = (self.chosen + count).saturating_add_signed(by) % count;
        self.book = None;
        self.trades.clear();
        self.is_current = false;
    }

    pub(super) fn traded(&mut self, at: u64, trade: Trade) {
        self.trades.push_front((at, trade));
        self.trades.truncate(TRADES_MAX);
    }
}
