//! All that ever touched one thing, from cause to effect.

use std::collections::BTreeSet;

use berth_domain::{Event, LeaseOpened, OrderId, OrderState};
use berth_render::Unsealed;
use berth_wire::command::entry_json;
use berth_wire::event::event_json;
use serde_json::{Value, json};

use crate::line::outcome_json;
use crate::player::Moment;
use crate::thing::Thing;
use crate::touch::{touched, touched_by};

/// A thing, and what came out of it: an order's leases, a lease's reruns and
/// whatever took over. Fed with the log, it picks what belongs to it.
#[derive(Clone, Debug)]
pub struct Story {
    things: BTreeSet<Thing>,
}

impl Story {
    /// The story of a thing.
    #[must_use]
    pub fn of(thing: Thing) -> Self {
        Self { things: BTreeSet::from([thing]) }
    }

    /// With the story of another thing in it.
    #[must_use]
    pub fn with(mut self, thing: impl Into<Thing>) -> Self {
        self.things.insert(thing.into());
        self
    }

    /// The things that it is about by now.
    pub fn things(&self) -> impl Iterator<Item = Thing> + '_ {
        self.things.iter().copied()
    }

    /// What an entry adds to it: the command, what it came to, and of its events
    /// those about the story's things. None when it adds nothing.
    pub fn hear(&mut self, moment: &Moment<'_>) -> Option<Value> {
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
        // Why each provider was or was not chosen, as it was then.
        let explained: Vec<Value> = self.things.iter().filter_map(|thing| explain(moment, *thing)).collect();
        if !explained.is_empty() {
            line["explained"] = explained.into();
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

/// For an order that an entry brought, changed or ended: what each provider
/// came to behind it.
fn explain(moment: &Moment<'_>, thing: Thing) -> Option<Value> {
    let Thing::Order(id) = thing else { return None };
    let concerned = moment.events.iter().any(|event| {
        matches!(event,
            Event::OrderAccepted(e) if e.order == id)
            || matches!(event, Event::OrderAmended(e) if e.order == id)
            || matches!(event, Event::OrderResumed(e) if e.order == id)
            || matches!(event, Event::OrderFilled(e) if e.order == id)
    });
    if !concerned {
        return None;
    }
    let explanation = moment.after.explain_order(id)?;
    let json = serde_json::to_value(berth_render::explain_order(moment.after, &explanation));
    let mut json = json.expect("an explanation is JSON");
    let is_filled = moment.after.order(id).is_some_and(|order| order.state == OrderState::Filled);
    for verdict in json["providers"].as_array_mut().into_iter().flatten() {
        let chosen: Vec<_> = chosen(moment, id).filter(|opened| verdict["providerId"] == opened.provider.0).collect();
        verdict["why"] = why(&chosen, verdict, is_filled).into();
        verdict["chosen"] = chosen.iter().map(|opened| opened.lease.0).collect();
    }
    Some(json)
}

/// The leases that an entry opened for an order.
fn chosen<'a>(moment: &'a Moment<'_>, order: OrderId) -> impl Iterator<Item = &'a LeaseOpened> {
    moment.events.iter().filter_map(move |event| match event {
        Event::LeaseOpened(opened) if opened.order == order => Some(opened),
        _ => None,
    })
}

/// Why a provider was chosen or not, in words. What the entry took of the chosen
/// says nothing of the others, so they are as they were at that moment.
fn why(chosen: &[&LeaseOpened], verdict: &Value, is_filled: bool) -> String {
    if !chosen.is_empty() {
        let lease = |opened: &&LeaseOpened| {
            format!("lease {} of {} at {} by bid {}", opened.lease, opened.replicas, opened.price, opened.bid)
        };
        return format!("chosen: {}", chosen.iter().map(lease).collect::<Vec<_>>().join(", "));
    }
    let details = |reasons: &Value| {
        let reasons =
            reasons.as_array().into_iter().flatten().filter_map(|it| it["detail"].as_str().map(str::to_owned));
        reasons.collect::<Vec<_>>().join("; ")
    };
    let of_host = details(&verdict["obstacles"]);
    if !of_host.is_empty() {
        return format!("not chosen: {of_host}");
    }
    if verdict["wouldTrade"] == true {
        let ranked = "not chosen: others came first, by price, then trust, then age";
        return if is_filled { ranked } else { "eligible, and not taken by this entry" }.to_owned();
    }
    let bids = verdict["bids"].as_array().into_iter().flatten();
    let bids = bids.map(|bid| {
        format!("bid {} at {}: {}", bid["bidId"], bid["price"].as_str().unwrap_or_default(), details(&bid["obstacles"]))
    });
    format!("not chosen: {}", bids.collect::<Vec<_>>().join("; "))
}
