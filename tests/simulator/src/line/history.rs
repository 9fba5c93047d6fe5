//! What is durable, and the twin that has applied it without ever stopping. The
//! twin is what readers of the node see: nobody reads ahead of the disk.

use std::collections::BTreeMap;

use berth_domain::{Command, Digest, Entry, Event, Seq};
use berth_exchange::{Exchange, Outcome, StateHash};

use crate::line::disk::Found;
use crate::line::frame::{Tip, next_digest};
use crate::referee::{Checked, Referee, Violation, rule};

/// The state hash of every so many entries is kept, for followers.
const HASHED: u64 = 64;

/// One entry and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    pub(crate) entry: Entry,
    /// BLAKE3 over its canonical bytes.
    pub(crate) hash: Digest,
    pub(crate) outcome: Outcome,
    pub(crate) events: Vec<Event>,
    /// Digest of all events up to here.
    pub(crate) digest: Digest,
    /// The request that waits for an answer.
    pub(crate) request: Option<u64>,
}

/// What somebody was told of his command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) seq: Seq,
    pub(crate) hash: Digest,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) struct History {
    twin: Exchange,
    entries: Vec<Applied>,
    hashes: BTreeMap<u64, StateHash>,
    acks: Vec<Ack>,
    /// How many of the entries are told.
    published: usize,
    referee: Referee,
}

impl History {
    pub(crate) fn new(referee: Referee) -> Self {
        Self {
            twin: Exchange::new(),
            entries: Vec::new(),
            hashes: BTreeMap::new(),
            acks: Vec::new(),
            published: 0,
            referee,
        }
    }

    /// The exchange as of all that is durable.
    pub(crate) const fn exchange(&self) -> &Exchange {
        &self.twin
    }

    /// Everything that is durable.
    pub(crate) fn entries(&self) -> &[Applied] {
        &self.entries
    }

    /// Everything that readers are told of.
    pub(crate) fn published(&self) -> &[Applied] {
        &self.entries[..self.published]
    }

    /// The state hash behind an entry, where one was kept.
    pub(crate) fn hash_at(&self, seq: Seq) -> Option<StateHash> {
        self.hashes.get(&seq.0).copied()
    }

    pub(crate) const fn referee(&self) -> &Referee {
        &self.referee
    }

    /// Lets the twin apply an entry that is durable now, and has all rules
    /// checked.
    pub(crate) fn absorb(&mut self, applied: &Applied) -> Checked {
        let entry = &applied.entry;
        self.referee.before(&self.twin, entry, applied.outcome);
        let mut events = Vec::new();
        let outcome = self
            .twin
            .apply(entry, &mut events)
            .map_err(|violation| rule::LOG.broken(format!("the twin refuses entry {}: {violation}", entry.seq)))?;
        if outcome != applied.outcome || events != applied.events {
            let (seq, here, there) = (entry.seq, (applied.outcome, &applied.events), (outcome, &events));
            let said = format!("entry {seq} came to {here:?}, and for the twin to {there:?}");
            return Err(rule::RESTART.broken(said));
        }
        self.referee.after(&self.twin, entry, outcome, &events)?;
        if entry.seq.0.is_multiple_of(HASHED) {
            self.hashes.insert(entry.seq.0, self.twin.state_hash());
        }
        self.entries.push(applied.clone());
        Ok(())
    }

    /// Somebody is told what came of his command.
    pub(crate) fn acknowledge(&mut self, applied: &Applied) {
        self.acks.push(Ack { seq: applied.entry.seq, hash: applied.hash, outcome: applied.outcome });
    }

    /// Readers are told of all that is durable.
    pub(crate) fn publish(&mut self) {
        self.published = self.entries.len();
    }

    /// Reads a log back, as a node does that starts, and holds it against what
    /// was known of it: nothing that was durable or told may be missing, and the
    /// exchange that comes of it equals the twin.
    pub(crate) fn recover(&mut self, found: &Found) -> Result<(Exchange, Tip), Violation> {
        let mut exchange = Exchange::new();
        let mut tip = Tip::default();
        let mut read = Vec::new();
        for frame in &found.frames {
            let first = tip.seq.next();
            if (frame.previous, frame.events) != (tip.hash, tip.events) {
                return Err(rule::RESTART.broken(format!("the batch at {first} does not follow the one before it")));
            }
            let begins = frame.epoch > tip.epoch && tip.seq > Seq(0);
            let resumes = matches!(frame.entries.first().map(|entry| &entry.command), Some(Command::Resumed(_)));
            if begins != resumes {
                return Err(
                    rule::LOG.broken(format!("the run that begins at {first} does not begin with a resumption"))
                );
            }
            for entry in &frame.entries {
                let applied = replay(&mut exchange, tip.events, entry)?;
                tip = Tip { seq: entry.seq, events: applied.digest, ..tip };
                read.push(applied);
            }
            tip = Tip { epoch: frame.epoch, hash: frame.hash, ..tip };
        }
        self.check_told(&read)?;
        self.check_known(&read)?;
        for applied in read.iter().skip(self.entries.len()) {
            self.absorb(applied)?;
        }
        let (here, there) = (exchange.state_hash(), self.twin.state_hash());
        if here != there {
            let said = format!("after entry {} the restarted exchange is {here:?}, and the twin {there:?}", tip.seq);
            return Err(rule::RESTART.broken(said));
        }
        self.publish();
        Ok((exchange, tip))
    }

    fn check_told(&self, read: &[Applied]) -> Checked {
        for ack in &self.acks {
            let place = usize::try_from(ack.seq.0 - 1).expect("a log in memory");
            let there = read.get(place).map(|applied| Ack {
                seq: applied.entry.seq,
                hash: applied.hash,
                outcome: applied.outcome,
            });
            if there != Some(*ack) {
                return Err(rule::ACKNOWLEDGED.broken(format!("{ack:?} was told, and the log has {there:?}")));
            }
        }
        Ok(())
    }

    fn check_known(&self, read: &[Applied]) -> Checked {
        if read.len() < self.entries.len() {
            let (durable, left) = (self.entries.len(), read.len());
            return Err(rule::DURABLE.broken(format!("{durable} entries were durable, and {left} are left")));
        }
        for (known, read) in self.entries.iter().zip(read) {
            if known.entry != read.entry {
                return Err(rule::DURABLE.broken(format!("entry {} is another now: {read:?}", known.entry.seq)));
            }
            if (known.outcome, known.digest) != (read.outcome, read.digest) {
                let (seq, then, now) = (known.entry.seq, (known.outcome, &known.events), (read.outcome, &read.events));
                return Err(rule::RESTART.broken(format!("entry {seq} came to {then:?}, and read back to {now:?}")));
            }
        }
        Ok(())
    }
}

/// Applies an entry that was read from a log.
pub(crate) fn replay(exchange: &mut Exchange, digest: Digest, entry: &Entry) -> Result<Applied, Violation> {
    let mut events = Vec::new();
    let outcome = exchange
        .apply(entry, &mut events)
        .map_err(|violation| rule::LOG.broken(format!("entry {} does not stand in its log: {violation}", entry.seq)))?;
    let digest = next_digest(digest, entry.seq, &events);
    Ok(Applied { entry: entry.clone(), hash: entry.hash(), outcome, events, digest, request: None })
}
