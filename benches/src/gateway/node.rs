//! A node of its own, in a folder that goes when it ends.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use berth_client::Client;
use tempfile::TempDir;
use tokio::time::sleep;

use super::{While, fault};
use crate::measure::MeasureFault;

/// How long a node may take to start.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two questions whether it has.
const PAUSE: Duration = Duration::from_millis(50);
/// A clock tick of `/proc/PID/stat`, fixed in Linux's interface (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Killed where this is dropped.
pub(super) struct Node {
    child: Child,
    pub(super) url: String,
    folder: TempDir,
}

impl Node {
    /// Starts `berth serve --open` in a folder under `dir`.
    pub(super) async fn start(program: &Path, dir: &Path) -> Result<Self, MeasureFault> {
        const DOING: &str = "starting a node";
        let folder = tempfile::tempdir_in(dir).or_fault(DOING)?;
        let listen = {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).or_fault(DOING)?;
            free.local_addr().or_fault(DOING)?.to_string()
        };
        let said = File::create(folder.path().join("said")).or_fault(DOING)?;
        let child = Command::new(program)
            .args(["serve", "--open", "--listen", &listen, "--data"])
            .arg(folder.path().join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .or_fault(DOING)?;
        let mut node = Self { child, url: format!("http://{listen}"), folder };
        node.wait_until_ready().await?;
        Ok(node)
    }

    async fn wait_until_ready(&mut self) -> Result<(), MeasureFault> {
        let client = self.client()?;
        let begun = Instant::now();
        loop {
            if client.health().await.is_ok() {
                return Ok(());
            }
            let ended = self.child.try_wait().or_fault("starting a node")?;
            if ended.is_some() || begun.elapsed() > PATIENCE {
                let said = fs::read_to_string(self.folder.path().join("said")).unwrap_or_default();
                let last = said.lines().last().unwrap_or("it said nothing");
                return Err(fault("starting a node", format_args!("it does not get ready: {last}")));
            }
            sleep(PAUSE).await;
        }
    }

    pub(super) fn client(&self) -> Result<Client, MeasureFault> {
        Client::new(&self.url, None).or_fault("making a client")
    }

    /// Where a file on the same disk can be put.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Its metrics, as text.
    pub(super) async fn metrics(&self) -> Result<String, reqwest::Error> {
        reqwest::get(format!("{}/metrics", self.url)).await?.text().await
    }

    /// Processor time that it has taken so far.
    pub(super) fn processor_time(&self) -> Result<Duration, MeasureFault> {
        processor_time(&self.child.id().to_string())
    }

    /// Bytes of memory that it has now.
    pub(super) fn memory(&self) -> Result<u64, MeasureFault> {
        const DOING: &str = "looking at the node's memory";
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).or_fault(DOING)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
        kib.map(|kib| kib << 10).ok_or_else(|| fault(DOING, "the system does not tell"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time that a process has taken so far: `self`, or its number.
pub(super) fn processor_time(process: &str) -> Result<Duration, MeasureFault> {
    const DOING: &str = "looking at processor time";
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).or_fault(DOING)?;
    // The name before it may hold spaces. User's and system's time are fields 14
    // and 15 (proc(5)), and the state behind the name is field 3.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(2));
    let ticks = fields.map(|fields| fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>());
    let ticks = ticks.ok_or_else(|| fault(DOING, "the system does not tell"))?;
    Ok(Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND))
}
