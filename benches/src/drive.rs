//! Drivers: what carries out a workload's commands, and what came of them.

mod inputs;
mod ladder_books;
mod tally;
mod tree_books;
mod whole_exchange;

pub(crate) use inputs::Inputs;
pub use ladder_books::LadderBooks;
pub use tally::{Event, Tally};
pub(crate) use tree_books::Resting;
pub use tree_books::TreeBooks;
pub use whole_exchange::WholeExchange;

use crate::workload::{Command, Workload};

/// Commands that are carried out one after the other before their events are
/// read, as many as a busy node puts into one batch of its log.
pub(crate) const BATCH: usize = 256;

/// Something that carries out a workload: books alone, or a whole exchange.
pub trait Driver: Sized {
    /// What it is, in reports.
    const NAME: &'static str;

    /// Makes one whose tables are sized for the workload.
    fn open(workload: &Workload) -> Self;

    /// Makes of a batch what it is carried out from. Not timed.
    fn prepare(&mut self, batch: &[Command]);

    /// Carries out the batch that was prepared. This is timed.
    fn run(&mut self, batch: &[Command]);

    /// Adds up the events of the batch. Not timed.
    fn tell(&mut self);

    /// What the events have said since the last call.
    fn take_tally(&mut self) -> Tally;

    /// Orders that rest, and the sum of their quantities.
    fn resting(&self) -> (u64, u64);
}

/// The books of a workload and the matching between their sides, with an event
/// for all that happens.
pub trait Books: Sized {
    /// What it is, in reports.
    const NAME: &'static str;

    /// Makes empty books whose tables are sized for the workload.
    fn open(workload: &Workload) -> Self;

    /// Carries out one batch and appends its events.
    fn apply(&mut self, batch: &[Command], events: &mut Vec<Event>);

    /// Orders that rest, and the sum of their quantities.
    fn resting(&self) -> (u64, u64);
}

/// Drives books alone.
#[derive(Debug)]
pub struct BooksAlone<B> {
    books: B,
    events: Vec<Event>,
    tally: Tally,
}

impl<B: Books> Driver for BooksAlone<B> {
    const NAME: &'static str = B::NAME;

    fn open(workload: &Workload) -> Self {
        // A command may trade with as many orders as it has quantity: room for
        // the commonest, so that a batch stays within what is there.
        Self { books: B::open(workload), events: Vec::with_capacity(BATCH * 16), tally: Tally::default() }
    }

    fn prepare(&mut self, _: &[Command]) {
        self.events.clear();
    }

    fn run(&mut self, batch: &[Command]) {
        self.books.apply(batch, &mut self.events);
    }

    fn tell(&mut self) {
        self.tally.add(&self.events);
    }

    fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    fn resting(&self) -> (u64, u64) {
        self.books.resting()
    }
}
