//! The exchange behind an address: a node, through the SDK.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use berth_client::{Client, ClientError, Reply, Session, Signer, SigningKey};
use berth_wire::json::parse_value;
use berth_wire::request;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;
use tracing::warn;

use super::shape::{self, HealthShape, LeaseShape, Page};
use super::{Change, Exchange, ExchangeError, Head, Started, Vitals};
use crate::lease::{Lease, LeaseId, Leases, LogId, Outcome, ReplicaIndex, Specification};

/// How long one call may take.
const CALL_TIME_MAX: Duration = Duration::from_secs(10);
/// Leases that are asked for at once.
const PAGE: u32 = 1_000;
/// Pages that are read at most: more open leases than one host can run.
const PAGES_MAX: usize = 1_000;
/// The states of leases that are not closed.
const OPEN: &str = "opened,escrowed,running,suspended,verifying,closing";
/// What the exchange answers of a lease that there is not.
const UNKNOWN_LEASE: &str = "UNKNOWN_LEASE";

/// A node of the exchange.
pub struct Node {
    client: Client,
    session: Session,
}

/// The client holds a token, which no log needs.
impl fmt::Debug for Node {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Node").finish_non_exhaustive()
    }
}

impl Node {
    /// The node at `url`, such as `http://127.0.0.1:3000`. It need not answer
    /// yet. Reports are signed where there is a `signer`, and else in the name of
    /// whoever has the token. `authorities` are those that are believed about who
    /// the node is, as PEM, instead of this machine's. To be called within a Tokio runtime.
    ///
    /// # Errors
    /// When `url` is none, or there is no certificate among the authorities.
    pub fn new(
        url: &str,
        token: Option<String>,
        authorities: Option<&[u8]>,
        key: Option<SigningKey>,
        signer: Option<Signer>,
    ) -> Result<Self, ExchangeError> {
        let client = Client::believing(url, token, authorities).map_err(of_client)?;
        let client = match key {
            Some(key) => client.with_key(key),
            None => client,
        };
        let session = match signer {
            Some(signer) => client.signed_session(signer),
            None => client.session(),
        };
        Ok(Self { client, session })
    }
}

impl Exchange for Node {
    async fn head(&self) -> Result<Head, ExchangeError> {
        let health: HealthShape = bounded(self.client.get("/health")).await?;
        let log = LogId::parse(&health.log_id)
            .ok_or_else(|| ExchangeError::Away(format!("{:?} is no log's id", health.log_id)))?;
        Ok(Head { log, seq: health.seq })
    }

    async fn leases(&self, served: Leases) -> Result<Vec<Lease>, ExchangeError> {
        let filter = match served {
            Leases::Provider(provider) => format!("providerId={provider}"),
            Leases::House => "agent=house".to_owned(),
        };
        let path = format!("/api/v1/leases?{filter}&state={OPEN}&limit={PAGE}");
        let mut leases = Vec::new();
        let mut next = path.clone();
        for _ in 0..PAGES_MAX {
            let page: Page = bounded(self.client.get(&next)).await?;
            leases.extend(page.items.into_iter().map(LeaseShape::parse));
            next = match page.next {
                None => return Ok(leases),
                Some(Value::String(cursor)) => format!("{path}&cursor={cursor}"),
                Some(cursor) => format!("{path}&cursor={cursor}"),
            };
        }
        Err(ExchangeError::Away("its list of leases does not end".to_owned()))
    }

    async fn lease(&self, id: LeaseId) -> Result<Option<Lease>, ExchangeError> {
        match bounded(self.client.get::<LeaseShape>(&format!("/api/v1/leases/{id}"))).await {
            Ok(lease) => Ok(Some(lease.parse())),
            Err(ExchangeError::Refused { code, .. }) if code == UNKNOWN_LEASE => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn specification(&self, lease: &Lease) -> Result<Specification, ExchangeError> {
        let path = format!("/api/v1/leases/{}/specification?address={}", lease.id, lease.provider_address);
        let shape: request::Specification = bounded(self.client.get(&path)).await?;
        Ok(shape::specification(shape))
    }

    fn changes(&self, seq: u64) -> BoxStream<'static, Change> {
        let types = shape::CHANGES.map(str::to_owned).to_vec();
        let events = self.client.events(seq + 1, types);
        stream::unfold(events, |mut events| async move {
            match events.next().await {
                Ok(frame) => {
                    let changes: Vec<_> = frame.events.iter().filter_map(shape::change).collect();
                    Some((stream::iter(changes), events))
                }
                Err(error) => {
                    warn!("the event stream has ended: {error}");
                    None
                }
            }
        })
        .flatten()
        .boxed()
    }

    async fn start(&self, lease: &Lease, started: &Started) -> Result<(), ExchangeError> {
        let report = read(shape::start(lease, started))?;
        bounded(self.session.start_lease(&report)).await.map(|_: Reply| ())
    }

    async fn heartbeat(&self, lease: &Lease, vitals: Vitals) -> Result<(), ExchangeError> {
        let report = read(shape::heartbeat(lease, vitals))?;
        bounded(self.session.heartbeat(&report)).await.map(|_: Reply| ())
    }

    async fn tell(
        &self,
        lease: &Lease,
        replica: ReplicaIndex,
        after: Option<&str>,
        lines: Vec<u8>,
    ) -> Result<Option<String>, ExchangeError> {
        let told = self.client.tell_output(lease.id.0, &lease.provider_address, replica.0, after, lines);
        bounded(told).await.map(|known| known.until)
    }

    async fn hand_in(&self, lease: &Lease, result: Vec<u8>) -> Result<(), ExchangeError> {
        bounded(self.client.hand_in_result(lease.id.0, &lease.provider_address, result)).await
    }

    async fn finish(&self, lease: &Lease, outcome: &Outcome) -> Result<(), ExchangeError> {
        let report = read(shape::finish(lease, outcome))?;
        bounded(self.session.finish_lease(&report)).await.map(|_: Reply| ())
    }
}

/// A report as the exchange reads it. What it cannot read it would refuse, and
/// no later try makes it better.
fn read<T: DeserializeOwned>(report: Value) -> Result<T, ExchangeError> {
    parse_value(report).map_err(|why| ExchangeError::Refused { code: "MALFORMED".to_owned(), detail: why.to_string() })
}

async fn bounded<T>(call: impl Future<Output = Result<T, ClientError>>) -> Result<T, ExchangeError> {
    match timeout(CALL_TIME_MAX, call).await {
        Ok(answer) => answer.map_err(of_client),
        Err(_) => Err(ExchangeError::Away(format!("no answer within {} s", CALL_TIME_MAX.as_secs()))),
    }
}

fn of_client(error: ClientError) -> ExchangeError {
    match error {
        // What may be better later is no answer yet.
        error if error.may_retry() => ExchangeError::Away(error.to_string()),
        ClientError::Refused { code, detail, .. } => ExchangeError::Refused { code, detail },
        other => ExchangeError::Away(other.to_string()),
    }
}
