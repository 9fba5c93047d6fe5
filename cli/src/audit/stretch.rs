//! Walks that begin in the middle of a log, at the nearest snapshot before what
//! matters, and those that go on with it while it grows.

use std::ops::ControlFlow;
use std::thread::sleep;
use std::time::Duration;

use berth_audit::{Moment, Player};
use berth_domain::{Micros, Seq};
use berth_exchange::Exchange;
use berth_journal::Tip;

use super::progress::Progress;
use super::source::{Log, Source};
use super::walk::Data;
use crate::fault::{Fault, While};

/// Between two looks at a log that may have grown.
const POLL: Duration = Duration::from_millis(200);

impl Data {
    /// Whether a node is asked for the log.
    ///
    /// # Errors
    /// As [`Self::source`].
    pub(crate) fn is_elsewhere(&self) -> Result<bool, Fault> {
        Ok(matches!(self.source()?, Source::Node(_)))
    }

    /// The last entry.
    ///
    /// # Errors
    /// When the log is empty, or cannot be read.
    pub(crate) fn last(&self) -> Result<Seq, Fault> {
        let last = self.open()?.last()?;
        last.map(|batch| batch.last()).ok_or_else(|| Fault::CouldNotRun("the log is empty".to_owned()))
    }

    /// The state behind the last entry.
    ///
    /// # Errors
    /// When the log is empty, or cannot be read.
    pub(crate) fn end(&self) -> Result<Exchange, Fault> {
        self.state_at(self.last()?)
    }

    /// Plays the log and shows each entry from `from` on, until `visit` breaks.
    /// What is before it is not played where a snapshot has it.
    ///
    /// # Errors
    /// As [`Self::walk`]; when the log ends before `from`.
    pub(crate) fn walk_from(
        &self,
        from: Seq,
        visit: impl FnMut(&Moment<'_>) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<Player, Fault> {
        if from <= Seq(1) {
            return self.walk(visit);
        }
        // Of a node nothing but its log can be checked: all of it comes once.
        if self.is_elsewhere()? {
            let mut visit = visit;
            return self.walk(|moment| if moment.seq() < from { Ok(ControlFlow::Continue(())) } else { visit(moment) });
        }
        self.walk_on(Player::from(self.state_at(Seq(from.0 - 1))?), visit)
    }

    /// Plays the log from where a player stands.
    ///
    /// # Errors
    /// As [`Self::walk`].
    pub(crate) fn walk_on(
        &self,
        mut player: Player,
        mut visit: impl FnMut(&Moment<'_>) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<Player, Fault> {
        let mut progress = Progress::new();
        let log = self.open()?;
        // A break is the end that was asked for.
        let _ = play_on(&log, &mut player, &mut progress, &mut visit)?;
        Ok(player)
    }

    /// The same, and goes on with what the log grows by, until `visit` breaks or
    /// `is_over`.
    ///
    /// # Errors
    /// As [`Self::walk`].
    pub(crate) fn follow(
        &self,
        mut player: Player,
        is_over: impl Fn() -> bool,
        mut visit: impl FnMut(&Moment<'_>) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<(), Fault> {
        // Nobody waits for an end that does not come.
        let mut progress = Progress::none();
        let log = self.open()?;
        while !is_over() {
            log.catch_up()?;
            if play_on(&log, &mut player, &mut progress, &mut visit)?.is_break() {
                return Ok(());
            }
            sleep(POLL);
        }
        Ok(())
    }

    /// The first entry up to `end` that is stamped at or after a time, where the
    /// log lies here; the first of all where it does not.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) fn first_at(&self, at: Micros, end: Seq) -> Result<Seq, Fault> {
        let log = self.open()?;
        if matches!(log, Log::Node(_)) {
            return Ok(Seq(1));
        }
        let (mut low, mut high) = (1, end.0.max(1));
        while low < high {
            let middle = Seq(low + (high - low) / 2);
            let batch = log.holding(middle)?;
            let stamp = batch.iter().flat_map(|batch| &batch.entries).find(|entry| entry.seq == middle);
            match stamp.map(|entry| entry.at) {
                Some(stamp) if stamp < at => low = middle.0 + 1,
                Some(_) => high = middle.0,
                // What is wrong with it, the walk says.
                None => return Ok(Seq(1)),
            }
        }
        Ok(Seq(low))
    }
}

/// Plays what a log has behind a player; breaks when `visit` does.
fn play_on(
    log: &Log,
    player: &mut Player,
    progress: &mut Progress,
    visit: &mut impl FnMut(&Moment<'_>) -> Result<ControlFlow<()>, Fault>,
) -> Result<ControlFlow<()>, Fault> {
    let from = player.exchange().head().next();
    // What the first batch must link to is not known here: the snapshot before it
    // was compared with its place in the log.
    let mut tip: Option<Tip> = None;
    for batch in log.batches(from) {
        let batch = batch?;
        if let Some(tip) = tip {
            tip.check_links(&batch).or_fault("following the log")?;
        }
        tip = Some(Tip { seq: batch.last(), hash: batch.hash, epoch: batch.epoch, events: batch.events });
        for entry in batch.entries.iter().filter(|entry| entry.seq >= from) {
            let moment = player.play(entry).or_fault("playing the log")?;
            progress.at(entry.seq);
            if visit(&moment)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}
