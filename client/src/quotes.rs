//! A market's best rows.

use std::sync::Arc;

use berth_wire::book::BookRow;
use berth_wire::channel::StateFrameType;
use berth_wire::domain::ResourceClass;
use berth_wire::frame::{Push, Subscribe};

use crate::newest::{Built, Newest, Piece};
use crate::rest::Client;

/// The best rows of a market's book after an entry of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// The entry.
    pub seq: u64,
    /// The cheapest supply.
    pub bid: Option<BookRow>,
    /// The dearest demand.
    pub order: Option<BookRow>,
}

/// A market's best rows as they are.
pub type QuoteStream = Newest<Quote>;

impl Client {
    /// The best rows of a market, kept up to date over disconnects.
    #[must_use]
    pub fn quote_stream(&self, market: ResourceClass) -> QuoteStream {
        let subscribe = Subscribe { ch: "bbo".to_owned(), market: Some(market), ..Subscribe::default() };
        Newest::keep::<Best>(self.endpoint().clone(), subscribe)
    }
}

/// Each frame says all of it, so only the place of the last one is kept.
#[derive(Default)]
struct Best(Option<u64>);

impl Built for Best {
    type State = Quote;

    fn take(&mut self, push: Push) -> Option<Piece<Quote>> {
        let Push::Bbo(frame) = push else { return None };
        let before = self.0.replace(frame.seq);
        let built = if frame.prev_seq == before {
            Ok(Arc::new(Quote { seq: frame.seq, bid: frame.bid, order: frame.order }))
        } else {
            Err(format!("entry {} follows {:?}, not {before:?}", frame.seq, frame.prev_seq))
        };
        Some(Piece { sub: frame.sub, is_first: frame.kind == StateFrameType::Snapshot, built })
    }
}
