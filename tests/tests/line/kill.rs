//! Each process of the demo is killed at each station. The demo starts it again
//! as a service manager would; the lease goes on: one container, one escrow,
//! one payment. The demo itself compares the books with the chain, to the
//! stroop, replays the log and checks the proof.

use std::path::Path;
use std::process::{Command, Stdio};

use berth_tests::dockerd::Dockerd;

use crate::process::{berth, free_port, lines};

/// Whom to kill. The cheaper provider is the one that wins the lease.
const PROCESSES: [&str; 3] = ["node", "provider-b", "ledger"];
/// When: as soon as this station is shown.
const STATIONS: [&str; 6] = ["provider-b", "deposit", "order", "match", "escrow", "container"];

/// `BERTH_KILLS` runs, 3 unless it says otherwise: in run `r` station `i` kills
/// process `i + r`, so three runs kill each process at each station.
#[test]
fn a_lease_survives_the_death_of_any_process_at_any_station() {
    let runs = std::env::var("BERTH_KILLS").map_or(3, |runs| runs.parse().expect("BERTH_KILLS is a number"));
    let docker = Dockerd::shared().expect("a Docker engine for the tests");
    for run in 0..runs {
        survive(run, docker.host());
    }
}

fn survive(run: usize, docker: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("demo");
    let listen = format!("127.0.0.1:{}", free_port());
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
                kill(&data, victim);
            }
        }
        if line.contains(" stop       ") && !stopped {
            stopped = true;
            kill(&data, PROCESSES[run % PROCESSES.len()]);
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
    assert_eq!(containers(docker, &data), 0, "run {run} leaves containers behind:\n{shown}");
}

/// SIGKILL to a process of the demo, whatever its number is by now.
fn kill(data: &Path, name: &str) {
    let pid = std::fs::read_to_string(data.join(format!("{name}.pid"))).expect("a process has a number");
    let status = Command::new("kill").args(["-KILL", pid.trim()]).status().expect("kill runs");
    assert!(status.success(), "the {name} was not there to be killed");
}

/// Containers of this demo's log that are left.
fn containers(docker: &str, data: &Path) -> usize {
    let data = data.join("node");
    let checked = crate::process::json(&["verify", "-o", "json", "--data", data.to_str().expect("a plain name")]);
    let log = checked["logId"].as_str().expect("the log has an id").to_owned();
    let output = Command::new("docker")
        .args(["-H", docker, "ps", "--all", "--quiet", "--filter", &format!("label=berth.log={log}")])
        .output()
        .expect("docker runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().count()
}
