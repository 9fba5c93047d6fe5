//! Clients that ask a node as fast as they are answered, or at a rate.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::Instant;

use super::While;
use super::client::{Participant, Tally};
use super::echo::Echo;
use super::node::{Node, processor_time};
use super::report::{GatewayReport, Shares};
use crate::journal::Raw;
use crate::measure::MeasureFault;

/// Rounds of load; between them the disk and the echo have their turns.
const ROUNDS: u32 = 4;
/// What each of the two has of a round's time.
const BASELINE_SHARE: u32 = 8;
/// Records of the plain file between two looks at the clock.
const RECORDS_AT_ONCE: usize = 16;
/// Bytes of an entry with one quote in the log, and of each further quote, about.
const ENTRY_BYTES: usize = 150;
const QUOTE_BYTES: usize = 40;
/// Hosts that are registered at once.
const REGISTERING_MAX: usize = 16;

/// What to load a node with.
#[derive(Clone, Debug)]
pub struct Load {
    /// The program that serves.
    pub program: PathBuf,
    /// Connections, each with a host and an account of its own; from 1.
    pub connections: usize,
    /// Requests of a connection that may wait for their answers at once; from 1.
    pub in_flight: usize,
    /// Quotes of a request; from 1 to what the genesis allows.
    pub batch: usize,
    /// Requests of all connections in a second; as many as are answered when none.
    pub rate: Option<u32>,
    /// What is asked.
    pub mix: Mix,
    /// Time that the load may take.
    pub spend: Duration,
    /// Where a folder is made for the run, and removed after it.
    pub dir: PathBuf,
}

/// Of how many requests which are what: sets of quotes that take the place of
/// those before, and orders, each of which is cancelled by the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix {
    /// Sets of quotes.
    pub quotes: u16,
    /// Orders.
    pub orders: u16,
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is not QUOTES:ORDERS, two whole numbers that are not both 0, as 9:1");
        let (quotes, orders) = text.split_once(':').ok_or_else(wrong)?;
        let mix = Self { quotes: quotes.parse().map_err(|_| wrong())?, orders: orders.parse().map_err(|_| wrong())? };
        if mix == (Self { quotes: 0, orders: 0 }) { Err(wrong()) } else { Ok(mix) }
    }
}

/// Loads a node and measures it beside the disk and a bare WebSocket.
///
/// # Errors
/// When the node does not start, or refuses anything.
pub fn measure_gateway(load: &Load) -> Result<GatewayReport, MeasureFault> {
    // One thread: the clients shall not take more of the machine than they need.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.or_fault("starting the clients")?.block_on(measure(load))
}

async fn measure(load: &Load) -> Result<GatewayReport, MeasureFault> {
    let node = Node::start(&load.program, &load.dir).await?;
    let client = Arc::new(node.client()?);
    let mut participants = Vec::with_capacity(load.connections);
    for first in (0..load.connections).step_by(REGISTERING_MAX) {
        let some = first..load.connections.min(first + REGISTERING_MAX);
        participants.extend(try_join_all(some.map(|number| Participant::new(&client, number, load.batch))).await?);
    }
    let echo = Echo::start()?;
    let mut file = Raw::create(&node.beside("plain")).or_fault("making a file")?;
    let bytes = ENTRY_BYTES + QUOTE_BYTES * load.batch;
    let frame = participants.first().map_or(0, |first| first.request_bytes(load.batch));
    // Once for nobody: connections, caches and the disk are warm then.
    run(&mut participants, load, load.spend / ROUNDS / 2).await?;
    let (mut tally, mut spent, mut shares) = (Tally::new(), Duration::ZERO, Shares::default());
    let (mut syncs, mut echoes) = (Vec::new(), Vec::new());
    let round = load.spend / ROUNDS;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        while begun.elapsed() < round / BASELINE_SHARE {
            syncs.extend(file.append(&[bytes; RECORDS_AT_ONCE]).or_fault("writing a file")?);
        }
        echoes.extend(echo.round_trips(frame, round / BASELINE_SHARE).await?);
        let before = [node.processor_time()?, processor_time("self")?];
        let begun = Instant::now();
        tally.add(&run(&mut participants, load, round).await?);
        spent += begun.elapsed();
        shares.node += node.processor_time()? - before[0];
        shares.clients += processor_time("self")? - before[1];
    }
    Ok(GatewayReport::new(load, &tally, spent, shares, syncs, echoes))
}

async fn run(participants: &mut [Participant], load: &Load, spend: Duration) -> Result<Tally, MeasureFault> {
    let end = Instant::now() + spend;
    let tallies = try_join_all(participants.iter_mut().map(|participant| participant.run(load, end))).await?;
    let mut all = Tally::new();
    tallies.iter().for_each(|tally| all.add(tally));
    Ok(all)
}
