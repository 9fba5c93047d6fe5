//! One entry with what came of it, as JSON.

use berth_exchange::{Outcome, Reply};
use berth_render::Unsealed;
use berth_wire::command::entry_json;
use berth_wire::event::event_json;
use serde_json::{Value, json};

use crate::player::Moment;

/// An entry as `log cat` prints it: place, who said it, the command, what it
/// came to and its events.
#[must_use]
pub fn line(moment: &Moment<'_>) -> Value {
    let names = Unsealed(moment.after);
    let mut json = entry_json(moment.entry, moment.hash(), &names);
    json["outcome"] = outcome_json(moment.outcome);
    json["events"] = moment.events.iter().map(|event| event_json(event, &names)).collect();
    json
}

/// `done`, `repeated` or `refused`, with the id of what was made or the code.
pub(crate) fn outcome_json(outcome: Outcome) -> Value {
    let done = |word: &str, reply: Reply| {
        let mut json = json!({ "is": word });
        let (name, id) = match reply {
            Reply::None => return json,
            Reply::Account(id) => ("accountId", id.0.into()),
            Reply::Provider(id) => ("providerId", id.0.into()),
            Reply::Order(id) => ("orderId", id.0),
            Reply::Bid(id) => ("bidId", id.0),
            Reply::Lease(id) => ("leaseId", id.0),
            Reply::Market(id) => ("marketId", id.0.into()),
        };
        json[name] = id.into();
        json
    };
    match outcome {
        Outcome::Done(reply) => done("done", reply),
        Outcome::Repeated(reply) => done("repeated", reply),
        Outcome::Refused(code) => json!({ "is": "refused", "code": code.as_str() }),
    }
}
