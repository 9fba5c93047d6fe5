//! Settings by file, and a node that speaks HTTPS, as an operator and a client
//! would run them.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::Value;

use crate::process::{PATIENCE, berth, free_port, run};

/// Ends with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("it is written");
    path.to_str().expect("a temporary folder has a plain name").to_owned()
}

/// An authority's certificate, and a certificate for `localhost` with its key.
pub(crate) fn certificates(folder: &Path) -> [String; 3] {
    let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
    // What it issues has another name, or OpenSSL takes that for signed by itself.
    parameters.distinguished_name.push(DnType::CommonName, "an authority of the tests");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key")).expect("signed");
    let key = KeyPair::generate().expect("a key");
    let parameters = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = parameters.signed_by(&key, &authority).expect("signed");
    [
        write(folder, "ca.pem", &authority.pem()),
        write(folder, "node.pem", &certificate.pem()),
        write(folder, "node.key", &key.serialize_pem()),
    ]
}

#[test]
fn a_file_of_settings_is_checked_and_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bad = write(
        folder.path(),
        "bad.toml",
        "domian = \"h\"\n[limits]\nbody_bytes = 1\n[telemetry]\nheaders = [\"token=word\"]\n",
    );
    let checked = run(&["config", "check", "--config", &bad, "-o", "json"]);
    assert_eq!(checked.status.code(), Some(1), "{}", String::from_utf8_lossy(&checked.stderr));
    let findings: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
    let found: Vec<(&str, &str)> = findings
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["key"].as_str().unwrap_or_default(), one["what"].as_str().unwrap_or_default()))
        .collect();
    assert!(found.contains(&("domian", "is no setting; domain is")), "{found:?}");
    assert!(found.contains(&("limits.body_bytes", "is 1 and must lie between 65536 and 1048576")), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
    // A node does not start on it, and says why.
    let served = run(&["serve", "--config", &bad]);
    let said = String::from_utf8_lossy(&served.stderr).into_owned();
    assert!(served.status.code() == Some(2) && said.contains("bad.toml:1: domian is no setting"), "{said}");

    let misspelt = Command::new(berth()).args(["config", "check"]).env("BERTH_LISEN", "127.0.0.1:1").output();
    let misspelt = misspelt.expect("the binary runs");
    let said = String::from_utf8_lossy(&misspelt.stdout).into_owned();
    assert!(misspelt.status.code() == Some(1) && said.contains("is read by nobody; BERTH_LISTEN is"), "{said}");

    let good = write(folder.path(), "good.toml", "[telemetry]\nheaders = [\"token=word\"]\n[log]\nlevel = \"warn\"\n");
    let checked = run(&["config", "check", "--config", &good]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let shown = run(&["config", "show", "--config", &good, "--open", "-o", "json"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(!shown.contains("word"), "secrets are masked: {shown}");
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let row = |key: &str| {
        let mut rows = shown.as_array().expect("a list").iter();
        rows.find(|row| row["key"] == key).map(|row| (row["value"].to_string(), row["from"].to_string()))
    };
    assert_eq!(row("open"), Some(("true".to_owned(), "\"flag --open\"".to_owned())));
    assert_eq!(row("log.level"), Some(("\"warn\"".to_owned(), format!("\"{good}:4\""))));
    assert_eq!(row("telemetry.headers"), Some(("[\"token=***\"]".to_owned(), format!("\"{good}:2\""))));
}

#[test]
fn verbs_ask_a_node_by_https_with_an_authority_of_their_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [authority, certificate, key] = certificates(folder.path());
    let wrong = run(&["config", "check", "--tls-certificate", &certificate, "--tls-key", &authority]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stdout).contains("holds no private key"));

    let port = free_port();
    let mut serve = Command::new(berth());
    serve.args(["serve", "--open", "--listen", &format!("127.0.0.1:{port}"), "--data"]).arg(folder.path().join("node"));
    serve.args(["--tls-certificate", &certificate, "--tls-key", &key]);
    let _node = Killed(serve.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the binary runs"));
    let url = format!("https://localhost:{port}");
    let list = ["order", "list", "-o", "json", "--url", &url];
    let deadline = Instant::now() + PATIENCE;
    let listed = loop {
        let listed = run(&[&list[..], &["--ca", &authority]].concat());
        if listed.status.success() {
            break listed;
        }
        assert!(Instant::now() < deadline, "{}", String::from_utf8_lossy(&listed.stderr));
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(serde_json::from_slice::<Value>(&listed.stdout).expect("JSON"), serde_json::json!([]));

    // Nobody that this machine believes has signed it.
    let refused = run(&list);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && said.contains("cannot be reached"), "{said}");
    // The same out of a file; and the log, which another kind of verb asks for.
    let file = format!("[client]\nurl = \"{url}\"\nca = \"{authority}\"\noutput = \"json\"\n");
    let file = write(folder.path(), "client.toml", &file);
    let listed = run(&["order", "list", "--config", &file]);
    assert_eq!(serde_json::from_slice::<Value>(&listed.stdout).expect("JSON"), serde_json::json!([]));
    let head = run(&["log", "head", "-o", "json", "--url", &url, "--ca", &authority]);
    let said = String::from_utf8_lossy(&head.stderr).into_owned();
    let head: Value = serde_json::from_slice(&head.stdout).unwrap_or_else(|why| panic!("{why}: {said}"));
    assert!(head["seq"].as_u64().is_some_and(|seq| seq >= 1), "{head}");
}
