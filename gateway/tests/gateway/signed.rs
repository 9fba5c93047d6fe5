//! Commands that carry their own signature: what the log then says, and what
//! must not get in.

use std::time::{SystemTime, UNIX_EPOCH};

use berth_domain::codec::Encode as _;
use berth_domain::{
    Address, AmendOrder, BidId, CancelAll, Command, Deposit, Digest, LeaseId, MarketId, OrderId, ProviderId,
    RegisterKey, RevokeKey, Scope, Scopes, SetMandate, StopLease, Stroops, Tick, Verify, key_proof_bytes, message_hash,
    signed_bytes, signed_text,
};
use berth_wire::address;
use berth_wire::request::{OrderRequest, StandingBid, specification_hash};
use ed25519_dalek::{Signer as _, SigningKey};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::node::{Node, order};

const COMMANDS: &str = "/api/v1/commands";
const SALT: [u8; 32] = [5; 32];

/// Somebody with a key.
struct Party {
    key: SigningKey,
    log: Digest,
}

impl Party {
    async fn new(node: &Node, seed: u8) -> Self {
        let health = node.get("/health").await;
        let mut log = Digest([0; 32]);
        log.0.copy_from_slice(&bytes(health["logId"].as_str().unwrap()));
        Self { key: SigningKey::from_bytes(&[seed; 32]), log }
    }

    fn address(&self) -> Address {
        Address(self.key.verifying_key().to_bytes())
    }

    fn name(&self) -> String {
        address::write(self.address())
    }

    fn sign_at(&self, nonce: u64, command: &Command) -> Value {
        let signature = self.key.sign(&signed_bytes(self.log, nonce, command)).to_bytes();
        json!({
            "address": self.name(),
            "nonce": nonce,
            "signature": hex(&signature),
            "command": hex(&command.to_bytes()),
        })
    }

    fn sign(&self, command: impl Into<Command>) -> Value {
        self.sign_at(now(), &command.into())
    }

    /// An order for one vCPU for an hour, signed.
    fn order(&self, market: u16, change: impl FnOnce(&mut Value)) -> (Value, Command) {
        let mut request = order(&self.name(), "10");
        change(&mut request);
        let specification = request["specification"].clone();
        let request: OrderRequest = serde_json::from_value(request).unwrap();
        let order = request.parse().unwrap();
        let hash = specification_hash(&SALT, &order.specification.to_bytes());
        let command: Command = order.command(MarketId(market), hash, berth_domain::Micros(now())).into();
        let mut signed = self.sign(command.clone());
        signed["specification"] = specification;
        signed["salt"] = json!(hex(&SALT));
        (signed, command)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

async fn head(node: &Node) -> u64 {
    node.get("/health").await["seq"].as_u64().unwrap()
}

#[tokio::test]
async fn signed_commands_make_a_lease_and_the_log_has_their_signatures() {
    let (dir, node) = Node::open().await;
    let (owner, tenant) = (Party::new(&node, 1).await, Party::new(&node, 2).await);
    let provider = node.provider(&owner.name()).await;
    let bid: StandingBid =
        serde_json::from_value(json!({ "providerId": provider, "market": "CPU", "bidPrice": "2", "quantity": 4 }))
            .unwrap();
    let place = bid.parse().unwrap().command(|_| Some(MarketId(1))).unwrap();
    let bid = node.post(COMMANDS, owner.sign(place)).await;
    assert_eq!((&bid["type"], &bid["bidId"], &bid["repeated"]), (&json!("bid.place"), &json!(1), &json!(false)));

    // Over the socket; the tenant's account is opened for it.
    let mut socket = node.socket().await;
    let (signed, _) = tenant.order(1, |_| {});
    let answer = socket.call("command.submit", signed).await;
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(answer["seq"], answer["result"]["seq"]);
    let placed = &answer["result"];
    assert_eq!((&placed["type"], &placed["orderId"]), (&json!("order.place"), &json!(1)));
    let lease = node.get("/api/v1/leases/1").await;
    assert_eq!((&lease["bidId"], &lease["tenantAddress"]), (&json!(1), &json!(tenant.name())));
    let specification = node.get(&format!("/api/v1/leases/1/specification?address={}", owner.name())).await;
    assert_eq!(specification["image"], "nginx:latest");
    let stopped = node.post(COMMANDS, tenant.sign(StopLease { lease: LeaseId(1) })).await;
    assert_eq!(stopped["type"], "lease.stop");
    let log = owner.log;
    let seqs = [&bid, placed, &stopped].map(|answer| answer["seq"].as_u64().unwrap());
    drop(socket);
    node.stop().await;

    let reader = berth_journal::LogReader::open(&berth_journal::DataDir::new(dir.path())).unwrap();
    let mut signed = Vec::new();
    for batch in reader.read(berth_domain::Seq(1)) {
        for entry in batch.unwrap().entries {
            if let Some(good) = entry.is_signed_well(log) {
                assert!(good, "{entry:?}");
                signed.push(entry.seq.0);
            }
        }
    }
    assert_eq!(signed, seqs);
}

#[tokio::test]
async fn what_is_not_signed_by_the_account_for_this_log_changes_nothing() {
    let (_dir, node) = Node::open().await;
    let (party, other) = (Party::new(&node, 1).await, Party::new(&node, 2).await);
    node.provider(&party.name()).await;
    node.provider(&other.name()).await;
    let stop: Command = CancelAll { market: None, session: None }.into();
    let with = |field: &str, value: Value| {
        let mut signed = party.sign(stop.clone());
        signed[field] = value;
        signed
    };
    let of_other_log = Party { key: party.key.clone(), log: Digest([8; 32]) };
    let mut longer = stop.to_bytes();
    longer.push(0);
    let before = head(&node).await;
    for (request, status, code, field) in [
        (with("signature", json!("00".repeat(64))), 401, "UNAUTHORIZED", "signature"),
        (with("signature", json!("00")), 400, "MALFORMED", "signature"),
        (with("nonce", json!(now() + 7)), 401, "UNAUTHORIZED", "signature"),
        (with("nonce", json!(0)), 400, "MALFORMED", "nonce"),
        (with("address", json!(other.name())), 401, "UNAUTHORIZED", "signature"),
        (with("address", json!("provider")), 400, "MALFORMED", "address"),
        (with("key", json!(other.name())), 401, "UNAUTHORIZED", "signature"),
        (with("command", json!(hex(&longer))), 400, "MALFORMED", "command"),
        (with("command", json!("zz")), 400, "MALFORMED", "command"),
        (with("command", json!("")), 400, "MALFORMED", "command"),
        (with("salt", json!("00".repeat(32))), 400, "MALFORMED", "salt"),
        (with("specification", json!({ "image": "i", "cpu": 1, "memory": 1 })), 400, "MALFORMED", "specification"),
        (with("more", json!(1)), 400, "MALFORMED", "more"),
        (of_other_log.sign(stop.clone()), 401, "UNAUTHORIZED", "signature"),
        (party.sign_at(now() - 61_000_000, &stop), 422, "SIGNATURE_EXPIRED", "nonce"),
        (party.sign_at(now() + 120_000_000, &stop), 422, "SIGNATURE_EXPIRED", "nonce"),
        (party.sign(Tick), 403, "NOT_THE_EXCHANGE", "command"),
        (
            party.sign(Deposit { event: "1-1".parse().unwrap(), address: party.address(), amount: Stroops::ZERO }),
            403,
            "NOT_THE_EXCHANGE",
            "command",
        ),
        (party.sign(CancelAll { market: None, session: Some(1) }), 400, "MALFORMED", "command"),
    ] {
        let (answered, body) = node.call(Method::POST, COMMANDS, Some(request.clone())).await;
        assert_eq!(
            (answered.as_u16(), &body["code"], &body["field"]),
            (status, &json!(code), &json!(field)),
            "{request}: {body}"
        );
    }
    // A key that signs for an account that is not its own.
    let nonce = now();
    let mut foreign = other.sign_at(nonce, &stop);
    foreign["address"] = json!(party.name());
    foreign["key"] = json!(other.name());
    let (status, body) = node.call(Method::POST, COMMANDS, Some(foreign)).await;
    assert_eq!(
        (status, &body["code"], &body["field"]),
        (StatusCode::FORBIDDEN, &json!("KEY_NOT_ALLOWED"), &json!("key"))
    );
    assert_eq!(head(&node).await, before, "none of it is in the log");
}

#[tokio::test]
async fn a_key_that_the_account_registered_signs_what_it_may_and_a_wallet_signs_messages() {
    let (_dir, node) = Node::open().await;
    let (owner, bot) = (Party::new(&node, 1).await, Party::new(&node, 2).await);
    let provider = node.provider(&owner.name()).await;
    let key = bot.address().0;
    let proof = bot.key.sign(&key_proof_bytes(owner.log, owner.address())).to_bytes();
    let scopes = Scopes::EMPTY.with(Scope::Provide);
    let register = |proof| RegisterKey { key, scopes, expires_at: None, proof };
    // Without the key's own word anybody could register it.
    let stolen = owner.sign(register([7; 64]));
    let (status, body) = node.call(Method::POST, COMMANDS, Some(stolen)).await;
    assert_eq!((status, &body["field"]), (StatusCode::BAD_REQUEST, &json!("command")), "{body}");

    // The wallet knows SEP-53 alone.
    let command: Command = register(proof).into();
    let nonce = now();
    let text = signed_text(owner.log, nonce, &command);
    let mut message = owner.sign_at(nonce, &command);
    message["signature"] = json!(hex(&owner.key.sign(&message_hash(&text)).to_bytes()));
    let (status, _) = node.call(Method::POST, COMMANDS, Some(message.clone())).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "it is no signature over the bytes");
    message["scheme"] = json!("sep53");
    assert_eq!(node.post(COMMANDS, message).await["type"], "key.register");

    // From now on the bot offers in the owner's name, and does nothing else.
    let bid = json!({ "providerId": provider, "market": "CPU", "bidPrice": "2", "quantity": 4 });
    let bid: StandingBid = serde_json::from_value(bid).unwrap();
    let by_bot = |command: Command| {
        let mut signed = bot.sign(command);
        signed["key"] = signed["address"].take();
        signed["address"] = json!(owner.name());
        signed
    };
    let place = bid.parse().unwrap().command(|_| Some(MarketId(1))).unwrap();
    let placed = by_bot(place.into());
    assert_eq!(node.post(COMMANDS, placed.clone()).await["bidId"], 1);
    let (_, body) = node.call(Method::POST, COMMANDS, Some(placed)).await;
    assert_eq!(body["code"], "NONCE_USED", "{body}");
    let mandate = SetMandate { per_lease: None, per_day: None, floor: None, until: None };
    let (status, body) = node.call(Method::POST, COMMANDS, Some(by_bot(mandate.into()))).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("KEY_NOT_ALLOWED")), "{body}");
    node.post(COMMANDS, owner.sign(RevokeKey { key })).await;
    let before = head(&node).await;
    let again = by_bot(CancelAll { market: None, session: None }.into());
    let (_, body) = node.call(Method::POST, COMMANDS, Some(again)).await;
    assert_eq!((&body["code"], &body["field"]), (&json!("KEY_NOT_ALLOWED"), &json!("key")), "{body}");
    assert_eq!(head(&node).await, before);
}

#[tokio::test]
async fn a_signed_command_stands_once() {
    let (_dir, node) = Node::open().await;
    let party = Party::new(&node, 1).await;
    node.provider(&party.name()).await;
    let first = party.sign(CancelAll { market: None, session: None });
    node.post(COMMANDS, first.clone()).await;
    let before = head(&node).await;
    let (status, body) = node.call(Method::POST, COMMANDS, Some(first)).await;
    assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("NONCE_USED")), "{body}");
    assert_eq!(head(&node).await, before, "who repeats it cannot fill the log");
    node.post(COMMANDS, party.sign(CancelAll { market: None, session: None })).await;
    // One that the exchange refuses is in the log, once: it must not be carried out
    // when things have changed.
    let nonce = now();
    let unknown: Command = StopLease { lease: LeaseId(9) }.into();
    let (_, body) = node.call(Method::POST, COMMANDS, Some(party.sign_at(nonce, &unknown))).await;
    assert_eq!(body["code"], "UNKNOWN_LEASE", "{body}");
    let before = head(&node).await;
    let (_, body) = node.call(Method::POST, COMMANDS, Some(party.sign_at(nonce, &unknown))).await;
    assert_eq!((&body["code"], &body["field"]), (&json!("NONCE_USED"), &json!("nonce")), "{body}");
    assert_eq!(head(&node).await, before);
}

#[tokio::test]
async fn what_a_signed_order_runs_is_what_it_says() {
    let (_dir, node) = Node::open().await;
    let tenant = Party::new(&node, 1).await;
    node.order(&tenant.name(), "1").await;
    let before = head(&node).await;
    let field = async |field: &str, value: Value, told: &str| {
        let (mut signed, _) = tenant.order(1, |_| {});
        match field.split_once('.') {
            Some((parent, field)) => signed[parent][field] = value,
            None => signed[field] = value,
        }
        let (status, body) = node.call(Method::POST, COMMANDS, Some(signed)).await;
        assert_eq!((status.as_u16(), &body["field"]), (400, &json!(told)), "{field}: {body}");
    };
    field("specification.image", json!("miner:latest"), "salt").await;
    field("specification.cpu", json!(64), "specification.cpu").await;
    field("specification.memory", json!(1), "specification.memory").await;
    field("specification.storage", json!(1), "specification.storage").await;
    field("specification.requires", json!({ "region": "eu" }), "specification.requires").await;
    field("specification.gpu", json!({ "model": "H100", "vram": 80, "count": 1 }), "specification.cpu").await;
    field("specification", Value::Null, "specification").await;
    field("salt", Value::Null, "salt").await;
    field("salt", json!("00".repeat(32)), "salt").await;
    // Another market than the specification's, or none.
    let (signed, _) = tenant.order(2, |_| {});
    let (_, body) = node.call(Method::POST, COMMANDS, Some(signed)).await;
    assert_eq!((&body["code"], &body["field"]), (&json!("MALFORMED"), &json!("specification.gpu")), "{body}");
    let (signed, _) = tenant.order(1, |order| order["verify"] = json!("spot"));
    let (_, body) = node.call(Method::POST, COMMANDS, Some(signed)).await;
    assert_eq!((&body["code"], &body["field"]), (&json!("NOT_OFFERED"), &json!("command")), "{body}");
    assert_eq!(head(&node).await, before);

    // A client id makes it one order, however often it is signed.
    let (signed, _) = tenant.order(1, |order| order["clientOrderId"] = json!("once"));
    let first = node.post(COMMANDS, signed).await;
    let (signed, _) = tenant.order(1, |order| order["clientOrderId"] = json!("once"));
    let again = node.post(COMMANDS, signed).await;
    assert_eq!((&again["orderId"], &again["repeated"]), (&first["orderId"], &json!(true)));
    let (_, Command::PlaceOrder(place)) = tenant.order(1, |_| {}) else { panic!("an order") };
    assert_eq!(place.verify, Verify::None);
}

#[tokio::test]
async fn every_signed_command_of_somebody_else_is_refused_by_the_exchange() {
    let (_dir, node) = Node::open().await;
    let (owner, thief) = (Party::new(&node, 1).await, Party::new(&node, 2).await);
    let provider = node.provider(&owner.name()).await;
    node.bid(provider, "2", 4).await;
    node.order(&owner.name(), "1").await;
    node.provider(&thief.name()).await;
    for command in [
        Command::from(berth_domain::CancelBid { bid: BidId(1) }),
        berth_domain::CancelOrder { order: OrderId(1) }.into(),
        AmendOrder { order: OrderId(1), replicas: None, limits: None, expires_at: None }.into(),
        berth_domain::UpdateProvider { provider: ProviderId(1), available: false, attributes: Vec::new() }.into(),
        berth_domain::PauseMarket { market: MarketId(1) }.into(),
    ] {
        let (status, body) = node.call(Method::POST, COMMANDS, Some(thief.sign(command.clone()))).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{command:?}: {body}");
    }
    let log = node.get("/api/v1/orders/1").await;
    assert_eq!(log["state"], "open");
}

#[tokio::test]
async fn a_node_that_believes_nobody_believes_a_signature() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path(), true).await;
    let party = Party::new(&node, 1).await;
    node.provider(&party.name()).await;
    node.stop().await;
    let node = Node::start(dir.path(), false).await;
    let send = async |request: Value| {
        let response = node.send(Method::POST, COMMANDS, Some(request)).await;
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let (status, body) = send(party.sign(CancelAll { market: None, session: None })).await;
    assert_eq!(status, 201, "{body}");
    let stranger = Party { key: SigningKey::from_bytes(&[9; 32]), log: party.log };
    let (status, body) = send(stranger.sign(CancelAll { market: None, session: None })).await;
    assert_eq!((status, &body["code"], &body["field"]), (404, &json!("UNKNOWN_ACCOUNT"), &json!("address")), "{body}");
    node.stop().await;
}
