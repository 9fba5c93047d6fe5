//! The state machine itself: what it holds, and where an entry enters.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{
    AccountId, Age, Authority, ChainEventId, Code, Command, CommandRefused, Entry, Event, Genesis, LeaseId, MarketId,
    Micros, ProviderId, RULES_VERSION, ResourceClass, Seq, Timing,
};

use crate::apply;
use crate::outcome::{LogViolation, Outcome};
use crate::planted::{Planted, is};
use crate::rules::{Budget, Plan};
use crate::state::{
    AccountKey, Accounts, Bid, Checks, ClientIds, Config, Entrant, Gangs, Lease, Ledger, Market, Order, Provider,
    SIGNATURE_LIFE, Standbys, Timers, add,
};

/// The matching core. Cloning it gives an independent replica.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    pub(crate) genesis: Option<Genesis>,
    pub(crate) head: Seq,
    pub(crate) last_at: Micros,
    pub(crate) accounts: Accounts,
    pub(crate) client_ids: ClientIds,
    pub(crate) treasury: AccountId,
    pub(crate) operator: AccountId,
    pub(crate) config: Config,
    pub(crate) ledger: Ledger,
    /// The last event of the chain that moved money. The chain has one order,
    /// so whatever is not after it has been counted.
    pub(crate) chain_cursor: ChainEventId,
    /// The last event of the chain that told of a stake. It may be another
    /// contract's, whose events need not come in one order with the others.
    pub(crate) stake_cursor: ChainEventId,
    pub(crate) markets: Vec<Market>,
    pub(crate) markets_by_class: BTreeMap<ResourceClass, MarketId>,
    pub(crate) providers: Vec<Provider>,
    pub(crate) orders: Vec<Order>,
    pub(crate) bids: Vec<Bid>,
    pub(crate) leases: Vec<Lease>,
    /// What waits for leases to fail.
    pub(crate) standbys: Standbys,
    /// Fill-or-kill orders over several leases of which not all have started.
    pub(crate) gangs: Gangs,
    /// Leases that are run again before they are paid.
    pub(crate) checks: Checks,
    pub(crate) timers: Timers,
    /// Bids and orders that wait to enter their books again, by their age.
    pub(crate) reentering: BTreeSet<(Age, Entrant)>,
    /// Live orders and bids.
    pub(crate) live: usize,
    /// Things that a new market's book has room for.
    pub(crate) resting: usize,
    /// Room to plan in and to write a payload to: never empty for its content,
    /// only so that a command allocates nothing.
    pub(crate) plan: Plan,
    pub(crate) bytes: Vec<u8>,
}

/// What a command is applied with: its place in the log, who gave it, and where
/// its events go.
pub(crate) struct Step<'a> {
    pub(crate) seq: Seq,
    pub(crate) at: Micros,
    pub(crate) account: AccountId,
    /// Why that is believed.
    pub(crate) authority: &'a Authority,
    pub(crate) command: &'a Command,
    /// What matching may still cost in this entry.
    pub(crate) budget: Budget,
    /// Hosts of which all bids wait for the next tick, since the budget is used
    /// up.
    pub(crate) waiting: Vec<ProviderId>,
    events: &'a mut Vec<Event>,
}

impl<'a> Step<'a> {
    /// What the next entry would be applied with.
    pub(crate) fn next(
        x: &Exchange,
        account: AccountId,
        at: Micros,
        command: &'a Command,
        events: &'a mut Vec<Event>,
    ) -> Self {
        let authority = &Authority::OperatorAttested;
        Self {
            seq: x.head.next(),
            at,
            account,
            authority,
            command,
            budget: Budget::of(&x.config.bounds),
            waiting: Vec::new(),
            events,
        }
    }
}

impl Step<'_> {
    #[inline]
    pub(crate) fn emit(&mut self, event: impl Into<Event>) {
        add(self.events, || event.into());
    }

    /// Events that lie where those of this entry go, its own among them.
    pub(crate) const fn told(&self) -> usize {
        self.events.len()
    }
}

/// How many things an exchange should have room for from the start, so that it
/// need not grow while it is busy. It grows past them all the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct Capacity {
    /// Accounts.
    pub accounts: usize,
    /// Orders, over the whole log.
    pub orders: usize,
    /// Bids, over the whole log.
    pub bids: usize,
    /// Leases, over the whole log.
    pub leases: usize,
    /// Client ids that are remembered at a time.
    pub client_ids: usize,
    /// Orders and bids that rest in one market at a time.
    pub resting: usize,
}

impl Exchange {
    /// An exchange whose log is empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An exchange whose log is empty, with room for what is to come.
    #[must_use]
    pub fn with_capacity(capacity: Capacity) -> Self {
        let mut exchange = Self { resting: capacity.resting, ..Self::default() };
        exchange.accounts.reserve(capacity.accounts);
        exchange.ledger.reserve(capacity.accounts, capacity.leases);
        exchange.client_ids.reserve(capacity.accounts, capacity.client_ids);
        exchange.orders.reserve(capacity.orders);
        exchange.bids.reserve(capacity.bids);
        exchange.leases.reserve(capacity.leases);
        exchange.timers.reserve(capacity);
        exchange
    }

    /// Applies the next entry of the log and appends the events that follow
    /// from it. A refusal changes nothing and appends one event that says so.
    ///
    /// # Errors
    /// When the entry cannot stand at this place in any log. Nothing has then
    /// been changed.
    pub fn apply(&mut self, entry: &Entry, events: &mut Vec<Event>) -> Result<Outcome, LogViolation> {
        // With most words comes no key, so nothing about keys is on their way.
        if !matches!(entry.authority, Authority::Exchange | Authority::OperatorAttested) {
            return self.apply_keyed(entry, events);
        }
        self.check_place(entry)?;
        Ok(self.enact(entry, None, events))
    }

    /// Applies what a key says, or signs.
    #[cold]
    fn apply_keyed(&mut self, entry: &Entry, events: &mut Vec<Event>) -> Result<Outcome, LogViolation> {
        self.check_place(entry)?;
        let refused = self.check_key(entry).err();
        let outcome = self.enact(entry, refused, events);
        if let Outcome::Done(_) = outcome {
            self.use_nonce_up(entry);
        }
        Ok(outcome)
    }

    /// Applies an entry that stands where it may, unless it is refused already.
    #[inline(always)]
    fn enact(&mut self, entry: &Entry, refused: Option<Code>, events: &mut Vec<Event>) -> Outcome {
        self.head = entry.seq;
        self.last_at = entry.at;
        let mark = events.len();
        let budget = Budget::of(&self.config.bounds);
        let (seq, at, account, command) = (entry.seq, entry.at, entry.account, &entry.command);
        let mut step =
            Step { seq, at, account, authority: &entry.authority, command, budget, waiting: Vec::new(), events };
        let outcome = match refused {
            None => apply::command(self, &mut step, command),
            Some(code) => Err(code),
        };
        let outcome = outcome.unwrap_or_else(|code| {
            // Commands decide before they change anything, so a refusal has
            // nothing to take back.
            debug_assert_eq!(step.events.len(), mark, "a refusal comes before the first event");
            let subject = apply::subject(command);
            step.emit(CommandRefused { account, subject, code });
            Outcome::Refused(code)
        });
        self.follow_up(&mut step);
        if let Outcome::Done(_) = outcome
            && self.accounts.get(account).is_some_and(|account| account.dead_man_millis > 0)
            && !is(Planted::DeadManDeaf)
        {
            self.heard(account, at);
        }
        outcome
    }

    fn check_place(&self, entry: &Entry) -> Result<(), LogViolation> {
        let expected = self.head.next();
        if entry.seq != expected {
            return Err(LogViolation::Sequence { expected, found: entry.seq });
        }
        // The operator may have announced rules that only a later build knows:
        // then this one must stop, whatever the entry carries.
        if entry.rules != self.config.rules || self.config.rules > RULES_VERSION {
            return Err(LogViolation::Rules { seq: entry.seq, rules: entry.rules });
        }
        if self.genesis.is_none() && !matches!(entry.command, Command::Genesis(_)) {
            return Err(LogViolation::NoGenesis);
        }
        if (entry.account == AccountId::EXCHANGE) != matches!(entry.authority, Authority::Exchange) {
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

    /// Refuses what the entry's key may not say for its account, and what it
    /// signed and may have been carried out, or was kept back.
    fn check_key(&self, entry: &Entry) -> Result<(), Code> {
        let Some(key) = entry.authority.key() else { return Ok(()) };
        let account = self.accounts.get(entry.account).ok_or(Code::UnknownAccount)?;
        let registered = self.accounts.by_key(key);
        let last = if account.address.0 == *key {
            // A signature does not say for whom: while a key speaks for another
            // account, what it signed must not count for its own as well.
            if registered.is_some_and(|(_, key)| !key.is_past(entry.at)) {
                return Err(Code::KeyNotAllowed);
            }
            account.nonce()
        } else {
            let its_own = registered.filter(|(owner, _)| *owner == entry.account).map(|(_, key)| key);
            let is_live = |key: &&AccountKey| key.is_live(entry.at) || is(Planted::ExpiredKeySpeaks);
            let registered = its_own.filter(is_live).ok_or(Code::KeyNotAllowed)?;
            let ends_itself = matches!(&entry.command, Command::RevokeKey(revoke) if revoke.key == *key);
            if !ends_itself && !registered.scopes.cover(&entry.command) && !is(Planted::ScopesIgnored) {
                return Err(Code::KeyNotAllowed);
            }
            registered.nonce
        };
        match entry.authority.nonce() {
            Some(nonce) if nonce <= last => Err(Code::NonceUsed),
            Some(nonce) if nonce.abs_diff(entry.at.0) > SIGNATURE_LIFE.micros() => Err(Code::SignatureExpired),
            _ => Ok(()),
        }
    }

    /// What was signed and carried out is so once.
    fn use_nonce_up(&mut self, entry: &Entry) {
        let (Some(key), Some(nonce)) = (entry.authority.key(), entry.authority.nonce()) else { return };
        let account = self.account_mut(entry.account);
        if account.address.0 == *key {
            account.standing.get_or_insert_default().nonce = nonce;
        } else if !is(Planted::KeySaysTwice) {
            self.accounts.key_mut(key).expect("a key that was revoked is kept as one that is over").nonce = nonce;
        }
    }

    /// The timeouts of what opens now.
    #[inline]
    pub(crate) fn timing(&self) -> &Timing {
        &self.config.terms.last().expect("no entry is applied before the genesis").timing
    }

    /// The timeouts of a lease: those of its opening.
    pub(crate) fn timing_of(&self, id: LeaseId) -> &Timing {
        let lease = self.lease(id).expect("ids of leases are never given twice");
        if is(Planted::TermsMove) { self.timing() } else { &self.terms_of(lease).timing }
    }
}
