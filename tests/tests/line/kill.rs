//! Each process of the demo is killed, or asked to end, at each station. The demo
//! starts it again as a service manager would; the lease goes on: one container,
//! one escrow, one payment. The demo itself compares the books with the chain, to the
//! stroop, replays the log and checks the proof.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use berth_tests::dockerd::Dockerd;

use crate::process::{PATIENCE, berth, containers, free_port, lines, log_id};

/// Whom to kill. The cheaper provider is the one that wins the lease.
const PROCESSES: [&str; 3] = ["node", "provider-b", "ledger"];
/// When: as soon as this station is shown.
const STATIONS: [&str; 6] = ["provider-b", "deposit", "order", "match", "escrow", "container"];

/// `BERTH_KILLS` runs, 4 unless it says otherwise: in run `r` station `i` kills
/// process `i + r`, so the first three runs send SIGKILL to each process at each
/// station. Every fourth run sends SIGTERM instead: four and three have no
/// common factor, so more runs send both to all of them.
#[test]
fn a_lease_survives_the_death_of_any_process_at_any_station() {
    let runs = std::env::var("BERTH_KILLS").map_or(4, |runs| runs.parse().expect("BERTH_KILLS is a number"));
    let docker = Dockerd::shared().expect("a Docker engine for the tests");
    for run in 0..runs {
        survive(run, docker.host());
    }
}

fn survive(run: usize, docker: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("demo");
    let listen = format!("127.0.0.1:{}", free_port());
    let signal = if run % 4 == 3 { "-TERM" } else { "-KILL" };
    let mut demo = Command::new(berth())
        .args(["demo", "--exit", "--listen", &listen, "--docker", docker, "--data"])
        .arg(&data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut killed = Vec::new();
    let mut stopped = false;
    let shown = lines(&mut demo, |line| {
        for (i, station) in STATIONS.iter().enumerate() {
            let victim = PROCESSES[(i + run) % PROCESSES.len()];
            if line.contains('●') && line.contains(&format!(" {station:<10} ")) && !killed.contains(&i) {
                killed.push(i);
                kill(&data, victim, signal);
            }
        }
        if line.contains(" stop       ") && !stopped {
            stopped = true;
            kill(&data, PROCESSES[run % PROCESSES.len()], signal);
        }
    });
    let status = demo.wait().expect("the demo ends");
    let logs = || {
        let log = |name| std::fs::read_to_string(data.join(format!("logs/{name}.log"))).unwrap_or_default();
        PROCESSES.map(log).join("\n────\n")
    };
    assert!(status.success(), "run {run}:\n{shown}\n{}", logs());
    assert_eq!(killed.len(), STATIONS.len(), "run {run} did not pass every station:\n{shown}");
    assert!(stopped, "run {run}:\n{shown}");

    // Event names stand in column order behind their word.
    let events = |name: &str| shown.lines().filter(|l| l.contains(&format!(" event      {name:<16} "))).count();
    for once in ["lease.opened", "lease.escrowed", "lease.started", "lease.closed", "lease.paid"] {
        assert_eq!(events(once), 1, "run {run}, {once}:\n{shown}");
    }
    assert_eq!(containers(docker, &log_id(&data)), 0, "run {run} leaves containers behind:\n{shown}");
}

/// A signal to a process of the demo, whatever its number is by now. One that
/// is just starting again is waited for.
fn kill(data: &Path, name: &str, signal: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let pid = std::fs::read_to_string(data.join(format!("{name}.pid"))).expect("a process has a number");
        let output = Command::new("kill").args([signal, pid.trim()]).output().expect("kill runs");
        if output.status.success() {
            return;
        }
        assert!(Instant::now() < deadline, "the {name} was not there to be killed: {output:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
