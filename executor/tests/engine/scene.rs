//! One test's stage: an engine, an image, a desk, agents; cleared at its end,
//! also when the test fails, since the engine may be the user's.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use berth_executor::docker::{Engine, image::build_scratch};
use berth_executor::lease::{LeaseId, Leases, LogId, PortRequest, Protocol, ProviderId, Specification};
use berth_executor::plan::Container;
use berth_executor::results::Results;
use berth_executor::{Agent, AgentConfig};
use berth_tests::dockerd::Dockerd;
use bollard::models::{ContainerInspectResponse, Network};
use bollard::query_parameters::{
    BuildImageOptionsBuilder, ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptions,
};
use futures_util::{FutureExt, StreamExt};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::desk::Desk;

/// The image that every test runs: the demo's page.
pub(crate) const IMAGE: &str = "berth-test/page:latest";
const PROVIDER: ProviderId = ProviderId(1);
const OTHER_PROVIDER: ProviderId = ProviderId(2);

pub(crate) struct Scene {
    pub(crate) desk: Desk,
    pub(crate) image_id: String,
    engine: Engine,
    host: String,
    log: LogId,
    provider: ProviderId,
    data: TempDir,
}

/// Sets the stage, plays, clears it.
pub(crate) fn scene(name: &str, play: impl AsyncFnOnce(&Scene)) {
    let dockerd = Dockerd::shared().unwrap_or_else(|words| panic!("{words}"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        // Each test is an exchange of its own, in every run.
        let unique = format!("{name} {} {:?}", std::process::id(), std::time::SystemTime::now());
        let log = LogId::parse(&hex::encode(Sha256::digest(unique))).expect("a hash");
        let engine = Engine::connect(Some(dockerd.host())).await.expect("it answers");
        let labels = HashMap::from([("berth.test".to_owned(), "page".to_owned())]);
        // One after the other, or two builds leave an image without a tag.
        static BUILDING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let building = BUILDING.lock().await;
        let image_id = build_scratch(&engine, IMAGE, page(), &labels).await.expect("an image");
        drop(building);
        let scene = Scene::new(engine, dockerd.host(), image_id, log, PROVIDER);
        let outcome = AssertUnwindSafe(play(&scene)).catch_unwind().await;
        scene.clear().await;
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
    });
}

/// What most tests run: the page, half a core, 64 MiB.
pub(crate) fn specification(ports: &[u16]) -> Specification {
    let port = |container_port: &u16| PortRequest {
        container_port: *container_port,
        host_port: None,
        protocol: Protocol::Tcp,
    };
    Specification {
        image: IMAGE.to_owned(),
        command: vec![],
        env: BTreeMap::new(),
        ports: ports.iter().map(port).collect(),
        cpu_millis: 500,
        memory_mib: 64,
        storage_gib: 1,
        gpus: 0,
    }
}

/// An answer of the page behind a published port, headers and all.
pub(crate) async fn fetch(host_port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", host_port)).await.expect("the port is published");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

impl Scene {
    fn new(engine: Engine, host: &str, image_id: String, log: LogId, provider: ProviderId) -> Self {
        Self {
            desk: Desk::new(log.clone(), provider),
            image_id,
            engine,
            host: host.to_owned(),
            log,
            provider,
            data: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// A second provider of the same exchange on the same engine.
    pub(crate) fn another_provider(&self) -> Beside {
        Beside {
            desk: Desk::new(self.log.clone(), OTHER_PROVIDER),
            host: self.host.clone(),
            data: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// Starts an agent; to abort its task is to kill it.
    pub(crate) async fn agent(&self) -> JoinHandle<()> {
        agent(&self.desk, self.provider, &self.host, self.data.path().to_owned()).await
    }

    /// Starts an agent that reaches the engine by another way.
    pub(crate) async fn agent_by(&self, host: &str) -> JoinHandle<()> {
        agent(&self.desk, self.provider, host, self.data.path().to_owned()).await
    }

    /// The engine's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        PathBuf::from(self.host.strip_prefix("unix://").expect("an engine of this machine"))
    }

    /// Builds an image of one program.
    pub(crate) async fn build_image(&self, tag: &str, source: &str) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("program.rs");
        std::fs::write(&path, source).expect("a source file");
        build_scratch(&self.engine, tag, &compile(&path), &HashMap::new()).await.expect("an image");
    }

    /// Builds an image from another, with more lines.
    pub(crate) async fn derive_image(&self, from: &str, tag: &str, lines: &str) {
        let dockerfile = format!("FROM {from}\n{lines}\n");
        let mut header = tar::Header::new_gnu();
        header.set_size(dockerfile.len() as u64);
        header.set_mode(0o644);
        let mut context = tar::Builder::new(Vec::new());
        context.append_data(&mut header, "Dockerfile", dockerfile.as_bytes()).expect("a build context");
        let context = context.into_inner().expect("a build context");
        let options = BuildImageOptionsBuilder::new().t(tag).rm(true).forcerm(true).build();
        let body = bollard::body_full(context.into());
        let mut steps = self.engine.api().build_image(options, None, Some(body));
        while let Some(step) = steps.next().await {
            let failure = step.expect("a step").error_detail;
            assert!(failure.is_none(), "{failure:?}");
        }
    }

    pub(crate) async fn remove_image(&self, tag: &str) {
        self.engine.api().remove_image(tag, None::<RemoveImageOptions>, None).await.expect("it is there");
    }

    pub(crate) async fn containers(&self) -> Vec<Container> {
        self.engine.observe(&self.log).await.expect("the engine answers").containers
    }

    pub(crate) async fn container_ids(&self) -> Vec<String> {
        let mut ids: Vec<_> = self.containers().await.into_iter().map(|container| container.id).collect();
        ids.sort();
        ids
    }

    pub(crate) async fn networks(&self) -> Vec<Network> {
        let filter = HashMap::from([("label".to_owned(), vec![format!("berth.log={}", self.log)])]);
        let options = ListNetworksOptionsBuilder::new().filters(&filter).build();
        self.engine.api().list_networks(Some(options)).await.expect("the engine answers")
    }

    pub(crate) async fn inspect(&self, id: &str) -> ContainerInspectResponse {
        self.engine.api().inspect_container(id, None).await.expect("it is there")
    }

    pub(crate) async fn remove(&self, id: &str) {
        let options = RemoveContainerOptionsBuilder::new().force(true).build();
        self.engine.api().remove_container(id, Some(options)).await.expect("it is there");
    }

    pub(crate) async fn limits_swap(&self) -> bool {
        self.engine.api().info().await.expect("the engine answers").swap_limit.unwrap_or(false)
    }

    pub(crate) fn result_path(&self, lease: LeaseId) -> PathBuf {
        Results::new(self.data.path()).log_path(&self.log, lease)
    }

    pub(crate) async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        for _ in 0..300 {
            if is_so().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{what}: not within 30 s");
    }

    async fn clear(&self) {
        let observed = self.engine.observe(&self.log).await.expect("the engine answers");
        for labels in observed.containers.iter().map(|container| &container.labels).chain(&observed.networks) {
            self.engine.remove(labels).await.expect("it can be removed");
        }
    }
}

/// Another provider's part of a scene.
pub(crate) struct Beside {
    pub(crate) desk: Desk,
    host: String,
    data: TempDir,
}

impl Beside {
    pub(crate) async fn agent(&self) -> JoinHandle<()> {
        agent(&self.desk, OTHER_PROVIDER, &self.host, self.data.path().to_owned()).await
    }
}

async fn agent(desk: &Desk, provider: ProviderId, host: &str, data: PathBuf) -> JoinHandle<()> {
    let mut config = AgentConfig::new("played by the desk", Leases::Provider(provider), data);
    config.docker = Some(host.to_owned());
    config.interval = Duration::from_millis(500);
    config.stop_grace = Duration::from_secs(5);
    let agent = Agent::with(desk.clone(), config).await.expect("the engine answers");
    tokio::spawn(agent.run(std::future::pending()))
}

/// The demo's page, which the cli's build script makes the same way.
fn page() -> &'static [u8] {
    static PAGE: OnceLock<Vec<u8>> = OnceLock::new();
    PAGE.get_or_init(|| compile(concat!(env!("CARGO_MANIFEST_DIR"), "/../cli/page/main.rs").as_ref()))
}

fn compile(source: &Path) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("program");
    let status = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition", "2024", "--crate-name", "program", "-C", "target-feature=+crt-static"])
        .args(["-C", "panic=abort", "-C", "strip=symbols", "-o"])
        .arg(&program)
        .arg(source)
        .status()
        .expect("a compiler");
    assert!(status.success(), "{} compiles", source.display());
    std::fs::read(program).expect("a program")
}
