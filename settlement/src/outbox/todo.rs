//! What is not done, in memory: the database has it as well.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use berth_wire::domain::LeaseId;

use super::{Record, Stage};
use crate::chain::Address;
use crate::plan::{Intent, Name};

/// What two intents share that must not be carried out at once, nor in another
/// order than the log's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// A lease.
    Lease(LeaseId),
    /// What an account withdraws.
    Withdrawals(Address),
}

impl Subject {
    fn of(intent: &Intent) -> Self {
        match intent {
            Intent::Open { lease, .. }
            | Intent::TopUp { lease, .. }
            | Intent::Settle { lease, .. }
            | Intent::Refund { lease } => Self::Lease(*lease),
            Intent::PayWithdraw { account, .. } => Self::Withdrawals(*account),
        }
    }
}

/// One that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) subject: Subject,
    /// Whether no envelope of it came to nothing yet.
    pub(crate) untried: bool,
    /// When it was planned, in unix seconds.
    pub(crate) planned_at: u64,
}

/// What waits, each in the order of the log.
#[derive(Debug, Default)]
pub(crate) struct Todo {
    pub(crate) leases: BTreeMap<(u64, Name), Waiting>,
    pub(crate) withdrawals: BTreeMap<(u64, Name), Waiting>,
}

impl Todo {
    fn of(&mut self, name: Name) -> &mut BTreeMap<(u64, Name), Waiting> {
        match name {
            Name::PayWithdraw(_) => &mut self.withdrawals,
            _ => &mut self.leases,
        }
    }

    /// How many wait.
    pub(crate) fn pending(&self) -> u64 {
        u64::try_from(self.leases.len() + self.withdrawals.len()).unwrap_or(u64::MAX)
    }

    /// When the oldest of them was planned, in unix seconds.
    pub(crate) fn oldest(&self) -> Option<u64> {
        let firsts = [self.leases.first_key_value(), self.withdrawals.first_key_value()];
        firsts.into_iter().flatten().map(|(_, waiting)| waiting.planned_at).min()
    }
}

/// What waits, for all who look.
#[derive(Debug, Default)]
pub(crate) struct Todos(Mutex<Todo>);

impl Todos {
    fn lock(&self) -> MutexGuard<'_, Todo> {
        // It is whole after each change: a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Todo) -> T) -> T {
        look(&self.lock())
    }

    pub(crate) fn names(&self) -> Vec<Name> {
        self.look(|todo| todo.leases.keys().chain(todo.withdrawals.keys()).map(|(_, name)| *name).collect())
    }

    pub(crate) fn add(&self, record: &Record) {
        let name = record.intent.name();
        let waiting = Waiting {
            subject: Subject::of(&record.intent),
            untried: record.attempts == 0,
            planned_at: record.planned_at,
        };
        self.lock().of(name).insert((record.seq, name), waiting);
    }

    /// After a change of its record.
    pub(crate) fn update(&self, record: &Record) {
        let name = record.intent.name();
        let mut todo = self.lock();
        let all = todo.of(name);
        if matches!(record.stage, Stage::Done(_)) {
            all.remove(&(record.seq, name));
        } else if let Some(waiting) = all.get_mut(&(record.seq, name)) {
            waiting.untried = record.attempts == 0;
        }
    }
}
