//! The `book` channel: a whole picture, then the rows that change. A reader who
//! is too slow is given a fresh picture instead of the backlog.

use berth_domain::{MarketId, Seq};

use super::subscriptions::{Batch, Push};
use crate::book::Following;
use crate::fanout::Slice;
use crate::limits::FRAMES_AT_ONCE;
use crate::node::Node;
use crate::view::BookStart;

pub(super) struct BookSubscription {
    id: u64,
    market: MarketId,
    name: String,
    following: Following,
    /// The next update to be looked at.
    position: u64,
    /// The entry that the reader's picture follows from.
    sent: Seq,
    /// A picture that is to be sent before the next update.
    snapshot: Option<String>,
}

impl BookSubscription {
    /// `None` when there is no such market.
    pub(super) fn new(node: &Node, id: u64, market: MarketId, name: String) -> Option<Self> {
        let BookStart { following, position, seq, body } = node.view.follow_book(market)?;
        Some(Self { id, market, name, following, position, sent: seq, snapshot: Some(body) })
    }

    pub(super) fn next(&mut self, node: &Node) -> Batch {
        let mut batch = Batch::default();
        self.take_snapshot(&mut batch);
        match self.following.updates().read(self.position, FRAMES_AT_ONCE) {
            Slice::Items(updates) => {
                batch.more = updates.len() == FRAMES_AT_ONCE;
                for update in updates {
                    self.position += 1;
                    // An update may be in the picture already.
                    if update.seq > self.sent {
                        let text = self.render("update", update.seq, Some(self.sent), &update.body);
                        self.sent = update.seq;
                        batch.frames.push(Push { text, resume: self.sent.next() });
                    }
                }
            }
            Slice::Overtaken => {
                if let Some(BookStart { following, position, seq, body }) = node.view.follow_book(self.market) {
                    (self.following, self.position, self.sent, self.snapshot) = (following, position, seq, Some(body));
                }
                self.take_snapshot(&mut batch);
            }
        }
        batch
    }

    fn take_snapshot(&mut self, batch: &mut Batch) {
        if let Some(body) = self.snapshot.take() {
            let text = self.render("snapshot", self.sent, None, &body);
            batch.frames.push(Push { text, resume: self.sent.next() });
        }
    }

    fn render(&self, kind: &str, seq: Seq, previous: Option<Seq>, body: &str) -> String {
        let (id, market) = (self.id, &self.name);
        let previous = previous.map_or_else(|| "null".to_owned(), |seq| seq.to_string());
        format!(
            r#"{{"sub":{id},"ch":"book","market":"{market}","type":"{kind}","seq":{seq},"prevSeq":{previous},{body}}}"#
        )
    }
}
