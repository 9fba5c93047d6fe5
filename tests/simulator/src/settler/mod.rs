//! The settlement follower: reads the exchange's events, fills an outbox, acts
//! on the chain, and reports what happened there. The simulated twin of
//! `settlement`: what it keeps on its disk survives its death, nothing else does.

mod outbox;
mod report;
mod work;

use berth_domain::{Event, FeeBps, Genesis, Verify};
use berth_exchange::{Exchange, Origin};

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
    /// The request that reports what is no event of the chain.
    reporting: Option<(u64, Told)>,
    /// Which of its lives this is. What was planned in another is void.
    pub(crate) life: u64,
    pub(crate) is_alive: bool,
}

/// How far it has read.
#[derive(Clone, Copy, Debug)]
struct Cursors {
    entries: usize,
    facts: usize,
    /// The platform's fee of a lease that opens next.
    fee: FeeBps,
}

/// Cursors are written to disk once in so many steps, or with something that
/// must not be lost.
const KEPT_EVERY: usize = 16;

impl Settler {
    pub(crate) fn new(genesis: &Genesis) -> Self {
        let start = Cursors { entries: 0, facts: 0, fee: genesis.fee };
        Self {
            outbox: Outbox::default(),
            kept: start,
            at: start,
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
    pub(crate) fn read(&mut self, x: &Exchange, published: &[Applied]) {
        for applied in published.iter().skip(self.at.entries) {
            let mut is_new = false;
            for event in &applied.events {
                is_new |= self.plan(x, applied, event);
            }
            self.at.entries += 1;
            if is_new || self.at.entries - self.kept.entries >= KEPT_EVERY {
                self.kept = Cursors { facts: self.kept.facts, ..self.at };
            }
        }
    }

    /// Answers whether the outbox has something new.
    fn plan(&mut self, x: &Exchange, applied: &Applied, event: &Event) -> bool {
        let seq = applied.entry.seq.0;
        match event {
            Event::ExchangeReconfigured(now) => {
                self.at.fee = now.fee;
                false
            }
            Event::LeaseOpened(opened) => {
                let terms = Terms {
                    tenant: opened.tenant_address,
                    provider: opened.provider_address,
                    rate: opened.rate,
                    amount: opened.escrow,
                    fee: self.at.fee,
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
            Event::TopUpRequested(asked) => self.outbox.top_up(seq, asked.lease, asked.number, asked.amount),
            Event::StakeSlashed(slashed) => self.outbox.slash(seq, slashed),
            Event::VerificationStarted(started) => {
                let lease = x.lease(started.lease).filter(|lease| !matches!(lease.origin, Origin::Rerun(_)));
                let order = lease.and_then(|lease| x.order(lease.order));
                let is_spot = order.is_some_and(|order| order.verify == Verify::Spot);
                is_spot && self.outbox.undrawn.insert(started.lease, applied.entry.at).is_none()
            }
            Event::WithdrawalRequested(moved) => self.outbox.pay_withdraw(seq, moved.address, moved.amount),
            _ => false,
        }
    }

    /// What it has not done yet, in words.
    pub(crate) fn what_is_left(&self, published: &[Applied], chain: &Chain) -> String {
        let Cursors { entries, facts, .. } = self.at;
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
