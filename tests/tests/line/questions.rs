//! Every question that an auditor, a tenant in a dispute or a developer asks of
//! a log, asked beside the running node.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::process::{Node, PATIENCE, berth, json, run, until};

pub(crate) const PROVIDER: &str =
    r#"{"address":"p","resources":{"cpu":4,"memory":8192,"storage":100,"bandwidth":10},"hostname":"h","port":1}"#;
pub(crate) const ORDER: &str = r#"{"tenantAddress":"t","maxPrice":"100","quantity":1,"durationSeconds":3600,
    "specification":{"image":"none:here","cpu":1,"memory":64,"storage":1}}"#;
pub(crate) const BID: &str = r#"{"providerId":1,"market":"CPU","bidPrice":"80","quantity":2}"#;

pub(crate) fn post(url: &str, body: &str) {
    let output = Command::new("curl")
        .args(["-sS", "-m", "60", "--fail-with-body", "-H", "Content-Type: application/json", "-d", body, url])
        .output()
        .expect("curl runs");
    assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stdout));
}

pub(crate) fn text(url: &str) -> String {
    let output = Command::new("curl").args(["-sSf", "-m", "10", url]).output().expect("curl runs");
    assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

pub(crate) fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

pub(crate) fn jsonl(args: &[&str]) -> Vec<Value> {
    done(run(args)).lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// A node with a lease that was matched in the book.
pub(crate) fn node(data: &Path) -> Node {
    let node = Node::start(data, &["--open"]);
    let api = format!("{}/api/v1", node.url);
    post(&format!("{api}/providers"), PROVIDER);
    post(&format!("{api}/bids"), BID);
    post(&format!("{api}/orders"), ORDER);
    until("the lease is there", &format!("{api}/leases/1"), |lease| lease["id"] == 1 && lease["state"] != "opened");
    node
}

#[test]
fn a_log_answers_beside_its_node() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("node");
    let data = path.to_str().expect("a temporary folder has a plain name");
    let node = node(&path);

    let head = json(&["log", "-o", "json", "--data", data, "head"])["seq"].as_u64().expect("a number");
    let seq = head.to_string();
    assert!(head > 6);
    let orders = jsonl(&["log", "-o", "jsonl", "--data", data, "cat", "--type", "order.*", "--market", "CPU"]);
    assert_eq!(orders[0]["command"]["type"], "order.place");
    assert_eq!(orders[0]["outcome"]["orderId"], 1);
    let tail = json(&["log", "-o", "json", "--data", data, "tail", "-n", "2", "--to", &seq]);
    assert_eq!(tail[1]["seq"], head, "{tail}");
    let nobody = run(&["log", "--data", data, "cat", "--market", "H200-141"]);
    assert_eq!(nobody.status.code(), Some(2), "{}", String::from_utf8_lossy(&nobody.stderr));

    // Things as they were: behind the order, and before there was one.
    let placed = orders[0]["seq"].to_string();
    let order = json(&["state", "-o", "json", "--data", data, "at", &placed, "order", "1"]);
    assert_eq!((&order["id"], &order["state"]), (&1.into(), &"filled".into()), "{order}");
    let book = json(&["state", "-o", "json", "--data", data, "at", &placed, "book", "CPU"]);
    assert_eq!(book["bids"][0][1], "80", "{book}");
    let none = run(&["state", "--data", data, "at", "2", "order", "1"]);
    assert_eq!(none.status.code(), Some(1), "{}", String::from_utf8_lossy(&none.stderr));

    let story = jsonl(&["explain", "-o", "jsonl", "--data", data, "lease", "1"]);
    let said: Vec<&str> = story.iter().filter_map(|line| line["command"]["type"].as_str()).collect();
    assert!(said.starts_with(&["bid.place", "order.place"]) && said.contains(&"lease.escrowed"), "{said:?}");
    let differences = jsonl(&["diff", "-o", "jsonl", "--data", data, "--a", "1", "--b", &seq]);
    assert!(differences.iter().any(|it| it["thing"] == "lease 1" && it["before"].is_null()), "{differences:?}");
    let fair = json(&["fairness", "-o", "json", "--data", data, "--market", "CPU"]);
    assert_eq!((&fair["judged"], &fair["unfair"]), (&1.into(), &0.into()), "{fair}");

    // A host below the one that was there would have had the lease.
    let at = orders[0]["at"].as_u64().expect("a stamp") - 1_000;
    let plan = folder.path().join("plan.jsonl");
    let register = PROVIDER.replace("\"p\"", "\"cheap\"");
    let bid = BID.replace("\"80\"", "\"40\"");
    let lines = [
        r#"{"address":"cheap","funds":"0"}"#.to_owned(),
        format!(r#"{{"at":{at},"method":"provider.register","params":{register}}}"#),
        format!(r#"{{"at":{at},"method":"bid.place","params":{bid}}}"#),
    ];
    fs::write(&plan, lines.join("\n")).expect("it can be written");
    let plan = plan.to_str().expect("a plain name");
    let report = json(&["replay", "-o", "json", "--data", data, "--what-if", plan]);
    assert_eq!((&report["own"][0]["price"], &report["own"][0]["side"]), (&"40".into(), &"provider".into()), "{report}");

    let out = folder.path().join("out");
    for (kind, file) in [("jsonl", "lease.opened.jsonl"), ("parquet", "lease.opened.parquet")] {
        let out = out.join(kind);
        let told = json(&["export", "-o", "json", "--data", data, kind, out.to_str().expect("a plain name")]);
        assert!(told["events"].as_u64() > Some(6), "{told}");
        let day = fs::read_dir(&out).expect("a folder").next().expect("a day").expect("a folder").path();
        let bytes = fs::read(day.join(file)).expect("a file of this type");
        assert!(if kind == "jsonl" { bytes.starts_with(b"{\"seq\":") } else { bytes.ends_with(b"PAR1") });
    }
    let again = run(&["export", "--data", data, "jsonl", out.to_str().expect("a plain name")]);
    assert_eq!(again.status.code(), Some(2), "a folder with something in it is not written to");
    drop(node);
}

#[test]
fn a_log_is_followed_and_replayed_to_what_another_came_to() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("node");
    let data = path.to_str().expect("a temporary folder has a plain name");
    let node = node(&path);
    let api = format!("{}/api/v1", node.url);

    // New lines as they are committed, until Ctrl-C.
    let follow = |lines: &str| {
        let args = ["log", "-o", "jsonl", "--data", data, "tail", "--follow", "--type", "bid.*", "-n", lines];
        let child = Command::new(berth()).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        child.expect("the binary runs")
    };
    let mut child = follow("1");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = || -> Value {
        let line = lines.next().expect("it goes on").expect("text");
        serde_json::from_str(&line).expect("a line is JSON")
    };
    let first = next();
    assert_eq!(first["command"]["type"], "bid.place");
    post(&format!("{api}/bids"), &BID.replace("80", "90"));
    let second = next();
    assert!(second["seq"].as_u64() > first["seq"].as_u64(), "{second}");
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(interrupt.success() && child.wait().expect("it ends").success());
    // And until nobody reads, which it learns by the next line: what is committed
    // before it looks for the first time is none.
    let mut child = follow("0");
    drop(child.stdout.take());
    let deadline = Instant::now() + PATIENCE;
    let ended = loop {
        post(&format!("{api}/bids"), &BID.replace("80", "91"));
        if let Some(ended) = child.try_wait().expect("it is asked") {
            break ended;
        }
        assert!(Instant::now() < deadline, "it goes on and nobody reads");
        std::thread::sleep(Duration::from_millis(200));
    };
    assert!(ended.success());

    // Why each provider was chosen or not, at that moment, for people, too.
    post(&format!("{api}/providers"), &PROVIDER.replace("\"p\"", "\"idle\""));
    post(&format!("{api}/orders"), ORDER);
    let words = done(run(&["explain", "--data", data, "order", "2"]));
    assert!(words.contains("provider 1") && words.contains("chosen: lease 2, replicas 1, at 80 by bid 1"), "{words}");
    assert!(words.contains("provider 2") && words.contains("not chosen: the provider has no live bid"), "{words}");
    let story = json(&["explain", "-o", "json", "--data", data, "order", "2"]);
    assert_eq!(story[0]["explained"][0]["providers"][0]["chosen"], serde_json::json!([2]), "{story}");
    let none = run(&["explain", "--data", data, "lease", "7"]);
    assert_eq!(none.status.code(), Some(1), "{}", String::from_utf8_lossy(&none.stderr));

    // Another replay comes to the same, entry by entry, and says where it does not.
    let head = json(&["log", "-o", "json", "--data", data, "head"])["seq"].as_u64().expect("a number");
    let to = head.to_string();
    let hashes = done(run(&["replay", "-o", "json", "--data", data, "--to", &to, "--state-hash-every", "2"]));
    let file = folder.path().join("hashes.json");
    fs::write(&file, &hashes).expect("it can be written");
    let file = file.to_str().expect("a plain name");
    let replay = |expect: &str| run(&["replay", "-o", "json", "--data", data, "--to", &to, "--expect", expect]);
    assert_eq!(done(replay(file)).matches("\"findings\": []").count(), 1);
    let mut told: Value = serde_json::from_str(&hashes).expect("JSON");
    assert_eq!((&told["toSeq"], &told["stateHashes"][1]["seq"]), (&head.into(), &4.into()), "{told}");
    told["stateHashes"][1]["stateHash"] = "0".repeat(64).into();
    told["stateHashes"][1]["components"]["leases"] = "0".repeat(64).into();
    fs::write(file, told.to_string()).expect("it can be written");
    let other = replay(file);
    assert_eq!(other.status.code(), Some(1));
    let other: Value = serde_json::from_slice(&other.stdout).expect("JSON");
    let finding = other["findings"][0].as_str().expect("a finding");
    assert!(finding.starts_with("at entry 4: ") && finding.ends_with(": leases"), "{finding}");
    let early = json(&["replay", "-o", "json", "--data", data, "--to", "3"]);
    assert_eq!((&early["toSeq"], &early["entries"]), (&3.into(), &3.into()), "{early}");
    for to in ["2020-01-01", "0", "1000000"] {
        assert_eq!(run(&["replay", "--data", data, "--to", to]).status.code(), Some(2), "{to}");
    }
    // What it printed for people, or a hash in a file, will do, too.
    let words = done(run(&["replay", "--data", data, "--to", &to, "--state-hash-every", "2"]));
    let end = end_hash(&words);
    let file = folder.path().join("hashes.txt");
    let file = file.to_str().expect("a plain name");
    for (told, code) in
        [(words.clone(), 0), (format!("{end}\n"), 0), (words.replace(end, &"0".repeat(64)), 1), ("none".to_owned(), 2)]
    {
        fs::write(file, &told).expect("it can be written");
        assert_eq!(replay(file).status.code(), Some(code), "{told}");
    }
    let nothing = replay("no-such-file");
    assert_eq!(nothing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("no-such-file"));

    // What cannot be meant is said, and not answered with nothing.
    for wrong in [
        &["log", "cat", "--type", "nosuch.thing"][..],
        &["log", "cat", "--from", "3", "--to", "2"],
        &["log", "tail", "--from", "0"],
        &["diff", "--a", "0", "--b", "3"],
        &["proof", "check", "none.json"],
    ] {
        let output = run(&[wrong, &["--data", data]].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{wrong:?} {said}");
        assert!(said.contains("--"), "{said}");
    }
    // A log may be named before and behind the sub-verb.
    let (before, behind) =
        (run(&["log", "--data", data, "cat", "--to", "3"]), run(&["log", "cat", "--to", "3", "--data", data]));
    assert_eq!(done(before), done(behind));
    assert_eq!(json(&["state", "at", &to, "order", "1", "-o", "json", "--data", data])["id"], 1);

    // A proof chain is checked from the public record alone.
    let record = text(&format!("{api}/leases/1/proof"));
    let file = folder.path().join("proof.json");
    let check = |record: &str| {
        fs::write(&file, record).expect("it can be written");
        run(&["proof", "-o", "json", "check", file.to_str().expect("a plain name")])
    };
    let checked: Value = serde_json::from_str(&done(check(&record))).expect("JSON");
    assert_eq!((&checked["proves"], &checked["leaseId"]), (&"lease".into(), &1.into()), "{checked}");
    assert_eq!(check(&record.replacen("\"price\":\"80\"", "\"price\":\"8\"", 1)).status.code(), Some(1));
    assert_eq!(check("{}").status.code(), Some(2));
    drop(node);
}

/// The state hash of the end in what `replay` prints for people.
fn end_hash(words: &str) -> &str {
    let line = words.lines().find_map(|line| line.strip_prefix("stateHash "));
    line.expect("it says the hash").trim()
}

#[test]
fn a_log_is_proved_and_copied_beside_its_node() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("node");
    let data = path.to_str().expect("a temporary folder has a plain name");
    let node = node(&path);
    let head = json(&["log", "-o", "json", "--data", data, "head"])["seq"].as_u64().expect("a number");

    // The newest signed checkpoint comes to hold it.
    let deadline = Instant::now() + PATIENCE;
    let proof = loop {
        let output = run(&["proof", "inclusion", "--data", data, &head.to_string()]);
        if output.status.success() {
            break done(output);
        }
        assert!(Instant::now() < deadline, "{}", String::from_utf8_lossy(&output.stderr));
        std::thread::sleep(Duration::from_millis(100));
    };
    let key = text(&format!("{}/audit/key", node.url));
    let key = key.trim();
    assert!(text(&format!("{}/audit/checkpoint", node.url)).starts_with("berth/"));
    let checked = |name: &str, proof: &str, key: &str| {
        let file = folder.path().join(name);
        fs::write(&file, format!("{}\n", proof.trim_end())).expect("it can be written");
        run(&["proof", "-o", "json", "verify", "--key", key, file.to_str().expect("a plain name")])
    };
    let inclusion: Value = serde_json::from_str(&done(checked("a.tlog-proof", &proof, key))).expect("JSON");
    assert_eq!(inclusion["seq"], head);
    let forged = proof.replacen("index ", "index 1", 1);
    assert_eq!(checked("forged.tlog-proof", &forged, key).status.code(), Some(1));
    // A checkpoint that was kept is the beginning of the log, and no other size is.
    let kept = folder.path().join("kept.checkpoint");
    let note = text(&format!("{}/audit/checkpoint", node.url));
    fs::write(&kept, &note).expect("it can be written");
    let kept = kept.to_str().expect("a plain name");
    let size = note.lines().nth(1).expect("its size");
    let consistency = done(run(&["proof", "--data", data, "consistency", "--from-checkpoint", kept]));
    let proved: Value = serde_json::from_str(&done(checked("b.tlog-proof", &consistency, key))).expect("JSON");
    assert_eq!(proved["from"].to_string(), size);
    for sizes in [&["0"][..], &["1000000"], &[size, "1"], &["1000000", "2"]] {
        let refused = run(&[&["proof", "consistency", "--data", data][..], sizes].concat());
        assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0), "{sizes:?}");
    }
    let other = run(&["proof", "consistency", "--data", data, "--from-checkpoint", kept, "1"]);
    assert_eq!(other.status.code(), Some(2), "{}", String::from_utf8_lossy(&other.stderr));

    let bundle = folder.path().join("bundle.json");
    fs::write(&bundle, done(run(&["bundle", "--data", data, "1"]))).expect("it can be written");
    let bundle = bundle.to_str().expect("a plain name");
    let report = json(&["verify-bundle", "-o", "json", "--key", key, bundle]);
    assert_eq!(report["leaseId"], 1, "{report}");
    fs::write(bundle, fs::read_to_string(bundle).expect("text").replacen("\"price\": \"80\"", "\"price\": \"8\"", 1))
        .expect("it can be written");
    assert_eq!(run(&["verify-bundle", "--key", key, bundle]).status.code(), Some(1));

    // The tree is that of the log, tile by tile.
    let tile = Command::new("curl").args(["-sSf", &format!("{}/audit/tile/entries/000.p/1", node.url)]).output();
    let tile = tile.expect("curl runs").stdout;
    let genesis = &json(&["log", "-o", "json", "--data", data, "cat", "--to", "1"])[0];
    assert_eq!(tile[..2], [0, 32]);
    let hash: String = tile[2..].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(genesis["entryHash"], hash);

    // A copy has the state of the log up to where it was taken.
    let (copy, restored) = (folder.path().join("copy"), folder.path().join("restored"));
    let (copy, restored) = (copy.to_str().expect("a plain name"), restored.to_str().expect("a plain name"));
    let taken = json(&["backup", "-o", "json", "--data", data, copy]);
    let back = json(&["restore", "-o", "json", "--data", restored, copy]);
    assert_eq!(back, taken);
    let there = json(&["replay", "-o", "json", "--data", data, "--to", &taken["seq"].to_string()]);
    assert_eq!(there["stateHash"], taken["stateHash"]);
    let api = format!("{}/api/v1", node.url);
    post(&format!("{api}/bids"), &BID.replace("80", "81"));
    let parted = run(&["bisect", "-o", "json", data, restored]);
    assert_eq!(parted.status.code(), Some(1));
    let parted: Value = serde_json::from_slice(&parted.stdout).expect("JSON");
    assert_eq!((&parted["same"], &parted["kind"]), (&false.into(), &"endOfB".into()), "{parted}");
    assert_eq!(json(&["bisect", "-o", "json", restored, restored])["same"], true);
    let verified = json(&["verify", "-o", "json", "--data", restored]);
    assert_eq!((&verified["logId"], &verified["findings"]), (&taken["logId"], &Value::Array(Vec::new())));

    // Beside the node, with its own key; in words; and not by another log's key.
    let verified = json(&["verify", "-o", "json", "--data", data, "--invariants-every", "1"]);
    assert_eq!((&verified["findings"], &verified["key"]), (&Value::Array(Vec::new()), &key.into()), "{verified}");
    let tree = &verified["tree"];
    assert!(tree["checkpoints"].as_u64() > Some(0) && tree["signed"] == tree["checkpoints"], "{verified}");
    assert!(verified["entriesPerSecond"].as_u64() > Some(0) && verified["eventsToSeq"].is_u64(), "{verified}");
    assert!(verified["checked"].as_array().is_some_and(|checked| checked.len() > 6), "{verified}");
    let words = done(run(&["verify", "--data", data, "--key", key]));
    let attested = format!("{} entries rest on the operator's word alone", verified["operatorAttested"]);
    assert!(words.contains(&attested) && words.ends_with("findings  none\n"), "{words}");
}
