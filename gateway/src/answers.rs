//! Acknowledgements that wait until the view has what they speak of, so that who
//! is answered reads what they did.
//!
//! Each is given by the view's own thread: whoever waits is woken once, and only
//! by its own batch.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use berth_domain::Seq;
use berth_journal::Ack;

type Give = Box<dyn FnOnce(Ack) + Send>;

/// Those that wait, by their places in the log.
pub(crate) struct Answers(Mutex<State>);

struct State {
    /// The last entry that the view has.
    head: Seq,
    /// Behind it; the oldest first, since the sequencer acknowledges in order.
    waiting: VecDeque<(Ack, Give)>,
}

impl Answers {
    /// Of a view that has everything up to `head`.
    pub(crate) const fn new(head: Seq) -> Self {
        Self(Mutex::new(State { head, waiting: VecDeque::new() }))
    }

    /// Has `give` called with an acknowledgement as soon as the view has its
    /// entry: now, or by [`Self::reached`].
    pub(crate) fn owe(&self, ack: Ack, give: impl FnOnce(Ack) + Send + 'static) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ack.seq <= state.head {
            drop(state);
            give(ack);
        } else {
            state.waiting.push_back((ack, Box::new(give)));
        }
    }

    /// The view has everything up to `head` now.
    pub(crate) fn reached(&self, head: Seq) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.head = head;
        let due = state.waiting.partition_point(|(ack, _)| ack.seq <= head);
        // Whoever owes the next one does not wait for these to be given.
        let due: Vec<_> = state.waiting.drain(..due).collect();
        drop(state);
        due.into_iter().for_each(|(ack, give)| give(ack));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use berth_domain::{Digest, Micros};
    use berth_exchange::{Outcome, Reply};

    use super::*;

    fn ack(seq: u64) -> Ack {
        let outcome = Outcome::Done(Reply::None);
        Ack { seq: Seq(seq), at: Micros(seq), entry_hash: Digest([0; 32]), outcome }
    }

    #[test]
    fn an_answer_is_given_when_the_view_has_its_entry_and_not_before() {
        let (answers, given) = (Answers::new(Seq(3)), Arc::new(Mutex::new(Vec::new())));
        let owe = |seq| {
            let given = Arc::clone(&given);
            answers.owe(ack(seq), move |ack| given.lock().unwrap().push(ack.seq.0));
        };
        let told = || given.lock().unwrap().clone();
        owe(3);
        assert_eq!(told(), [3], "the view had it already");
        owe(4);
        owe(5);
        owe(7);
        answers.reached(Seq(3));
        assert_eq!(told(), [3]);
        answers.reached(Seq(5));
        assert_eq!(told(), [3, 4, 5]);
        owe(5);
        assert_eq!(told(), [3, 4, 5, 5]);
        answers.reached(Seq(9));
        assert_eq!(told(), [3, 4, 5, 5, 7]);
    }
}
