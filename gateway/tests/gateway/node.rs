//! A node of its own for each test, and a client of its REST routes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use berth_auth::{Signers, SigningKey};
use berth_domain::{Address, Bounds, Digest, FeeBps, Genesis, ResourceClass, Text, Timing, TrustLevel, TrustRules};
use berth_gateway::{
    AuthConfig, ChainError, ChainSigners, Gateway, GatewayConfig, Limits, Provision, ProvisionError, Running, Services,
    TlsConfig, feed,
};
use berth_journal::{Admission, DataDir, PrivateStore, Sequencer, SequencerConfig, recover};
use berth_wire::address::OpenIdentity;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::socket::Socket;

/// The operator's token of every test's node.
pub(crate) const TOKEN: &str = "the operator's token";

/// A running node.
pub(crate) struct Node {
    running: Running,
    sequencer: Sequencer,
    pub(crate) admission: Admission,
    http: reqwest::Client,
    pub(crate) chain: Arc<Chain>,
}

/// The settler's part of the chain: it deposits what is asked for and reports
/// it as the settler would.
#[derive(Default)]
pub(crate) struct Chain {
    at: OnceLock<SocketAddr>,
    deposits: Mutex<u64>,
    /// The accounts that the chain has.
    pub(crate) signers: Mutex<BTreeMap<Address, Signers>>,
}

impl Provision for Chain {
    fn provision(&self, who: OpenIdentity) -> Pin<Box<dyn Future<Output = Result<(), ProvisionError>> + Send + '_>> {
        Box::pin(async move {
            // The chain has one order, so one deposit is reported after another.
            let mut deposits = self.deposits.lock().await;
            *deposits += 1;
            let mut socket = Socket::operator(*self.at.get().unwrap()).await;
            let address = berth_wire::address::write(who.address);
            let params = json!({ "chainEvent": format!("{}-1", *deposits), "address": address, "amount": "10000" });
            socket.ok("fact.deposit", params).await;
            Ok(())
        })
    }
}

impl ChainSigners for Chain {
    fn signers(
        &self,
        account: Address,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Signers>, ChainError>> + Send + '_>> {
        Box::pin(async move { Ok(self.signers.lock().await.get(&account).cloned()) })
    }
}

impl Chain {
    /// How many deposits were made.
    pub(crate) async fn deposits(&self) -> u64 {
        *self.deposits.lock().await
    }
}

/// The passphrase of the tests' network.
pub(crate) const PASSPHRASE: &str = "Berth's tests";

/// The node's own keys, the same at every start, as from a file.
fn auth(signers: Arc<Chain>) -> AuthConfig {
    AuthConfig {
        server_key: SigningKey::from_bytes(&[201; 32]),
        token_key: SigningKey::from_bytes(&[202; 32]),
        token_seconds: 3_600,
        passphrase: PASSPHRASE.to_owned(),
        domain: None,
        signers,
    }
}

fn genesis() -> Genesis {
    Genesis {
        network: Digest([1; 32]),
        escrow_contract: Digest([2; 32]),
        asset: Text::new("XLM").unwrap(),
        operator: Address([3; 32]),
        treasury: Address([4; 32]),
        fee: FeeBps::new(500).unwrap(),
        default_level: TrustLevel::Five,
        grants: Vec::new(),
        markets: vec![ResourceClass::Cpu],
        open_markets: true,
        timing: Timing::default(),
        bounds: Bounds::default(),
        trust: TrustRules::default(),
        auditors: Vec::new(),
    }
}

impl Node {
    /// A fresh open node.
    pub(crate) async fn open() -> (TempDir, Self) {
        let dir = tempfile::tempdir().unwrap();
        let node = Self::start(dir.path(), true).await;
        (dir, node)
    }

    /// A node on the log in `dir`.
    pub(crate) async fn start(dir: &Path, open: bool) -> Self {
        Self::limited(dir, open, Limits::OPEN).await
    }

    /// The same, with other limits.
    pub(crate) async fn limited(dir: &Path, open: bool, limits: impl Into<Limits>) -> Self {
        Self::with(dir, open, limits, None).await
    }

    /// The same, with a certificate.
    pub(crate) async fn with(dir: &Path, open: bool, limits: impl Into<Limits>, tls: Option<TlsConfig>) -> Self {
        Self::sequenced(dir, open, limits, tls, |_| ()).await
    }

    /// The same, with another sequencer.
    pub(crate) async fn sequenced(
        dir: &Path,
        open: bool,
        limits: impl Into<Limits>,
        tls: Option<TlsConfig>,
        change: impl FnOnce(&mut SequencerConfig),
    ) -> Self {
        // Without one, an HTTP client panics; another test may have been first.
        let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let dir = DataDir::new(dir);
        let recovered = recover(&dir).unwrap();
        let (exchange, events) = (recovered.exchange().clone(), recovered.events());
        let private = PrivateStore::open(&dir).unwrap();
        let (publisher, feed) = feed();
        let mut config = SequencerConfig::new(move |committed| publisher.publish(committed));
        change(&mut config);
        let admission = config.admission.clone();
        let sequencer = Sequencer::start(recovered, Some(genesis()), config).unwrap();
        let chain = Arc::new(Chain::default());
        let services = Services {
            sequencer: sequencer.handle(),
            feed,
            exchange,
            dir: dir.clone(),
            events,
            private,
            audit: None,
            auth: auth(chain.clone()),
            provision: Some(chain.clone()),
            treasury: None,
            till: None,
        };
        let listen = "127.0.0.1:0".parse().unwrap();
        let config =
            GatewayConfig { listen, open, operator_token: TOKEN.to_owned(), limits: limits.into(), tls, traced: false };
        let running = Gateway::start(services, config).await.unwrap();
        chain.at.set(running.inner_addr()).unwrap();
        Self { running, sequencer, admission, http: reqwest::Client::new(), chain }
    }

    pub(crate) async fn stop(self) {
        self.running.shutdown().await;
        self.sequencer.stop();
    }

    pub(crate) fn running(&self) -> &Running {
        &self.running
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.running.local_addr()
    }

    pub(crate) async fn socket(&self) -> Socket {
        Socket::connect(self.addr()).await
    }

    pub(crate) async fn operator(&self) -> Socket {
        Socket::operator(self.addr()).await
    }

    /// A request; the body is sent as JSON when there is one.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::Response {
        let request = self.http.request(method, format!("http://{}{path}", self.addr()));
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request.send().await.unwrap()
    }

    /// A request that is still to be sent, wherever.
    pub(crate) fn asking(&self, method: Method, path: &str, body: Value) -> reqwest::RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.addr())).json(&body)
    }

    /// A request whose answer is JSON.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let response = self.send(method, path, body).await;
        assert_eq!(response.headers()["x-berth-mode"], "open", "every answer names the mode");
        (response.status(), response.json().await.unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.call(Method::POST, path, Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{path}: {body}");
        body
    }

    /// All of `GET /events` with these parameters.
    pub(crate) async fn events(&self, query: &str) -> Vec<Value> {
        let response = self.send(Method::GET, &format!("/api/v1/events?limit=1000&{query}"), None).await;
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        let text = response.text().await.unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Registers a host with plenty of everything.
    pub(crate) async fn provider(&self, owner: &str) -> u64 {
        let body = json!({
            "address": owner,
            "resources": { "cpu": 64, "memory": 65536, "storage": 1000, "bandwidth": 1000 },
            "hostname": "provider.example.com",
            "port": 8080,
            "agent": "own",
        });
        self.post("/api/v1/providers", body).await["id"].as_u64().unwrap()
    }

    /// Places a standing bid in the CPU market.
    pub(crate) async fn bid(&self, provider: u64, price: &str, quantity: u64) -> Value {
        let body = json!({ "providerId": provider, "market": "CPU", "bidPrice": price, "quantity": quantity });
        self.post("/api/v1/bids", body).await
    }

    /// Places an order for one vCPU for an hour.
    pub(crate) async fn order(&self, tenant: &str, price: &str) -> Value {
        self.post("/api/v1/orders", order(tenant, price)).await
    }
}

/// An order for one vCPU for an hour.
pub(crate) fn order(tenant: &str, price: &str) -> Value {
    json!({
        "tenantAddress": tenant,
        "maxPrice": price,
        "specification": { "image": "nginx:latest", "cpu": 1, "memory": 256 },
        "durationSeconds": 3600,
    })
}

/// Why an open gateway does not start there.
pub(crate) async fn refuse_to_listen(listen: &str) -> berth_gateway::StartError {
    let dir = tempfile::tempdir().unwrap();
    let dir = DataDir::new(dir.path());
    let recovered = recover(&dir).unwrap();
    let (exchange, events) = (recovered.exchange().clone(), recovered.events());
    let private = PrivateStore::open(&dir).unwrap();
    let (publisher, feed) = feed();
    let config = SequencerConfig::new(move |committed| publisher.publish(committed));
    let sequencer = Sequencer::start(recovered, Some(genesis()), config).unwrap();
    let services = Services {
        sequencer: sequencer.handle(),
        feed,
        exchange,
        dir,
        events,
        private,
        audit: None,
        auth: auth(Arc::default()),
        provision: None,
        treasury: None,
        till: None,
    };
    let limits = Limits::OPEN;
    let config = GatewayConfig {
        listen: listen.parse().unwrap(),
        open: true,
        operator_token: String::new(),
        limits,
        tls: None,
        traced: false,
    };
    let Err(error) = Gateway::start(services, config).await else { panic!("it started") };
    error
}
