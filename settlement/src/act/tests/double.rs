use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use berth_wire::domain::Stroops;
use stellar_xdr::ScVal;

use crate::act::{Chain, SealError, Standing};
use crate::chain::{Address, Found, Patience, Rejection, RpcError, Sent, Signed, Wire};
use crate::contract::{Refusal, Terms};
use crate::plan::Intent;

/// Where a call is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The call never arrived.
    Before,
    /// It arrived; its answer did not.
    After,
}

#[derive(Default)]
pub(super) struct World {
    /// Calls so far, and which of them to cut.
    pub(super) calls: u32,
    pub(super) cut: Option<(u32, Cut)>,
    /// The ledger's clock, in seconds; its newest ledger closed then.
    pub(super) now: u64,
    pub(super) sequence: i64,
    /// What waits for a ledger, by hash, with what it does.
    pub(super) queue: BTreeMap<[u8; 32], (Signed, Intent)>,
    pub(super) sealed: BTreeMap<[u8; 32], Intent>,
    /// Transactions in ledgers, and whether they succeeded.
    pub(super) applied: BTreeMap<[u8; 32], bool>,
    /// What the contract did, in order.
    pub(super) done: Vec<String>,
    pub(super) opened: Option<Terms>,
    pub(super) settled: bool,
    pub(super) refunded: bool,
    /// Whether the lease's deadline has passed.
    pub(super) late: bool,
    /// Whose withdrawals cannot be paid, and what the host says.
    pub(super) unpayable: Option<(Address, String)>,
    pub(super) waiting: Option<Stroops>,
    pub(super) refuses: Option<Refusal>,
    /// A contract that does as it is told, every time: what keeps a payment
    /// from happening twice is then the outbox alone.
    pub(super) naive: bool,
    /// Answers of `send`, before it becomes friendly.
    pub(super) rebuffs: Vec<Sent>,
    /// The RPC keeps only ledgers from here on.
    pub(super) oldest_ledger: u32,
    /// Whether ledgers close.
    pub(super) stalled: bool,
}

#[derive(Default)]
pub(super) struct Double(Mutex<World>);

impl Double {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Counts a call, and fails it where the test wants.
    fn call<T>(&self, effect: impl FnOnce(&mut World) -> T) -> Result<T, RpcError> {
        let mut world = self.world();
        world.calls += 1;
        let killed = || Err(RpcError::Unavailable("killed".to_owned()));
        match world.cut {
            Some((call, Cut::Before)) if call == world.calls => killed(),
            Some((call, Cut::After)) if call == world.calls => {
                effect(&mut world);
                killed()
            }
            _ => Ok(effect(&mut world)),
        }
    }
}

impl World {
    fn close_ledger(&mut self) {
        self.now += 5;
        if self.stalled {
            return;
        }
        for (hash, (signed, intent)) in std::mem::take(&mut self.queue) {
            if signed.max_time < self.now || signed.sequence != self.sequence + 1 {
                continue;
            }
            self.sequence += 1;
            let worked = self.apply(&intent);
            self.applied.insert(hash, worked);
        }
    }

    fn apply(&mut self, intent: &Intent) -> bool {
        let allowed = self.refusal(intent).is_none();
        if allowed {
            match intent {
                Intent::Open { terms, .. } => self.opened = Some(*terms),
                Intent::Settle { .. } => self.settled = true,
                Intent::Refund { .. } => self.refunded = true,
                Intent::PayWithdraw { .. } => self.waiting = None,
            }
            self.done.push(intent.name().to_string());
        }
        allowed
    }

    fn refusal(&self, intent: &Intent) -> Option<Refusal> {
        if self.naive {
            return None;
        }
        let own = match intent {
            Intent::Open { .. } => self.opened.map(|_| Refusal::LeaseExists),
            Intent::Settle { .. } | Intent::Refund { .. } if self.opened.is_none() => Some(Refusal::NoSuchLease),
            Intent::Settle { .. } | Intent::Refund { .. } if self.settled || self.refunded => {
                Some(Refusal::LeaseNotOpen)
            }
            Intent::Settle { .. } => self.late.then_some(Refusal::WindowPassed),
            Intent::Refund { .. } => (!self.late).then_some(Refusal::WindowNotPassed),
            Intent::PayWithdraw { .. } if self.waiting.is_none() => Some(Refusal::NoRequest),
            Intent::PayWithdraw { .. } => None,
        };
        own.or(self.refuses)
    }
}

impl Wire for Double {
    async fn send(&self, signed: &Signed) -> Result<Sent, RpcError> {
        self.call(|world| {
            if let Some(rebuff) = world.rebuffs.pop() {
                return rebuff;
            }
            let rejected = |code: &str, too_late| Sent::Rejected(Rejection { code: code.to_owned(), too_late });
            // Networks forget soon that they saw a transaction, and then
            // judge it by its sequence number, which is used.
            if world.queue.contains_key(&signed.hash) {
                Sent::Duplicate
            } else if signed.max_time < world.now {
                rejected("TxTooLate", true)
            } else if signed.sequence != world.sequence + 1 {
                rejected("TxBadSeq", false)
            } else {
                let intent = world.sealed[&signed.hash].clone();
                world.queue.insert(signed.hash, (signed.clone(), intent));
                Sent::Pending
            }
        })
    }

    async fn find(&self, hash: &[u8; 32]) -> Result<Found, RpcError> {
        self.call(|world| {
            world.close_ledger();
            match world.applied.get(hash) {
                Some(true) => Found::Succeeded { ledger: 7, value: ScVal::Void },
                Some(false) => Found::Failed { ledger: 7, why: "Trapped".to_owned() },
                None => Found::Missing {
                    oldest_ledger: world.oldest_ledger,
                    latest_closed_at: if world.stalled { 0 } else { world.now },
                },
            }
        })
    }

    fn now(&self) -> u64 {
        self.world().now
    }

    fn patience(&self) -> Patience {
        Patience { first: Duration::ZERO, most: Duration::ZERO, resend_every: 2 }
    }
}

impl Chain for Double {
    async fn seal(&self, intent: &Intent) -> Result<Signed, SealError> {
        let sealed = self.call(|world| {
            if let Some(refusal) = world.refusal(intent) {
                return Err(SealError::Refused(refusal));
            }
            if let (Intent::PayWithdraw { account, .. }, Some((whose, why))) = (intent, &world.unpayable)
                && account == whose
            {
                return Err(SealError::Trouble(why.clone()));
            }
            let mut hash = [0; 32];
            hash[0] = u8::try_from(world.sealed.len() + 1).unwrap();
            world.sealed.insert(hash, intent.clone());
            Ok(Signed {
                envelope: String::new(),
                hash,
                sequence: world.sequence + 1,
                max_time: world.now + 60,
                since_ledger: 3,
            })
        });
        sealed?
    }

    async fn standing(&self, intent: &Intent) -> Result<Standing, SealError> {
        self.call(|world| match intent {
            _ if world.naive => Standing::Undone,
            Intent::Open { terms, .. } => match &world.opened {
                None => Standing::Undone,
                Some(has) if has == terms => Standing::Done,
                Some(_) => Standing::Hopeless("another lease has this id".to_owned()),
            },
            Intent::Settle { escrowed: false, .. } if world.opened.is_none() => {
                Standing::Moot("nothing was locked".to_owned())
            }
            Intent::Settle { .. } if world.settled => Standing::Done,
            Intent::Settle { .. } => Standing::Undone,
            Intent::Refund { .. } if world.refunded => Standing::Done,
            Intent::Refund { .. } if world.settled => Standing::Moot("it was settled".to_owned()),
            Intent::Refund { .. } => Standing::Undone,
            Intent::PayWithdraw { total, .. } => match world.waiting {
                None => Standing::Done,
                Some(waiting) if waiting > *total => Standing::Moot("larger".to_owned()),
                Some(_) => Standing::Undone,
            },
        })
        .map_err(SealError::from)
    }
}
