//! The `events` channel: the log, losslessly, from any entry on.
//!
//! A subscription is a cursor and nothing more. Each time it takes what follows
//! its cursor, from memory or, further back, from the event store; so there is
//! no seam between old and new at which an entry could be lost or come twice.

use berth_domain::Seq;

use super::subscriptions::{Batch, Push};
use crate::fanout::Slice;
use crate::frame::Filter;
use crate::limits::FRAMES_AT_ONCE;
use crate::node::Node;
use crate::problem::Refusal;

pub(super) struct EventsSubscription {
    id: u64,
    filter: Filter,
    /// The next entry to be looked at.
    cursor: Seq,
    /// The last entry that was sent.
    sent: Option<Seq>,
    /// Whether the end of the log has been reached.
    live: bool,
    /// What to say before anything else, and then no more.
    refusal: Option<String>,
}

impl EventsSubscription {
    /// From `from` on, or from the next entry. `changed` is the log's epoch
    /// when the client knows another.
    pub(super) fn new(node: &Node, id: u64, from: Option<Seq>, changed: Option<String>, filter: Filter) -> Self {
        // What is applied may already have been sent, to this client too, before
        // the view's followers are told of it.
        let head = node.view.read(|x| x.head());
        let cursor = from.map_or(head.next(), |from| from.max(Seq(1)));
        let refusal = match changed {
            Some(epoch) => Some(format!(r#"{{"sub":{id},"ch":"events","type":"epochChanged","epoch":"{epoch}"}}"#)),
            None if cursor > head.next() => {
                Some(format!(r#"{{"sub":{id},"ch":"events","type":"futureCursor","seq":{head}}}"#))
            }
            None => None,
        };
        Self { id, filter, cursor, sent: None, live: false, refusal }
    }

    /// The entry to go on from.
    pub(super) fn resume(&self) -> Seq {
        self.cursor
    }

    /// The frame of an entry could not be sent.
    pub(super) fn rewind(&mut self, resume: Seq) {
        self.cursor = resume;
    }

    pub(super) async fn next(&mut self, node: &Node) -> Result<Batch, Refusal> {
        if let Some(text) = self.refusal.take() {
            let frames = vec![Push { text, resume: self.cursor }];
            return Ok(Batch { frames, more: false, ended: true });
        }
        let mut batch = Batch::default();
        if self.live && matches!(node.view.events.read(self.cursor.0, 0), Slice::Overtaken) {
            // Too slow for what is kept in memory: back to reading the log.
            self.live = false;
            batch.frames.push(Push { text: fell_behind(self.id, self.cursor), resume: self.cursor });
        }
        let frames = node.frames(self.cursor, FRAMES_AT_ONCE).await?;
        batch.more = frames.len() == FRAMES_AT_ONCE;
        for frame in frames {
            self.cursor = frame.seq.next();
            if let Some(events) = frame.select(&self.filter) {
                let text = self.render(frame.seq, frame.at.0, &events);
                self.sent = Some(frame.seq);
                batch.frames.push(Push { text, resume: frame.seq });
            }
        }
        let end = Seq(node.view.events.next());
        if !self.live && self.cursor >= end {
            self.live = true;
            let (id, head) = (self.id, self.cursor.0 - 1);
            let text = format!(r#"{{"sub":{id},"ch":"events","type":"caughtUp","seq":{head}}}"#);
            batch.frames.push(Push { text, resume: self.cursor });
        }
        batch.more |= self.cursor < end;
        Ok(batch)
    }

    fn render(&self, seq: Seq, at: u64, events: &str) -> String {
        let kind = if self.live { "update" } else { "replay" };
        let previous = self.sent.map_or_else(|| "null".to_owned(), |sent| sent.to_string());
        let id = self.id;
        format!(
            r#"{{"sub":{id},"ch":"events","type":"{kind}","seq":{seq},"prevSeq":{previous},"at":{at},"events":[{events}]}}"#
        )
    }
}

/// Told when a reader is too slow for what is kept in memory, and again before
/// its socket is closed for it.
pub(super) fn fell_behind(id: u64, resume: Seq) -> String {
    format!(r#"{{"sub":{id},"ch":"events","type":"fellBehind","resumeSeq":{resume}}}"#)
}
