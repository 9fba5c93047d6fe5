//! The five requests of the first document, as they stand there, in their
//! order, on a fresh node.

use std::process::Command;

use berth_tests::dockerd::Dockerd;
use serde_json::Value;

use crate::process::{Node, until};

const PROVIDER: &str = r#"{
    "address": "provider_stellar_address",
    "resources": {
      "cpu": 4,
      "memory": 8192,
      "storage": 100,
      "bandwidth": 1000
    },
    "hostname": "provider.example.com",
    "port": 8080
  }"#;

const ORDER: &str = r#"{
    "tenantAddress": "tenant_stellar_address",
    "maxPrice": "100",
    "specification": {
      "image": "nginx:latest",
      "cpu": 2,
      "memory": 1024,
      "storage": 10,
      "ports": [
        {
          "containerPort": 80,
          "hostPort": 8080,
          "protocol": "tcp"
        }
      ],
      "env": {
        "NGINX_HOST": "example.com"
      }
    },
    "trustLevels": ["Five", "Four"],
    "quantity": 1,
    "durationBlocks": 10000
  }"#;

const BID: &str = r#"{
    "providerId": 1,
    "bidPrice": "80"
  }"#;

fn curl(args: &[&str]) -> (u16, Value) {
    let output = Command::new("curl")
        .args(["-sS", "-m", "60", "-w", "\n%{http_code}", "-H", "Content-Type: application/json"])
        .args(args)
        .output()
        .expect("curl runs");
    let text = String::from_utf8(output.stdout).expect("the node answers text");
    let (body, status) = text.rsplit_once('\n').expect("curl writes the status last");
    (status.parse().expect("a status"), serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {body}")))
}

#[test]
fn the_five_requests_of_the_first_document_work_as_printed() {
    let docker = Dockerd::shared().expect("a Docker engine for the tests");
    let data = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(data.path(), &["--open", "--docker", docker.host()]);
    let at = |path: &str| format!("{}/api/v1{path}", node.url);

    let (status, provider) = curl(&["-X", "POST", &at("/providers"), "-d", PROVIDER]);
    assert_eq!((status, provider["id"].as_u64()), (201, Some(1)), "{provider}");
    let (status, order) = curl(&["-X", "POST", &at("/orders"), "-d", ORDER]);
    assert_eq!((status, order["id"].as_u64(), order["state"].as_str()), (201, Some(1), Some("open")), "{order}");
    // 100 XLM × 2 vCPU × 50,000 s / 3,600, rounded down to a stroop.
    assert_eq!((&order["market"], &order["hold"]), (&"CPU".into(), &"2777.7777777".into()), "{order}");
    let (status, bid) = curl(&["-X", "POST", &at("/orders/1/bids"), "-d", BID]);
    assert_eq!((status, bid["id"].as_u64()), (201, Some(1)), "{bid}");
    let (status, lease) = curl(&["-X", "PUT", &at("/bids/1/accept")]);
    assert_eq!((status, lease["id"].as_u64(), lease["price"].as_str()), (200, Some(1), Some("80")), "{lease}");
    let (status, health) = curl(&["-X", "GET", &at("/leases/1/health")]);
    assert_eq!((status, health["leaseId"].as_u64()), (200, Some(1)), "{health}");
    assert!(["starting", "healthy"].contains(&health["status"].as_str().expect("a status")), "{health}");

    // There is no registry here, so the image cannot be pulled: health says so,
    // and the escrow gives all of it back.
    let health = until("the failure is told", &at("/leases/1/health"), |health| {
        !["starting", "healthy"].contains(&health["status"].as_str().unwrap_or("starting"))
    });
    assert_eq!(health["status"], "failed", "{health}");
    assert!(health["reason"].as_str().is_some_and(|why| why.contains("image cannot be pulled")), "{health}");
    let lease = until("the escrow is settled", &at("/leases/1"), |lease| lease["paid"] == true);
    assert_eq!((&lease["cost"], &lease["reason"]), (&"0".into(), &"failed".into()), "{lease}");
    let account = until("the refund is there", &at("/accounts/tenant_stellar_address"), |account| {
        account["balances"][0]["escrowed"] == "0"
    });
    assert_eq!(account["balances"][0]["available"], "10000", "{account}");
}
