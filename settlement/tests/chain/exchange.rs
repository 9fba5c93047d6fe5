//! An exchange in memory: a log of events, and the facts that were reported.
//! It survives the settlers that connect to it, as the real one does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use berth_settlement::{Events, Exchange, ExchangeError, ExchangeEvent, Frame};
use berth_wire::domain::Code;
use berth_wire::request::Fact;

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    frames: Vec<Frame>,
    facts: Vec<Fact>,
    /// Reports that get no answer, before it answers again: the fact is taken
    /// all the same.
    lost_answers: u32,
    /// Whether the log was replaced by another.
    replaced: bool,
    /// Facts of this kind are refused, and how.
    refusal: Option<(&'static str, Code)>,
}

pub(crate) struct Reader {
    log: Log,
    from: u64,
}

impl Log {
    pub(crate) fn push(&self, event: ExchangeEvent) {
        let mut state = self.0.lock().unwrap();
        let seq = state.frames.len() as u64 + 1;
        state.frames.push(Frame { seq, events: vec![event] });
    }

    pub(crate) fn lose_answers(&self, count: u32) {
        self.0.lock().unwrap().lost_answers = count;
    }

    /// The node has another log from now on.
    pub(crate) fn replace(&self) {
        self.0.lock().unwrap().replaced = true;
    }

    /// Refuses facts whose method is `method` with `code`, until told otherwise.
    pub(crate) fn refuse(&self, refusal: Option<(&'static str, Code)>) {
        self.0.lock().unwrap().refusal = refusal;
    }

    /// The facts, each once, in the order in which they first came.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        self.0.lock().unwrap().facts.clone()
    }

    /// Waits until `count` facts are known.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Fact> {
        for _ in 0..600 {
            let facts = self.facts();
            if facts.len() >= count {
                return facts;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("only {:?} after 30 seconds", self.facts());
    }
}

impl Exchange for Log {
    type Events = Reader;

    async fn log_id(&self) -> Result<String, ExchangeError> {
        Ok("ab".repeat(32))
    }

    fn events(&self, from: u64) -> Reader {
        Reader { log: self.clone(), from }
    }

    async fn report(&self, fact: &Fact) -> Result<(), ExchangeError> {
        let mut state = self.0.lock().unwrap();
        if let Some((_, code)) = state.refusal.filter(|(method, _)| *method == fact.method()) {
            return Err(ExchangeError::Refused { code, detail: "as the test wants".to_owned() });
        }
        if !state.facts.contains(fact) {
            state.facts.push(fact.clone());
        }
        if state.lost_answers > 0 {
            state.lost_answers -= 1;
            return Err(ExchangeError::Unreachable("the answer is lost".to_owned()));
        }
        Ok(())
    }
}

impl Events for Reader {
    async fn next(&mut self) -> Result<Frame, ExchangeError> {
        loop {
            let frame = {
                let state = self.log.0.lock().unwrap();
                if state.replaced {
                    return Err(ExchangeError::OtherLog("it was replaced".to_owned()));
                }
                state.frames.iter().find(|frame| frame.seq >= self.from).cloned()
            };
            if let Some(frame) = frame {
                self.from = frame.seq + 1;
                return Ok(frame);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
