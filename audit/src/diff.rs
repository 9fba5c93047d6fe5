//! What two states of one exchange differ in.

use std::fmt;

use berth_exchange::Exchange;
use serde_json::Value;

use crate::thing::Thing;

/// One field of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The thing.
    pub thing: Thing,
    /// The field, as a JSON path; empty when one of the states lacks the thing.
    pub field: String,
    /// What it was; null when it was not there.
    pub before: Value,
    /// What it is; null when it is not there.
    pub after: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.thing)?;
        if !self.field.is_empty() {
            write!(f, " {}", self.field)?;
        }
        write!(f, ": {} → {}", self.before, self.after)
    }
}

/// All differences between two states, field by field, in the order of
/// accounts, providers, markets, orders, bids and leases, each by id.
pub fn differences<'a>(a: &'a Exchange, b: &'a Exchange) -> impl Iterator<Item = Difference> + 'a {
    let things = |x: &'a Exchange| {
        let accounts = x.accounts().map(|it| Thing::Account(it.id));
        let providers = x.providers().map(|it| Thing::Provider(it.id));
        let markets = x.markets().map(|it| Thing::Market(it.id));
        let orders = x.orders().map(|it| Thing::Order(it.id));
        let bids = x.bids().map(|it| Thing::Bid(it.id));
        let leases = x.leases().map(|it| Thing::Lease(it.id));
        accounts.chain(providers).chain(markets).chain(orders).chain(bids).chain(leases)
    };
    // Ids are never given twice and nothing is forgotten, so the later state
    // has all things of the earlier.
    let larger = if a.head() > b.head() { a } else { b };
    things(larger).flat_map(|thing| {
        let mut found = Vec::new();
        compare(thing, &picture(a, thing), &picture(b, thing), "", &mut found);
        found
    })
}

/// A thing as the API shows it; null when it is not there.
#[must_use]
pub fn picture(x: &Exchange, thing: Thing) -> Value {
    let json = match thing {
        Thing::Account(id) => x.account(id).map(|it| json(&berth_render::account(x, it))),
        Thing::Provider(id) => x.provider(id).map(|it| json(&berth_render::provider(x, it))),
        Thing::Market(id) => x.market(id).map(|it| json(&berth_render::market(x, it))),
        Thing::Order(id) => x.order(id).map(|it| json(&berth_render::order(x, it))),
        Thing::Bid(id) => x.bid(id).map(|it| json(&berth_render::bid(x, it))),
        Thing::Lease(id) => x.lease(id).map(|it| json(&berth_render::lease(x, it))),
    };
    json.unwrap_or(Value::Null)
}

fn json(shape: &impl serde::Serialize) -> Value {
    shape.serialize(serde_json::value::Serializer).expect("the API's shapes are JSON")
}

fn compare(thing: Thing, before: &Value, after: &Value, path: &str, found: &mut Vec<Difference>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            let mut names: Vec<_> = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))).collect();
            names.sort_unstable();
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let field = |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or(Value::Null);
                compare(thing, &field(old), &field(new), &path, found);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for at in 0..old.len().max(new.len()) {
                let item = |list: &[Value]| list.get(at).cloned().unwrap_or(Value::Null);
                compare(thing, &item(old), &item(new), &format!("{path}[{at}]"), found);
            }
        }
        _ => found.push(Difference { thing, field: path.to_owned(), before: before.clone(), after: after.clone() }),
    }
}
