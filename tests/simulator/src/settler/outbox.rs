//! The outbox: what must be brought about on the chain, each thing under its
//! natural name. It lies on the settler's disk.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{Address, Digest, LeaseId, Micros, StakeSlashed, Stroops};

use crate::chain::{Call, Envelope, Terms};

/// One thing to bring about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Intent {
    Open { lease: LeaseId, terms: Terms },
    TopUp { lease: LeaseId, number: u32, amount: Stroops },
    Slash { lease: LeaseId, account: Address, tenant: Address, amount: Stroops },
    Settle { lease: LeaseId, seconds: u64, proof: Digest, escrowed: bool },
    Refund { lease: LeaseId },
    PayWithdraw { account: Address, total: Stroops, seq: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    Open(LeaseId),
    TopUp(LeaseId, u32),
    Slash(LeaseId),
    Settle(LeaseId),
    Refund(LeaseId),
    PayWithdraw(u64),
}

impl Intent {
    pub(super) const fn name(&self) -> Name {
        match self {
            Self::Open { lease, .. } => Name::Open(*lease),
            Self::TopUp { lease, number, .. } => Name::TopUp(*lease, *number),
            Self::Slash { lease, .. } => Name::Slash(*lease),
            Self::Settle { lease, .. } => Name::Settle(*lease),
            Self::Refund { lease } => Name::Refund(*lease),
            Self::PayWithdraw { seq, .. } => Name::PayWithdraw(*seq),
        }
    }

    pub(super) const fn call(&self) -> Call {
        match *self {
            Self::Open { lease, terms } => Call::Open { lease, terms },
            Self::TopUp { lease, number, amount } => Call::TopUp { lease, number, amount },
            Self::Slash { lease, account, tenant, amount } => Call::Slash { lease, account, tenant, amount },
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
    /// What failed, until the exchange knows.
    pub(super) unreported: BTreeMap<Failed, &'static str>,
    /// Leases that wait for the first ledger after this moment to draw them.
    pub(super) undrawn: BTreeMap<LeaseId, Micros>,
}

/// What the exchange must be told of when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failed {
    Opening(LeaseId),
    TopUp(LeaseId, u32),
}

impl Outbox {
    pub(super) fn open(&mut self, seq: u64, lease: LeaseId, terms: Terms) -> bool {
        self.accept(seq, Intent::Open { lease, terms })
    }

    pub(super) fn top_up(&mut self, seq: u64, lease: LeaseId, number: u32, amount: Stroops) -> bool {
        self.accept(seq, Intent::TopUp { lease, number, amount })
    }

    pub(super) fn slash(&mut self, seq: u64, told: &StakeSlashed) -> bool {
        let StakeSlashed { lease, address: account, tenant_address: tenant, amount, .. } = *told;
        self.accept(seq, Intent::Slash { lease, account, tenant, amount })
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
        self.todo.is_empty() && self.unreported.is_empty() && self.undrawn.is_empty()
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
        let mut growing = BTreeSet::new();
        let mut withdrawal = None;
        for (key, record) in &self.todo {
            let is_ready = record.waits_until <= now;
            match key.1 {
                Name::Open(lease) => {
                    growing.insert(lease);
                }
                // What is of one lease keeps its order.
                Name::TopUp(lease, _) => {
                    if !growing.insert(lease) {
                        continue;
                    }
                }
                Name::Settle(lease) | Name::Refund(lease) if growing.contains(&lease) => continue,
                Name::Settle(_) | Name::Refund(_) | Name::Slash(_) => {}
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

    /// Ends an intent. That it failed is then owed to the exchange.
    pub(super) fn end(&mut self, seq: u64, record: &Record, failure: Option<&'static str>) {
        self.todo.remove(&(seq, record.intent.name()));
        let Some(why) = failure else { return };
        match record.intent {
            Intent::Open { lease, .. } => self.unreported.insert(Failed::Opening(lease), why),
            Intent::TopUp { lease, number, .. } => self.unreported.insert(Failed::TopUp(lease, number), why),
            _ => None,
        };
    }

    /// Ends an intent and takes on another in its place.
    pub(super) fn replace(&mut self, seq: u64, record: &Record, by: Intent) {
        self.end(seq, record, None);
        self.accept(seq, by);
    }
}
