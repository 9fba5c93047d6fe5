//! A world: everything in it, and what happens next. One step after the other,
//! in simulated time, on one thread.

mod drive;
mod finish;
mod network;

use berth_domain::{Digest, Entry, Micros};

use crate::Run;
use crate::agenda::Agenda;
use crate::bug::{Bug, LineBug};
use crate::cast::OWNERS;
use crate::chain::{Chain, Contract};
use crate::coverage::Coverage;
use crate::dice::Dice;
use crate::line::{Follower, History, Node, Phase, Submission};
use crate::people::{Agent, Deed, Memory, Scene, opening, turn};
use crate::referee::{Referee, Violation};
use crate::setting::{MILLI, SECOND, Setting, Weather};
use crate::settler::Settler;
use crate::trace::Trace;

use self::network::{Answer, Requests};

/// Steps after which a run has gone astray.
const STEPS_MAX: u64 = 2_000_000;

/// What can happen.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// Somebody has a turn.
    Turn,
    /// A message reaches the node.
    Arrive(Box<Submission>),
    /// An answer reaches who asked.
    Answer(Answer),
    /// Who asked with this request has waited long enough.
    Patience(u64),
    /// The node writes, in the run of this number; likewise below.
    Write(u64),
    /// Its write is durable.
    Synced(u64),
    /// It answers and publishes.
    Release(u64),
    /// A timer of it may be due.
    Alarm(u64, Micros),
    /// It starts.
    Start,
    /// A ledger of the chain closes.
    Ledger,
    /// The settler looks at what there is to do, in the life of this number.
    Settle(u64),
    /// It starts.
    SettlerStart,
    /// An agent looks at its leases.
    Agent(usize),
    /// A follower reads on.
    Follow(usize),
    /// A run comes to its end: everybody takes back what he can.
    Sweep,
}

/// What a part of the world may touch of the rest.
pub(crate) struct Env<'a> {
    pub(crate) now: Micros,
    pub(crate) agenda: &'a mut Agenda<Happening>,
    pub(crate) dice: &'a mut Dice,
    pub(crate) trace: &'a mut Trace,
    pub(crate) weather: Weather,
    pub(crate) bug: Option<LineBug>,
}

impl Env<'_> {
    /// Plans something for so many microseconds from now.
    pub(crate) fn plan_in(&mut self, micros: u64, what: Happening) {
        self.agenda.plan(Micros(self.now.0 + micros), what);
    }

    /// The same, for a time that chance chooses between two bounds.
    pub(crate) fn plan_within(&mut self, least: u64, most: u64, what: Happening) {
        let micros = self.dice.between(least, most);
        self.plan_in(micros, what);
    }
}

pub(crate) struct World<'t> {
    now: Micros,
    agenda: Agenda<Happening>,
    dice: Dice,
    trace: &'t mut Trace,
    setting: Setting,
    weather: Weather,
    bug: Option<LineBug>,
    node: Node,
    history: History,
    requests: Requests,
    chain: Chain,
    settler: Settler,
    agents: Vec<Agent>,
    followers: Vec<Follower>,
    memory: Memory,
    turns_left: u64,
    /// When the run must have come to its end, once it is drained.
    drained_by: Option<Micros>,
    coverage: Coverage,
}

/// A run that held.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Things that happened.
    pub steps: u64,
    /// Entries of the log.
    pub entries: u64,
    /// The log itself.
    pub log: Vec<Entry>,
    /// What was met on the way.
    pub coverage: Coverage,
    /// A digest of the whole run: the same seed gives the same.
    pub fingerprint: Digest,
}

impl<'t> World<'t> {
    pub(crate) fn new(run: &Run, trace: &'t mut Trace) -> Self {
        let seed = run.seed;
        let setting = Setting::of(&mut Dice::new(seed, 1));
        trace.note(|| format!("{setting:?}"));
        let contract = Contract::new(&setting.genesis, setting.withdraw_delay);
        Self {
            now: setting.opening,
            agenda: Agenda::new(),
            dice: Dice::new(seed, 2),
            trace,
            weather: setting.weather,
            bug: run.bug.and_then(Bug::of_line),
            node: Node::new(),
            history: History::new(Referee::new(Dice::new(seed, 3))),
            requests: Requests::default(),
            chain: Chain::new(contract, setting.opening),
            settler: Settler::new(&setting.genesis),
            agents: OWNERS.iter().map(|(owner, _)| Agent::new(owner)).collect(),
            followers: vec![Follower::default(), Follower::default()],
            memory: Memory::default(),
            turns_left: setting.turns,
            setting,
            drained_by: None,
            coverage: Coverage::default(),
        }
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Result<Summary, Violation> {
        self.agenda.plan(self.now, Happening::Start);
        self.plan(5 * SECOND, Happening::Ledger);
        self.plan(SECOND, Happening::Settle(self.settler.life));
        self.plan(10 * SECOND, Happening::Turn);
        for agent in 0..self.agents.len() {
            self.plan(SECOND, Happening::Agent(agent));
        }
        for follower in 0..self.followers.len() {
            self.plan(SECOND, Happening::Follow(follower));
        }
        let staked = &self.setting.genesis.trust;
        for deed in opening(staked, &mut self.dice) {
            self.do_deed(deed);
        }
        while let Some((at, happening)) = self.agenda.next() {
            self.now = at;
            self.trace.step(at);
            // Where an entry is on its way to the disk, a crash tells most.
            let is_delicate = matches!(happening, Happening::Write(_) | Happening::Synced(_));
            let is_over = self.happen(happening)?;
            if is_over || self.trace.steps() > STEPS_MAX {
                break;
            }
            self.perhaps_crash(if is_delicate { 10 } else { 1 });
        }
        self.finish()
    }

    /// Answers whether the run is over.
    fn happen(&mut self, happening: Happening) -> Result<bool, Violation> {
        match happening {
            Happening::Turn => self.take_turn(),
            Happening::Arrive(submission) => self.arrive(*submission)?,
            Happening::Answer(answer) => self.answered(&answer)?,
            Happening::Patience(request) => self.lose_patience(request),
            Happening::Write(run) if run == self.node.epoch => self.with_node(|node, env| node.write(env)),
            Happening::Synced(run) if run == self.node.epoch => self.synced()?,
            Happening::Release(run) if run == self.node.epoch => self.release(),
            Happening::Alarm(run, at) if run == self.node.epoch => self.with_node(|node, env| node.ring(env, at))?,
            // Of a run of the node that is over.
            Happening::Write(_) | Happening::Synced(_) | Happening::Release(_) | Happening::Alarm(..) => {}
            Happening::Start => self.start()?,
            Happening::Ledger => self.close_ledger()?,
            Happening::Settle(life) => self.settle(life),
            Happening::SettlerStart => {
                self.settler.is_alive = true;
                self.plan(SECOND, Happening::Settle(self.settler.life));
            }
            Happening::Agent(agent) => self.wake_agent(agent),
            Happening::Follow(follower) => self.follow(follower)?,
            Happening::Sweep => return self.sweep(),
        }
        Ok(false)
    }

    /// Somebody does something, and somebody else after a while.
    fn take_turn(&mut self) {
        // While the node is away, most people wait for it.
        if !self.is_up() && !self.dice.once_in(8) {
            return self.plan(3 * SECOND, Happening::Turn);
        }
        let mut scene = Scene {
            x: self.history.exchange(),
            chain: &self.chain,
            now: self.now,
            dice: &mut self.dice,
            memory: &mut self.memory,
        };
        let deeds = turn(&mut scene);
        for deed in deeds {
            if let Deed::Say(account, command) | Deed::SayBy(account, _, command) = &deed {
                self.memory.keep(*account, command);
            }
            self.do_deed(deed);
        }
        self.turns_left -= 1;
        if self.turns_left == 0 {
            return self.drain();
        }
        let pause = match self.dice.below(6) {
            0 | 1 => self.dice.below(50 * MILLI),
            2..5 => self.dice.between(SECOND / 2, 5 * SECOND),
            _ => self.dice.between(5 * SECOND, 25 * SECOND),
        };
        self.plan(pause, Happening::Turn);
    }

    fn do_deed(&mut self, deed: Deed) {
        match deed {
            Deed::Say(account, command) => self.say(account, command),
            Deed::SayBy(account, voice, command) => self.say_by(account, voice, command),
            Deed::Call(call) => {
                let envelope = self.chain.seal(call, 10);
                if !self.dice.per_mille(self.weather.envelope_lost) {
                    self.chain.send(envelope);
                }
            }
        }
    }

    fn plan(&mut self, micros: u64, what: Happening) {
        self.agenda.plan(Micros(self.now.0 + micros), what);
    }

    /// Lends the node the rest of the world.
    fn with_node<T>(&mut self, act: impl FnOnce(&mut Node, &mut Env<'_>) -> T) -> T {
        let Self { now, agenda, dice, trace, weather, bug, node, .. } = self;
        act(node, &mut Env { now: *now, agenda, dice, trace, weather: *weather, bug: *bug })
    }

    fn is_up(&self) -> bool {
        self.node.phase == Phase::Up
    }

    const fn is_draining(&self) -> bool {
        self.drained_by.is_some()
    }

    fn meet(&mut self, what: &'static str) {
        self.coverage.meet("met", what);
    }
}
