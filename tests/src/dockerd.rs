//! A Docker engine for tests: the one that answers, else a private one.
//!
//! Where `DOCKER_HOST` or the usual socket answers, that engine is used as it
//! is and left as it is. Where none does, a `dockerd` is started with its own
//! socket, data, state and containerd namespace under a temporary folder, and
//! stopped when the last user drops it. It touches no firewall rule and no
//! kernel setting: ports are published by its userland proxy, which is all
//! that loopback needs.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{env, fs};

use tempfile::TempDir;

/// The engine's socket where nothing else is configured.
const SOCKET_DEFAULT: &str = "unix:///var/run/docker.sock";
/// How long a new daemon may take until it answers.
const START_TIME_MAX: Duration = Duration::from_secs(60);
/// How long a daemon may take to stop its containers and itself.
const STOP_TIME_MAX: Duration = Duration::from_secs(40);

/// An engine that answers. Clones of the [`Arc`] from [`Dockerd::shared`]
/// share it within one test binary.
#[derive(Debug)]
pub struct Dockerd {
    host: String,
    own: Option<Own>,
}

impl Dockerd {
    /// The engine of this test binary, started when the first test asks for it
    /// and stopped when the last one lets go.
    ///
    /// # Errors
    /// In words, when none answers and none can be started.
    pub fn shared() -> Result<Arc<Self>, String> {
        static SHARED: Mutex<Weak<Dockerd>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Ok(running);
        }
        let host = env::var("DOCKER_HOST").unwrap_or_else(|_| SOCKET_DEFAULT.to_owned());
        let engine = if answers(&host) { Self { host, own: None } } else { Self::start()? };
        let engine = Arc::new(engine);
        *shared = Arc::downgrade(&engine);
        Ok(engine)
    }

    /// A private engine, whether or not another one answers.
    ///
    /// # Errors
    /// In words, when `dockerd` is not installed, may not run here (it needs
    /// root) or does not answer within a minute; the end of its log is shown.
    pub fn start() -> Result<Self, String> {
        let own = Own::start()?;
        Ok(Self { host: own.host(), own: Some(own) })
    }

    /// Where it answers, in the form of `DOCKER_HOST`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether this engine was started here and may be stopped or restarted.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }
}

/// A daemon of ours, owned by a thread that lives until it is dropped.
#[derive(Debug)]
struct Own {
    folder: TempDir,
    stop: Option<SyncSender<()>>,
    keeper: Option<JoinHandle<()>>,
}

impl Own {
    fn start() -> Result<Self, String> {
        // A socket's path has 108 bytes at most, so the folder is directly
        // under the system's temporary one and its name is short.
        let folder = tempfile::Builder::new()
            .prefix("berth-dockerd-")
            .tempdir()
            .map_err(|error| format!("no temporary folder: {error}"))?;
        let path = folder.path().to_owned();
        let (stop, stopped) = sync_channel(1);
        let (report, started) = sync_channel(1);
        // The daemon is asked to be told when the thread that started it dies
        // (see `command`), so that thread must not be a test's.
        let keeper = thread::Builder::new()
            .name("dockerd".to_owned())
            .spawn(move || keep(&path, &report, &stopped))
            .map_err(|error| format!("no thread for the daemon: {error}"))?;
        let own = Self { folder, stop: Some(stop), keeper: Some(keeper) };
        started.recv().map_err(|_| "the daemon's thread ended".to_owned())??;
        Ok(own)
    }

    fn host(&self) -> String {
        format!("unix://{}", self.folder.path().join("docker.sock").display())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

fn keep(folder: &Path, report: &SyncSender<Result<(), String>>, stopped: &Receiver<()>) {
    let mut daemon = match spawn(folder) {
        Ok(daemon) => daemon,
        Err(words) => return drop(report.send(Err(words))),
    };
    let up = wait_until_up(folder, &mut daemon);
    let is_up = up.is_ok();
    let _ = report.send(up);
    if is_up {
        // Ends when the sender is dropped; nothing is ever sent.
        let _ = stopped.recv();
    }
    end(&mut daemon);
}

fn spawn(folder: &Path) -> Result<Child, String> {
    let log = |name: &str| File::create(folder.join(name)).map_err(|error| format!("no log for the daemon: {error}"));
    command(folder)
        .stdin(Stdio::null())
        .stdout(log("stdout.log")?)
        .stderr(log("stderr.log")?)
        .spawn()
        .map_err(|error| format!("no Docker engine answers and dockerd cannot be started here: {error}"))
}

fn command(folder: &Path) -> Command {
    // `setpriv --pdeathsig` has the kernel tell the daemon to stop if this
    // process is killed before it can.
    let mut command = if on_path("setpriv") {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", program()]);
        command
    } else {
        Command::new(program())
    };
    let id = std::process::id();
    let at = |name: &str| folder.join(name).display().to_string();
    command
        .args(["--host", &format!("unix://{}", at("docker.sock"))])
        .args(["--data-root", &at("data")])
        .args(["--exec-root", &at("exec")])
        .args(["--pidfile", &at("docker.pid")])
        .args(["--containerd-namespace", &format!("berth-{id}")])
        .args(["--containerd-plugins-namespace", &format!("berth-plugins-{id}")])
        .args(["--bridge", "none", "--iptables=false", "--ip6tables=false"])
        .args(["--ip-forward=false", "--ip-masq=false", "--userland-proxy=true"])
        // Small networks from a block of its own, so that test binaries that
        // run side by side do not ask for the same addresses.
        .args(["--default-address-pool", &format!("base=10.{}.0.0/16,size=28", 128 + id % 100)]);
    command
}

/// Debian has it where only an administrator's `PATH` leads.
fn program() -> &'static str {
    if on_path("dockerd") { "dockerd" } else { "/usr/sbin/dockerd" }
}

fn on_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn wait_until_up(folder: &Path, daemon: &mut Child) -> Result<(), String> {
    let host = format!("unix://{}", folder.join("docker.sock").display());
    let since = Instant::now();
    while since.elapsed() < START_TIME_MAX {
        if answers(&host) {
            return Ok(());
        }
        if let Ok(Some(status)) = daemon.try_wait() {
            return Err(format!("dockerd ended at its start ({status}): {}", last_words(folder)));
        }
        thread::sleep(Duration::from_millis(100));
    }
    Err(format!("dockerd does not answer: {}", last_words(folder)))
}

fn last_words(folder: &Path) -> String {
    let log = fs::read_to_string(folder.join("stderr.log")).unwrap_or_default();
    let lines: Vec<_> = log.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// Asks the daemon to stop, which stops its containers and unmounts their
/// folders; kills it only if it does not.
fn end(daemon: &mut Child) {
    let _ = Command::new("kill").args(["-TERM", &daemon.id().to_string()]).status();
    let since = Instant::now();
    while since.elapsed() < STOP_TIME_MAX {
        if !matches!(daemon.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    let _ = daemon.kill();
    let _ = daemon.wait();
}

/// Whether an engine at `host` (`unix://…` or `tcp://…`) answers a ping.
#[must_use]
pub fn answers(host: &str) -> bool {
    ping(host).is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

fn ping(host: &str) -> Option<String> {
    let patience = Some(Duration::from_secs(5));
    let request = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    if let Some(path) = host.strip_prefix("unix://") {
        let mut stream = UnixStream::connect(PathBuf::from(path)).ok()?;
        stream.set_read_timeout(patience).ok()?;
        stream.write_all(request).ok()?;
        stream.read_to_string(&mut answer).ok()?;
    } else {
        let mut stream = TcpStream::connect(host.strip_prefix("tcp://")?).ok()?;
        stream.set_read_timeout(patience).ok()?;
        stream.write_all(request).ok()?;
        stream.read_to_string(&mut answer).ok()?;
    }
    Some(answer)
}
