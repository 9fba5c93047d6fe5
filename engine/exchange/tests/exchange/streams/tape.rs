//! A log in the making: the oracle says when ticks are due, and a witness sees
//! each entry with what the oracle foretells of it.

use berth_domain::{
    AccountId, Authority, Command, Entry, EscrowFailed, Event, Genesis, LeaseState, Micros, RULES_VERSION, Resumed,
    Seconds, SettlementPaid, Tick, TxHash,
};

use super::dice::text;
use super::keys::{key_of, many};
use super::leasing::{is_over, stroops};
use super::moves::{Stream, command, opening, rules_of};
use super::standing::{goes_well, stakes};
use super::verifying::{is_checked, setting};
use crate::oracle::{Answer, Oracle};

/// 2025-12-31T23:50:00Z: most streams see a midnight.
pub(crate) const OPENING: Micros = Micros(1_767_225_000_000_000);

/// Who looks on.
pub(crate) trait Witness {
    fn see(&mut self, entry: &Entry, oracle: &Oracle, answer: Answer, events: &[Event]);
}

pub(crate) struct Tape<W> {
    pub(crate) oracle: Oracle,
    pub(crate) now: Micros,
    /// What was said by others than the clock.
    pub(crate) said: Vec<(AccountId, Command)>,
    /// Whether most leases go well.
    pub(crate) goes_well: bool,
    /// Whether many jobs are checked.
    pub(crate) checks: bool,
    /// Whether nothing is signed, also where only a signature says it.
    attests: bool,
    pub(crate) witness: W,
}

impl<W: Witness> Tape<W> {
    pub(crate) fn open(genesis: &Genesis, witness: W) -> Self {
        let mut tape = Self {
            oracle: Oracle::default(),
            now: OPENING,
            said: Vec::new(),
            goes_well: false,
            checks: false,
            attests: false,
            witness,
        };
        tape.append(AccountId::EXCHANGE, genesis.clone().into());
        tape
    }

    /// Plays a whole stream.
    pub(crate) fn play((made, rules, moves): &Stream, witness: W) -> Self {
        let mut tape = Self::open(&rules_of(*rules), witness);
        tape.goes_well = goes_well(rules[7]);
        tape.checks = is_checked(rules[2]);
        let mut more = if tape.goes_well || tape.checks { stakes() } else { Vec::new() };
        more.extend(tape.checks.then(|| setting(rules[2])).into_iter().flatten());
        more.extend((rules[1] % 16 == 7).then(many).into_iter().flatten());
        for (account, command) in opening().into_iter().chain(more) {
            tape.submit(account, command);
        }
        for (next, _) in moves.iter().zip(made).filter(|(_, made)| **made) {
            if tape.is_over() {
                break;
            }
            if next.is_up {
                tape.wait(next.pause);
            } else {
                tape.now = tape.now.plus(next.pause);
                if next.resumes && !tape.is_over() {
                    tape.append(AccountId::EXCHANGE, Resumed { down_from: tape.now, up_at: tape.now }.into());
                    tape.fire_due();
                }
            }
            if tape.is_over() {
                break;
            }
            let (account, command) = command(&tape, next);
            tape.attests = next.attests;
            tape.submit(account, command);
        }
        if tape.checks {
            tape.end();
        }
        tape
    }

    /// Lets time pass and the chain answer until every lease is over: then
    /// nothing stands by, and nothing is checked.
    fn end(&mut self) {
        while let Some(lease) = self.oracle.leases.iter().find(|lease| !is_over(lease)).cloned() {
            if self.is_over() {
                return;
            }
            let (id, reason) = (lease.id, text("too late"));
            match (lease.state, lease.escrow_tx) {
                (LeaseState::Closing, None) => self.submit(AccountId::EXCHANGE, EscrowFailed { lease: id, reason }),
                (LeaseState::Closed, _) => {
                    let [pay, fee, refund] = [lease.pay, lease.fee, lease.escrow() - lease.pay].map(stroops);
                    let paid = SettlementPaid { lease: id, tx: TxHash([7; 32]), ledger: 1, pay, fee, refund };
                    self.submit(AccountId::EXCHANGE, paid);
                }
                _ => self.wait(Seconds(1_000)),
            }
        }
        assert!(self.oracle.standbys.is_empty(), "something stands by for what is over");
        assert!(self.oracle.checks.is_empty(), "something waits for what is over");
    }

    /// A command at the present time, after the ticks that are due.
    fn submit(&mut self, account: AccountId, command: impl Into<Command>) {
        let command = command.into();
        self.fire_due();
        if !self.is_over() {
            self.said.push((account, command.clone()));
            self.append(account, command);
        }
    }

    /// Time passes with the node up: ticks fire when they are due.
    pub(crate) fn wait(&mut self, time: Seconds) {
        let until = self.now.plus(time);
        while let Some(deadline) = self.oracle.next_deadline().filter(|deadline| *deadline <= until && !self.is_over())
        {
            self.now = self.now.max(deadline);
            self.append(AccountId::EXCHANGE, Tick.into());
        }
        self.now = until;
    }

    /// Whether rules are in force that no build knows: nothing more is applied.
    fn is_over(&self) -> bool {
        self.oracle.rules_in_force() > RULES_VERSION
    }

    fn fire_due(&mut self) {
        while !self.is_over() && self.oracle.next_deadline().is_some_and(|deadline| deadline <= self.now) {
            self.append(AccountId::EXCHANGE, Tick.into());
        }
    }

    /// A signature of now, and some that are old or too early. Nobody checks what
    /// is signed behind the gateway.
    fn signed(&self, key: [u8; 32], last: u64) -> Authority {
        let seq = self.oracle.head().0.0;
        let nonce = match seq % 150 {
            110 => last,
            125 => self.now.0.saturating_sub(60_000_000 + seq % 2),
            140 => self.now.0 + 60_000_000 + seq % 2,
            _ => self.now.0.max(last + 1),
        };
        let signature = [7; 64];
        // A wallet signs the same as a message.
        let is_wallet = seq.is_multiple_of(3);
        if is_wallet {
            Authority::SignedMessage { key, nonce, signature }
        } else {
            Authority::Signed { key, nonce, signature }
        }
    }

    /// By the account's own key.
    fn signed_by(&self, account: AccountId) -> Authority {
        let known = self.oracle.find_account(account);
        let (key, last) = known.map_or(([7; 32], 0), |known| (known.address.0, known.nonce));
        self.signed(key, last)
    }

    /// By a key that is registered, in three of seven entries of an account that
    /// has one.
    fn keyed(&self, account: AccountId, command: &Command) -> Option<Authority> {
        let known = self.oracle.find_account(account).filter(|known| !known.keys.is_empty())?;
        let turn = self.oracle.head().0.0 % 7;
        let key = key_of(&self.oracle, known, command).filter(|_| turn < 3)?;
        Some(if turn == 0 { Authority::KeyAttested { key: key.key } } else { self.signed(key.key, key.signed_at) })
    }

    fn append(&mut self, account: AccountId, command: Command) {
        let authority = match &command {
            _ if account == AccountId::EXCHANGE => Authority::Exchange,
            _ if self.attests => Authority::OperatorAttested,
            command => match self.keyed(account, command) {
                Some(authority) => authority,
                None if matches!(command, Command::LeaseBacklog(_)) => self.signed_by(account),
                // Any command may be signed.
                None if self.oracle.head().0.0.is_multiple_of(5) => self.signed_by(account),
                None => Authority::OperatorAttested,
            },
        };
        let (head, last_at) = self.oracle.head();
        // A resumption says what the log says; said again it says it anew.
        let command = match command {
            Command::Resumed(_) => Resumed { down_from: last_at, up_at: self.now }.into(),
            other => other,
        };
        let entry = Entry { rules: RULES_VERSION, seq: head.next(), at: self.now, account, authority, command };
        let (answer, events) = self.oracle.apply(&entry);
        self.witness.see(&entry, &self.oracle, answer, &events);
    }
}
