use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use berth_wire::domain::{LeaseId, Stroops};
use stellar_xdr::ScVal;

use crate::act::{Chain, SealError, Standing};
use crate::chain::{Address, Found, Patience, Rejection, RpcError, Sent, Signed, Wire, value};
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
    /// Sequence numbers of the lanes.
    pub(super) sequences: BTreeMap<u32, i64>,
    /// What waits for a ledger, by hash.
    pub(super) queue: BTreeMap<[u8; 32], Signed>,
    /// Every envelope: whose it is, and what it does.
    pub(super) sealed: BTreeMap<[u8; 32], (u32, Vec<Intent>)>,
    /// Transactions in ledgers, and what they answered if they succeeded.
    pub(super) applied: BTreeMap<[u8; 32], Option<ScVal>>,
    /// What the contract did, in order.
    pub(super) done: Vec<String>,
    pub(super) opened: BTreeMap<LeaseId, Terms>,
    pub(super) topped_up: BTreeMap<LeaseId, u32>,
    pub(super) settled: BTreeSet<LeaseId>,
    pub(super) refunded: BTreeSet<LeaseId>,
    /// Whether the lease's deadline has passed.
    pub(super) late: bool,
    /// Whose withdrawals cannot be paid, and what the host says.
    pub(super) unpayable: Option<(Address, String)>,
    pub(super) waiting: BTreeMap<Address, Stroops>,
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
    /// Whether a cut call, and all after it, never return: what a kill is to
    /// everything that runs.
    pub(super) kills: bool,
    pub(super) dead: bool,
    /// How many settlements share an envelope at most.
    pub(super) batch_max: usize,
}

#[derive(Default)]
pub(super) struct Double(Mutex<World>);

impl Double {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Counts a call, and fails it where the test wants.
    async fn call<T>(&self, effect: impl FnOnce(&mut World) -> T) -> Result<T, RpcError> {
        let cut = {
            let mut world = self.world();
            world.calls += 1;
            let cut = world.cut.filter(|(call, _)| *call == world.calls).map(|(_, cut)| cut);
            match cut {
                _ if world.dead => Cut::Before,
                None => return Ok(effect(&mut world)),
                Some(cut) => {
                    world.dead = world.kills;
                    if cut == Cut::After {
                        effect(&mut world);
                    }
                    cut
                }
            }
        };
        if self.world().dead {
            std::future::pending::<()>().await;
        }
        Err(RpcError::Unavailable(format!("cut {cut:?}")))
    }
}

impl World {
    fn close_ledger(&mut self) {
        self.now += 5;
        if self.stalled {
            return;
        }
        for (hash, signed) in std::mem::take(&mut self.queue) {
            let (lane, intents) = self.sealed[&hash].clone();
            let sequence = self.sequences.entry(lane).or_default();
            if signed.max_time < self.now || signed.sequence != *sequence + 1 {
                continue;
            }
            *sequence += 1;
            let answer = self.apply(&intents);
            self.applied.insert(hash, answer);
        }
    }

    /// One call fails as a whole; of several settlements each for itself.
    fn apply(&mut self, intents: &[Intent]) -> Option<ScVal> {
        if let [intent] = intents {
            return self.apply_one(intent).is_none().then_some(ScVal::Void);
        }
        let code = |refusal: Option<Refusal>| ScVal::U32(u32::from(refusal.is_some()));
        let codes = intents.iter().map(|intent| code(self.apply_one(intent))).collect();
        Some(value::vector(codes))
    }

    fn apply_one(&mut self, intent: &Intent) -> Option<Refusal> {
        let refusal = self.refusal(intent);
        if refusal.is_none() {
            match intent {
                Intent::Open { lease, terms } => {
                    self.opened.insert(*lease, *terms);
                }
                Intent::TopUp { lease, .. } => {
                    *self.topped_up.entry(*lease).or_default() += 1;
                }
                Intent::Settle { lease, .. } => {
                    self.settled.insert(*lease);
                }
                Intent::Refund { lease } => {
                    self.refunded.insert(*lease);
                }
                Intent::PayWithdraw { account, .. } => {
                    self.waiting.remove(account);
                }
            }
            self.done.push(intent.name().to_string());
        }
        refusal
    }

    fn refusal(&self, intent: &Intent) -> Option<Refusal> {
        if self.naive {
            return None;
        }
        let own = match intent {
            Intent::Open { lease, .. } => self.opened.get(lease).map(|_| Refusal::LeaseExists),
            Intent::TopUp { lease, .. } | Intent::Settle { lease, .. } | Intent::Refund { lease }
                if !self.opened.contains_key(lease) =>
            {
                Some(Refusal::NoSuchLease)
            }
            Intent::TopUp { lease, .. } | Intent::Settle { lease, .. } | Intent::Refund { lease }
                if self.is_over(*lease) =>
            {
                Some(Refusal::LeaseNotOpen)
            }
            Intent::TopUp { lease, place, .. } => {
                let next = self.topped_up.get(lease).copied().unwrap_or(0) + 1;
                (next != *place).then_some(Refusal::TopUpOutOfOrder)
            }
            Intent::Settle { .. } => self.late.then_some(Refusal::WindowPassed),
            Intent::Refund { .. } => (!self.late).then_some(Refusal::WindowNotPassed),
            Intent::PayWithdraw { account, .. } if !self.waiting.contains_key(account) => Some(Refusal::NoRequest),
            Intent::PayWithdraw { .. } => None,
        };
        own.or(self.refuses)
    }

    fn is_over(&self, lease: LeaseId) -> bool {
        self.settled.contains(&lease) || self.refunded.contains(&lease)
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
            } else if signed.sequence != world.sequences.get(&world.sealed[&signed.hash].0).copied().unwrap_or(0) + 1 {
                rejected("TxBadSeq", false)
            } else {
                world.queue.insert(signed.hash, signed.clone());
                Sent::Pending
            }
        })
        .await
    }

    async fn find(&self, hash: &[u8; 32]) -> Result<Found, RpcError> {
        self.call(|world| {
            world.close_ledger();
            match world.applied.get(hash) {
                Some(Some(value)) => Found::Succeeded { ledger: 7, value: value.clone() },
                Some(None) => Found::Failed { ledger: 7, why: "Trapped".to_owned() },
                None => Found::Missing {
                    oldest_ledger: world.oldest_ledger,
                    latest_ledger: world.oldest_ledger.max(3),
                    latest_closed_at: if world.stalled { 0 } else { world.now },
                },
            }
        })
        .await
    }

    fn patience(&self) -> Patience {
        Patience { first: Duration::ZERO, most: Duration::ZERO, resend_every: 2 }
    }
}

impl Chain for Double {
    async fn seal(&self, intents: &[Intent], lane: u32, _attempts: u32) -> Result<Signed, SealError> {
        let sealed = self.call(|world| {
            // Several at once are refused each for itself.
            if let [intent] = intents {
                if let Some(refusal) = world.refusal(intent) {
                    return Err(SealError::Refused(refusal));
                }
                if let (Intent::PayWithdraw { account, .. }, Some((whose, why))) = (intent, &world.unpayable)
                    && account == whose
                {
                    return Err(SealError::Trouble(why.clone()));
                }
            }
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&u32::try_from(world.sealed.len() + 1).unwrap().to_be_bytes());
            world.sealed.insert(hash, (lane, intents.to_vec()));
            Ok(Signed {
                envelope: String::new(),
                hash,
                sequence: world.sequences.get(&lane).copied().unwrap_or(0) + 1,
                max_time: world.now + 60,
                valid_until_ledger: 0,
                since_ledger: 3,
            })
        });
        sealed.await?
    }

    fn batch_max(&self) -> usize {
        self.world().batch_max
    }

    fn answers(&self, value: &ScVal) -> Option<Vec<Option<Refusal>>> {
        let codes = value::to_vector(value).ok()?.iter().map(value::to_u32);
        codes.map(|code| code.ok().map(|code| (code != 0).then_some(Refusal::LeaseNotOpen))).collect()
    }

    async fn standing(&self, intent: &Intent) -> Result<Standing, SealError> {
        self.call(|world| match intent {
            _ if world.naive => Standing::Undone,
            Intent::Open { lease, terms } => match world.opened.get(lease) {
                None => Standing::Undone,
                Some(has) if has == terms => Standing::Done,
                Some(_) => Standing::Hopeless("another lease has this id".to_owned()),
            },
            Intent::Settle { lease, escrowed: false, .. } if !world.opened.contains_key(lease) => {
                Standing::Moot("nothing was locked".to_owned())
            }
            Intent::TopUp { lease, place, .. } if world.topped_up.get(lease).is_some_and(|count| count >= place) => {
                Standing::Done
            }
            Intent::TopUp { lease, .. } if world.is_over(*lease) => Standing::Hopeless("it is over".to_owned()),
            Intent::TopUp { .. } => Standing::Undone,
            Intent::Settle { lease, .. } if world.settled.contains(lease) => Standing::Done,
            Intent::Settle { .. } => Standing::Undone,
            Intent::Refund { lease } if world.refunded.contains(lease) => Standing::Done,
            Intent::Refund { lease } if world.settled.contains(lease) => Standing::Moot("it was settled".to_owned()),
            Intent::Refund { .. } => Standing::Undone,
            Intent::PayWithdraw { account, total, .. } => match world.waiting.get(account) {
                None => Standing::Done,
                Some(waiting) if waiting > total => Standing::NotNow("larger".to_owned()),
                Some(_) => Standing::Undone,
            },
        })
        .await
        .map_err(SealError::from)
    }
}
