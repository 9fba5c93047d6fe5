//! The state machine itself: what it holds, and where an entry enters.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{
    AccountId, Age, Authority, Bounds, ChainEventId, Command, CommandRefused, Entry, Event, Genesis, MarketId, Micros,
    ProviderId, RULES_VERSION, ResourceClass, Seq, Timing,
};

use crate::apply;
use crate::outcome::{LogViolation, Outcome};
use crate::state::{Accounts, Bid, Lease, Ledger, Market, Order, Provider, Timers};

/// The matching core. Cloning it gives an independent replica.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    pub(crate) genesis: Option<Genesis>,
    pub(crate) head: Seq,
    pub(crate) last_at: Micros,
    pub(crate) accounts: Accounts,
    pub(crate) treasury: AccountId,
    pub(crate) ledger: Ledger,
    /// The last event of the chain that moved money. The chain has one order,
    /// so whatever is not after it has been counted.
    pub(crate) chain_cursor: ChainEventId,
    pub(crate) markets: Vec<Market>,
    pub(crate) markets_by_class: BTreeMap<ResourceClass, MarketId>,
    pub(crate) providers: Vec<Provider>,
    /// Bids that are open or parked, in the order of their age.
    pub(crate) live_bids: BTreeMap<ProviderId, BTreeSet<(Age, u64)>>,
    pub(crate) orders: Vec<Order>,
    pub(crate) bids: Vec<Bid>,
    pub(crate) leases: Vec<Lease>,
    pub(crate) timers: Timers,
}

/// What a command is applied with: its place in the log, who gave it, and where
/// its events go.
pub(crate) struct Step<'a> {
    pub(crate) seq: Seq,
    pub(crate) at: Micros,
    pub(crate) account: AccountId,
    /// Leases that this entry may still open.
    pub(crate) fills_left: u32,
    events: &'a mut Vec<Event>,
}

impl Step<'_> {
    pub(crate) fn emit(&mut self, event: impl Into<Event>) {
        self.events.push(event.into());
    }
}

impl Exchange {
    /// An exchange whose log is empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies the next entry of the log and appends the events that follow
    /// from it. A refusal changes nothing and appends one event that says so.
    ///
    /// # Errors
    /// When the entry cannot stand at this place in any log. Nothing has then
    /// been changed.
    pub fn apply(&mut self, entry: &Entry, events: &mut Vec<Event>) -> Result<Outcome, LogViolation> {
        self.check_place(entry)?;
        self.head = entry.seq;
        self.last_at = entry.at;
        let mark = events.len();
        let fills_left = self.genesis.as_ref().map_or(0, |genesis| genesis.bounds.fills);
        let mut step = Step { seq: entry.seq, at: entry.at, account: entry.account, fills_left, events };
        let outcome = apply::command(self, &mut step, &entry.command).unwrap_or_else(|code| {
            // Commands decide before they change anything, so a refusal has
            // nothing to take back.
            debug_assert_eq!(step.events.len(), mark, "a refusal comes before the first event");
            let subject = apply::subject(&entry.command);
            step.emit(CommandRefused { account: entry.account, subject, code });
            Outcome::Refused(code)
        });
        Ok(outcome)
    }

    fn check_place(&self, entry: &Entry) -> Result<(), LogViolation> {
        let expected = self.head.next();
        if entry.seq != expected {
            return Err(LogViolation::Sequence { expected, found: entry.seq });
        }
        if entry.rules != RULES_VERSION {
            return Err(LogViolation::Rules { seq: entry.seq, rules: entry.rules });
        }
        if self.genesis.is_none() && !matches!(entry.command, Command::Genesis(_)) {
            return Err(LogViolation::NoGenesis);
        }
        if (entry.account == AccountId::EXCHANGE) != (entry.authority == Authority::Exchange) {
            return Err(LogViolation::Authority(entry.seq));
        }
        if let Command::Resumed(resumed) = entry.command
            && (resumed.down_from, resumed.up_at) != (self.last_at, entry.at)
        {
            return Err(LogViolation::Resumed(entry.seq));
        }
        if entry.at < self.last_at {
            return Err(LogViolation::TimeRunsBack(entry.seq));
        }
        match self.timers.next_deadline() {
            // `Resumed` comes before timers fire, since it moves some of them.
            Some(deadline)
                if deadline <= entry.at && !matches!(entry.command, Command::Tick(_) | Command::Resumed(_)) =>
            {
                Err(LogViolation::TickMissing { seq: entry.seq, deadline })
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn timing(&self) -> &Timing {
        &self.genesis.as_ref().expect("no entry is applied before the genesis").timing
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.genesis.as_ref().expect("no entry is applied before the genesis").bounds
    }
}
