//! The same questions, asked of a node that is elsewhere: what comes over HTTP
//! answers them as the folder beside the node does.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::process::{PATIENCE, get, json, run};
use crate::questions::{BID, done, jsonl, node, post, text};

/// What a verb prints, once of the folder and once of the node.
fn both(verb: &[&str], of: (&str, &str), rest: &[&str]) -> (String, String) {
    let asked = |flag: &str, place: &str| {
        let args: Vec<&str> = verb.iter().chain(&[flag, place]).chain(rest).copied().collect();
        done(run(&args))
    };
    (asked("--data", of.0), asked("--url", of.1))
}

fn path_of(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}

#[test]
fn a_node_answers_from_afar_as_its_folder_does() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("node");
    let node = node(&path);
    let of = (path_of(&path), node.url.as_str());
    let head = json(&["log", "-o", "json", "--url", of.1, "head"])["seq"].as_u64().expect("a number");
    let seq = head.to_string();

    let to = ["--to", seq.as_str()];
    for (verb, rest) in [
        (&["log", "-o", "jsonl"][..], &["cat", "--to", &seq][..]),
        (&["log", "-o", "jsonl"], &["tail", "-n", "3", "--to", &seq]),
        (&["log"], &["cat", "--type", "order.*", "--market", "CPU", "--to", &seq]),
        (&["state", "-o", "json"], &["at", &seq, "order", "1"]),
        (&["state", "-o", "json"], &["at", &seq, "book", "CPU"]),
        (&["diff", "-o", "jsonl", "--a", "1", "--b", &seq], &[]),
        (&["replay", "-o", "json"], &to),
        (&["replay", "-o", "json", "--state-hash-every", "1"], &to),
    ] {
        let (near, far) = both(verb, of, rest);
        assert!(!near.trim().is_empty() && near == far, "{verb:?} {rest:?}\n{near}\n{far}");
    }
    // These go on to the end of the log, which moves.
    let (near, far) = both(&["explain", "-o", "jsonl"], of, &["lease", "1"]);
    assert!(near.lines().count() >= 3 && far.starts_with(&near), "{near}\n{far}");
    let fair = json(&["fairness", "-o", "json", "--url", of.1, "--market", "CPU"]);
    assert_eq!((&fair["judged"], &fair["unfair"]), (&1.into(), &0.into()), "{fair}");
    let out = folder.path().join("out");
    let told = json(&["export", "-o", "json", "--url", of.1, "jsonl", path_of(&out)]);
    assert!(told["events"].as_u64() > Some(6), "{told}");
    let missing = run(&["state", "--url", of.1, "at", "9999999", "order", "1"]);
    assert_eq!(missing.status.code(), Some(2), "{}", String::from_utf8_lossy(&missing.stderr));
    let two = run(&["log", "--url", of.1, "--data", of.0, "head"]);
    assert_eq!(two.status.code(), Some(2), "one of the two is meant");

    // A folder and a node are two logs that may be compared.
    let parted = run(&["bisect", "-o", "json", of.1, of.0]);
    let parted: Value = serde_json::from_slice(&parted.stdout).expect("JSON");
    assert!(parted["same"] == true || parted["kind"] == "endOfA", "{parted}");

    // Old states, from the node itself.
    let placed = jsonl(&["log", "-o", "jsonl", "--url", of.1, "cat", "--type", "order.*"])[0]["seq"].clone();
    let api = format!("{}/api/v1", node.url);
    let before = placed.as_u64().expect("a number") - 1;
    let order = |at: &str| get(&format!("{api}/orders/1?atSeq={at}")).expect("an answer");
    assert_eq!(order(&placed.to_string())["state"], "filled");
    assert_eq!(order(&before.to_string())["code"], "UNKNOWN_ORDER");
    assert_eq!(order("0")["field"], "atSeq");
    assert_eq!(order("9999999")["code"], "NOT_FOUND");
    drop(node);
}

#[test]
fn a_node_is_verified_from_afar_and_withholds_what_an_auction_hides() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("node");
    let node = node(&path);
    let url = node.url.as_str();
    let key = text(&format!("{url}/audit/key"));
    let key = key.trim();
    let file = |name: &str, content: &str| {
        let file = folder.path().join(name);
        fs::write(&file, format!("{}\n", content.trim_end())).expect("it can be written");
        file
    };

    // The newest signed checkpoint comes to hold what there is by now.
    let head = json(&["log", "-o", "json", "--url", url, "head"])["seq"].to_string();
    let deadline = Instant::now() + PATIENCE;
    let inclusion = loop {
        let output = run(&["proof", "inclusion", "--url", url, "--key", key, &head]);
        if output.status.success() {
            break done(output);
        }
        assert!(Instant::now() < deadline, "{}", String::from_utf8_lossy(&output.stderr));
        std::thread::sleep(Duration::from_millis(100));
    };
    let kept = file("kept.checkpoint", &text(&format!("{url}/audit/checkpoint")));
    let consistency = done(run(&["proof", "consistency", "--url", url, "--from-checkpoint", path_of(&kept)]));
    for (name, proof) in [("a", &inclusion), ("b", &consistency)] {
        done(run(&["proof", "verify", "--key", key, path_of(&file(name, proof))]));
    }
    let bundle = file("bundle.json", &done(run(&["bundle", "--url", url, "1"])));
    assert_eq!(json(&["verify-bundle", "-o", "json", "--key", key, path_of(&bundle)])["leaseId"], 1);

    let verified = json(&["verify", "-o", "json", "--url", url, "--key", key]);
    assert_eq!((&verified["findings"], &verified["sealedFrom"]), (&Value::Array(Vec::new()), &Value::Null));
    let health = get(&format!("{url}/health")).expect("the node answers");
    assert_eq!(verified["logId"], health["logId"]);
    let checked = verified["checked"].to_string();
    assert!(checked.contains("the root of the signed tree") || checked.contains("the beginning of the signed tree"));
    // Another log's key is a finding.
    let hash = health["logId"].as_str().expect("text");
    let foreign = key.replacen(hash, &"0".repeat(64), 1);
    assert_eq!(run(&["verify", "--url", url, "--key", &foreign]).status.code(), Some(2), "its hash does not fit");

    // An auction that is open, with a bid whose price nobody may know.
    let auction = r#"{"tenantAddress":"t","maxPrice":"100","quantity":1,"durationSeconds":3600,"mode":"auction",
        "auctionSeconds":3600,"specification":{"image":"none:here","cpu":1,"memory":64,"storage":1}}"#;
    post(&format!("{url}/api/v1/orders"), auction);
    post(&format!("{url}/api/v1/orders/2/bids"), r#"{"providerId":1,"bidPrice":"43.2198765"}"#);
    let placed = json(&["log", "-o", "json", "--data", path_of(&path), "cat", "--type", "order.place"]);
    let placed = placed[1]["seq"].as_u64().expect("the auction");
    let output = run(&["log", "-o", "jsonl", "--url", url, "cat"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let public = done(output);
    assert!(!public.contains("43.2198765") && told.contains("withholds"), "{told}");
    assert_eq!(public.lines().count() as u64, placed - 1);
    let verified = json(&["verify", "-o", "json", "--url", url, "--key", key]);
    assert_eq!((&verified["findings"], &verified["sealedFrom"]), (&Value::Array(Vec::new()), &placed.into()));
    // What is withheld is said by every verb, and is no finding.
    assert_eq!(json(&["log", "-o", "json", "--url", url, "head"])["seq"], placed - 1);
    let last = jsonl(&["log", "-o", "jsonl", "--url", url, "tail", "-n", "1"]);
    assert_eq!((last.len(), &last[0]["seq"]), (1, &(placed - 1).into()));
    for (a, b) in [(path_of(&path), url), (url, path_of(&path)), (url, url)] {
        let compared = json(&["bisect", "-o", "json", a, b]);
        assert_eq!((&compared["same"], &compared["entries"]), (&true.into(), &(placed - 1).into()), "{compared}");
        assert_eq!(compared["withheldFrom"], placed, "{compared}");
    }
    let token = path.join("operator.token");
    let all = done(run(&["log", "-o", "jsonl", "--url", url, "--token-file", path_of(&token), "cat"]));
    assert!(all.contains("43.2198765"), "{all}");
    let wrong = file("wrong.token", "nobody's");
    let wrong = run(&["log", "--url", url, "--token-file", path_of(&wrong), "cat"]);
    assert_eq!(wrong.status.code(), Some(1), "{}", String::from_utf8_lossy(&wrong.stderr));
    // Nor by asking for the state behind an entry.
    let bid = get(&format!("{url}/api/v1/bids/2?atSeq={}", placed + 1)).expect("an answer");
    assert_eq!((&bid["orderId"], &bid["bidPrice"]), (&2.into(), &Value::Null), "{bid}");

    post(&format!("{url}/api/v1/bids"), &BID.replace("80", "81"));
    let header = Command::new("curl").args(["-sSI", &format!("{url}/api/v1/network/stats?atSeq=3")]).output();
    let header = String::from_utf8(header.expect("curl runs").stdout).expect("text");
    assert!(header.to_ascii_lowercase().contains("x-berth-at-seq: 3"), "{header}");
}
