//! `instruments`, `status` and `heartbeat`: what can be traded, and how the node
//! is.

use std::collections::BTreeSet;

use berth_domain::{MarketId, Seq};
use berth_exchange::Exchange;
use berth_wire::channel::Instrument;

use super::subscriptions::{Batch, Named};
use crate::clock::now;
use crate::fanout::Slice;
use crate::limits::FRAMES_AT_ONCE;
use crate::node::{Node, Status};

pub(super) struct InstrumentsSubscription {
    named: Named,
    /// The next entry to be looked at; none before the snapshot.
    cursor: Option<Seq>,
    sent: Option<Seq>,
}

impl InstrumentsSubscription {
    pub(super) const fn new(named: Named) -> Self {
        Self { named, cursor: None, sent: None }
    }

    pub(super) fn next(&mut self, node: &Node) -> Batch {
        let mut batch = Batch::default();
        match self.cursor.map(|cursor| node.view.events.read(cursor.0, FRAMES_AT_ONCE)) {
            // The first, or it has missed what markets did.
            None | Some(Slice::Overtaken) => {
                let (seq, all) = node.view.read(|x| (x.head(), x.markets().map(|one| instrument(x, one.id)).collect()));
                self.sent = None;
                self.send(&mut batch, seq, all);
                self.cursor = Some(seq.next());
            }
            Some(Slice::Items(frames)) => {
                batch.more = frames.len() == FRAMES_AT_ONCE;
                for frame in frames {
                    self.cursor = Some(frame.seq.next());
                    let changed: BTreeSet<MarketId> = frame.changed_markets().collect();
                    if !changed.is_empty() {
                        let changed = node.view.read(|x| changed.into_iter().map(|id| instrument(x, id)).collect());
                        self.send(&mut batch, frame.seq, changed);
                    }
                }
            }
        }
        batch
    }

    fn send(&mut self, batch: &mut Batch, seq: Seq, instruments: Vec<Option<Instrument>>) {
        let instruments: Vec<Instrument> = instruments.into_iter().flatten().collect();
        let rows = serde_json::to_string(&instruments).expect("texts and numbers are JSON");
        batch.push(self.named.frame(seq, self.sent, &format!(r#""instruments":{rows}"#)), seq.next());
        self.sent = Some(seq);
    }
}

fn instrument(x: &Exchange, id: MarketId) -> Option<Instrument> {
    let market = berth_render::market(x, x.market(id)?);
    let (id, asset, unit, state) = (market.id, market.asset, market.unit, market.state);
    Some(Instrument { id, market: market.name, asset, unit, state })
}

pub(super) struct StatusSubscription {
    named: Named,
    sent: Option<(Seq, Status)>,
}

impl StatusSubscription {
    pub(super) const fn new(named: Named) -> Self {
        Self { named, sent: None }
    }

    pub(super) fn next(&mut self, node: &Node) -> Batch {
        let mut batch = Batch::default();
        let status = node.status();
        if self.sent.is_none_or(|(_, sent)| sent != status) {
            let seq = node.view.head();
            let body = format!(r#""status":"{}""#, status.as_str());
            batch.push(self.named.frame(seq, self.sent.map(|(seq, _)| seq), &body), seq.next());
            self.sent = Some((seq, status));
        }
        batch
    }
}

pub(super) struct HeartbeatSubscription {
    id: u64,
    due: bool,
}

impl HeartbeatSubscription {
    pub(super) const fn new(id: u64) -> Self {
        Self { id, due: false }
    }

    pub(super) const fn beat(&mut self) {
        self.due = true;
    }

    pub(super) fn next(&mut self, node: &Node) -> Batch {
        let mut batch = Batch::default();
        if std::mem::take(&mut self.due) {
            let (id, seq, ts) = (self.id, node.view.head(), now().0);
            batch.push(format!(r#"{{"sub":{id},"ch":"heartbeat","seq":{seq},"ts":{ts}}}"#), seq.next());
        }
        batch
    }
}
