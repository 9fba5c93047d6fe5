//! An exchange in process: the real engine with a clock of its own.

use berth_audit::{Extra, Heard, Served, speaker};
use berth_domain::{
    AccountId, Address, Authority, Bounds, ChainEventId, Command, Deposit, Digest, Entry, Event, FeeBps, Genesis,
    Micros, OpenAccount, ResourceClass, Stroops, Text, Tick, Timing, TrustLevel, TrustRules,
};
use berth_exchange::{Exchange, LogViolation, Outcome};

use crate::Strategy;
use crate::seat::{Seat, SeatConfig};

/// When its first entry is: 2026-01-01T00:00:00Z.
const OPENING: Micros = Micros(1_767_225_600_000_000);

/// An exchange in process. The same things said give the same log, on any machine.
///
/// Time passes only in [`LocalExchange::run`]. Every account has trust level Five,
/// as on a node with `--open`. Leases are served well: their escrow is locked and
/// they are started at once, and heard of until they end; to see one fail, say so in
/// its provider's name with [`LocalExchange::say`].
pub struct LocalExchange {
    x: Exchange,
    log: Vec<Entry>,
    now: Micros,
    seats: Vec<Seat<Box<dyn Strategy>>>,
    served: Served,
}

impl LocalExchange {
    /// An exchange with these markets, and others as hosts open them.
    ///
    /// # Panics
    /// When the engine refuses its own genesis: a fault of the program.
    #[must_use]
    pub fn new(markets: Vec<ResourceClass>) -> Self {
        let operator = Address([0xee; 32]);
        let genesis = Genesis {
            network: Digest([1; 32]),
            escrow_contract: Digest([2; 32]),
            asset: Text::lossy("XLM"),
            operator,
            treasury: operator,
            fee: FeeBps::new(500).expect("5 % is at most all"),
            default_level: TrustLevel::Five,
            grants: Vec::new(),
            markets,
            open_markets: true,
            timing: Timing::default(),
            bounds: Bounds::default(),
            trust: TrustRules::default(),
            auditors: Vec::new(),
        };
        let (x, log, seats) = (Exchange::new(), Vec::new(), Vec::new());
        let mut exchange = Self { x, log, now: OPENING, seats, served: Served::default() };
        exchange.enter(AccountId::EXCHANGE, Authority::Exchange, genesis.into()).expect("a genesis is its first entry");
        exchange
    }

    /// Its state.
    #[must_use]
    pub const fn exchange(&self) -> &Exchange {
        &self.x
    }

    /// Its log so far.
    #[must_use]
    pub fn log(&self) -> &[Entry] {
        &self.log
    }

    /// What time it is there.
    #[must_use]
    pub const fn now(&self) -> Micros {
        self.now
    }

    /// Who sits there, in the order in which they came.
    #[must_use]
    pub fn seats(&self) -> &[Seat<Box<dyn Strategy>>] {
        &self.seats
    }

    /// Opens an account with money.
    ///
    /// # Errors
    /// When the engine does not take it: a fault of the program.
    pub fn open(&mut self, address: Address, funds: Stroops) -> Result<AccountId, LogViolation> {
        self.enter(AccountId::EXCHANGE, Authority::Exchange, OpenAccount { address }.into())?;
        if funds > Stroops::ZERO {
            let event = ChainEventId { toid: self.x.head().0, index: 1 };
            let deposit = Deposit { event, address, amount: funds };
            self.enter(AccountId::EXCHANGE, Authority::Exchange, deposit.into())?;
        }
        Ok(self.x.account_by_address(address).unwrap_or_default())
    }

    /// Seats a strategy, with an account of its own; it begins when time passes.
    /// Gives its place in [`LocalExchange::seats`].
    ///
    /// # Errors
    /// See [`LocalExchange::open`].
    pub fn sit(&mut self, strategy: impl Strategy + 'static, config: SeatConfig) -> Result<usize, LogViolation> {
        self.open(config.address, config.funds)?;
        let strategy: Box<dyn Strategy> = Box::new(strategy);
        self.seats.push(Seat::new(strategy, config, self.now));
        Ok(self.seats.len() - 1)
    }

    /// Says something in an account's name, now.
    ///
    /// # Errors
    /// See [`LocalExchange::open`].
    pub fn say(&mut self, account: AccountId, command: impl Into<Command>) -> Result<Outcome, LogViolation> {
        self.tick(self.now)?;
        self.enter(account, Authority::OperatorAttested, command.into())
    }

    /// Lets time pass: timers, strategies, and what is said of leases, each at its
    /// time.
    ///
    /// # Errors
    /// See [`LocalExchange::open`].
    pub fn run(&mut self, until: Micros) -> Result<(), LogViolation> {
        loop {
            let now = self.now;
            let timer = self.x.next_deadline().map(|at| at.max(now));
            let served = self.served.next().map(|at| at.max(now));
            let seats = self.seats.iter().enumerate();
            let seat = seats.filter_map(|(i, seat)| Some((seat.next()?.max(now), i))).min();
            let first = [timer, served, seat.map(|(at, _)| at)].into_iter().flatten().min();
            let Some(first) = first.filter(|at| *at <= until) else { break };
            self.now = first;
            if timer == Some(first) {
                self.enter(AccountId::EXCHANGE, Authority::Exchange, Tick.into())?;
            } else if served == Some(first) {
                if let Some(command) = self.served.take(&self.x) {
                    let (account, authority) = speaker(&self.x, &command);
                    self.enter(account, authority, command)?;
                }
            } else if let Some((_, i)) = seat {
                let account = self.x.account_by_address(self.seats[i].address()).unwrap_or_default();
                if let Some(speech) = self.seats[i].say(&self.x, account, first)
                    && let Ok(command) = speech.said
                {
                    self.enter(account, Authority::OperatorAttested, command)?;
                }
            }
        }
        self.now = self.now.max(until);
        Ok(())
    }

    /// Timers that are due before anything else may be said.
    fn tick(&mut self, at: Micros) -> Result<(), LogViolation> {
        while self.x.next_deadline().is_some_and(|deadline| deadline <= at) {
            self.enter(AccountId::EXCHANGE, Authority::Exchange, Tick.into())?;
        }
        Ok(())
    }

    fn enter(&mut self, account: AccountId, authority: Authority, command: Command) -> Result<Outcome, LogViolation> {
        let (seq, at, rules) = (self.x.head().next(), self.now, berth_domain::RULES_VERSION);
        let entry = Entry { rules, seq, at, account, authority, command };
        let mut events = Vec::new();
        let outcome = self.x.apply(&entry, &mut events)?;
        self.log.push(entry);
        for event in &events {
            if let Event::LeaseOpened(opened) = event {
                self.served.serve(at, opened.lease);
            }
        }
        let heard = Heard { seq, at, account, outcome, events: &events };
        for seat in &mut self.seats {
            seat.hear(&self.x, &heard);
        }
        Ok(outcome)
    }
}
