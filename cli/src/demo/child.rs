//! A process of the demo. One that ends although nobody asked it to is started
//! again, as a service manager would, and goes on from what it kept.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{Child as Process, ChildStdin, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::show::Show;
use crate::fault::{Fault, While};

/// Before a process that ended is started again.
const RESTART_PAUSE: Duration = Duration::from_millis(300);
/// How often in a row a process may end by itself with an error, each time
/// within [`EARLY`]: what is not there yet may come, what never starts must not
/// be started for ever. Being killed does not count.
const ERRORS_MAX: u32 = 3;
const EARLY: Duration = Duration::from_secs(90);
/// How long a process may take to end when it is asked to.
const END_TIME_MAX: Duration = Duration::from_secs(15);

/// A process that is kept running.
pub(super) struct Child {
    end: watch::Sender<bool>,
    keeper: JoinHandle<()>,
}

/// What to run.
#[derive(Clone)]
pub(super) struct Role {
    pub(super) name: &'static str,
    pub(super) args: Vec<String>,
    pub(super) logs: PathBuf,
    /// Holds the process's number while it runs.
    pub(super) pid_file: PathBuf,
}

impl Child {
    /// Starts this very program in a role. That it cannot be kept running is
    /// told to `failed`.
    pub(super) fn start(role: Role, show: Arc<Show>, failed: mpsc::UnboundedSender<Fault>) -> Result<Self, Fault> {
        let first = spawn(&role).or_fault(role.name)?;
        let (end, ends) = watch::channel(false);
        let keeper = tokio::spawn(async move {
            if let Err(fault) = keep(role, first, ends, show).await {
                // Nobody listens once the demo ends.
                let _ = failed.send(fault);
            }
        });
        Ok(Self { end, keeper })
    }

    /// Asks it to end and waits until it has.
    pub(super) async fn end(self) {
        self.end.send_replace(true);
        // The keeper only ends by returning.
        let _ = self.keeper.await;
    }
}

/// A process and its standard input. Waiting for a process would close an input
/// that is still within it, and it ends when its input does.
type Running = (Process, Option<ChildStdin>);

async fn keep(role: Role, first: Running, mut ends: watch::Receiver<bool>, show: Arc<Show>) -> Result<(), Fault> {
    let (mut process, mut input) = first;
    let mut errors = 0;
    loop {
        let started = Instant::now();
        let status = tokio::select! {
            status = process.wait() => status,
            () = asked(&mut ends) => {
                // Its standard input ends, which asks it to end.
                drop(input.take());
                if tokio::time::timeout(END_TIME_MAX, process.wait()).await.is_err() {
                    let _ = process.kill().await;
                }
                let _ = std::fs::remove_file(&role.pid_file);
                return Ok(());
            }
        };
        let status = status.or_fault(role.name)?;
        // One that was killed has no code.
        let erred = status.code().is_some_and(|code| code != 0) && started.elapsed() < EARLY;
        errors = if erred { errors + 1 } else { 0 };
        if errors == ERRORS_MAX {
            let words = last_line(&role).unwrap_or_else(|| status.to_string());
            return Err(Fault::CouldNotRun(format!("the {} cannot run: {words}", role.name)));
        }
        show.note(&format!("the {} ended ({status}); it is started again", role.name));
        tokio::time::sleep(RESTART_PAUSE).await;
        (process, input) = spawn(&role).or_fault(role.name)?;
    }
}

async fn asked(ends: &mut watch::Receiver<bool>) {
    // A sender that is gone has nobody left to keep it for.
    let _ = ends.wait_for(|end| *end).await;
}

fn spawn(role: &Role) -> std::io::Result<Running> {
    let log = log(&role.logs, role.name)?;
    let mut process = Command::new(std::env::current_exe()?)
        .args(&role.args)
        // Held open: when the demo is killed it closes, and they end too.
        .stdin(Stdio::piped())
        .stdout(log.try_clone()?)
        .stderr(log)
        // Ctrl-C in a terminal reaches a whole process group. It is for the
        // demo, which ends its processes in their order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    if let Some(pid) = process.id() {
        std::fs::write(&role.pid_file, pid.to_string())?;
    }
    let input = process.stdin.take();
    Ok((process, input))
}

fn log(folder: &Path, name: &str) -> std::io::Result<std::fs::File> {
    std::fs::create_dir_all(folder)?;
    OpenOptions::new().create(true).append(true).open(log_file(folder, name))
}

fn log_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.log"))
}

/// What a process said last.
fn last_line(role: &Role) -> Option<String> {
    let log = std::fs::read(log_file(&role.logs, role.name)).ok()?;
    let log = String::from_utf8_lossy(&log);
    let line = log.lines().rev().find(|line| !line.trim().is_empty())?;
    Some(line.strip_prefix("berth: ").unwrap_or(line).to_owned())
}
