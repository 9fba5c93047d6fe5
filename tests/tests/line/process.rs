//! The real binary, and ports that are free.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The binary beside the tests' own folder.
pub(crate) fn berth() -> PathBuf {
    let tests = std::env::current_exe().expect("a test knows where it lies");
    let target = tests.parent().and_then(Path::parent).expect("tests lie in target/PROFILE/deps");
    let binary = target.join("berth");
    assert!(binary.exists(), "{} is not built: run cargo build --workspace --all-targets", binary.display());
    binary
}

/// Runs the binary to its end.
pub(crate) fn run(args: &[&str]) -> Output {
    Command::new(berth()).args(args).stdin(Stdio::null()).output().expect("the binary runs")
}

/// Runs the binary and reads its answer as JSON.
pub(crate) fn json(args: &[&str]) -> Value {
    let output = run(args);
    let text = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e}\n{text}\n{told}"))
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}

/// A node of its own, killed at the end.
pub(crate) struct Node {
    child: Child,
    pub(crate) url: String,
}

impl Node {
    /// Starts `berth serve` with these arguments and waits until it is ready.
    pub(crate) fn start(data: &Path, args: &[&str]) -> Self {
        let listen = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(berth());
        command.args(["serve", "--listen", &listen, "--data"]).arg(data).args(args);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the binary runs");
        let node = Self { child, url: format!("http://{listen}") };
        node.wait_until_ready();
        node
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(health) = get(&format!("{}/health", self.url))
                && health["status"] == "ready"
            {
                return;
            }
            assert!(Instant::now() < deadline, "the node is not ready after {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.end();
    }
}

/// A JSON document over HTTP; none when nobody answers one.
pub(crate) fn get(url: &str) -> Option<Value> {
    let output = Command::new("curl").args(["-sS", "-m", "10", url]).output().expect("curl runs");
    serde_json::from_slice(&output.stdout).ok()
}

/// Asks again until the answer is as wanted.
pub(crate) fn until(what: &str, url: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let last = get(url);
        match last {
            Some(answer) if wanted(&answer) => return answer,
            last => assert!(Instant::now() < deadline, "waited {PATIENCE:?} until {what}: {last:?}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What a child prints, line by line, until it ends.
pub(crate) fn lines(child: &mut Child, mut each: impl FnMut(&str)) -> String {
    let mut out = child.stdout.take().expect("standard output is piped");
    let (mut all, mut line) = (String::new(), Vec::new());
    let mut byte = [0];
    while out.read(&mut byte).expect("a pipe can be read") > 0 {
        if byte[0] != b'\n' {
            line.push(byte[0]);
            continue;
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        line.clear();
        each(&text);
        all.push_str(&text);
        all.push('\n');
    }
    all
}

/// The log of a demo that keeps what it has in `data`.
pub(crate) fn log_id(data: &Path) -> String {
    let node = data.join("node");
    let checked =
        json(&["verify", "-o", "json", "--data", node.to_str().expect("a temporary folder has a plain name")]);
    checked["logId"].as_str().expect("the log has an id").to_owned()
}

/// How many containers of a log there are.
pub(crate) fn containers(docker: &str, log: &str) -> usize {
    let output = Command::new("docker")
        .args(["-H", docker, "ps", "--all", "--quiet", "--filter", &format!("label=berth.log={log}")])
        .output()
        .expect("docker runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().count()
}
