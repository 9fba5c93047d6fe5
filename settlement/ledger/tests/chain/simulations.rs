//! What simulation records, enforces and refuses.

use crate::client::{Network, Person, base64, from_base64, pay};
use crate::contract::wasm_upload;
use crate::token::{mint, token};
use berth_ledger::{Config, Server};
use serde_json::{Value, json};
use stellar_xdr::*;

async fn simulate(network: &Network, tx: &Transaction, mut params: Value) -> Value {
    let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx: tx.clone(), signatures: VecM::default() });
    params["transaction"] = json!(base64(&envelope));
    network.call("simulateTransaction", params).await
}

fn recorded(simulated: &Value) -> Vec<SorobanAuthorizationEntry> {
    let auth = simulated["results"][0]["auth"].as_array().unwrap_or_else(|| panic!("{simulated}"));
    auth.iter().map(|entry| from_base64(entry.as_str().unwrap())).collect()
}

fn with_auth(tx: &Transaction, auth: Vec<SorobanAuthorizationEntry>) -> Transaction {
    let mut operation = tx.operations[0].clone();
    let OperationBody::InvokeHostFunction(body) = &mut operation.body else { unreachable!() };
    body.auth = auth.try_into().unwrap();
    Transaction { operations: vec![operation].try_into().unwrap(), ..tx.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn authorization_is_recorded_or_enforced_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (issuer, other, holder) = (network.person().await, network.person().await, network.person().await);
    let usdc = token(&network, &issuer).await;
    // Sent by another, so that the issuer must sign for itself.
    let tx = network.transaction(&other, mint(&usdc, &holder, 5)).await;
    let left_out = simulate(&network, &tx, json!({})).await;
    assert!(left_out["error"].is_string(), "the holder has no line yet: {left_out}");
    assert!(left_out["events"].as_array().is_some_and(|events| !events.is_empty()), "{left_out}");
    network.operate(&holder, vec![crate::classic::trust(&issuer, 100)]).await;

    for (mode, upgraded) in [(Value::Null, false), (json!("record"), true), (json!("record_allow_nonroot"), false)] {
        let params = json!({ "authMode": mode, "useUpgradedAuth": upgraded });
        let auth = recorded(&simulate(&network, &tx, params).await);
        assert_eq!(auth.len(), 1);
        assert_eq!(matches!(auth[0].credentials, SorobanCredentials::AddressV2(_)), upgraded, "{auth:?}");
    }
    let auth = recorded(&simulate(&network, &tx, json!({})).await);
    let changed = simulate(&network, &tx, json!({})).await["stateChanges"].clone();
    let kinds: Vec<&str> = changed.as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"updated"), "{changed}");

    // Nothing brought, or nothing signed, does not suffice.
    let enforced = simulate(&network, &tx, json!({ "authMode": "enforce" })).await;
    assert!(enforced["error"].as_str().unwrap().contains("Auth"), "{enforced}");
    let unsigned = simulate(&network, &with_auth(&tx, auth.clone()), json!({})).await;
    assert!(unsigned["error"].is_string(), "{unsigned}");
    let both = simulate(&network, &with_auth(&tx, auth), json!({ "authMode": "record" })).await;
    assert_eq!(both["error"], "cannot set authMode to 'record' with an auth footprint");
    let unknown = simulate(&network, &tx, json!({ "authMode": "trust me" })).await;
    assert!(unknown["error"].as_str().unwrap().starts_with("optional 'authMode' must be one of"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_simulated_says_so_in_its_result() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let person = network.person().await;
    let said = async |tx: &Transaction, params: Value| {
        let answer = simulate(&network, tx, params).await;
        assert!(answer["latestLedger"].is_u64(), "{answer}");
        answer["error"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let garbage = network.call("simulateTransaction", json!({ "transaction": "!" })).await;
    assert_eq!(garbage["error"], "Could not unmarshal transaction");
    let payment = network.transaction(&person, pay(&person, 1)).await;
    assert!(said(&payment, json!({})).await.contains("unsupported operation type"));
    let operation = payment.operations[0].clone();
    let two = Transaction { operations: vec![operation.clone(), operation].try_into().unwrap(), ..payment.clone() };
    assert_eq!(said(&two, json!({})).await, "Transaction contains more than one operation");
    let mut noted = network.transaction(&person, wasm_upload()).await;
    noted.memo = Memo::Id(7);
    assert!(said(&noted, json!({})).await.contains("memo"));
    noted.memo = Memo::None;
    let leeway = json!({ "resourceConfig": { "instructionLeeway": 1_u64 << 40 } });
    assert!(said(&noted, leeway).await.contains("instructionLeeway"));
    let restore = OperationBody::RestoreFootprint(RestoreFootprintOp { ext: ExtensionPoint::V0 });
    let restore = network.transaction(&person, restore).await;
    assert!(said(&restore, json!({})).await.contains("SorobanTransactionData must be provided"));
    assert!(said(&restore, json!({ "authMode": "record" })).await.contains("authMode"));
    // A leeway is added to what was measured.
    let plain = simulate(&network, &noted, json!({})).await;
    let more = simulate(&network, &noted, json!({ "resourceConfig": { "instructionLeeway": 50_000_000 } })).await;
    let instructions = |answer: &Value| {
        from_base64::<SorobanTransactionData>(answer["transactionData"].as_str().unwrap()).resources.instructions
    };
    assert!(instructions(&more) > instructions(&plain) + 30_000_000);
    // As on the network, a call can neither bear a memo nor come from a
    // numbered part of an account.
    let mut call = network.prepare(noted).await.unwrap();
    call.memo = Memo::Id(7);
    let sent = network.send(&person.sign(call.clone())).await;
    assert_eq!(crate::client::refusal(&sent), TransactionResultResult::TxSorobanInvalid);
    let event: DiagnosticEvent = from_base64(sent["diagnosticEventsXdr"][0].as_str().unwrap());
    let ContractEventBody::V0(body) = event.event.body;
    let ScVal::String(message) = body.data else { panic!("{sent}") };
    assert!(message.to_string().contains("not allowed to use memo"));
    call.memo = Memo::None;
    call.source_account = MuxedAccount::MuxedEd25519(MuxedAccountMed25519 { id: 1, ed25519: Uint256(person.key()) });
    let sent = network.send(&person.sign(call)).await;
    assert_eq!(crate::client::refusal(&sent), TransactionResultResult::TxSorobanInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn extending_what_is_archived_says_what_to_restore_first() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { close_ms: 20, persistent_ttl_ledgers: 40, ..Config::new(folder.path()) };
    let network = Network::over(Server::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap());
    let person: Person = network.person().await;
    network.perform(&person, wasm_upload()).await;
    let key = crate::contract::code_key();
    let until = network.call("getLedgerEntries", json!({ "keys": [base64(&key)] })).await;
    let until = until["entries"][0]["liveUntilLedgerSeq"].as_u64().unwrap();
    while network.sequence().await <= until {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let body = ExtendFootprintTtlOp { ext: ExtensionPoint::V0, extend_to: 1_000 };
    let mut extend = network.transaction(&person, OperationBody::ExtendFootprintTtl(body)).await;
    let read_only = vec![key.clone()].try_into().unwrap();
    let footprint = LedgerFootprint { read_only, read_write: VecM::default() };
    let resources = SorobanResources { footprint, instructions: 0, disk_read_bytes: 0, write_bytes: 0 };
    let ext = SorobanTransactionDataExt::V0;
    extend.ext = TransactionExt::V1(SorobanTransactionData { ext, resources, resource_fee: 0 });
    let simulated = simulate(&network, &extend, json!({})).await;
    let preamble = &simulated["restorePreamble"];
    let data: SorobanTransactionData = from_base64(preamble["transactionData"].as_str().unwrap());
    assert_eq!(data.resources.footprint.read_write.as_slice(), [key]);

    let restore = OperationBody::RestoreFootprint(RestoreFootprintOp { ext: ExtensionPoint::V0 });
    let mut restore = network.transaction(&person, restore).await;
    let fee: u32 = preamble["minResourceFee"].as_str().unwrap().parse().unwrap();
    (restore.ext, restore.fee) = (TransactionExt::V1(data), fee + 100);
    assert_eq!(network.settle(&person.sign(restore)).await["status"], "SUCCESS");
    extend.seq_num.0 += 1;
    let extended = network.settle(&person.sign(network.prepare(extend).await.unwrap())).await;
    assert_eq!(extended["status"], "SUCCESS", "{extended}");
}
