//! The node: gives commands their place and time, runs the exchange ahead of
//! the disk, and lets nothing out before it is durable.

use berth_domain::{AccountId, Authority, Command, Digest, Entry, Genesis, Micros, RULES_VERSION, Resumed, Seq, Tick};
use berth_exchange::Exchange;

use crate::bug::LineBug;
use crate::line::disk::Disk;
use crate::line::frame::{Frame, Tip, next_digest};
use crate::line::history::Applied;
use crate::referee::{Checked, Violation, rule};
use crate::setting::{MILLI, SECOND};
use crate::world::{Env, Happening};

/// Entries that one batch may hold.
const BATCH_MAX: usize = 24;
/// Entries that may wait to be written; more are turned away.
const QUEUE_MAX: usize = 200;
/// Ticks in a row that may stand at one time.
const TICKS_MAX: usize = 10_000;
/// The node's clock is wrong by this much at most, in microseconds.
const SKEW_MAX: u64 = 300 * MILLI;

/// What a client asks the node to put into the log.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    /// The request that it came with.
    pub(crate) request: u64,
    pub(crate) account: AccountId,
    pub(crate) voice: Voice,
    pub(crate) command: Command,
}

/// By whom an account has something said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Voice {
    /// Itself, on the operator's word; or the exchange.
    Account,
    /// Its own key, which signs when the node takes it.
    Own,
    /// This key, on the operator's word.
    Key([u8; 32]),
    /// This key, which signed it then, perhaps as a message: what is sent again is
    /// not signed again.
    Signed { key: [u8; 32], nonce: u64, is_message: bool },
}

impl Submission {
    /// What the node believes it by. Nobody checks a signature behind it.
    fn authority(&self, x: &Exchange, at: Micros) -> Authority {
        let signature = [2; 64];
        match self.voice {
            Voice::Account if self.account == AccountId::EXCHANGE => Authority::Exchange,
            Voice::Account => Authority::OperatorAttested,
            Voice::Own => {
                let known = x.account(self.account);
                let (key, last) = known.map_or(([1; 32], 0), |known| (known.address.0, known.nonce()));
                Authority::Signed { key, nonce: at.0.max(last + 1), signature }
            }
            Voice::Key(key) => Authority::KeyAttested { key },
            Voice::Signed { key, nonce, is_message: false } => Authority::Signed { key, nonce, signature },
            Voice::Signed { key, nonce, is_message: true } => Authority::SignedMessage { key, nonce, signature },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Down,
    /// It reads its log, and writes the entry that this run begins with.
    Opening,
    Up,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) phase: Phase,
    /// Which run of the node this is; it grows at each start and each end. What
    /// was planned for another is void.
    pub(crate) epoch: u64,
    pub(crate) disk: Disk,
    exchange: Exchange,
    /// The end of what was handed to the disk.
    tip: Tip,
    /// Digest of all events, those of the pending entries included.
    digest: Digest,
    /// Applied and not written.
    pending: Vec<Applied>,
    is_write_planned: bool,
    /// Written and not synced.
    syncing: Vec<Applied>,
    /// Durable and not told.
    durable: Vec<Applied>,
    alarm: Option<Micros>,
    /// How far the node's clock is ahead, in microseconds.
    skew: i64,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self {
            phase: Phase::Down,
            epoch: 0,
            disk: Disk::default(),
            exchange: Exchange::new(),
            tip: Tip::default(),
            digest: Digest::default(),
            pending: Vec::new(),
            is_write_planned: false,
            syncing: Vec::new(),
            durable: Vec::new(),
            alarm: None,
            skew: 0,
        }
    }

    /// Begins the log.
    pub(crate) fn begin(&mut self, env: &mut Env<'_>, genesis: Genesis) -> Checked {
        self.open(env, genesis.into())
    }

    /// Goes on with a log that was read back.
    pub(crate) fn resume(&mut self, env: &mut Env<'_>, exchange: Exchange, tip: Tip) -> Checked {
        let disk = std::mem::take(&mut self.disk);
        *self = Self { disk, exchange, epoch: self.epoch, tip, digest: tip.events, ..Self::new() };
        self.set_clock(env);
        let at = self.stamp(env.now);
        let resumed = Resumed { down_from: self.exchange.last_at(), up_at: at };
        if env.bug == Some(LineBug::ResumptionMissing) {
            self.epoch += 1;
            self.phase = Phase::Up;
            self.plan_alarm(env);
            return Ok(());
        }
        self.open(env, resumed.into())
    }

    fn open(&mut self, env: &mut Env<'_>, command: Command) -> Checked {
        self.phase = Phase::Opening;
        self.epoch += 1;
        self.append_own(env, self.stamp(env.now), command)?;
        self.plan_write(env);
        Ok(())
    }

    /// The power goes: whatever was only in memory is gone. Answers how many
    /// entries that was.
    pub(crate) fn crash(&mut self, env: &mut Env<'_>) -> usize {
        self.disk.crash(env.dice);
        let lost = self.pending.len() + self.syncing.len();
        *self = Self { disk: std::mem::take(&mut self.disk), epoch: self.epoch + 1, ..Self::new() };
        lost
    }

    /// Puts a submission into the log, behind the ticks that are due. Answers
    /// what came of it, unless the node takes nothing now.
    pub(crate) fn take(&mut self, env: &mut Env<'_>, what: Submission) -> Result<Option<&Applied>, Violation> {
        if self.phase != Phase::Up || self.pending.len() >= QUEUE_MAX {
            return Ok(None);
        }
        if env.dice.once_in(300) {
            self.set_clock(env);
        }
        let at = self.stamp(env.now);
        if env.bug != Some(LineBug::TickMissing) {
            self.fire_due(env, at)?;
        }
        let authority = what.authority(&self.exchange, at);
        self.append(env, at, what.account, authority, what.command, Some(what.request))?;
        self.plan_write(env);
        self.plan_alarm(env);
        Ok(self.pending.last())
    }

    /// A timer may be due.
    pub(crate) fn ring(&mut self, env: &mut Env<'_>, alarm: Micros) -> Checked {
        if self.alarm != Some(alarm) {
            return Ok(());
        }
        self.alarm = None;
        if self.phase == Phase::Up {
            self.fire_due(env, self.stamp(env.now))?;
            self.plan_write(env);
        }
        self.plan_alarm(env);
        Ok(())
    }

    /// Group commit: what is pending goes into one write, up to a bound.
    pub(crate) fn write(&mut self, env: &mut Env<'_>) {
        self.is_write_planned = false;
        let rest = self.pending.split_off(self.pending.len().min(BATCH_MAX));
        self.syncing = std::mem::replace(&mut self.pending, rest);
        let Some(last) = self.syncing.last() else { return };
        let (seq, events) = (last.entry.seq, last.digest);
        let (bytes, hash) = Frame::seal(&self.tip, self.epoch, self.syncing.iter().map(|applied| &applied.entry));
        self.disk.write(&bytes);
        self.tip = Tip { seq, epoch: self.epoch, hash, events };
        let is_slow = env.dice.per_mille(env.weather.slow_disk);
        let (least, most) = if is_slow { (SECOND / 2, 2 * SECOND) } else { (200, 5 * MILLI) };
        env.plan_within(least, most, Happening::Synced(self.epoch));
    }

    /// The last write is durable: what it holds may be told from now on.
    pub(crate) fn synced(&mut self, env: &mut Env<'_>) -> &[Applied] {
        self.disk.sync();
        self.durable.append(&mut self.syncing);
        env.plan_within(0, 100, Happening::Release(self.epoch));
        &self.durable
    }

    /// Takes what is durable, to tell it, and writes what has come meanwhile.
    pub(crate) fn release(&mut self, env: &mut Env<'_>) -> Vec<Applied> {
        self.phase = Phase::Up;
        let durable = std::mem::take(&mut self.durable);
        self.plan_write(env);
        self.plan_alarm(env);
        durable
    }

    fn set_clock(&mut self, env: &mut Env<'_>) {
        let skew = env.dice.below(2 * SKEW_MAX);
        self.skew = i64::try_from(skew).expect("small") - i64::try_from(SKEW_MAX).expect("small");
    }

    /// The clock may run back; stamps never do.
    fn stamp(&self, now: Micros) -> Micros {
        Micros(now.0.saturating_add_signed(self.skew)).max(self.exchange.last_at())
    }

    fn fire_due(&mut self, env: &mut Env<'_>, at: Micros) -> Checked {
        for _ in 0..TICKS_MAX {
            if self.exchange.next_deadline().is_none_or(|due| due > at) {
                return Ok(());
            }
            self.append_own(env, at, Tick.into())?;
        }
        Err(rule::TIMERS.broken(format!("timers are still due at {at:?} after {TICKS_MAX} ticks")))
    }

    /// What the node says itself.
    fn append_own(&mut self, env: &mut Env<'_>, at: Micros, command: Command) -> Checked {
        self.append(env, at, AccountId::EXCHANGE, Authority::Exchange, command, None)
    }

    fn append(
        &mut self,
        env: &mut Env<'_>,
        at: Micros,
        account: AccountId,
        authority: Authority,
        command: Command,
        request: Option<u64>,
    ) -> Checked {
        let seq = self.exchange.head().next();
        let entry = Entry { rules: RULES_VERSION, seq, at, account, authority, command };
        env.trace.entry(&entry);
        let mut events = Vec::new();
        let outcome = self
            .exchange
            .apply(&entry, &mut events)
            .map_err(|violation| rule::LOG.broken(format!("the exchange refuses entry {seq}: {violation}")))?;
        env.trace.came(outcome, &events);
        self.digest = next_digest(self.digest, seq, &events);
        let hash = entry.hash();
        self.pending.push(Applied { entry, hash, outcome, events, digest: self.digest, request });
        Ok(())
    }

    fn plan_write(&mut self, env: &mut Env<'_>) {
        if !self.is_write_planned && self.syncing.is_empty() && self.durable.is_empty() && !self.pending.is_empty() {
            self.is_write_planned = true;
            env.plan_within(0, MILLI, Happening::Write(self.epoch));
        }
    }

    /// Has itself woken when the next timer is due, or a little later.
    fn plan_alarm(&mut self, env: &mut Env<'_>) {
        let Some(deadline) = self.exchange.next_deadline() else { return };
        let due = Micros(deadline.0.saturating_add_signed(-self.skew)).max(env.now);
        if self.alarm.is_none_or(|alarm| due < alarm) {
            let late = if env.dice.once_in(20) { 2 * SECOND } else { 10 * MILLI };
            let at = Micros(due.0 + env.dice.between(1, late));
            self.alarm = Some(at);
            env.agenda.plan(at, Happening::Alarm(self.epoch, at));
        }
    }

    /// The place of the last entry that was applied, durable or not.
    pub(crate) const fn head(&self) -> Seq {
        self.exchange.head()
    }
}
