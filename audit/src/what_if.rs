//! A backtest: the same log with the commands of one more account mixed in, on
//! the same state machine.
//!
//! Beside each other run the log as it was and the log as it would have been.
//! Whatever the log says of things is said of the same things there, whose ids
//! are others by then; time passes there in ticks of its own. What an agent or
//! the chain said of a lease holds for the lease between the same order and the
//! same bid. A lease that only the other log has is served well: escrowed and
//! started at once, heard of in time, and ended when it ends.

mod extra;
mod ids;
mod plan;
mod served;

use berth_domain::{
    AccountId, Authority, ChainEventId, Command, Deposit, Entry, Event, Micros, OpenAccount, Resumed, Seq, Stroops,
};
use berth_exchange::{Exchange, LogViolation, Outcome};
use serde::Serialize;
use thiserror::Error;

pub use self::extra::{Extra, Heard, Speech};
use self::ids::Ids;
pub use self::plan::{Plan, PlanError};
pub use self::served::{Served, speaker};
use crate::player::Player;

/// Ticks in a row that no sound log needs.
const TICKS_MAX: u32 = 1_000_000;

/// The log as it was, and as it would have been.
#[derive(Debug)]
pub struct WhatIf<E = Plan> {
    was: Player,
    would: Exchange,
    ids: Ids,
    extra: E,
    served: Served,
    report: WhatIfReport,
}

/// What would have come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhatIfReport {
    /// Entries of the log that were said there, too.
    pub entries: u64,
    /// Entries that had nothing to be said of there: their lease, order or bid
    /// never came to be.
    pub dropped: u64,
    /// Entries that were carried out in the log and would have been refused, or
    /// the other way round.
    pub diverged: u64,
    /// Leases of the log.
    pub leases: u64,
    /// Leases that there would have been.
    pub leases_there: u64,
    /// The extra account's commands that would have been refused, with place in
    /// the plan, from 1, and code.
    pub refused: Vec<String>,
    /// The extra account's commands that were not said, for the log ends before
    /// their time, with place in the plan, from 1.
    pub unsaid: Vec<String>,
    /// The extra account's leases, as tenant or as provider.
    pub own: Vec<OwnLease>,
    /// What it would have at the end: available, held, escrowed.
    pub available: String,
    /// See `available`.
    pub held: String,
    /// See `available`.
    pub escrowed: String,
}

/// A lease that the extra account would have had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnLease {
    /// `tenant` or `provider`.
    pub side: &'static str,
    /// When it would have opened: microseconds since 1970.
    pub opened_at: u64,
    /// Its market.
    pub market: String,
    /// Its price a unit-hour.
    pub price: String,
    /// Replicas.
    pub replicas: u32,
    /// Where it would be at the end of the log.
    pub state: String,
    /// What it would have paid, or been paid with the fee in it.
    pub pay: String,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum WhatIfError {
    /// The log itself cannot be played.
    #[error("playing the log: {0}")]
    Log(LogViolation),
    /// The other log went wrong: a fault of the program.
    #[error("playing what would have been: {0}")]
    There(LogViolation),
    /// Timers there do not come to an end: a fault of the program.
    #[error("timers are still due at {} after more ticks than any log needs", .0.0)]
    Stuck(Micros),
}

impl<E: Extra> WhatIf<E> {
    /// Before the first entry, with who is mixed in.
    #[must_use]
    pub fn new(extra: E) -> Self {
        Self {
            was: Player::new(),
            would: Exchange::new(),
            ids: Ids::default(),
            extra,
            served: Served::default(),
            report: WhatIfReport::default(),
        }
    }

    /// Plays the next entry of the log, and what would have been said before it.
    ///
    /// # Errors
    /// When the log does not follow.
    pub fn play(&mut self, entry: &Entry) -> Result<(), WhatIfError> {
        if let Command::Tick(_) = entry.command {
            // It has ticks of its own, at the same time where nothing is between.
            let ticked = self.was.play(entry).map_err(WhatIfError::Log)?;
            self.ids.follow(ticked.events, false);
            return self.tick(entry.at);
        }
        if !matches!(entry.command, Command::Resumed(_)) {
            self.pass(entry.at)?;
        }
        self.ids.pair(self.was.exchange(), &self.would, &self.served);
        let said = self.translated(entry);
        let was = self.was.play(entry).map_err(WhatIfError::Log)?;
        let outcome = was.outcome;
        let made: Vec<Event> = was.events.to_vec();
        self.ids.follow(&made, false);
        match said {
            // What was refused in the log said nothing.
            None => self.report.dropped += u64::from(!matches!(outcome, Outcome::Refused(_))),
            Some((account, command)) => {
                self.report.entries += 1;
                let at = entry.at;
                let (outcome_there, events) = self.say(account, entry.authority, at, command)?;
                let is_done = |outcome| matches!(outcome, Outcome::Done(_) | Outcome::Repeated(_));
                self.report.diverged += u64::from(is_done(outcome) != is_done(outcome_there));
                self.ids.learn(outcome, &made, outcome_there, &events);
                self.serve(&events);
            }
        }
        if entry.seq == Seq(1) {
            self.open(entry.at)?;
        }
        Ok(())
    }

    /// Goes on to the end of the plan and of what is served, and answers.
    ///
    /// # Errors
    /// When the other log goes wrong.
    pub fn finish(self) -> Result<WhatIfReport, WhatIfError> {
        self.end().map(|(report, _)| report)
    }

    /// The same, and gives back who was mixed in.
    ///
    /// # Errors
    /// When the other log goes wrong.
    pub fn end(mut self) -> Result<(WhatIfReport, E), WhatIfError> {
        let end = self.was.exchange().last_at();
        self.pass(end)?;
        let x = &self.would;
        let mut report = self.report;
        report.unsaid = self.extra.unsaid(end);
        report.leases = self.was.exchange().leases().count() as u64;
        report.leases_there = x.leases().count() as u64;
        if let Some(account) = x.account_by_address(self.extra.address()) {
            let money = x.balances(account);
            let amounts = [money.available, money.held, money.escrowed].map(|amount| amount.to_string());
            [report.available, report.held, report.escrowed] = amounts;
            let own = x.leases().filter(|lease| lease.tenant == account || lease.provider_account == account);
            report.own = own
                .map(|lease| OwnLease {
                    side: if lease.tenant == account { "tenant" } else { "provider" },
                    opened_at: lease.opened_at.0,
                    market: x.market(lease.market).map(|market| market.class.to_string()).unwrap_or_default(),
                    price: lease.price.to_string(),
                    replicas: lease.replicas,
                    state: lease.state.as_str().to_owned(),
                    pay: lease.pay.to_string(),
                })
                .collect();
        }
        Ok((report, self.extra))
    }

    /// The extra account, with its funds, right behind the genesis: before every
    /// event of the chain that the log knows.
    fn open(&mut self, at: Micros) -> Result<(), WhatIfError> {
        let (address, amount) = (self.extra.address(), self.extra.funds());
        self.say(AccountId::EXCHANGE, Authority::Exchange, at, OpenAccount { address }.into())?;
        if amount > Stroops::ZERO {
            let event = ChainEventId { toid: 0, index: 1 };
            self.say(AccountId::EXCHANGE, Authority::Exchange, at, Deposit { event, address, amount }.into())?;
        }
        Ok(())
    }

    /// Lets time pass there: timers, the plan, and what is said of leases that
    /// only this log has, each at its time.
    fn pass(&mut self, to: Micros) -> Result<(), WhatIfError> {
        let mut ticks = 0;
        // Nobody says anything before there is an exchange.
        while self.would.head() > Seq(0) {
            let now = self.would.last_at();
            let timer = self.would.next_deadline().map(|at| at.max(now)).filter(|at| *at <= to);
            let planned = self.extra.next().map(|at| at.max(now)).filter(|at| *at <= to);
            let served = self.served.next().map(|at| at.max(now)).filter(|at| *at <= to);
            let Some(first) = [timer, planned, served].into_iter().flatten().min() else { return Ok(()) };
            if timer == Some(first) {
                ticks += 1;
                if ticks > TICKS_MAX {
                    return Err(WhatIfError::Stuck(first));
                }
                let (_, events) =
                    self.say(AccountId::EXCHANGE, Authority::Exchange, first, berth_domain::Tick.into())?;
                self.serve(&events);
            } else if planned == Some(first) {
                self.say_planned(first)?;
            } else {
                let Some(command) = self.served.take(&self.would) else { continue };
                let (account, authority) = served::speaker(&self.would, &command);
                let (_, events) = self.say(account, authority, first, command)?;
                self.serve(&events);
            }
        }
        Ok(())
    }

    /// A tick of the log. Where nothing is between, it is one tick there, too, so
    /// that both logs go on alike, however few timers a tick may fire.
    fn tick(&mut self, at: Micros) -> Result<(), WhatIfError> {
        let busy = self.extra.next().into_iter().chain(self.served.next());
        if busy.min().is_some_and(|first| first <= at) {
            return self.pass(at);
        }
        if self.would.next_deadline().is_some_and(|deadline| deadline <= at) {
            let (_, events) = self.say(AccountId::EXCHANGE, Authority::Exchange, at, berth_domain::Tick.into())?;
            self.serve(&events);
        }
        Ok(())
    }

    fn say_planned(&mut self, at: Micros) -> Result<(), WhatIfError> {
        let account = self.would.account_by_address(self.extra.address()).unwrap_or_default();
        let Some(Speech { label, said }) = self.extra.say(&self.would, account, at) else { return Ok(()) };
        let command = match said {
            Ok(command) => command,
            Err(why) => {
                self.report.refused.push(format!("{label}: {why}"));
                return Ok(());
            }
        };
        let (outcome, events) = self.say(account, Authority::OperatorAttested, at, command)?;
        self.serve(&events);
        if let Outcome::Refused(code) = outcome {
            self.report.refused.push(format!("{label}: {code}"));
        }
        Ok(())
    }

    /// Says something there.
    fn say(
        &mut self,
        account: AccountId,
        authority: Authority,
        at: Micros,
        command: Command,
    ) -> Result<(Outcome, Vec<Event>), WhatIfError> {
        let (seq, rules) = (self.would.head().next(), berth_domain::RULES_VERSION);
        let entry = Entry { rules, seq, at, account, authority, command };
        let mut events = Vec::new();
        let outcome = self.would.apply(&entry, &mut events).map_err(WhatIfError::There)?;
        self.ids.follow(&events, true);
        self.extra.hear(&self.would, &Heard { seq, at, account, outcome, events: &events });
        Ok((outcome, events))
    }

    /// Serves the leases that the log cannot speak of.
    fn serve(&mut self, events: &[Event]) {
        self.ids.pair(self.was.exchange(), &self.would, &self.served);
        for event in events {
            if let Event::LeaseOpened(opened) = event
                && !self.ids.met(self.was.exchange(), opened)
            {
                self.served.serve(self.would.last_at(), opened.lease);
            }
        }
    }

    /// What an entry says, there; none when it has nothing to be said of.
    fn translated(&self, entry: &Entry) -> Option<(AccountId, Command)> {
        let (was, would) = (self.was.exchange(), &self.would);
        let account = self.ids.account(was, would, entry.account)?;
        if let Command::Resumed(_) = entry.command {
            let resumed = Resumed { down_from: would.last_at(), up_at: entry.at };
            return Some((account, resumed.into()));
        }
        let command = self.ids.command(was, would, &self.served, &entry.command)?;
        Some((account, command))
    }
}
