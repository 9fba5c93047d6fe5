//! How the node, the settler, the agents and the followers are driven.

use berth_domain::{AccountId, Command};

use super::network::Asker;
use super::{Happening, World};
use crate::bug::LineBug;
use crate::cast::address;
use crate::line::{Phase, Submission};
use crate::referee::Checked;
use crate::setting::{MILLI, SECOND};
use crate::settler::Told;

impl World<'_> {
    /// A message reaches the node, or what is left of it.
    pub(super) fn arrive(&mut self, submission: Submission) -> Checked {
        let request = submission.request;
        let taken = self.with_node(|node, env| node.take(env, submission).map(|applied| applied.cloned()))?;
        match taken {
            None => self.meet("message turned away"),
            Some(applied) if self.bug == Some(LineBug::AnswersEarly) => {
                self.history.acknowledge(&applied);
                self.answer(request, applied.outcome);
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// A write is durable: the twin applies what is in it.
    pub(super) fn synced(&mut self) -> Checked {
        let durable = self.with_node(|node, env| node.synced(env).to_vec());
        durable.iter().try_for_each(|applied| self.history.absorb(applied))
    }

    /// What is durable is published, and then answered.
    pub(super) fn release(&mut self) {
        let released = self.with_node(|node, env| node.release(env));
        self.history.publish();
        for applied in released {
            if let Some(request) = applied.request {
                self.history.acknowledge(&applied);
                self.answer(request, applied.outcome);
            }
        }
    }

    /// The power goes, at any step, and at some sooner.
    pub(super) fn perhaps_crash(&mut self, times: u64) {
        let is_spared = self.is_draining() || self.node.phase == Phase::Down;
        if is_spared || self.dice.below(100_000) >= times * self.weather.crashes {
            return;
        }
        let durable = self.history.entries().len();
        let lost = self.with_node(|node, env| node.crash(env));
        self.trace.note(|| format!("the node crashes; {durable} entries were durable, {lost} more applied"));
        self.meet("crash");
        if lost > 0 {
            self.meet("crash with entries that were not durable");
        }
        let down = self.dice.between(SECOND / 10, self.weather.down_max * SECOND);
        self.plan(down, Happening::Start);
    }

    /// The node starts: it reads its log back and goes on with it.
    pub(super) fn start(&mut self) -> Checked {
        let found = self.node.disk.read();
        if found.torn > 0 {
            self.trace.note(|| format!("{} bytes of a torn tail are cut", found.torn));
            self.meet("torn tail");
            if self.bug != Some(LineBug::TailNotCut) {
                self.node.disk.cut(found.torn);
            }
        }
        let known = self.history.entries().len();
        let (exchange, tip) = self.history.recover(&found)?;
        if self.history.entries().len() > known {
            self.meet("entries that were durable and not told");
        }
        if tip.seq.0 == 0 {
            let genesis = self.setting.genesis.clone();
            return self.with_node(|node, env| node.begin(env, genesis));
        }
        self.trace.note(|| format!("the node starts behind entry {}", tip.seq));
        self.with_node(|node, env| node.resume(env, exchange, tip))
    }

    pub(super) fn close_ledger(&mut self) -> Checked {
        let before = self.chain.events().len();
        self.chain.close(self.now, &mut self.dice)?;
        for event in &self.chain.events()[before..] {
            self.trace.note(|| format!("on the chain: {} {:?}", event.id, event.what));
        }
        self.check_quiet()?;
        let next = if self.dice.per_mille(self.weather.chain_stalls) {
            self.meet("ledger minutes late");
            self.dice.between(30 * SECOND, 400 * SECOND)
        } else {
            self.dice.between(4 * SECOND, 6 * SECOND)
        };
        // Nobody is in a hurry any more.
        let next = if self.is_draining() { 3 * next } else { next };
        self.plan(next, Happening::Ledger);
        Ok(())
    }

    pub(super) fn settle(&mut self, life: u64) {
        if life != self.settler.life || !self.settler.is_alive {
            return;
        }
        let dies = self.dice.per_mille(self.weather.settler_dies);
        self.settler.read(self.history.exchange(), self.history.published());
        let dies_working = self.settler.work(&mut self.chain, self.now, &self.weather, &mut self.dice);
        while let Some((told, command)) = self.next_report() {
            self.ask(Asker::Settler(life, told), AccountId::EXCHANGE, command);
        }
        if dies || dies_working {
            self.trace.note(|| "the settler dies".to_owned());
            self.meet("settler dies");
            self.settler.die();
            self.requests.forget_settler();
            let down = self.dice.between(SECOND, 60 * SECOND);
            return self.plan(down, Happening::SettlerStart);
        }
        let pause = self.dice.between(200 * MILLI, 2 * SECOND);
        let pause = if self.is_draining() { 2 * pause } else { pause };
        self.plan(pause, Happening::Settle(life));
    }

    fn next_report(&mut self) -> Option<(Told, Command)> {
        self.settler.next_report(&self.chain, self.requests.next(), self.bug)
    }

    pub(super) fn wake_agent(&mut self, which: usize) {
        let pause = self.dice.between(2 * SECOND, 5 * SECOND);
        self.plan(pause, Happening::Agent(which));
        let agent = &mut self.agents[which];
        let Some(account) = self.history.exchange().account_by_address(address(agent.owner())) else { return };
        if self.dice.per_mille(self.weather.agent_dies) {
            agent.die(self.now, &mut self.dice);
            self.trace.note(|| format!("the agent of account {account} dies"));
            return self.meet("agent dies");
        }
        let said = agent.wake(self.history.exchange(), account, self.now, &mut self.dice);
        for command in said {
            // Without the key's signature nobody's word for the past counts.
            if matches!(command, Command::LeaseBacklog(_)) && !self.dice.once_in(8) {
                self.sign(account, command);
            } else {
                self.say(account, command);
            }
        }
    }

    pub(super) fn follow(&mut self, which: usize) -> Checked {
        let (most, pause) = match self.dice.below(3) {
            0 => (1, self.dice.between(SECOND, 5 * SECOND)),
            1 => (20, self.dice.between(SECOND, 20 * SECOND)),
            _ => (1_000, self.dice.between(SECOND, 60 * SECOND)),
        };
        self.plan(pause, Happening::Follow(which));
        let follower = &mut self.followers[which];
        if self.dice.once_in(100) {
            self.coverage.meet("met", "follower that starts over");
            return follower.start_over(&self.node.disk, &self.history);
        }
        follower.follow(&self.history, most)
    }

    /// Whether the node has nothing under way.
    pub(super) fn is_node_quiet(&self) -> bool {
        let known = self.history.entries().len();
        self.is_up() && self.node.head().0 == known as u64 && self.history.published().len() == known
    }
}
