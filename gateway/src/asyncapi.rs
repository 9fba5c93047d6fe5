//! `/asyncapi.json`: the WebSocket as AsyncAPI 3.0 tells it, out of the same
//! types that requests are read into and frames are written from.

use std::collections::BTreeMap;

use berth_wire::channel::{BboFrame, HeartbeatFrame, InstrumentsFrame, OwnFrame, TickerFrame, TradesFrame};
use berth_wire::frame::{
    BookFrame, EventsFrame, FrameError, Pong, RateState, StatusFrame, Subscribe, Subscribed, Unsubscribe,
};
use berth_wire::request::{
    AcceptRequest, AmendBidRequest, AmendOrderRequest, CancelAllRequest, CancelRequest, DeadManRequest,
    FactEscrowFailed, FactEscrowed, FactMovement, FactPaid, FactRefunded, FactTopUpFailed, FactToppedUp, FinishRequest,
    HeartbeatRequest, LogonRequest, MassQuoteRequest, OrderRequest, OrderStatusRequest, SignedRequest, StandingBid,
    StartRequest, StopRequest, TopUpRequest,
};
use berth_wire::response::{Acknowledged, Bid, Changed, Lease, LoggedOn, MassQuoted, Order, OrderDryRun, Submitted};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// Schemas by their names.
type Schemas = BTreeMap<String, Value>;

/// A shape, with all that it is made of.
struct Shape {
    schema: Value,
    parts: Schemas,
}

impl Shape {
    fn of<T: ToSchema>() -> Self {
        let mut parts = Vec::new();
        T::schemas(&mut parts);
        let mut parts: Schemas = parts.into_iter().map(|(name, schema)| (name, plain(&schema))).collect();
        parts.insert(T::name().into_owned(), plain(&T::schema()));
        Self { schema: json!({ "$ref": format!("#/components/schemas/{}", T::name()) }), parts }
    }

    /// An object without fields.
    fn nothing() -> Self {
        Self { schema: json!({ "type": "object", "additionalProperties": false }), parts: Schemas::new() }
    }

    /// The same with the number that REST has in its path.
    fn with_id<T: ToSchema>(field: &str) -> Self {
        let Self { parts, .. } = Self::of::<T>();
        let mut schema = plain(&T::schema());
        schema["properties"][field] = json!({ "type": "integer", "minimum": 1, "description": "Which one." });
        let mut required = schema["required"].as_array().cloned().unwrap_or_default();
        required.push(field.into());
        schema["required"] = required.into();
        Self { schema, parts }
    }
}

pub(crate) fn plain(schema: &utoipa::openapi::RefOr<utoipa::openapi::Schema>) -> Value {
    serde_json::to_value(schema).expect("a schema is JSON")
}

/// A method of requests: what it does, takes and answers.
pub(crate) struct Method {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does.
    does: &'static str,
    takes: fn() -> Shape,
    answers: fn() -> Shape,
}

const fn method(name: &'static str, does: &'static str, takes: fn() -> Shape, answers: fn() -> Shape) -> Method {
    Method { name, does, takes, answers }
}

/// Every method that a node answers.
pub(crate) const METHODS: &[Method] = &[
    method("ping", "Asks for the log's id, the node's time and the session.", Shape::nothing, Shape::of::<Pong>),
    method("session.logon", "Makes the connection an account's.", Shape::of::<LogonRequest>, Shape::of::<LoggedOn>),
    method("subscribe", "Begins to follow a channel.", Shape::of::<Subscribe>, Shape::of::<Subscribed>),
    method("unsubscribe", "Ends a subscription.", Shape::of::<Unsubscribe>, Shape::of::<Unsubscribe>),
    method("command.submit", "Hands in a signed command.", Shape::of::<SignedRequest>, Shape::of::<Submitted>),
    method("order.place", "Places an order.", Shape::of::<OrderRequest>, Shape::of::<Changed<Order>>),
    method(
        "order.test",
        "Says what placing an order would do, and what the first 100 providers come to for it.",
        Shape::of::<OrderRequest>,
        Shape::of::<OrderDryRun>,
    ),
    method(
        "order.status",
        "Shows an order, by its number or by its tenant's own id for it.",
        Shape::of::<OrderStatusRequest>,
        Shape::of::<Order>,
    ),
    method(
        "order.replace",
        "Ends an order and places another, or does neither.",
        || Shape::with_id::<OrderRequest>("orderId"),
        Shape::of::<Changed<Order>>,
    ),
    method(
        "order.amend",
        "Changes an order.",
        || Shape::with_id::<AmendOrderRequest>("orderId"),
        Shape::of::<Changed<Order>>,
    ),
    method(
        "order.cancel",
        "Ends what is left of an order.",
        || Shape::with_id::<CancelRequest>("orderId"),
        Shape::of::<Changed<Order>>,
    ),
    method("bid.place", "Places a standing bid.", Shape::of::<StandingBid>, Shape::of::<Changed<Bid>>),
    method(
        "bid.replace",
        "Ends a bid and places another, or does neither.",
        || Shape::with_id::<StandingBid>("bidId"),
        Shape::of::<Changed<Bid>>,
    ),
    method("bid.amend", "Changes a bid.", || Shape::with_id::<AmendBidRequest>("bidId"), Shape::of::<Changed<Bid>>),
    method(
        "bid.mass",
        "Replaces all bids of a quote set.",
        Shape::of::<MassQuoteRequest>,
        Shape::of::<Changed<MassQuoted>>,
    ),
    method(
        "bid.cancel",
        "Ends what is left of a bid.",
        || Shape::with_id::<CancelRequest>("bidId"),
        Shape::of::<Changed<Bid>>,
    ),
    method(
        "cancel.all",
        "Ends orders and bids of an account.",
        Shape::of::<CancelAllRequest>,
        Shape::of::<Acknowledged>,
    ),
    method(
        "deadman.set",
        "Arms or disarms the dead-man timer.",
        Shape::of::<DeadManRequest>,
        Shape::of::<Acknowledged>,
    ),
    method(
        "lease.accept",
        "Accepts a directed bid.",
        || Shape::with_id::<AcceptRequest>("bidId"),
        Shape::of::<Changed<Lease>>,
    ),
    method("lease.start", "Reports that containers run.", Shape::of::<StartRequest>, Shape::of::<Changed<Lease>>),
    method(
        "lease.heartbeat",
        "Reports that containers still run.",
        Shape::of::<HeartbeatRequest>,
        Shape::of::<Changed<Lease>>,
    ),
    method("lease.finish", "Reports that containers ended.", Shape::of::<FinishRequest>, Shape::of::<Changed<Lease>>),
    method("lease.stop", "Stops a lease.", Shape::of::<StopRequest>, Shape::of::<Changed<Lease>>),
    method(
        "lease.topup",
        "Pays for more of a lease in advance.",
        Shape::of::<TopUpRequest>,
        Shape::of::<Changed<Lease>>,
    ),
    method("fact.deposit", "The settler reports a deposit.", Shape::of::<FactMovement>, Shape::of::<Acknowledged>),
    method(
        "fact.withdrawalRequested",
        "The settler reports a request.",
        Shape::of::<FactMovement>,
        Shape::of::<Acknowledged>,
    ),
    method("fact.withdrawn", "The settler reports a payout.", Shape::of::<FactMovement>, Shape::of::<Acknowledged>),
    method(
        "fact.withdrawalCancelled",
        "The settler reports that a request was taken back.",
        Shape::of::<FactMovement>,
        Shape::of::<Acknowledged>,
    ),
    method("fact.escrowed", "The settler reports an escrow.", Shape::of::<FactEscrowed>, Shape::of::<Acknowledged>),
    method(
        "fact.escrowFailed",
        "The settler reports that there is no escrow.",
        Shape::of::<FactEscrowFailed>,
        Shape::of::<Acknowledged>,
    ),
    method("fact.paid", "The settler reports a payment.", Shape::of::<FactPaid>, Shape::of::<Acknowledged>),
    method("fact.refunded", "The settler reports a refund.", Shape::of::<FactRefunded>, Shape::of::<Acknowledged>),
    method("fact.toppedUp", "The settler reports a top-up.", Shape::of::<FactToppedUp>, Shape::of::<Acknowledged>),
    method(
        "fact.topUpFailed",
        "The settler reports that there is no top-up.",
        Shape::of::<FactTopUpFailed>,
        Shape::of::<Acknowledged>,
    ),
];

/// What subscriptions bring, by channel.
fn pushed() -> [(&'static str, &'static str, Shape); 12] {
    [
        ("book", "A market's book: a snapshot, then what changes.", Shape::of::<BookFrame>()),
        ("bbo", "A market's best prices.", Shape::of::<BboFrame>()),
        ("trades", "Leases as they are opened.", Shape::of::<TradesFrame>()),
        ("ticker", "A market's day in numbers.", Shape::of::<TickerFrame>()),
        ("instruments", "The markets.", Shape::of::<InstrumentsFrame>()),
        ("heartbeat", "That the node is there, every second.", Shape::of::<HeartbeatFrame>()),
        ("events", "The log's events.", Shape::of::<EventsFrame>()),
        ("orders", "An account's own orders.", Shape::of::<OwnFrame>()),
        ("bids", "An account's own bids.", Shape::of::<OwnFrame>()),
        ("leases", "An account's own leases.", Shape::of::<OwnFrame>()),
        ("balances", "An account's own money.", Shape::of::<OwnFrame>()),
        ("status", "How the node is, and to the whole connection that it stops.", Shape::of::<StatusFrame>()),
    ]
}

/// The document.
pub(crate) fn document() -> Value {
    let mut schemas = Schemas::new();
    let (mut messages, mut operations, mut carried) = (Map::new(), Map::new(), Map::new());
    let mut shape = |shape: Shape| {
        schemas.extend(shape.parts);
        shape.schema
    };
    let error = shape(Shape::of::<FrameError>());
    let limits = shape(Shape::of::<RateState>());
    for &Method { name, does, takes, answers } in METHODS {
        let answer = format!("{name}.answer");
        messages.insert(
            name.to_owned(),
            json!({
                "summary": does,
                "payload": {
                    "type": "object",
                    "required": ["id", "method"],
                    "properties": {
                        "id": { "type": "integer", "minimum": 0, "description": "Repeated in the answer." },
                        "method": { "const": name },
                        "params": shape(takes()),
                    },
                },
            }),
        );
        messages.insert(
            answer.clone(),
            json!({
                "summary": format!("The answer to {name}; for a command once it is durable."),
                "payload": {
                    "type": "object",
                    "required": ["id", "ok"],
                    "properties": {
                        "id": { "type": ["integer", "null"] },
                        "ok": { "type": "boolean" },
                        "seq": { "type": "integer", "description": "For commands: their place in the log." },
                        "result": shape(answers()),
                        "error": error,
                        "limits": limits,
                    },
                },
            }),
        );
        operations.insert(
            name.to_owned(),
            json!({
                "action": "receive",
                "channel": { "$ref": "#/channels/socket" },
                "messages": [{ "$ref": format!("#/channels/socket/messages/{name}") }],
                "reply": {
                    "channel": { "$ref": "#/channels/socket" },
                    "messages": [{ "$ref": format!("#/channels/socket/messages/{answer}") }],
                },
            }),
        );
        for name in [name, &answer] {
            carried.insert(name.to_owned(), json!({ "$ref": format!("#/components/messages/{name}") }));
        }
    }
    for (name, summary, payload) in pushed() {
        messages.insert(name.to_owned(), json!({ "summary": summary, "payload": shape(payload) }));
        carried.insert(name.to_owned(), json!({ "$ref": format!("#/components/messages/{name}") }));
        operations.insert(
            format!("push.{name}"),
            json!({
                "action": "send",
                "channel": { "$ref": "#/channels/socket" },
                "messages": [{ "$ref": format!("#/channels/socket/messages/{name}") }],
            }),
        );
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Berth",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Requests and channels of an exchange for compute leases.",
        },
        "defaultContentType": "application/json",
        "servers": { "node": { "host": "127.0.0.1:3000", "protocol": "ws" } },
        "channels": { "socket": { "address": "/ws/v1", "messages": carried } },
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every reference that stands in a value.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100);
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("it stays in the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn the_document_in_the_repository_is_this_one() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/asyncapi.json");
        let shown = serde_json::to_string_pretty(&document()).expect("it is JSON") + "\n";
        if std::env::var_os("BERTH_WRITE_GOLDEN").is_some() {
            std::fs::write(&path, &shown).expect("the file can be written");
        }
        let kept = std::fs::read_to_string(&path).expect("the file is there");
        assert!(kept == shown, "docs/asyncapi.json is old: run with BERTH_WRITE_GOLDEN=1");
    }
}
