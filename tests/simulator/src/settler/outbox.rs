//! The outbox: what must be brought about on the chain, each thing under its
//! natural name. It lies on the settler's disk.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{Address, Digest, LeaseId, Micros, Stroops};

use crate::chain::{Call, Envelope, Terms};

/// One thing to bring about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Intent {
    Open { lease: LeaseId, terms: Terms },
    Settle { lease: LeaseId, seconds: u64, proof: Digest, escrowed: bool },
    Refund { lease: LeaseId },
    PayWithdraw { account: Address, total: Stroops, seq: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    Open(LeaseId),
    Settle(LeaseId),
    Refund(LeaseId),
    PayWithdraw(u64),
}

impl Intent {
    pub(super) const fn name(&self) -> Name {
        match self {
            Self::Open { lease, .. } => Name::Open(*lease),
            Self::Settle { lease, .. } => Name::Settle(*lease),
            Self::Refund { lease } => Name::Refund(*lease),
            Self::PayWithdraw { seq, .. } => Name::PayWithdraw(*seq),
        }
    }

    pub(super) const fn call(&self) -> Call {
        match *self {
            Self::Open { lease, terms } => Call::Open { lease, terms },
            Self::Settle { lease, seconds, proof, .. } => Call::Settle { lease, seconds, proof },
            Self::Refund { lease } => Call::Refund { lease },
            Self::PayWithdraw { account, .. } => Call::PayWithdraw { account, by_operator: true },
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) intent: Intent,
    /// An envelope that may be applied.
    pub(super) sealed: Option<Envelope>,
    pub(super) attempts: u64,
    /// It met with trouble and waits until then.
    pub(super) waits_until: Micros,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    /// In the order of the log.
    todo: BTreeMap<(u64, Name), Record>,
    known: BTreeSet<Name>,
    /// Leases that closed before their lock was known.
    given_up: BTreeSet<LeaseId>,
    /// Openings that failed, until the exchange knows.
    pub(super) unreported: BTreeMap<LeaseId, &'static str>,
}

impl Outbox {
    pub(super) fn open(&mut self, seq: u64, lease: LeaseId, terms: Terms) -> bool {
        self.accept(seq, Intent::Open { lease, terms })
    }

    /// A lease that this log never opened has no escrow that it agreed to.
    pub(super) fn settle(&mut self, seq: u64, lease: LeaseId, seconds: u64, proof: Digest, escrowed: bool) -> bool {
        if !self.known.contains(&Name::Open(lease)) {
            return false;
        }
        if !escrowed {
            self.given_up.insert(lease);
        }
        self.accept(seq, Intent::Settle { lease, seconds, proof, escrowed })
    }

    pub(super) fn pay_withdraw(&mut self, seq: u64, account: Address, total: Stroops) -> bool {
        self.accept(seq, Intent::PayWithdraw { account, total, seq })
    }

    fn accept(&mut self, seq: u64, intent: Intent) -> bool {
        let is_new = self.known.insert(intent.name());
        if is_new {
            let record = Record { intent, sealed: None, attempts: 0, waits_until: Micros(0) };
            self.todo.insert((seq, intent.name()), record);
        }
        is_new
    }

    pub(super) fn is_empty(&self) -> bool {
        self.todo.is_empty() && self.unreported.is_empty()
    }

    /// What is to be done.
    pub(super) fn names(&self) -> Vec<Name> {
        self.todo.keys().map(|(_, name)| *name).collect()
    }

    pub(super) fn has_given_up(&self, lease: LeaseId) -> bool {
        self.given_up.contains(&lease)
    }

    /// Whose turn it is: first that of an envelope which may be applied, then
    /// leases in the order of the log, then withdrawals.
    pub(super) fn turn(&self, now: Micros) -> Option<(u64, Record)> {
        let of = |((seq, _), record): (&(u64, Name), &Record)| (*seq, *record);
        if let Some(sealed) = self.todo.iter().find(|(_, record)| record.sealed.is_some()) {
            return Some(of(sealed));
        }
        let mut opening = BTreeSet::new();
        let mut withdrawal = None;
        for (key, record) in &self.todo {
            let is_ready = record.waits_until <= now;
            match key.1 {
                Name::Open(lease) => {
                    opening.insert(lease);
                }
                // What is of one lease keeps its order.
                Name::Settle(lease) | Name::Refund(lease) if opening.contains(&lease) => continue,
                Name::Settle(_) | Name::Refund(_) => {}
                Name::PayWithdraw(_) => {
                    if is_ready && withdrawal.is_none() {
                        withdrawal = Some(of((key, record)));
                    }
                    continue;
                }
            }
            if is_ready {
                return Some(of((key, record)));
            }
        }
        withdrawal
    }

    pub(super) fn put(&mut self, seq: u64, record: Record) {
        self.todo.insert((seq, record.intent.name()), record);
    }

    /// Ends an intent. A failed opening is then owed to the exchange.
    pub(super) fn end(&mut self, seq: u64, record: &Record, failure: Option<&'static str>) {
        self.todo.remove(&(seq, record.intent.name()));
        if let (Intent::Open { lease, .. }, Some(why)) = (record.intent, failure) {
            self.unreported.insert(lease, why);
        }
    }

    /// Ends an intent and takes on another in its place.
    pub(super) fn replace(&mut self, seq: u64, record: &Record, by: Intent) {
        self.end(seq, record, None);
        self.accept(seq, by);
    }
}
