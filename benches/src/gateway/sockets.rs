//! Many sockets at once: what each takes of the node's memory, and whether one
//! that does not read is anybody else's concern.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::try_join_all;
use futures_util::{SinkExt, StreamExt};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep};
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::client::{Participant, Tally};
use super::load::{Load, Mix};
use super::node::Node;
use super::report::{SocketsReport, rounded};
use super::stalled::{Stalled, open_sockets};
use super::{While, fault};
use crate::measure::MeasureFault;

const OPENING: &str = "opening sockets";
/// Sockets that are opened at once.
const AT_ONCE: usize = 100;
/// How long memory is left alone before it is looked at.
const SETTLING: Duration = Duration::from_secs(2);
/// Quotes that are there for whoever asks for the log from its beginning: more
/// than the buffers between node and client hold.
const HISTORY: Duration = Duration::from_secs(3);
/// How long a client that does not read may be served at most.
const CUT_MAX: Duration = Duration::from_secs(20);

/// How many sockets, and for how long.
#[derive(Clone, Debug)]
pub struct Sockets {
    /// The program that serves.
    pub program: PathBuf,
    /// Sockets, each subscribed to the heartbeat, which is told once a second.
    pub sockets: usize,
    /// For how long another client is measured, before and after.
    pub spend: Duration,
    /// Where a folder is made for the run, and removed after it.
    pub dir: PathBuf,
}

/// Opens sockets to a node, then has one more that does not read.
///
/// # Errors
/// When the node does not start, sockets cannot be opened, or it serves for ever
/// who does not read.
pub fn measure_sockets(sockets: &Sockets) -> Result<SocketsReport, MeasureFault> {
    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised, opening says so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.or_fault("starting the clients")?.block_on(measure(sockets))
}

async fn measure(sockets: &Sockets) -> Result<SocketsReport, MeasureFault> {
    // On a thread of their own: who is measured shall not wait for the others'
    // reading.
    let crowd = Builder::new_multi_thread().worker_threads(1).enable_all().build().or_fault("starting the clients")?;
    let told = among(sockets, crowd.handle()).await;
    crowd.shutdown_background();
    told
}

async fn among(sockets: &Sockets, crowd: &Handle) -> Result<SocketsReport, MeasureFault> {
    let node = Node::start(&sockets.program, &sockets.dir).await?;
    let mut other = Participant::new(&node.client()?, 0, 1).await?;
    let load = Load {
        program: sockets.program.clone(),
        connections: 1,
        in_flight: 1,
        batch: 1,
        // As a quick bot does.
        rate: Some(100),
        mix: Mix { quotes: 1, orders: 0 },
        spend: sockets.spend,
        dir: sockets.dir.clone(),
    };
    // A history, and the node as warm as it gets.
    let busy = Load { rate: None, in_flight: 32, batch: 50, ..load.clone() };
    other.run(&busy, Instant::now() + HISTORY).await?;
    sleep(SETTLING).await;

    let before = node.memory()?;
    let mut readers = Vec::with_capacity(sockets.sockets);
    for first in (0..sockets.sockets).step_by(AT_ONCE) {
        let some = AT_ONCE.min(sockets.sockets - first);
        let address = node.address().to_owned();
        let opened = crowd.spawn(async move { try_join_all((0..some).map(|_| open(&address))).await });
        readers.extend(opened.await.or_fault(OPENING)??);
    }
    sleep(SETTLING).await;
    let quiet = other.run(&load, Instant::now() + sockets.spend).await?;
    let kib_each = node.memory()?.saturating_sub(before) as f64 / 1024.0 / sockets.sockets as f64;
    let open = readers.iter().filter(|reader| !reader.is_finished()).count();
    if open < sockets.sockets {
        return Err(fault(OPENING, format_args!("only {open} of {} stayed open", sockets.sockets)));
    }

    let stalled = Stalled::connect(node.address()).await?;
    let begun = Instant::now();
    let full = open_sockets(&node).await?;
    let watch = async {
        while open_sockets(&node).await? >= full {
            if begun.elapsed() > CUT_MAX {
                return Err(fault("waiting for the end of who does not read", "the node serves it still"));
            }
            sleep(Duration::from_millis(100)).await;
        }
        Ok(begun.elapsed())
    };
    let until = begun + sockets.spend.max(Duration::from_secs(8));
    let (cut, beside) = tokio::try_join!(watch, other.run(&load, until))?;
    drop(stalled);
    let us = |tally: &Tally, q: f64| rounded(tally.latencies.value_at_quantile(q) as f64 / 1e3);
    Ok(SocketsReport {
        sockets: sockets.sockets,
        kib_each: rounded(kib_each),
        p50_us: us(&quiet, 0.5),
        p99_us: us(&quiet, 0.99),
        stalled_p50_us: us(&beside, 0.5),
        stalled_p99_us: us(&beside, 0.99),
        cut_after_seconds: rounded(cut.as_secs_f64()),
    })
}

/// Opens a socket that reads what it is told, and ends when it is closed.
async fn open(address: &str) -> Result<tokio::task::JoinHandle<()>, MeasureFault> {
    let stream = TcpStream::connect(address).await.or_fault(OPENING)?;
    // Ten thousand of the usual buffers would be more than the node takes.
    let config = WebSocketConfig::default().read_buffer_size(1_024).write_buffer_size(0).max_write_buffer_size(4_096);
    let url = format!("ws://{address}/ws/v1");
    let (mut socket, _) = client_async_with_config(url, stream, Some(config)).await.or_fault(OPENING)?;
    let subscribe = r#"{"id":1,"method":"subscribe","params":{"ch":"heartbeat"}}"#;
    socket.send(Message::text(subscribe)).await.or_fault(OPENING)?;
    let answer = loop {
        let message = socket.next().await.ok_or_else(|| fault(OPENING, "the node has closed it"))?.or_fault(OPENING)?;
        // A ping comes first.
        if let Message::Text(answer) = message {
            break answer;
        }
    };
    if !answer.contains(r#""ok":true"#) {
        return Err(fault(OPENING, answer));
    }
    Ok(tokio::spawn(async move { while let Some(Ok(_)) = socket.next().await {} }))
}
