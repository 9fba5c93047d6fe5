//! Acting on the chain. Two lines keep a payment from happening twice: an
//! envelope is replaced only when it can no longer be applied; and whenever
//! anything is in doubt, the contract is asked first.

use berth_domain::{Micros, Seconds};

use super::Settler;
use super::outbox::{Intent, Record};
use crate::chain::{Chain, Refusal, Standing};
use crate::dice::Dice;
use crate::setting::Weather;

/// Ledgers for which an envelope is signed.
const VALID: u32 = 4;

/// How an intent ended.
enum End {
    /// It is done, or need not be done any more.
    Done,
    /// It can never be done.
    Failed(&'static str),
}

impl Settler {
    /// Takes one step with one intent. Answers whether it dies in its middle.
    pub(crate) fn work(&mut self, chain: &mut Chain, now: Micros, weather: &Weather, dice: &mut Dice) -> bool {
        let Some((seq, mut record)) = self.outbox.turn(now) else { return false };
        if let Some(envelope) = record.sealed {
            match chain.result(envelope.tx) {
                Some(Ok(_)) => self.outbox.end(seq, &record, None),
                Some(Err(_)) => self.reopen(seq, record, now),
                None if chain.ledger() > envelope.valid_until => self.reopen(seq, record, now),
                None if dice.per_mille(weather.envelope_lost) => {}
                None => chain.send(envelope),
            }
            return false;
        }
        // A withdrawal pays whatever waits, which must not be more than was set
        // aside; anything tried before may have worked after all.
        let is_doubtful = record.attempts > 0 || matches!(record.intent, Intent::PayWithdraw { .. });
        if is_doubtful && let Some(end) = standing(&record.intent, chain) {
            self.finish(seq, &record, &end);
            return false;
        }
        // No lock is on its way, and the exchange has given up waiting for one.
        if let Intent::Open { lease, .. } = record.intent
            && self.outbox.has_given_up(lease)
        {
            self.finish(seq, &record, &End::Done);
            return false;
        }
        match chain.simulate(&record.intent.call()) {
            Ok(_) => {
                let envelope = chain.seal(record.intent.call(), VALID);
                record.sealed = Some(envelope);
                self.outbox.put(seq, record);
                if dice.per_mille(weather.settler_dies) {
                    return true;
                }
                if !dice.per_mille(weather.envelope_lost) {
                    chain.send(envelope);
                }
            }
            Err(refusal) => match (standing(&record.intent, chain), record.intent, refusal) {
                (Some(end), _, _) => self.finish(seq, &record, &end),
                // The money would stay locked until somebody has it given back.
                (None, Intent::Settle { lease, .. }, Refusal::DeadlinePassed) => {
                    self.outbox.replace(seq, &record, Intent::Refund { lease });
                }
                (None, Intent::Refund { .. }, Refusal::DeadlineNotPassed) => self.reopen(seq, record, now),
                (None, _, refusal) => self.finish(seq, &record, &End::Failed(words(refusal))),
            },
        }
        false
    }

    /// Goes back to planning, and lets others pass for a while.
    fn reopen(&mut self, seq: u64, mut record: Record, now: Micros) {
        record.sealed = None;
        record.attempts += 1;
        record.waits_until = now.plus(Seconds(record.attempts.min(10)));
        self.outbox.put(seq, record);
    }

    fn finish(&mut self, seq: u64, record: &Record, end: &End) {
        let failure = match end {
            End::Done => None,
            End::Failed(why) => Some(*why),
        };
        self.outbox.end(seq, record, failure);
    }
}

/// What the contract says about an intent that may be over.
fn standing(intent: &Intent, chain: &Chain) -> Option<End> {
    let contract = &chain.contract;
    match *intent {
        Intent::Open { lease, terms } => match contract.lease(lease) {
            None => None,
            Some(escrow) if escrow.terms == terms => Some(End::Done),
            Some(_) => Some(End::Failed("another lease has this id in the contract")),
        },
        Intent::TopUp { lease, number, .. } => {
            let is_done = contract.lease(lease).is_some_and(|escrow| escrow.top_ups == number);
            is_done.then_some(End::Done)
        }
        Intent::Slash { lease, .. } => chain.stakes.is_slashed(lease).then_some(End::Done),
        Intent::Settle { lease, escrowed, .. } => match contract.lease(lease) {
            None if escrowed => Some(End::Failed("no such lease")),
            None => Some(End::Done),
            Some(escrow) => (escrow.standing != Standing::Open).then_some(End::Done),
        },
        Intent::Refund { lease } => {
            let is_open = contract.lease(lease).is_some_and(|escrow| escrow.standing == Standing::Open);
            (!is_open).then_some(End::Done)
        }
        Intent::PayWithdraw { account, total, .. } => {
            let requested = contract.requested(account);
            // A larger request took its place: it has an intent of its own.
            (requested == 0 || requested > i128::from(total.get())).then_some(End::Done)
        }
    }
}

const fn words(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::AmountNotPositive => "the amount is not positive",
        Refusal::BalanceTooLow => "the balance is too low",
        Refusal::NoRequest => "nothing is requested",
        Refusal::DelayNotPassed => "the delay has not passed",
        Refusal::LeaseExists => "the lease exists",
        Refusal::NoSuchLease => "no such lease",
        Refusal::AlreadyToppedUp => "it was topped up",
        Refusal::AlreadySlashed => "the stake was taken",
        Refusal::LeaseNotOpen => "the lease is not open",
        Refusal::DeadlinePassed => "the deadline has passed",
        Refusal::DeadlineNotPassed => "the deadline has not passed",
    }
}
