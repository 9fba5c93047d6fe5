//! Messages between clients and the node: they take their time, overtake each
//! other, get lost or come twice; and clients who hear nothing ask again.

use std::collections::BTreeMap;

use berth_domain::{AccountId, Command};
use berth_exchange::Outcome;

use super::{Happening, World};
use crate::line::{Submission, Voice};
use crate::people::is_repeatable;
use crate::referee::Checked;
use crate::setting::{MILLI, SECOND};
use crate::settler::Told;

/// How often a person or an agent asks before he gives up.
const TRIES: u32 = 6;

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// A person or an agent, who gives up at some time.
    Client,
    /// The gateway, which opens accounts for owners.
    Gateway,
    /// The settler, in one of its lives.
    Settler(u64, Told),
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    asker: Asker,
    account: AccountId,
    voice: Voice,
    command: Command,
    tries: u32,
}

/// Requests that wait for an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests {
    open: BTreeMap<u64, Request>,
    made: u64,
}

impl Requests {
    /// The number of the next request.
    pub(super) const fn next(&self) -> u64 {
        self.made + 1
    }

    /// What came of a request that is still open.
    fn close(&mut self, id: u64) -> Option<Request> {
        self.open.remove(&id)
    }

    /// Who asked is no more.
    pub(super) fn forget_settler(&mut self) {
        self.open.retain(|_, request| !matches!(request.asker, Asker::Settler(..)));
    }
}

/// An answer on its way.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    request: u64,
    outcome: Outcome,
}

impl World<'_> {
    /// Somebody says something to the exchange.
    pub(super) fn say(&mut self, account: AccountId, command: Command) {
        let asker = if account == AccountId::EXCHANGE { Asker::Gateway } else { Asker::Client };
        self.ask(asker, account, command);
    }

    pub(super) fn ask(&mut self, asker: Asker, account: AccountId, command: Command) {
        self.request(Request { asker, account, voice: Voice::Account, command, tries: 0 });
    }

    /// Somebody says something and signs it with his key.
    pub(super) fn sign(&mut self, account: AccountId, command: Command) {
        self.request(Request { asker: Asker::Client, account, voice: Voice::Own, command, tries: 0 });
    }

    /// Somebody has it said by another voice.
    pub(super) fn say_by(&mut self, account: AccountId, voice: Voice, command: Command) {
        let asker = if account == AccountId::EXCHANGE { Asker::Gateway } else { Asker::Client };
        self.request(Request { asker, account, voice, command, tries: 0 });
    }

    fn request(&mut self, request: Request) {
        self.requests.made += 1;
        let id = self.requests.made;
        self.requests.open.insert(id, request);
        self.send(id);
    }

    /// Sends a request on its way, perhaps not for the first time.
    fn send(&mut self, id: u64) {
        let Some(request) = self.requests.open.get_mut(&id) else { return };
        request.tries += 1;
        let Request { account, voice, ref command, .. } = *request;
        let submission = Submission { request: id, account, voice, command: command.clone() };
        if request.tries > 1 {
            self.meet("request sent again");
        }
        for _ in 0..self.copies() {
            let way = self.way();
            self.plan(way, Happening::Arrive(Box::new(submission.clone())));
        }
        let patience = self.dice.between(2 * SECOND, 10 * SECOND);
        self.plan(patience, Happening::Patience(id));
    }

    /// How often a message arrives.
    fn copies(&mut self) -> u32 {
        if self.dice.per_mille(self.weather.lost) {
            self.meet("message lost");
            0
        } else if self.dice.per_mille(self.weather.doubled) {
            self.meet("message doubled");
            2
        } else {
            1
        }
    }

    /// How long it takes.
    fn way(&mut self) -> u64 {
        // Most are quick, and some are overtaken by many.
        let most = if self.dice.once_in(8) { self.weather.way_ms_max } else { self.weather.way_ms_max.min(20) };
        self.dice.between(100, most * MILLI)
    }

    /// An answer goes out, if it is not lost.
    pub(super) fn answer(&mut self, request: u64, outcome: Outcome) {
        for _ in 0..self.copies() {
            let way = self.way();
            self.plan(way, Happening::Answer(Answer { request, outcome }));
        }
    }

    pub(super) fn answered(&mut self, answer: &Answer) -> Checked {
        let Some(request) = self.requests.close(answer.request) else { return Ok(()) };
        match request.asker {
            Asker::Settler(life, told) if life == self.settler.life => {
                self.settler.answered(answer.request, told, &request.command, answer.outcome)
            }
            Asker::Client | Asker::Gateway | Asker::Settler(..) => Ok(()),
        }
    }

    pub(super) fn lose_patience(&mut self, id: u64) {
        let Some(request) = self.requests.open.get(&id) else { return };
        let goes_on = match request.asker {
            Asker::Client => request.tries < TRIES && is_repeatable(&request.command),
            Asker::Gateway | Asker::Settler(..) => true,
        };
        if goes_on {
            self.send(id);
        } else {
            self.requests.close(id);
        }
    }
}
