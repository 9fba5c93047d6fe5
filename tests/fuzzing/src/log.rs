//! A log out of bytes: each entry is applied to an exchange, and what must
//! always hold is looked at.

use berth_domain::codec::{Decode, Encode};
use berth_domain::{
    AccountId, BidId, Code, Command, CommandRefused, Entry, Event, Micros, OrderId, RULES_VERSION, Resumed, Seconds,
    Seq, Tick,
};
use berth_exchange::{Exchange, Outcome, StateHash};

use crate::commands;
use crate::dice::Dice;
use crate::keys;
use crate::rules::genesis;
use crate::snapshot;

/// 2026-01-01T00:00:00Z.
const OPENING: Micros = Micros(1_767_225_600_000_000);

/// Commands of one log.
const COMMANDS_MAX: usize = 300;

/// Ticks between two commands. What the bounds leave over takes one more each,
/// and of every account a dozen things can wait.
const TICKS_MAX: usize = 20_000;

/// One command in this many has the state hashed before and behind it, which
/// takes longer than all else: those that bytes choose.
const HASHED: u8 = 16;

/// Writes the log that the bytes mean and applies it.
///
/// # Panics
/// When the exchange panics, changes something and says that it refused,
/// loses or makes money, says what it does not do, or a replica that reads the
/// log's bytes comes to another state.
pub fn play(bytes: &[u8]) {
    let writer = write(bytes);
    if writer.x.genesis().is_some() {
        writer.end();
    }
}

/// The exchange at the end of the log that the bytes mean.
pub(crate) fn exchange(bytes: &[u8]) -> Exchange {
    write(bytes).x
}

fn write(bytes: &[u8]) -> Writer {
    let mut dice = Dice::new(bytes);
    let mut writer = Writer::default();
    writer.append(AccountId::EXCHANGE, genesis(&mut dice).into(), true);
    if writer.x.genesis().is_none() {
        return writer;
    }
    for (account, command) in commands::opening(&mut dice) {
        writer.append(account, command, false);
    }
    for _ in 0..COMMANDS_MAX {
        if dice.is_empty() {
            break;
        }
        writer.wait(&mut dice);
        if writer.is_over() {
            break;
        }
        let (account, command) = commands::next(&writer.x, writer.now, &mut dice);
        let foretold = writer.foretell(account, &command);
        writer.explain(&mut dice);
        let hashed = dice.byte().is_multiple_of(HASHED);
        let outcome = writer.append(account, command, hashed);
        // What came no further than its key is no matter of the dry run.
        if let Some(foretold) = foretold.filter(|_| !is_turned_away(outcome)) {
            assert_eq!(refusal(outcome), foretold, "the dry run foretold otherwise");
        }
    }
    writer
}

/// A log, and the exchange that has read it so far.
struct Writer {
    x: Exchange,
    now: Micros,
    /// The bytes of every entry.
    log: Vec<Vec<u8>>,
    /// The bytes of every event.
    told: Vec<u8>,
    events: Vec<Event>,
}

impl Default for Writer {
    fn default() -> Self {
        Self { x: Exchange::new(), now: OPENING, log: Vec::new(), told: Vec::new(), events: Vec::new() }
    }
}

impl Writer {
    /// Lets time pass, and fires what is due. The node may have been down.
    fn wait(&mut self, dice: &mut Dice<'_>) {
        let pause = dice.byte();
        let seconds = match pause {
            0..0x80 => 0,
            0x80..0xf8 => u64::from(pause % 16),
            _ => [60, 600, 3_600, 10, 86_400, 70, 61, 366 * 86_400][usize::from(pause % 8)],
        };
        let was_down = pause == 0xff;
        let end = self.now.plus(Seconds(seconds));
        if was_down {
            self.now = if dice.rarely() { Micros(u64::MAX) } else { end };
            let resumed = Resumed { down_from: self.x.last_at(), up_at: self.now };
            self.append(AccountId::EXCHANGE, resumed.into(), false);
        }
        for ticks in 0.. {
            let Some(due) = self.x.next_deadline().filter(|due| *due <= end.max(self.now)) else { break };
            assert!(ticks < TICKS_MAX, "ticks never catch up");
            if self.is_over() {
                return;
            }
            self.now = self.now.max(due);
            self.append(AccountId::EXCHANGE, Tick.into(), false);
        }
        self.now = self.now.max(end);
    }

    /// Whether the operator has announced rules that this build does not have:
    /// then no entry can follow.
    fn is_over(&self) -> bool {
        self.x.rules() != RULES_VERSION
    }

    /// Appends an entry and checks what came of it.
    fn append(&mut self, account: AccountId, command: Command, hashed: bool) -> Outcome {
        let before = hashed.then(|| self.x.state_hash());
        let seq = self.x.head().next();
        let authority = keys::authority(&self.x, self.now, account, &command);
        let entry = Entry { rules: RULES_VERSION, seq, at: self.now, account, authority, command };
        self.misplace(&entry, before);
        self.events.clear();
        let outcome = self.x.apply(&entry, &mut self.events).expect("the entry stands where it may");
        self.check(&entry, outcome, before);
        for event in &self.events {
            let bytes = event.to_bytes();
            assert_eq!(Event::from_bytes(&bytes).as_ref(), Ok(event), "an event reads back as itself");
            self.told.extend(bytes);
        }
        self.log.push(entry.to_bytes());
        outcome
    }

    /// The same entry at a wrong place is no entry of this log, and changes
    /// nothing.
    fn misplace(&mut self, entry: &Entry, before: Option<StateHash>) {
        let Some(before) = before else { return };
        let (events, last_at) = (&mut self.events, self.x.last_at());
        let mut refuse = |entry: &Entry| assert!(self.x.apply(entry, events).is_err(), "it cannot stand: {entry:?}");
        refuse(&Entry { seq: Seq(entry.seq.0 + 1), ..entry.clone() });
        refuse(&Entry { rules: RULES_VERSION + 1, ..entry.clone() });
        if let Some(earlier) = last_at.0.checked_sub(1) {
            refuse(&Entry { at: Micros(earlier), ..entry.clone() });
        }
        assert_eq!(self.x.state_hash(), before, "an entry that cannot stand changed something");
    }

    fn check(&self, entry: &Entry, outcome: Outcome, before: Option<StateHash>) {
        assert!(self.x.ledger().is_conserved(), "money was lost or made by {entry:?}");
        let refusal = self.events.iter().any(|event| matches!(event, Event::CommandRefused(_)));
        let changes = match outcome {
            Outcome::Done(_) => {
                assert!(!refusal, "carried out and told as refused: {entry:?}");
                return;
            }
            Outcome::Repeated(_) => !self.events.is_empty(),
            Outcome::Refused(code) => !matches!(
                self.events.as_slice(),
                [Event::CommandRefused(CommandRefused { account, code: told, .. })]
                    if *account == entry.account && *told == code
            ),
        };
        assert!(!changes, "neither done nor told so: {entry:?} {:?}", self.events);
        if let Some(before) = before {
            assert_eq!(self.x.state_hash(), before, "{outcome:?} changed something: {entry:?}");
        }
    }

    /// What the dry run says of a command that it knows: the code with which it
    /// would be refused, if it would.
    fn foretell(&self, account: AccountId, command: &Command) -> Option<Option<Code>> {
        let foretold = match command {
            Command::PlaceOrder(place) => self.x.dry_run_order(account, self.now, place),
            Command::PlaceBid(place) => self.x.dry_run_bid(account, self.now, place),
            _ => return None,
        };
        Some(foretold.err())
    }

    /// Explains an order and a bid, known or not.
    fn explain(&self, dice: &mut Dice<'_>) {
        if dice.rarely() {
            let id = u64::from(dice.byte());
            let _ = self.x.explain_order(OrderId(id));
            let _ = self.x.explain_bid(BidId(id));
        }
    }

    /// A replica that reads the log's bytes knows and says the same, also when
    /// it was made out of its own content on the way.
    fn end(self) {
        let mut replica = Exchange::new();
        let (mut events, mut told) = (Vec::new(), Vec::new());
        for (place, bytes) in self.log.iter().enumerate() {
            if place == self.log.len() / 2 {
                replica = snapshot::check(&replica);
            }
            let entry = Entry::from_bytes(bytes).expect("an entry reads back");
            events.clear();
            replica.apply(&entry, &mut events).expect("the log is the same");
            events.iter().for_each(|event| event.encode(&mut told));
        }
        assert!(told == self.told, "the replica's events differ");
        assert_eq!(replica.state_hash(), self.x.state_hash(), "the replica's state differs");
        assert_eq!(self.x.clone().state_hash(), self.x.state_hash(), "a clone's state differs");
        snapshot::check(&self.x);
    }
}

const fn is_turned_away(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Refused(Code::KeyNotAllowed | Code::NonceUsed | Code::SignatureExpired))
}

const fn refusal(outcome: Outcome) -> Option<Code> {
    match outcome {
        Outcome::Refused(code) => Some(code),
        Outcome::Done(_) | Outcome::Repeated(_) => None,
    }
}
