//! The anchor of Berth: roots of the exchange's log, where everyone finds them.
//!
//! The operator writes the root of the log's Merkle tree now and then, only
//! forward. Whoever has a root from here knows a log that differs from it to
//! be another. As many are kept as the deployment says, so storage does not grow
//! for ever; the events of all are in the chain's history.
#![no_std]

use soroban_sdk::{Address, BytesN, Env, contract, contracterror, contractevent, contractimpl, contracttype};

#[cfg(test)]
mod tests;

/// The most anchors that a deployment may keep.
pub const KEPT_MAX: u32 = 4_096;

/// A day at one ledger every five seconds.
const LEDGERS_PER_DAY: u32 = 17_280;
/// `extend` leaves alone what lives longer than this.
const TTL_LOW: u32 = 60 * LEDGERS_PER_DAY;
/// How far `extend` reaches.
const TTL_EXTENDED: u32 = 120 * LEDGERS_PER_DAY;

/// A refusal. It leaves everything as it was. The numbers are part of the
/// contract's interface.
#[contracterror]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Error {
    /// The log was anchored as far as this, or further.
    NotForward = 1,
    /// A deployment that keeps none, or more than 4,096.
    KeptMalformed = 2,
}

/// A root, and how much of the log it is of.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The last entry under it.
    pub seq: u64,
    /// The root of the Merkle tree over the entries 1 to `seq`.
    pub root: BytesN<32>,
    /// When it was written, in unix seconds.
    pub at: u64,
}

/// The log is anchored up to `seq`.
#[contractevent(topics = ["anchored"], data_format = "single-value")]
pub struct Anchored {
    /// The last entry.
    #[topic]
    pub seq: u64,
    /// The root.
    pub root: BytesN<32>,
}

#[contracttype]
enum Key {
    Operator,
    /// How many are kept.
    Kept,
    /// How many were written.
    Count,
    /// The anchors in a ring: number n is in slot n modulo how many are kept.
    Slot(u64),
}

/// The anchor contract.
#[contract]
pub struct LogAnchor;

#[contractimpl]
impl LogAnchor {
    /// Fixes for good who may write, and how many anchors are kept: 1 to 4,096.
    pub fn __constructor(env: Env, operator: Address, kept: u32) -> Result<(), Error> {
        if kept == 0 || kept > KEPT_MAX {
            return Err(Error::KeptMalformed);
        }
        env.storage().instance().set(&Key::Operator, &operator);
        env.storage().instance().set(&Key::Kept, &u64::from(kept));
        Ok(())
    }

    /// Writes the root of the log up to entry `seq`, which must be beyond the
    /// one before. Signed by the operator.
    pub fn anchor(env: Env, seq: u64, root: BytesN<32>) -> Result<(), Error> {
        Self::operator(env.clone()).require_auth();
        let count = count(&env);
        if last(&env, count).is_some_and(|last| seq <= last.seq) {
            return Err(Error::NotForward);
        }
        let anchor = Anchor { seq, root: root.clone(), at: env.ledger().timestamp() };
        env.storage().persistent().set(&Key::Slot(count % kept(&env)), &anchor);
        env.storage().persistent().set(&Key::Count, &(count + 1));
        Anchored { seq, root }.publish(&env);
        Ok(())
    }

    /// The last anchor, if there is one.
    pub fn latest(env: Env) -> Option<Anchor> {
        last(&env, count(&env))
    }

    /// The first anchor that has entry `seq` under it, among those that are
    /// kept.
    pub fn at(env: Env, seq: u64) -> Option<Anchor> {
        let count = count(&env);
        let (mut low, mut high) = (count.saturating_sub(kept(&env)), count);
        while low < high {
            let middle = low + (high - low) / 2;
            if slot(&env, middle).seq < seq { low = middle + 1 } else { high = middle }
        }
        (low < count).then(|| slot(&env, low))
    }

    /// How many anchors were ever written.
    pub fn count(env: Env) -> u64 {
        count(&env)
    }

    /// Who may write.
    pub fn operator(env: Env) -> Address {
        env.storage().instance().get(&Key::Operator).expect("the constructor has stored it")
    }

    /// Extends the life of the contract and of the last `anchors` anchors.
    /// Anyone may call it, and pays for it.
    pub fn extend(env: Env, anchors: u32) {
        env.storage().instance().extend_ttl(TTL_LOW, TTL_EXTENDED);
        let storage = env.storage().persistent();
        let count = count(&env);
        if count == 0 {
            return;
        }
        storage.extend_ttl(&Key::Count, TTL_LOW, TTL_EXTENDED);
        let kept = kept(&env);
        for number in count - count.min(kept).min(anchors.into())..count {
            storage.extend_ttl(&Key::Slot(number % kept), TTL_LOW, TTL_EXTENDED);
        }
    }
}

fn count(env: &Env) -> u64 {
    env.storage().persistent().get(&Key::Count).unwrap_or(0)
}

fn kept(env: &Env) -> u64 {
    env.storage().instance().get(&Key::Kept).expect("the constructor has stored it")
}

fn last(env: &Env, count: u64) -> Option<Anchor> {
    Some(slot(env, count.checked_sub(1)?))
}

/// Anchor number `number`, counted from 0, which must be kept.
fn slot(env: &Env, number: u64) -> Anchor {
    env.storage().persistent().get(&Key::Slot(number % kept(env))).expect("an anchor that was counted is kept")
}
