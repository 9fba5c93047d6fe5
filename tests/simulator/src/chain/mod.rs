//! A chain: ledgers that close every few seconds, transactions that are applied
//! in them at most once, and the events of two contracts: the escrow, and the one
//! that holds stakes.

mod contract;
mod stakes;

use std::collections::BTreeMap;

use berth_domain::{ChainEventId, Digest, Micros, TxHash};

pub(crate) use self::contract::{Call, Contract, Refusal, Standing, Terms, What};
use self::stakes::Stakes;
use crate::cast;
use crate::dice::Dice;
use crate::referee::Checked;

/// What happened in the contract, as readers of the chain see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChainEvent {
    pub(crate) id: ChainEventId,
    pub(crate) ledger: u32,
    pub(crate) tx: TxHash,
    pub(crate) what: What,
}

/// A call that waits for its ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) tx: TxHash,
    pub(crate) call: Call,
    /// The last ledger that may hold it.
    pub(crate) valid_until: u32,
}

/// A ledger that has closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ledger {
    pub(crate) number: u32,
    pub(crate) closed_at: Micros,
    pub(crate) hash: Digest,
}

#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) contract: Contract,
    pub(crate) stakes: Stakes,
    ledgers: Vec<Ledger>,
    ledger: u32,
    /// When the last ledger closed, in seconds since 1970.
    closed_at: u64,
    waiting: Vec<Envelope>,
    results: BTreeMap<TxHash, Result<u32, Refusal>>,
    events: Vec<ChainEvent>,
    envelopes: u64,
}

impl Chain {
    pub(crate) fn new(contract: Contract, now: Micros) -> Self {
        Self {
            contract,
            stakes: Stakes::default(),
            ledgers: Vec::new(),
            ledger: 1,
            closed_at: now.unix_seconds(),
            waiting: Vec::new(),
            results: BTreeMap::new(),
            events: Vec::new(),
            envelopes: 0,
        }
    }

    /// The first ledger that closed after a moment.
    pub(crate) fn ledger_after(&self, at: Micros) -> Option<Ledger> {
        let place = self.ledgers.partition_point(|ledger| ledger.closed_at <= at);
        self.ledgers.get(place).copied()
    }

    pub(crate) const fn ledger(&self) -> u32 {
        self.ledger
    }

    /// All events so far, in the chain's one order.
    pub(crate) fn events(&self) -> &[ChainEvent] {
        &self.events
    }

    /// Signs a call, for the ledgers up to `ledgers` from now.
    pub(crate) fn seal(&mut self, call: Call, ledgers: u32) -> Envelope {
        self.envelopes += 1;
        Envelope { tx: TxHash(cast::hash("tx", self.envelopes).0), call, valid_until: self.ledger + ledgers }
    }

    /// Hands an envelope in. One that waits already, or was applied, is not
    /// taken again.
    pub(crate) fn send(&mut self, envelope: Envelope) {
        let is_known =
            self.results.contains_key(&envelope.tx) || self.waiting.iter().any(|waiting| waiting.tx == envelope.tx);
        if !is_known {
            self.waiting.push(envelope);
        }
    }

    /// What became of a transaction, once a ledger holds it.
    pub(crate) fn result(&self, tx: TxHash) -> Option<Result<u32, Refusal>> {
        self.results.get(&tx).copied()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Closes a ledger: applies what waits, in an order that chance chooses.
    pub(crate) fn close(&mut self, now: Micros, dice: &mut Dice) -> Checked {
        self.ledger += 1;
        self.closed_at = now.unix_seconds();
        let hash = cast::hash("ledger", dice.number());
        self.ledgers.push(Ledger { number: self.ledger, closed_at: now, hash });
        let mut place = 0;
        while !self.waiting.is_empty() {
            let which = usize::try_from(dice.below(self.waiting.len() as u64)).expect("a few wait");
            let envelope = self.waiting.swap_remove(which);
            if envelope.valid_until < self.ledger {
                continue;
            }
            place += 1;
            let toid = (u64::from(self.ledger) << 32) | (place << 12) | 1;
            let result = self.call(&envelope.call);
            for (index, what) in (0..).zip(result.iter().flatten()) {
                let id = ChainEventId { toid, index };
                self.events.push(ChainEvent { id, ledger: self.ledger, tx: envelope.tx, what: *what });
            }
            self.results.insert(envelope.tx, result.map(|_| self.ledger));
        }
        self.contract.check()
    }

    /// Carries a call out; answers its events.
    fn call(&mut self, call: &Call) -> Result<Vec<What>, Refusal> {
        match self.stakes.call(call) {
            None => self.contract.call(call, self.closed_at).map(|what| vec![what]),
            Some(done) => {
                let (what, paid) = done?;
                let paid = paid.map(|(to, amount)| self.contract.receive(to, amount));
                Ok(std::iter::once(what).chain(paid).collect())
            }
        }
    }

    /// What the contracts would say to a call now.
    pub(crate) fn simulate(&self, call: &Call) -> Result<(), Refusal> {
        match self.stakes.clone().call(call) {
            None => self.contract.clone().call(call, self.closed_at).map(|_| ()),
            Some(done) => done.map(|_| ()),
        }
    }
}
