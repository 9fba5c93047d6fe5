//! The demo, twice: anew, and from what the first run kept.

use berth_tests::dockerd::Dockerd;

use crate::process::{free_port, run};

#[test]
fn the_demo_takes_a_lease_from_order_to_payment_and_again() {
    let docker = Dockerd::shared().expect("a Docker engine for the tests");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("demo");
    let data = data.to_str().expect("a temporary folder has a plain name");
    for round in 1..=2 {
        let listen = format!("127.0.0.1:{}", free_port());
        let output = run(&["demo", "--exit", "--data", data, "--listen", &listen, "--docker", docker.host()]);
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "round {round}:\n{shown}\n{}", String::from_utf8_lossy(&output.stderr));
        for station in ["ledger", "provider-a", "deposit", "match", "escrow", "container", "paid", "replay", "proof"] {
            assert!(shown.contains(&format!(" {station:<10} ")), "round {round}, {station}:\n{shown}");
        }
        // The cheaper provider wins, although the other is trusted more.
        assert!(
            shown.contains(&format!("lease {round} with provider")) && shown.contains("(Four) at 72 XLM"),
            "{shown}"
        );
    }
}

#[test]
fn the_demo_deletes_nothing_that_is_not_its_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kept = folder.path().join("thesis.txt");
    std::fs::write(&kept, "years of work").expect("a file can be written");
    let data = folder.path().to_str().expect("a temporary folder has a plain name");
    let output = run(&["demo", "--exit", "--fresh", "--data", data]);
    assert_eq!(output.status.code(), Some(2));
    assert!(kept.exists());
}

#[test]
fn the_demo_says_how_to_get_an_engine_where_none_answers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("demo");
    let data = data.to_str().expect("a temporary folder has a plain name");
    let nobody = format!("unix://{}/nobody.sock", folder.path().display());
    let listen = format!("127.0.0.1:{}", free_port());
    let output = run(&["demo", "--exit", "--data", data, "--listen", &listen, "--docker", &nobody]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("Docker") && told.contains("install"), "{told}");
}
