//! All that ever touched one thing, from cause to effect.

use std::collections::BTreeSet;

use berth_domain::Event;
use berth_render::Unsealed;
use berth_wire::command::entry_json;
use berth_wire::event::event_json;
use serde_json::{Value, json};

use crate::line::outcome_json;
use crate::player::{Moment, Player};
use crate::reasons::reasons;
use crate::thing::Thing;
use crate::touch::{touched, touched_by};

/// A thing, and what came out of it: an order's leases, a lease's reruns and
/// whatever took over. Fed with the log, it picks what belongs to it.
#[derive(Clone, Debug)]
pub struct Story {
    things: BTreeSet<Thing>,
    /// One entry behind, where reasons are told.
    behind: Option<Player>,
}

impl Story {
    /// The story of a thing.
    #[must_use]
    pub fn of(thing: Thing) -> Self {
        Self { things: BTreeSet::from([thing]), behind: None }
    }

    /// With the story of another thing in it.
    #[must_use]
    pub fn with(mut self, thing: impl Into<Thing>) -> Self {
        self.things.insert(thing.into());
        self
    }

    /// Tells of its orders, too, why each provider was or was not chosen. For that it
    /// looks at the state before an entry, which it keeps: it must hear every entry,
    /// from the log's first on or from any that is not the first of the story.
    #[must_use]
    pub fn with_reasons(mut self) -> Self {
        self.behind = Some(Player::new());
        self
    }

    /// The things that it is about by now.
    pub fn things(&self) -> impl Iterator<Item = Thing> + '_ {
        self.things.iter().copied()
    }

    /// What an entry adds to it: the command, what it came to, and of its events
    /// those about the story's things. None when it adds nothing.
    pub fn hear(&mut self, moment: &Moment<'_>) -> Option<Value> {
        let line = self.tell(moment);
        if let Some(behind) = &mut self.behind {
            let follows = behind.exchange().head().next() == moment.seq();
            if !follows || behind.play(moment.entry).is_err() {
                *behind = Player::from(moment.after.clone());
            }
        }
        line
    }

    fn tell(&mut self, moment: &Moment<'_>) -> Option<Value> {
        if touched(moment.entry, moment.outcome, moment.events).is_disjoint(&self.things) {
            return None;
        }
        moment.events.iter().for_each(|event| self.follow(event));
        let names = Unsealed(moment.after);
        let own = moment.events.iter().filter(|event| !touched_by(event).is_disjoint(&self.things));
        let mut line = entry_json(moment.entry, moment.hash(), &names);
        line["outcome"] = outcome_json(moment.outcome);
        line["events"] = own.map(|event| event_json(event, &names)).collect();
        line["others"] = json!(moment.events.len() - line["events"].as_array().map_or(0, Vec::len));
        let before = self.behind.as_ref().map(Player::exchange).filter(|x| x.head().next() == moment.seq());
        if let Some(before) = before {
            let orders = self.things.iter().filter_map(|thing| match thing {
                Thing::Order(id) => Some(*id),
                _ => None,
            });
            let explained: Vec<Value> = orders.filter_map(|id| reasons(before, moment, id)).collect();
            if !explained.is_empty() {
                line["explained"] = explained.into();
            }
        }
        Some(line)
    }

    /// What came out of its things belongs to it.
    fn follow(&mut self, event: &Event) {
        let (of, is): (Thing, Thing) = match event {
            Event::LeaseOpened(e) => (e.order.into(), e.lease.into()),
            Event::LeaseFailedOver(e) => (e.from.into(), e.to.into()),
            Event::VerificationRerun(e) => (e.lease.into(), e.rerun.into()),
            Event::OrderContinued(e) => (e.lease.into(), e.order.into()),
            _ => return,
        };
        if self.things.contains(&of) {
            self.things.insert(is);
        }
    }
}
