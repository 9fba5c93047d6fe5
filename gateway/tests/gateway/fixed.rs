//! GPUs at a fixed price, batch jobs, and changes of a host: all over the same
//! orders, bids and leases.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::node::Node;

async fn list_gpu(node: &Node, owner: &str, model: &str, vram: u32, price: &str) -> Value {
    let body = json!({ "ownerAddress": owner, "model": model, "vram": vram, "pricePerHour": price });
    node.post("/api/v1/gpus", body).await
}

async fn ids(node: &Node, path: &str) -> Vec<u64> {
    let list = node.get(path).await;
    assert_eq!(list["next"], Value::Null);
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect()
}

async fn refused(node: &Node, method: Method, path: &str, body: Value, status: u16, code: &str, field: &str) {
    let (found, problem) = node.call(method, path, Some(body.clone())).await;
    assert_eq!((found.as_u16(), &problem["code"]), (status, &json!(code)), "{path} {body}: {problem}");
    let named = problem["field"].as_str().unwrap_or_default();
    assert_eq!(named, field, "{path} {body}: {problem}");
}

#[tokio::test]
async fn a_gpu_is_listed_rented_stopped_and_can_be_rented_again() {
    let (_dir, node) = Node::open().await;
    let body = json!({ "ownerAddress": "o", "model": "NVIDIA RTX 4090", "vram": 24, "pricePerMinute": "0.05" });
    let listed = node.post("/api/v1/gpus", body).await;
    assert_eq!(
        json!([listed["id"], listed["model"], listed["market"], listed["pricePerHour"], listed["status"]]),
        json!([1, "RTX4090", "RTX4090-24", "3", "available"])
    );
    assert_eq!(json!([listed["trustLevel"], listed["reputation"], listed["free"]]), json!(["Five", 100, 1]));
    assert!(listed["seq"].is_u64() && listed["entryHash"].is_string());

    let (status, lease) = node.call(Method::POST, "/api/v1/gpus/1/rent", Some(json!({ "renterAddress": "r" }))).await;
    assert_eq!((status, &lease["id"], &lease["price"]), (StatusCode::ACCEPTED, &json!(1), &json!("3")), "{lease}");
    assert_eq!(json!([lease["state"], lease["durationSeconds"], lease["escrow"]]), json!(["opened", 3600, "3"]));
    let rented = node.get("/api/v1/gpus/1").await;
    assert_eq!(json!([rented["status"], rented["available"], rented["leaseId"]]), json!(["rented", false, 1]));
    assert_eq!(rented["renterAddress"], lease["tenantAddress"]);
    assert_eq!(ids(&node, "/api/v1/gpus?available=true").await, [] as [u64; 0]);
    let rent = "/api/v1/gpus/1/rent";
    refused(&node, Method::POST, rent, json!({ "renterAddress": "s" }), 409, "NO_ROOM", "id").await;

    let (status, stopped) = node.call(Method::POST, "/api/v1/gpus/1/stop", None).await;
    assert_eq!((status, &stopped["id"]), (StatusCode::ACCEPTED, &json!(1)), "{stopped}");
    // It never had an escrow: the chain says so, and the lease is over.
    let failed = json!({ "leaseId": 1, "reason": "stopped before" });
    node.operator().await.ok("fact.escrowFailed", failed).await;
    let again = node.get("/api/v1/gpus/1").await;
    assert_eq!(json!([again["status"], again["leaseId"], again["rentals"]]), json!(["available", null, 999]));
    refused(&node, Method::POST, "/api/v1/gpus/1/stop", json!({}), 409, "LEASE_STATE", "id").await;
    let (status, _) = node.call(Method::POST, rent, Some(json!({ "renterAddress": "s" }))).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    node.stop().await;
}

#[tokio::test]
async fn listings_are_filtered_and_others_than_fixed_prices_are_none() {
    let (_dir, node) = Node::open().await;
    list_gpu(&node, "o", "H100", 80, "2.5").await;
    list_gpu(&node, "o", "NVIDIA GeForce RTX 4090", 24, "0.4").await;
    list_gpu(&node, "p", "A100", 40, "1.2").await;
    // In the CPU market, and in a quote set.
    let host = node.provider("p").await;
    node.bid(host, "1", 1).await;
    let quotes = json!({ "quoteSetId": 1, "quotes": [
        { "providerId": 1, "market": "H100-80", "price": "9", "quantity": 1 },
    ]});
    node.post("/api/v1/bids/mass-quote?address=o", quotes).await;

    for (query, expected) in [
        ("", &[1, 2, 3][..]),
        ("?model=nvidia%20h100", &[1]),
        ("?minVram=40", &[1, 3]),
        ("?maxPrice=1.2", &[2, 3]),
        ("?maxPrice=0.3", &[]),
        ("?trust=Five", &[1, 2, 3]),
        ("?trust=One,Two", &[]),
        ("?available=true&minVram=41", &[1]),
        ("?available=false", &[]),
        ("?ownerAddress=p", &[3]),
    ] {
        assert_eq!(ids(&node, &format!("/api/v1/gpus{query}")).await, expected, "{query}");
    }
    for (query, field) in
        [("?model=!", "model"), ("?minVram=x", "minVram"), ("?maxPrice=0", "maxPrice"), ("?trust=Six", "trust")]
    {
        refused(&node, Method::GET, &format!("/api/v1/gpus{query}"), json!({}), 400, "MALFORMED", field).await;
    }
    for other in [4, 5, 99] {
        let (status, problem) = node.call(Method::GET, &format!("/api/v1/gpus/{other}"), None).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("UNKNOWN_BID")), "{other}");
    }
    // It is a bid as any other, and an order in the book can take it.
    let book = node.get("/api/v1/markets/A100-40/book").await;
    assert_eq!(book["bids"][0], json!(["Five", "1.2", 1000, 1]));
    node.stop().await;
}

#[tokio::test]
async fn a_listing_is_changed_by_its_owner_and_a_rental_keeps_to_its_bounds() {
    let (_dir, node) = Node::open().await;
    let body = json!({
        "ownerAddress": "o", "model": "H100", "vram": 80, "pricePerHour": "2", "minDuration": 60, "maxDuration": 600,
        "memory": 2048, "clientOrderId": "g-1",
    });
    node.post("/api/v1/gpus", body.clone()).await;
    let again = node.post("/api/v1/gpus", body.clone()).await;
    assert_eq!((&again["id"], &again["providerId"]), (&json!(1), &json!(1)), "a repeat answers the first");
    let mut dearer = body;
    dearer["pricePerHour"] = json!("3");
    refused(&node, Method::POST, "/api/v1/gpus", dearer, 409, "CLIENT_ID_REUSED", "clientOrderId").await;

    let one = "/api/v1/gpus/1";
    let rent = "/api/v1/gpus/1/rent";
    for (body, status, code, field) in [
        (json!({}), 400, "MALFORMED", "renterAddress"),
        (json!({ "renterAddress": "r", "durationSeconds": 59 }), 422, "OUT_OF_BOUNDS", "durationSeconds"),
        (json!({ "renterAddress": "r" }), 422, "OUT_OF_BOUNDS", "durationSeconds"),
        (
            json!({ "renterAddress": "r", "durationSeconds": 60, "maxPricePerHour": "1.9" }),
            400,
            "MALFORMED",
            "maxPricePerHour",
        ),
        (json!({ "renterAddress": "r", "durationSeconds": 60, "image": "a b" }), 400, "MALFORMED", "image"),
        (json!({ "renterAddress": "r", "durationSeconds": 60, "memory": 4096 }), 409, "NO_ROOM", "id"),
        (json!({ "renterAddress": "o", "durationSeconds": 60 }), 409, "NO_ROOM", "id"),
        (json!({ "renterAddress": "r", "seconds": 60 }), 400, "MALFORMED", "seconds"),
    ] {
        refused(&node, Method::POST, rent, body, status, code, field).await;
    }
    assert_eq!(node.get("/api/v1/accounts/r").await["balances"][0]["available"], "10000", "nothing is held");

    let (status, amended) = node.call(Method::PATCH, one, Some(json!({ "pricePerMinute": "0.1" }))).await;
    assert_eq!((status, &amended["pricePerHour"], &amended["id"]), (StatusCode::OK, &json!("6"), &json!(1)));
    let (_, amended) = node.call(Method::PATCH, one, Some(json!({ "available": false }))).await;
    assert_eq!(json!([amended["status"], amended["available"]]), json!(["unavailable", false]));
    let asked = json!({ "renterAddress": "r", "durationSeconds": 60 });
    refused(&node, Method::POST, rent, asked.clone(), 409, "PROVIDER_UNAVAILABLE", "id").await;
    refused(
        &node,
        Method::PATCH,
        one,
        json!({ "ownerAddress": "r", "available": true }),
        403,
        "NOT_YOURS",
        "ownerAddress",
    )
    .await;
    refused(&node, Method::PATCH, one, json!({}), 400, "MALFORMED", "").await;
    node.call(Method::PATCH, one, Some(json!({ "available": true }))).await;
    let (status, lease) = node.call(Method::POST, rent, Some(asked)).await;
    assert_eq!((status, &lease["price"]), (StatusCode::ACCEPTED, &json!("6")), "{lease}");
    refused(
        &node,
        Method::POST,
        "/api/v1/gpus/1/stop",
        json!({ "renterAddress": "s" }),
        403,
        "NOT_YOURS",
        "tenantAddress",
    )
    .await;
    // Ending the bid ends the listing; its rental goes on.
    node.call(Method::DELETE, "/api/v1/bids/1", None).await;
    assert_eq!(node.get(one).await["status"], "ended");
    assert_eq!(ids(&node, "/api/v1/gpus").await, [] as [u64; 0]);
    node.stop().await;
}

#[tokio::test]
async fn a_job_is_an_order_with_a_bound_to_its_cost() {
    let (_dir, node) = Node::open().await;
    let host = node.provider("p").await;
    node.order("t", "1").await;
    let body =
        json!({ "tenantAddress": "t", "reward": "5", "script": "print(6 * 7)", "durationSeconds": 7200, "cpu": 2 });
    let job = node.post("/api/v1/jobs", body).await;
    assert_eq!(json!([job["id"], job["status"], job["market"], job["reward"]]), json!([2, "pending", "CPU", "5"]));
    let own = json!({ "tenantAddress": "t", "reward": "1", "image": "a:1", "command": ["x"], "clientOrderId": "mine" });
    let first = node.post("/api/v1/jobs", own.clone()).await;
    assert_eq!(node.post("/api/v1/jobs", own).await["id"], first["id"], "a repeat answers the first");
    assert_eq!(first["clientOrderId"], "job.mine");
    assert_eq!(ids(&node, "/api/v1/jobs").await, [2, 3], "an order is no job");
    assert_eq!(ids(&node, "/api/v1/jobs?tenantAddress=p").await, [] as [u64; 0]);

    // 1.25 for a vCPU-hour is what the reward comes to.
    node.bid(host, "1.26", 100).await;
    assert_eq!(node.get("/api/v1/jobs/2").await["status"], "pending");
    node.bid(host, "1.25", 2).await;
    let job = node.get("/api/v1/jobs/2").await;
    assert_eq!(json!([job["status"], job["leaseId"], job["providerId"]]), json!(["assigned", 1, 1]));
    let specification = node.get("/api/v1/leases/1/specification?address=p").await;
    assert_eq!(specification["command"], json!(["python3", "-c", "print(6 * 7)"]));
    assert!(!format!("{:?}", node.events("").await).contains("print"), "the script stays out of the log");

    node.operator().await.ok("fact.escrowed", json!({ "leaseId": 1, "tx": "ab".repeat(32), "ledger": 7 })).await;
    let mut agent = node.socket().await;
    let start =
        json!({ "leaseId": 1, "address": "p", "imageId": "sha256:1", "containers": [{ "index": 0, "id": "c0" }] });
    agent.ok("lease.start", start).await;
    assert_eq!(ids(&node, "/api/v1/jobs?status=running").await, [2]);
    let sha256 = "084c799cd551dd1d8d5c5f9a5d593b2e931f5e36122ee5c793c1d08a19839cc0";
    let finish = json!({
        "leaseId": 1, "address": "p", "reason": "exited", "exitCode": 0, "resultSha256": sha256, "resultSize": 3,
    });
    agent.ok("lease.finish", finish).await;
    let job = node.get("/api/v1/jobs/2").await;
    assert_eq!(json!([job["status"], job["reason"], job["resultSha256"]]), json!(["completed", "completed", sha256]));
    assert_eq!(ids(&node, "/api/v1/jobs?status=pending,assigned").await, [3]);
    assert_eq!(node.get("/api/v1/jobs/templates").await, json!({ "items": [], "next": null }));
    node.stop().await;
}

#[tokio::test]
async fn what_is_no_job_is_refused_by_its_own_names() {
    let (_dir, node) = Node::open().await;
    for (body, status, code, field) in [
        (json!({ "reward": "1", "image": "a" }), 400, "MALFORMED", "tenantAddress"),
        (json!({ "tenantAddress": "t", "image": "a" }), 400, "MALFORMED", "reward"),
        (json!({ "tenantAddress": "t", "reward": "1" }), 400, "MALFORMED", "image"),
        (json!({ "tenantAddress": "t", "reward": "1", "template": "kmeans" }), 400, "NOT_OFFERED", "template"),
        (json!({ "tenantAddress": "t", "reward": "1", "script": "x".repeat(20_000) }), 400, "MALFORMED", "script"),
        (json!({ "tenantAddress": "t", "reward": "20000", "image": "a" }), 422, "INSUFFICIENT_FUNDS", "reward"),
        (
            json!({ "tenantAddress": "t", "reward": "1", "image": "a", "gpu": { "model": "B200", "vram": 192 } }),
            404,
            "UNKNOWN_MARKET",
            "gpu",
        ),
    ] {
        refused(&node, Method::POST, "/api/v1/jobs", body, status, code, field).await;
    }
    let (status, _) = node.call(Method::GET, "/api/v1/jobs/1", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    refused(&node, Method::GET, "/api/v1/jobs?status=new", json!({}), 400, "MALFORMED", "status").await;
    node.stop().await;
}

#[tokio::test]
async fn a_host_is_changed_by_its_owner_and_found_by_what_it_offers() {
    let (_dir, node) = Node::open().await;
    let first = node.provider("p").await;
    node.provider("q").await;
    list_gpu(&node, "q", "H100", 80, "1").await;
    let one = format!("/api/v1/providers/{first}");
    let body = json!({ "attributes": { "region": "eu", "nvlink": "yes" } });
    let (status, changed) = node.call(Method::PATCH, &one, Some(body)).await;
    assert_eq!((status, &changed["attributes"]["region"]), (StatusCode::OK, &json!("eu")), "{changed}");
    assert_eq!(json!([changed["available"], changed["trustLevel"], changed["reputation"]]), json!([true, "Five", 100]));
    let (_, changed) = node.call(Method::PATCH, &one, Some(json!({ "available": false }))).await;
    assert_eq!(json!([changed["available"], changed["attributes"]["nvlink"]]), json!([false, "yes"]), "the rest stays");
    for (query, expected) in [
        ("", &[1, 2, 3][..]),
        ("?available=true", &[2, 3]),
        ("?available=false", &[1]),
        ("?attribute=region", &[1]),
        ("?attribute=region%3Deu", &[1]),
        ("?attribute=region%3Dus", &[]),
        ("?market=H100-80", &[3]),
        ("?market=B200-192", &[]),
        ("?trust=Four,Five&address=q", &[2, 3]),
        ("?trust=One", &[]),
    ] {
        assert_eq!(ids(&node, &format!("/api/v1/providers{query}")).await, expected, "{query}");
    }
    for (body, status, code, field) in [
        (json!({}), 400, "MALFORMED", ""),
        (json!({ "address": "q", "available": true }), 403, "NOT_YOURS", "address"),
        (json!({ "hostname": "elsewhere" }), 400, "MALFORMED", "hostname"),
        (json!({ "attributes": { "": "x" } }), 400, "MALFORMED", "attributes."),
        (json!({ "available": "yes" }), 400, "MALFORMED", "available"),
    ] {
        refused(&node, Method::PATCH, &one, body, status, code, field).await;
    }
    refused(&node, Method::PATCH, "/api/v1/providers/9", json!({ "available": true }), 404, "UNKNOWN_PROVIDER", "id")
        .await;
    node.stop().await;
}
