//! One connection's part of the load: a host that quotes, and its owner's orders.

use std::collections::VecDeque;
use std::time::Duration;

use berth_client::wire::address::{self, Name, open_address};
use berth_client::{Call, Client, Pending, Session};
use hdrhistogram::Histogram;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::load::{Load, Mix};
use super::{While, fault};
use crate::measure::MeasureFault;

const LOADING: &str = "loading the node";
/// Latencies are kept in nanoseconds, from a microsecond to a minute, with three
/// digits.
const LOWEST: u64 = 1_000;
const HIGHEST: u64 = 60_000_000_000;

/// A host, its account, and its connection.
pub(super) struct Participant {
    name: String,
    host: u64,
    session: Session,
    turn: u64,
}

/// What one connection, or all of them, came to.
pub(super) struct Tally {
    /// Commands that the node answered as done, each quote of a set for one.
    pub(super) commands: u64,
    pub(super) requests: u64,
    pub(super) latencies: Histogram<u64>,
}

impl Tally {
    pub(super) fn new() -> Self {
        let latencies = Histogram::new_with_bounds(LOWEST, HIGHEST, 3).expect("bounds and digits are those it takes");
        Self { commands: 0, requests: 0, latencies }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.commands += other.commands;
        self.requests += other.requests;
        self.latencies.add(&other.latencies).expect("both have the same bounds");
    }

    fn count(&mut self, commands: u64, latency: Duration) {
        self.commands += commands;
        self.requests += 1;
        self.latencies.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(HIGHEST));
    }
}

/// A request that is on its way.
struct Sent {
    pending: Pending,
    /// When it was to be sent.
    due: Instant,
    commands: u64,
    is_order: bool,
}

/// What an answer says of an order.
#[derive(Deserialize)]
struct Told {
    id: Option<u64>,
    state: Option<String>,
}

impl Participant {
    /// A host of its own, in the name of an account of its own.
    pub(super) async fn new(client: &Client, number: usize, quotes: usize) -> Result<Self, MeasureFault> {
        // A key, as of a real client; making one of a name takes time for each request.
        let name = Name::new(&format!("bench-{number}")).expect("a short name");
        let name = address::write(open_address(&name).address);
        let host = json!({
            "address": name, "hostname": "127.0.0.1", "port": 9,
            "resources": { "cpu": quotes.max(1), "memory": 1_024 * quotes.max(1), "storage": 10 * quotes.max(1), "bandwidth": 1_000 },
        });
        let host: Value = client.post("/api/v1/providers", &host).await.or_fault("registering a host")?;
        let host = host["id"].as_u64().ok_or_else(|| fault("registering a host", "it has no id"))?;
        let session = client.session();
        Ok(Self { name, host, session, turn: 0 })
    }

    /// Bytes of its next quotes, as they are sent.
    pub(super) fn request_bytes(&self, batch: usize) -> usize {
        self.quotes(batch).to_string().len() + r#"{"id":1,"method":"bid.mass","params":}"#.len()
    }

    /// Asks and waits for answers until `end`.
    pub(super) async fn run(&mut self, load: &Load, end: Instant) -> Result<Tally, MeasureFault> {
        let (mut tally, mut sent) = (Tally::new(), VecDeque::with_capacity(load.in_flight));
        let every = load.rate.map(|rate| Duration::from_secs_f64(load.connections as f64 / f64::from(rate)));
        let mut due = Instant::now();
        let mut resting = None;
        while Instant::now() < end {
            if let Some(every) = every {
                due += every;
                sleep_until(due).await;
            } else {
                due = Instant::now();
            }
            let (call, commands) = self.next(load, &mut resting);
            let is_order = call.method == "order.place";
            let pending = self.session.begin(call).await.or_fault(LOADING)?;
            sent.push_back(Sent { pending, due, commands, is_order });
            if sent.len() >= load.in_flight || resting.is_some() {
                self.answered(&mut sent, &mut tally, &mut resting).await?;
            }
        }
        while !sent.is_empty() {
            self.answered(&mut sent, &mut tally, &mut resting).await?;
        }
        Ok(tally)
    }

    /// Waits for the oldest answer.
    async fn answered(
        &self,
        sent: &mut VecDeque<Sent>,
        tally: &mut Tally,
        resting: &mut Option<u64>,
    ) -> Result<(), MeasureFault> {
        let Some(Sent { pending, due, commands, is_order }) = sent.pop_front() else { return Ok(()) };
        // A refusal ends it: figures of other work than was meant mean nothing.
        let reply = pending.answer().await.or_fault(LOADING)?;
        tally.count(commands, due.elapsed());
        if is_order {
            let told: Told = reply.result().or_fault(LOADING)?;
            *resting = told.id.filter(|_| told.state.as_deref() == Some("open"));
        }
        Ok(())
    }

    /// The next request, and the commands in it.
    fn next(&mut self, load: &Load, resting: &mut Option<u64>) -> (Call, u64) {
        self.turn += 1;
        if let Some(id) = resting.take() {
            let params = json!({ "orderId": id, "address": self.name });
            return (Call::new("order.cancel", params), 1);
        }
        let Mix { quotes, orders } = load.mix;
        if self.turn % u64::from(quotes + orders) < u64::from(orders) {
            return (Call::new("order.place", self.order()), 1);
        }
        (Call::new("bid.mass", self.quotes(load.batch)), load.batch as u64)
    }

    /// A set of quotes whose prices are others each time.
    fn quotes(&self, batch: usize) -> Value {
        let price = |place: usize| 100_000 + (self.turn * 7 + place as u64 * 13) % 10_000;
        let quote = |place: usize| {
            let price = price(place);
            let price = format!("{}.{:03}", price / 1_000, price % 1_000);
            json!({ "providerId": self.host, "market": "CPU", "price": price, "quantity": 1 })
        };
        let quotes: Vec<Value> = (0..batch).map(quote).collect();
        json!({ "address": self.name, "quoteSetId": 1, "quotes": quotes })
    }

    /// An order that no quote is cheap enough for.
    fn order(&self) -> Value {
        json!({
            "tenantAddress": self.name, "maxPrice": "0.001", "trustLevels": ["Five"], "durationSeconds": 3_600,
            "specification": { "image": "bench", "cpu": 1, "memory": 1, "storage": 1 },
        })
    }
}
