//! The settlement follower: reads the exchange's events, fills an outbox, acts
//! on the chain, and reports what happened there. The simulated twin of
//! `settlement`: what it keeps on its disk survives its death, nothing else does.

mod outbox;
mod report;
mod work;

use berth_domain::{Event, LeaseId};

use self::outbox::Outbox;
pub(crate) use self::report::Told;
use crate::chain::{Chain, Terms};
use crate::line::Applied;

#[derive(Clone, Debug)]
pub(crate) struct Settler {
    outbox: Outbox,
    /// On its disk: entries and events of the chain that are surely dealt with.
    /// Both may lag.
    kept: Cursors,
    /// In memory.
    at: Cursors,
    /// The request that reports a fact, while its answer is awaited.
    asking: Option<u64>,
    /// The request that reports a failed opening.
    reporting: Option<(u64, LeaseId)>,
    /// Which of its lives this is. What was planned in another is void.
    pub(crate) life: u64,
    pub(crate) is_alive: bool,
}

/// How far it has read.
#[derive(Clone, Copy, Debug, Default)]
struct Cursors {
    entries: usize,
    facts: usize,
}

/// Cursors are written to disk once in so many steps, or with something that
/// must not be lost.
const KEPT_EVERY: usize = 16;

impl Settler {
    pub(crate) fn new() -> Self {
        Self {
            outbox: Outbox::default(),
            kept: Cursors::default(),
            at: Cursors::default(),
            asking: None,
            reporting: None,
            life: 0,
            is_alive: true,
        }
    }

    /// It dies: what was only in memory is gone.
    pub(crate) fn die(&mut self) {
        self.is_alive = false;
        self.life += 1;
        self.at = self.kept;
        self.asking = None;
        self.reporting = None;
    }

    /// Reads what the exchange publishes. Reading an entry again does no harm.
    pub(crate) fn read(&mut self, published: &[Applied]) {
        for applied in published.iter().skip(self.at.entries) {
            let mut is_new = false;
            for event in &applied.events {
                is_new |= self.plan(applied.entry.seq.0, event);
            }
            self.at.entries += 1;
            if is_new || self.at.entries - self.kept.entries >= KEPT_EVERY {
                self.kept.entries = self.at.entries;
            }
        }
    }

    /// Answers whether the outbox has something new.
    fn plan(&mut self, seq: u64, event: &Event) -> bool {
        match event {
            Event::LeaseOpened(opened) => {
                let terms = Terms {
                    tenant: opened.tenant_address,
                    provider: opened.provider_address,
                    rate: opened.rate,
                    amount: opened.escrow,
                    deadline: opened.chain_deadline,
                };
                self.outbox.open(seq, opened.lease, terms)
            }
            Event::LeaseClosed(closed) => {
                // What the exchange did not know to be locked, it did not let
                // run: if the lock comes about all the same, all of it goes back.
                let seconds = if closed.escrowed { closed.evidenced.0 } else { 0 };
                self.outbox.settle(seq, closed.lease, seconds, closed.proof, closed.escrowed)
            }
            Event::WithdrawalRequested(moved) => self.outbox.pay_withdraw(seq, moved.address, moved.amount),
            _ => false,
        }
    }

    /// What it has not done yet, in words.
    pub(crate) fn what_is_left(&self, published: &[Applied], chain: &Chain) -> String {
        let Cursors { entries, facts } = self.at;
        format!(
            "the settler has read {entries} of {} entries and told {facts} of {} facts, the next is {:?}, and is to do {:?}",
            published.len(),
            chain.events().len(),
            chain.events().get(facts).map(|event| event.what),
            self.outbox.names()
        )
    }

    /// Whether it has nothing left to read, to do or to report.
    pub(crate) fn is_idle(&self, published: &[Applied], chain: &Chain) -> bool {
        self.is_alive
            && self.at.entries == published.len()
            && self.at.facts == chain.events().len()
            && self.outbox.is_empty()
            && self.asking.is_none()
    }
}
