//! Batch jobs, output, results and GPUs at a fixed price, by the command line,
//! against a node whose house agent runs containers.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use berth_tests::dockerd::Dockerd;
use serde_json::Value;

use crate::process::{Node, json, run, until};

/// An image with this machine's own Python: its interpreter, the libraries that it
/// is linked with, and a part of its standard library.
const IMAGE: &str = "berth-test/python:host";

/// What packs them. Links are followed, so that every file lies where it is looked
/// for.
const PACK: &str = r#"set -eu
python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
stdlib=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
root=$(mktemp -d); trap 'rm -rf "$root"' EXIT; chmod 755 "$root"
lib="$root/usr/lib/$(basename "$stdlib")"
mkdir -p "$root/usr/bin" "$lib" "$root/tmp" "$root/run" "$root/var/tmp" "$root/var/cache/nginx"
cp -L "$python" "$root/usr/bin/python3"
cp -L "$stdlib"/*.py "$lib/"
for part in collections encodings importlib json re lib-dynload; do cp -rL "$stdlib/$part" "$lib/"; done
for library in $(ldd "$python" "$lib"/lib-dynload/*.so 2>/dev/null | grep -o '/[^ :]*' | grep -v "^$root" | sort -u); do
    [ -f "$library" ] && [ "$library" != "$python" ] || continue
    mkdir -p "$root$(dirname "$library")"; cp -L "$library" "$root$library"
done
tar -C "$root" -c . | docker -H "$1" import --change "ENV PYTHONHOME=/usr" - "$2" >/dev/null
"#;

fn image(docker: &str) {
    let packed = Command::new("sh").args(["-c", PACK, "pack", docker, IMAGE]).stdin(Stdio::null()).output();
    let packed = packed.expect("a shell runs");
    assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
}

fn post(url: &str, body: &str) -> Value {
    let output = Command::new("curl")
        .args(["-sS", "-m", "60", "-H", "Content-Type: application/json", "-d", body, url])
        .output()
        .expect("curl runs");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stdout)))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}

#[test]
fn a_script_runs_and_its_tenant_alone_reads_what_it_wrote() {
    let docker = Dockerd::shared().expect("a Docker engine for the tests");
    image(docker.host());
    let data = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(&data.path().join("node"), &["--open", "--docker", docker.host()]);
    let at = |path: &str| format!("{}/api/v1{path}", node.url);
    let host = r#"{"address":"p","resources":{"cpu":4,"memory":8192,"storage":100},"hostname":"h","port":80}"#;
    assert_eq!(post(&at("/providers"), host)["id"], 1);
    post(&at("/bids"), r#"{"providerId":1,"market":"CPU","bidPrice":"2","quantity":100}"#);

    let script = data.path().join("script.py");
    fs::write(
        &script,
        "import json, os\nprint(json.dumps({'answer': 6 * 7, 'lease': os.environ['BERTH_LEASE_ID']}))\n",
    )
    .expect("it can be written");
    let job = json(&[
        "job",
        "-o",
        "json",
        "--url",
        &node.url,
        "submit",
        "--tenant-address",
        "t",
        "--reward",
        "5",
        "--image",
        IMAGE,
        "--script",
        text(&script),
        "--memory",
        "256",
        "--duration-seconds",
        "600",
    ]);
    assert_eq!((&job["id"], &job["status"]), (&1.into(), &"assigned".into()), "{job}");
    let done = until("the job has ended", &at("/jobs/1"), |job| {
        !["assigned", "running"].contains(&job["status"].as_str().unwrap_or_default())
    });
    assert_eq!(done["status"], "completed", "{done}");

    let wrote = "{\"answer\": 42, \"lease\": \"1\"}\n";
    for verb in
        [&["job", "result", "1"][..], &["lease", "result", "1"], &["lease", "logs", "1"], &["lease", "logs", "-f", "1"]]
    {
        let output = run(&[verb, &["--url", &node.url, "--address", "t"]].concat());
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            wrote,
            "{verb:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let refused = run(&[verb, &["--url", &node.url, "--address", "stranger"]].concat());
        assert_eq!(refused.status.code(), Some(1), "{verb:?}");
        assert!(refused.stdout.is_empty(), "{verb:?}");
    }
    let result = json(&["job", "-o", "json", "--url", &node.url, "result", "1", "--address", "t"]);
    assert_eq!((&result["sha256"], &result["size"]), (&done["resultSha256"], &wrote.len().into()), "{result}");

    // One that fails says so, and has what it wrote before.
    fs::write(&script, "print('begun', flush=True)\nraise SystemExit(3)\n").expect("it can be written");
    let submit = ["job", "-o", "json", "--url", &node.url, "submit", "--tenant-address", "t", "--reward", "5"];
    let failing = json(&[&submit[..], &["--image", IMAGE, "--script", text(&script), "--memory", "256"]].concat());
    assert_eq!(failing["id"], 2, "{failing}");
    let failed = until("the job has ended", &at("/jobs/2"), |job| job["status"] == "failed");
    assert!(failed["detail"].as_str().is_some_and(|detail| detail.contains('3')), "{failed}");
    let output = run(&["job", "result", "2", "--url", &node.url, "--address", "t"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "begun\n");
    drop(node);
}

#[test]
fn a_gpu_is_offered_rented_and_stopped_by_the_command_line() {
    let data = tempfile::tempdir().expect("a temporary folder");
    // Nobody serves it: what is looked at here is the market's part.
    let node = Node::start(data.path(), &["--open", "--docker", "unix:///nonexistent.sock"]);
    let gpus = |args: &[&str]| json(&[&["gpus", "-o", "json", "--url", &node.url], args].concat());
    let offer = ["offer", "--owner-address", "o", "--model", "NVIDIA H100", "--vram", "80", "--price-per-hour", "2.5"];
    assert_eq!(gpus(&offer)["id"], 1);
    let listed = gpus(&["list", "--model", "nvidia h100", "--max-price", "2.5", "--available"]);
    assert_eq!((listed[0]["id"].as_u64(), &listed[0]["status"]), (Some(1), &"available".into()), "{listed}");
    assert_eq!(gpus(&["list", "--max-price", "2"]), Value::Array(Vec::new()));

    let lease = gpus(&["rent", "1", "--renter-address", "r", "--duration-seconds", "600"]);
    assert_eq!((&lease["id"], &lease["price"]), (&1.into(), &"2.5".into()), "{lease}");
    let rented = gpus(&["show", "1"]);
    assert_eq!((&rented["status"], &rented["leaseId"]), (&"rented".into(), &1.into()), "{rented}");
    let taken = run(&["gpus", "--url", &node.url, "rent", "1", "--renter-address", "s"]);
    assert_eq!(taken.status.code(), Some(1), "{}", String::from_utf8_lossy(&taken.stderr));
    assert!(["closing", "closed"].contains(&gpus(&["stop", "1"])["state"].as_str().unwrap_or_default()));
}
