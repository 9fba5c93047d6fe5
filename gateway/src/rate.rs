//! How much of the node one client may take: token buckets for each account and
//! for each address from which requests come.
//!
//! What ends or keeps alive has a bucket of its own, so that who has placed too
//! much can still cancel all of it. Opening a lease gives both sides back what it
//! cost to come so far. A bucket that is full again is forgotten, and there is a
//! bound to how many are kept.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use berth_domain::{AccountId, Command};
use berth_wire::errors::EdgeCode;
use berth_wire::frame::RateState;

use crate::limits::BUCKETS_MAX;
use crate::metrics;
use crate::problem::Refusal;

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Tokens that come back in a second; 1 at least.
    pub per_second: u32,
    /// Tokens that it holds; 1 at least.
    pub burst: u32,
}

/// The buckets of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Commands of an account that begin or change something: one token for
    /// each, and for a mass quote one for each quote.
    pub commands: RateLimit,
    /// Commands of an account that end something or keep a lease alive.
    pub cancels: RateLimit,
    /// Requests of any kind from one IP address.
    pub requests: RateLimit,
    /// Requests from one IP address that end something or keep a lease alive.
    pub cancel_requests: RateLimit,
}

impl RateLimits {
    /// For a node that anybody reaches.
    pub const PUBLIC: Self = Self {
        commands: RateLimit { per_second: 5_000, burst: 20_000 },
        cancels: RateLimit { per_second: 50_000, burst: 100_000 },
        requests: RateLimit { per_second: 5_000, burst: 20_000 },
        cancel_requests: RateLimit { per_second: 50_000, burst: 100_000 },
    };

    /// For trying out on one machine: out of the way of any bot.
    pub const OPEN: Self = {
        const MUCH: RateLimit = RateLimit { per_second: 1_000_000, burst: 2_000_000 };
        Self { commands: MUCH, cancels: MUCH, requests: MUCH, cancel_requests: MUCH }
    };
}

/// Which bucket something is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Class {
    /// It begins or changes something, or reads.
    Begins,
    /// It ends something or keeps it alive.
    Ends,
}

impl Class {
    /// That of a WebSocket method.
    pub(crate) fn of_method(method: &str) -> Self {
        match method {
            "order.cancel" | "bid.cancel" | "cancel.all" | "deadman.set" | "lease.start" | "lease.heartbeat"
            | "lease.finish" | "lease.stop" | "unsubscribe" => Self::Ends,
            // What the chain has done waits for nobody.
            fact if fact.starts_with("fact.") => Self::Ends,
            _ => Self::Begins,
        }
    }
}

/// What a command takes, and from which bucket; nothing of what the chain and
/// the exchange itself say.
fn cost(command: &Command) -> Option<(Class, u64)> {
    Some(match command {
        Command::CancelOrder(_)
        | Command::CancelBid(_)
        | Command::CancelAll(_)
        | Command::SetDeadMan(_)
        | Command::StartLease(_)
        | Command::Heartbeat(_)
        | Command::LeaseBacklog(_)
        | Command::FinishLease(_)
        | Command::StopLease(_) => (Class::Ends, 1),
        Command::MassQuote(mass) if mass.quotes.iter().all(|quote| quote.quantity == 0) => (Class::Ends, 1),
        Command::MassQuote(mass) => (Class::Begins, (mass.quotes.len() as u64).max(1)),
        Command::Deposit(_)
        | Command::WithdrawalRequested(_)
        | Command::Withdrawn(_)
        | Command::WithdrawalCancelled(_)
        | Command::Escrowed(_)
        | Command::EscrowFailed(_)
        | Command::SettlementPaid(_)
        | Command::SettlementRefunded(_)
        | Command::StakeFact(_)
        | Command::ToppedUp(_)
        | Command::TopUpFailed(_)
        | Command::LedgerSeen(_)
        | Command::Tick(_)
        | Command::Resumed(_) => return None,
        _ => (Class::Begins, 1),
    })
}

/// All buckets of a node.
pub(crate) struct Limiter {
    limits: RateLimits,
    accounts: Buckets<(AccountId, Class)>,
    peers: Buckets<(IpAddr, Class)>,
}

impl Limiter {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { limits, accounts: Buckets::default(), peers: Buckets::default() }
    }

    /// Takes what a command costs its account.
    pub(crate) fn command(&self, account: AccountId, command: &Command) -> Result<(), Refusal> {
        let Some((class, cost)) = cost(command) else { return Ok(()) };
        let limit = match class {
            Class::Begins => self.limits.commands,
            Class::Ends => self.limits.cancels,
        };
        // Outside of a request there is nobody who asks.
        let _ = SEEN.try_with(|seen| seen.of_account.set(true));
        self.accounts.take((account, class), limit, cost, Instant::now()).inspect_err(|_| metrics::throttled("account"))
    }

    /// Takes what a command costs its account that was refused before it was one,
    /// such as a cancel of what nobody has: it takes the node's time as well.
    pub(crate) fn refused(&self, account: AccountId, class: Class) -> Result<(), Refusal> {
        if SEEN.try_with(|seen| seen.of_account.get()).unwrap_or(true) {
            return Ok(());
        }
        let limit = match class {
            Class::Begins => self.limits.commands,
            Class::Ends => self.limits.cancels,
        };
        self.accounts.take((account, class), limit, 1, Instant::now()).inspect_err(|_| metrics::throttled("account"))
    }

    /// Takes a request of an address.
    pub(crate) fn request(&self, peer: IpAddr, class: Class) -> Result<(), Refusal> {
        let limit = match class {
            Class::Begins => self.limits.requests,
            Class::Ends => self.limits.cancel_requests,
        };
        self.peers.take((peer, class), limit, 1, Instant::now()).inspect_err(|_| metrics::throttled("address"))
    }

    /// Gives back what a trade cost a side of it.
    pub(crate) fn refund(&self, account: AccountId) {
        self.accounts.give_back((account, Class::Begins), self.limits.commands);
    }
}

/// What a request has taken.
#[derive(Default)]
struct Seen {
    /// The state of the bucket that was taken from last, for who answers.
    state: Cell<Option<RateState>>,
    /// Whether an account's was among them.
    of_account: Cell<bool>,
}

tokio::task_local! {
    static SEEN: Seen;
}

/// Does something for a request, and gives the state of the bucket that it took
/// from last.
pub(crate) async fn observed<T>(work: impl Future<Output = T>) -> (T, Option<RateState>) {
    SEEN.scope(Seen::default(), async { (work.await, SEEN.with(|seen| seen.state.get())) }).await
}

struct Buckets<K>(Mutex<Kept<K>>);

struct Kept<K> {
    by_key: HashMap<K, Bucket>,
    /// All who come when there is no room for more share one.
    rest: Option<Bucket>,
    /// When those were forgotten last that are full.
    swept: Option<Instant>,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self(Mutex::new(Kept { by_key: HashMap::new(), rest: None, swept: None }))
    }
}

impl<K: Eq + Hash> Buckets<K> {
    fn take(&self, key: K, limit: RateLimit, cost: u64, now: Instant) -> Result<(), Refusal> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = || kept.swept.is_none_or(|swept| now.saturating_duration_since(swept) >= SWEEP);
        if kept.by_key.len() >= BUCKETS_MAX && !kept.by_key.contains_key(&key) && is_due() {
            kept.by_key.retain(|_, bucket| !bucket.is_full(limit, now));
            kept.swept = Some(now);
        }
        let bucket = if kept.by_key.len() >= BUCKETS_MAX && !kept.by_key.contains_key(&key) {
            kept.rest.get_or_insert_with(|| Bucket::full(limit, now))
        } else {
            kept.by_key.entry(key).or_insert_with(|| Bucket::full(limit, now))
        };
        let taken = bucket.take(limit, cost, now);
        let state = bucket.state(limit);
        drop(kept);
        // Outside of a request there is nobody to be told.
        let _ = SEEN.try_with(|seen| seen.state.set(Some(state)));
        taken.map_err(throttled)
    }

    fn give_back(&self, key: K, limit: RateLimit) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is not kept is full.
        if let Some(bucket) = kept.by_key.get_mut(&key) {
            bucket.micros = (bucket.micros + MICROS).min(full(limit));
        }
    }
}

fn throttled(wait: Duration) -> Refusal {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let detail = format!("more than this client may send; in {seconds} s there is room again");
    Refusal::new(EdgeCode::RateLimited, detail).after(seconds)
}

/// How often full buckets are looked for when there is no room for more: who comes
/// from everywhere must not make the node look all the time.
const SWEEP: Duration = Duration::from_secs(1);
/// Parts of a token, so that slow buckets fill without rounding.
const MICROS: u64 = 1_000_000;

struct Bucket {
    /// What it holds, in millionths of a token.
    micros: u64,
    /// When that was so.
    at: Instant,
}

fn full(limit: RateLimit) -> u64 {
    u64::from(limit.burst.max(1)) * MICROS
}

impl Bucket {
    fn full(limit: RateLimit, now: Instant) -> Self {
        Self { micros: full(limit), at: now }
    }

    fn fill(&mut self, limit: RateLimit, now: Instant) {
        // A token in a second is a millionth of it in a microsecond.
        let passed = u64::try_from(now.saturating_duration_since(self.at).as_micros()).unwrap_or(u64::MAX);
        let more = passed.saturating_mul(u64::from(limit.per_second.max(1)));
        self.micros = self.micros.saturating_add(more).min(full(limit));
        self.at = self.at.max(now);
    }

    fn is_full(&mut self, limit: RateLimit, now: Instant) -> bool {
        self.fill(limit, now);
        self.micros == full(limit)
    }

    /// Takes tokens, or says when there will be enough. More than it can hold is
    /// all that it can hold.
    fn take(&mut self, limit: RateLimit, cost: u64, now: Instant) -> Result<(), Duration> {
        self.fill(limit, now);
        let cost = cost.saturating_mul(MICROS).min(full(limit));
        match self.micros.checked_sub(cost) {
            Some(left) => {
                self.micros = left;
                Ok(())
            }
            None => {
                let missing = cost - self.micros;
                Err(Duration::from_micros(missing.div_ceil(u64::from(limit.per_second.max(1)))))
            }
        }
    }

    fn state(&self, limit: RateLimit) -> RateState {
        let missing = full(limit) - self.micros;
        RateState {
            limit: limit.burst.max(1).into(),
            remaining: self.micros / MICROS,
            reset_ms: missing.div_ceil(u64::from(limit.per_second.max(1))).div_ceil(1_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit { per_second: 10, burst: 5 };

    #[test]
    fn a_bucket_fills_with_time_and_says_when_there_is_room() {
        let begun = Instant::now();
        let after = |ms| begun + Duration::from_millis(ms);
        let mut bucket = Bucket::full(LIMIT, begun);
        assert_eq!(bucket.take(LIMIT, 5, begun), Ok(()));
        assert_eq!(bucket.take(LIMIT, 1, begun), Err(Duration::from_millis(100)));
        assert_eq!(bucket.take(LIMIT, 1, after(99)), Err(Duration::from_millis(1)));
        assert_eq!(bucket.take(LIMIT, 1, after(100)), Ok(()));
        assert_eq!(bucket.state(LIMIT), RateState { limit: 5, remaining: 0, reset_ms: 500 });
        // It never holds more than it holds, and a larger wish takes all of that.
        assert_eq!(bucket.take(LIMIT, 9, after(10_000)), Ok(()));
        assert_eq!(bucket.take(LIMIT, 9, after(10_100)), Err(Duration::from_millis(400)));
    }

    #[test]
    fn who_has_placed_too_much_can_still_cancel_and_a_trade_gives_back() {
        let limits = RateLimits {
            commands: RateLimit { per_second: 1, burst: 2 },
            cancels: RateLimit { per_second: 1, burst: 2 },
            ..RateLimits::PUBLIC
        };
        let limiter = Limiter::new(limits);
        let account = AccountId(7);
        let place: Command = berth_domain::OpenMarket { class: berth_domain::ResourceClass::Cpu }.into();
        let cancel: Command = berth_domain::CancelOrder { order: berth_domain::OrderId(1) }.into();
        assert!(limiter.command(account, &place).is_ok() && limiter.command(account, &place).is_ok());
        assert!(limiter.command(account, &place).is_err());
        assert!(limiter.command(account, &cancel).is_ok());
        assert!(limiter.command(AccountId(8), &place).is_ok(), "others are not concerned");
        limiter.refund(account);
        assert!(limiter.command(account, &place).is_ok() && limiter.command(account, &place).is_err());
    }

    #[test]
    fn there_is_a_bound_to_what_is_kept() {
        let buckets = Buckets::<u64>::default();
        let begun = Instant::now();
        for key in 0..BUCKETS_MAX as u64 + 10 {
            assert!(buckets.take(key, LIMIT, 1, begun).is_ok() || key >= BUCKETS_MAX as u64);
        }
        assert!(buckets.take(u64::MAX, LIMIT, 1, begun).is_err(), "the rest share one");
        let len = || buckets.0.lock().expect("whole").by_key.len();
        assert_eq!(len(), BUCKETS_MAX);
        // Those that are full again make room.
        assert!(buckets.take(u64::MAX, LIMIT, 1, begun + Duration::from_secs(1)).is_ok());
        assert_eq!(len(), 1);
    }
}
