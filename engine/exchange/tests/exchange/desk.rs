//! A desk: one exchange, a clock that is moved by hand, and the log that is
//! written on the way. It stamps entries and inserts ticks as the sequencer
//! must, and checks the exchange after every entry.

use berth_domain::codec::{Decode, Encode};
use berth_domain::{
    AccountId, Authority, Command, CommandRefused, Entry, Event, Genesis, Micros, RULES_VERSION, Resumed, Seconds,
    Stroops, Tick,
};
use berth_exchange::{Exchange, Outcome, StateHash};

use crate::invariants;
use crate::restored::restored;

/// Entries after which the replica is made out of its content.
const RESTORED_EVERY: u64 = 5;

/// 2026-01-01T00:00:00Z.
pub(crate) const OPENING: Micros = Micros(1_767_225_600_000_000);

/// One entry and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) entry: Entry,
    pub(crate) outcome: Outcome,
    pub(crate) events: Vec<Event>,
}

pub(crate) struct Desk {
    pub(crate) exchange: Exchange,
    /// Fed with what each entry decodes to from its bytes; now and then made
    /// anew out of its own content.
    replica: Exchange,
    pub(crate) now: Micros,
    pub(crate) log: Vec<Frame>,
    /// Whether even what must be signed comes by the operator's word.
    pub(crate) attests: bool,
    hash: StateHash,
    /// Deposited and withdrawn, counted from the commands alone.
    tally: (i128, i128),
}

impl Desk {
    pub(crate) fn open(genesis: Genesis) -> Self {
        let exchange = Exchange::new();
        let hash = exchange.state_hash();
        let mut desk = Self {
            replica: exchange.clone(),
            exchange,
            now: OPENING,
            log: Vec::new(),
            attests: false,
            hash,
            tally: (0, 0),
        };
        desk.append(AccountId::EXCHANGE, genesis.into());
        desk
    }

    /// Appends a command at the present time, after the ticks that are due.
    pub(crate) fn submit(&mut self, account: AccountId, command: impl Into<Command>) -> Frame {
        self.fire_due();
        self.append(account, command.into());
        self.log.last().expect("an entry was just appended").clone()
    }

    /// The same by another authority than the account as a whole.
    pub(crate) fn submit_by(&mut self, account: AccountId, authority: Authority, command: impl Into<Command>) {
        self.fire_due();
        self.append_by(account, authority, command.into());
    }

    /// Lets time pass with the node up: ticks fire when they are due.
    pub(crate) fn wait(&mut self, duration: Seconds) {
        let until = self.now.plus(duration);
        while let Some(deadline) = self.exchange.next_deadline().filter(|deadline| *deadline <= until) {
            self.now = self.now.max(deadline);
            self.append(AccountId::EXCHANGE, Tick.into());
        }
        self.now = until;
    }

    /// Lets time pass with the node down.
    pub(crate) fn go_down(&mut self, duration: Seconds) {
        self.now = self.now.plus(duration);
    }

    /// The node comes up again, before any timer fires.
    pub(crate) fn resume(&mut self) {
        let resumed = Resumed { down_from: self.exchange.last_at(), up_at: self.now };
        self.append(AccountId::EXCHANGE, resumed.into());
        self.fire_due();
    }

    fn fire_due(&mut self) {
        while self.exchange.next_deadline().is_some_and(|deadline| deadline <= self.now) {
            self.append(AccountId::EXCHANGE, Tick.into());
        }
    }

    fn append(&mut self, account: AccountId, command: Command) {
        let authority = match command {
            _ if account == AccountId::EXCHANGE => Authority::Exchange,
            // Nothing else asks for it.
            Command::LeaseBacklog(_) if !self.attests => signed(&self.exchange, account, self.now),
            _ => Authority::OperatorAttested,
        };
        self.append_by(account, authority, command);
    }

    fn append_by(&mut self, account: AccountId, authority: Authority, command: Command) {
        let seq = self.exchange.head().next();
        // A resumption says what the log says; said again it says it anew.
        let command = match command {
            Command::Resumed(_) => Resumed { down_from: self.exchange.last_at(), up_at: self.now }.into(),
            other => other,
        };
        let entry = Entry { rules: RULES_VERSION, seq, at: self.now, account, authority, command };

        let mut events = Vec::new();
        let outcome = self.exchange.apply(&entry, &mut events).expect("the desk writes a valid log");
        let hash = self.exchange.state_hash();
        self.check_outcome(&entry, outcome, &events, hash);
        self.check_replica(&entry, outcome, &events, hash);
        self.check_tally(&entry, outcome);
        invariants::check(&self.exchange);

        self.hash = hash;
        self.log.push(Frame { entry, outcome, events });
    }

    /// A refusal and a repetition change nothing; a refusal says so once.
    fn check_outcome(&self, entry: &Entry, outcome: Outcome, events: &[Event], hash: StateHash) {
        match outcome {
            Outcome::Done(_) => {
                let told = events.iter().any(|event| matches!(event, Event::CommandRefused(_)));
                assert!(!told, "a command that was carried out is told as refused: {entry:?}");
            }
            Outcome::Repeated(_) => {
                assert!(events.is_empty(), "a repetition has events: {entry:?} {events:?}");
                assert_eq!(hash, self.hash, "a repetition changed something: {entry:?}");
            }
            Outcome::Refused(code) => {
                let is_told = matches!(
                    events,
                    [Event::CommandRefused(CommandRefused { account, code: told, .. })]
                        if *account == entry.account && *told == code
                );
                assert!(is_told, "a refusal is told by one event: {entry:?} {events:?}");
                assert_eq!(hash, self.hash, "a refusal changed something: {entry:?}");
            }
        }
    }

    /// The log's bytes carry all that matters.
    fn check_replica(&mut self, entry: &Entry, outcome: Outcome, events: &[Event], hash: StateHash) {
        let bytes = entry.to_bytes();
        let decoded = Entry::from_bytes(&bytes).expect("an entry reads back");
        assert_eq!(decoded, *entry, "an entry reads back as itself");
        let mut again = Vec::new();
        let answered = self.replica.apply(&decoded, &mut again).expect("the replica reads the same log");
        assert_eq!(answered, outcome, "the replica answers differently: {entry:?}");
        assert_eq!(bytes_of(&again), bytes_of(events), "the replica's events differ: {entry:?}");
        assert_eq!(self.replica.state_hash(), hash, "the replica's state differs: {entry:?}");
        if entry.seq.0.is_multiple_of(RESTORED_EVERY) {
            self.replica = restored(&self.replica);
        }
        for event in events {
            assert_eq!(Event::from_bytes(&event.to_bytes()).as_ref(), Ok(event), "an event reads back as itself");
        }
    }

    fn check_tally(&mut self, entry: &Entry, outcome: Outcome) {
        if let Outcome::Done(_) = outcome {
            match &entry.command {
                Command::Deposit(fact) => self.tally.0 += i128::from(fact.amount.get()),
                Command::Withdrawn(fact) => self.tally.1 += i128::from(fact.amount.get()),
                _ => {}
            }
        }
        let ledger = self.exchange.ledger();
        let counted = (
            i128::try_from(ledger.deposited()).expect("a stream brings in little"),
            i128::try_from(ledger.withdrawn()).expect("and takes out less"),
        );
        assert_eq!(counted, self.tally, "what came in and what went out: {entry:?}");
        let inside: i128 = self.exchange.accounts().map(|account| total(&self.exchange, account.id)).sum();
        assert_eq!(inside, self.tally.0 - self.tally.1, "money is conserved: {entry:?}");
    }
}

fn total(exchange: &Exchange, account: AccountId) -> i128 {
    let b = exchange.balances(account);
    let there: i128 = [b.available, b.held, b.escrowed, b.withdrawing].map(Stroops::get).map(i128::from).iter().sum();
    there - i128::from(b.owed.get())
}

/// The canonical bytes of a list of events, one after the other.
pub(crate) fn bytes_of(events: &[Event]) -> Vec<u8> {
    let mut out = Vec::new();
    events.iter().for_each(|event| event.encode(&mut out));
    out
}

/// A signature of now. Nobody checks what is signed behind the gateway.
pub(crate) fn signed(x: &Exchange, account: AccountId, now: Micros) -> Authority {
    let (key, last) = x.account(account).map_or(([1; 32], 0), |known| (known.address.0, known.nonce()));
    Authority::Signed { key, nonce: now.0.max(last + 1), signature: [3; 64] }
}
