//! The lossless channels: the log, from any entry on, or what of it is a trade or
//! an account's own.
//!
//! A subscription is a cursor and nothing more. Each time it takes what follows
//! its cursor, from memory or, further back, from the event store; so there is
//! no seam between old and new at which an entry could be lost or come twice.

use std::sync::Arc;

use berth_domain::{MarketId, Seq};

use super::own::OwnSource;
use super::subscriptions::{Batch, Push};
use crate::fanout::Slice;
use crate::frame::{Filter, Frame};
use crate::limits::FRAMES_AT_ONCE;
use crate::node::Node;
use crate::problem::Refusal;

/// What of the log a channel brings.
pub(super) enum Source {
    /// `events`.
    Events(Filter),
    /// `trades`, of one market or of all.
    Trades(Option<MarketId>),
    /// One of an account's own channels.
    Own(OwnSource),
}

impl Source {
    const fn ch(&self) -> &'static str {
        match self {
            Self::Events(_) => "events",
            Self::Trades(_) => "trades",
            Self::Own(own) => own.ch(),
        }
    }

    /// What it brings of an entry: the fields of a frame behind `at`.
    fn body(&self, frame: &Frame, live: bool) -> Option<String> {
        match self {
            Self::Events(filter) => frame.select(filter).map(|events| format!(r#""events":[{events}]"#)),
            Self::Trades(market) => frame.trades(*market).map(|trades| format!(r#""trades":[{trades}]"#)),
            Self::Own(own) => own.body(frame, live),
        }
    }
}

/// Where a subscription begins.
pub(super) enum Start {
    /// With the next entry; an account's own channel with what there is.
    Now,
    /// With this entry.
    At(Seq),
    /// Nowhere: the client knows another log than this, whose epoch it is.
    Changed(String),
}

pub(super) struct LosslessSubscription {
    id: u64,
    source: Source,
    /// The next entry to be looked at.
    cursor: Seq,
    /// The last entry that was sent.
    sent: Option<Seq>,
    /// Whether the end of the log has been reached.
    live: bool,
    /// What `caughtUp` will say, behind the entry that it is of.
    goal: Option<(Seq, String)>,
    /// What to say before anything else.
    greeting: Option<Greeting>,
}

enum Greeting {
    /// The state that updates go on from.
    Snapshot(String),
    /// And then no more.
    Refusal(String),
}

impl LosslessSubscription {
    pub(super) fn new(node: &Node, id: u64, start: Start, source: Source) -> Self {
        let ch = source.ch();
        // What is applied may already have been sent, to this client too, before
        // the view's followers are told of it.
        let head = node.view.read(|x| x.head());
        let cursor = match &start {
            Start::At(from) => (*from).max(Seq(1)),
            Start::Now | Start::Changed(_) => head.next(),
        };
        let mut begun = Self { id, cursor, sent: None, live: false, goal: None, greeting: None, source };
        begun.greeting = match (start, &mut begun.source) {
            (Start::Changed(epoch), _) => {
                let text = format!(r#"{{"sub":{id},"ch":"{ch}","type":"epochChanged","epoch":"{epoch}"}}"#);
                Some(Greeting::Refusal(text))
            }
            (Start::At(_), _) if cursor > head.next() => {
                let text = format!(r#"{{"sub":{id},"ch":"{ch}","type":"futureCursor","seq":{head}}}"#);
                Some(Greeting::Refusal(text))
            }
            (Start::Now, Source::Own(own)) => {
                let (seq, state) = own.snapshot(node);
                (begun.cursor, begun.sent, begun.live) = (seq.next(), Some(seq), true);
                let text =
                    format!(r#"{{"sub":{id},"ch":"{ch}","type":"snapshot","seq":{seq},"prevSeq":null,{state}}}"#);
                Some(Greeting::Snapshot(text))
            }
            (Start::At(_) | Start::Now, _) => None,
        };
        begun
    }

    pub(super) const fn ch(&self) -> &'static str {
        self.source.ch()
    }

    /// The entry to go on from.
    pub(super) const fn resume(&self) -> Seq {
        self.cursor
    }

    /// The frame of an entry could not be sent.
    pub(super) fn rewind(&mut self, resume: Seq) {
        self.cursor = resume;
    }

    pub(super) async fn next(&mut self, node: &Node) -> Result<Batch, Refusal> {
        let mut batch = Batch::default();
        match self.greeting.take() {
            Some(Greeting::Refusal(text)) => {
                batch.push(text, self.cursor);
                batch.ended = true;
                return Ok(batch);
            }
            Some(Greeting::Snapshot(text)) => batch.push(text, self.cursor),
            None => {}
        }
        if let Source::Own(own) = &self.source
            && let Some(why) = own.ended(node)
        {
            let (id, ch, code) = (self.id, self.source.ch(), why.code());
            let text = format!(r#"{{"sub":{id},"ch":"{ch}","type":"ended","code":"{code}"}}"#);
            // What came with the greeting is not for it any more.
            return Ok(Batch { frames: vec![Push { text, resume: self.cursor }], more: false, ended: true });
        }
        if self.live && matches!(node.view.events.read(self.cursor.0, 0), Slice::Overtaken) {
            self.fall_behind(&mut batch);
        }
        if let Source::Own(own) = &mut self.source {
            own.know(node);
        }
        let frames = node.frames(self.cursor, self.limit()).await?;
        batch.more = frames.len() == FRAMES_AT_ONCE;
        for frame in frames {
            if !self.take(&frame, &mut batch) {
                break;
            }
        }
        let end = Seq(node.view.events.next());
        let has_reached = self.goal.as_ref().is_some_and(|(seq, _)| self.cursor > *seq);
        if !self.live && (has_reached || self.cursor >= end) {
            self.catch_up(node, &mut batch);
        }
        batch.more |= self.cursor < end;
        Ok(batch)
    }

    /// Takes an entry; `false` when it is to be read in another way.
    fn take(&mut self, frame: &Arc<Frame>, batch: &mut Batch) -> bool {
        let lacks_money = matches!(&self.source, Source::Own(own) if own.wants_money()) && !frame.knows_money();
        if self.live && lacks_money {
            // It was read from the store: the reader has been overtaken just now.
            self.fall_behind(batch);
            return false;
        }
        self.cursor = frame.seq.next();
        if let Some(body) = self.source.body(frame, self.live) {
            let text = self.render(frame, &body);
            self.sent = Some(frame.seq);
            batch.push(text, frame.seq);
        }
        true
    }

    /// Too slow for what is kept in memory: back to reading the log.
    fn fall_behind(&mut self, batch: &mut Batch) {
        self.live = false;
        batch.push(self.fell_behind(), self.cursor);
    }

    /// All that there is has been sent. What is said with that is of one entry,
    /// so all up to that one goes out first.
    fn catch_up(&mut self, node: &Node, batch: &mut Batch) {
        let (seq, state) = match self.goal.take() {
            Some(goal) => goal,
            None => match &self.source {
                Source::Own(own) if own.wants_money() => own.snapshot(node),
                _ => (Seq(self.cursor.0 - 1), String::new()),
            },
        };
        if self.cursor <= seq {
            self.goal = Some((seq, state));
            return;
        }
        self.live = true;
        let (id, ch) = (self.id, self.source.ch());
        let comma = if state.is_empty() { "" } else { "," };
        batch.push(format!(r#"{{"sub":{id},"ch":"{ch}","type":"caughtUp","seq":{seq}{comma}{state}}}"#), self.cursor);
    }

    fn limit(&self) -> usize {
        match &self.goal {
            Some((seq, _)) => {
                let left = seq.next().0.saturating_sub(self.cursor.0);
                FRAMES_AT_ONCE.min(usize::try_from(left).unwrap_or(usize::MAX))
            }
            None => FRAMES_AT_ONCE,
        }
    }

    fn render(&self, frame: &Frame, body: &str) -> String {
        let kind = if self.live { "update" } else { "replay" };
        let previous = self.sent.map_or_else(|| "null".to_owned(), |sent| sent.to_string());
        let (id, ch, seq, at) = (self.id, self.source.ch(), frame.seq, frame.at.0);
        format!(r#"{{"sub":{id},"ch":"{ch}","type":"{kind}","seq":{seq},"prevSeq":{previous},"at":{at},{body}}}"#)
    }

    /// Told when a reader is too slow for what is kept in memory, and again
    /// before its socket is closed for it.
    pub(super) fn fell_behind(&self) -> String {
        let (id, ch, resume) = (self.id, self.source.ch(), self.cursor);
        format!(r#"{{"sub":{id},"ch":"{ch}","type":"fellBehind","resumeSeq":{resume}}}"#)
    }
}
