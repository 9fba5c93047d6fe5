//! Input that no honest client sends.

use crate::client::{Network, base64, from_base64};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stellar_xdr::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_call_is_answered_with_the_right_code() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let call = |method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for (body, code) in [
        ("".to_owned(), -32700),
        ("{".to_owned(), -32700),
        (deep, -32700),
        ("[]".to_owned(), -32600),
        ("7".to_owned(), -32600),
        (json!({ "id": 1, "method": "getHealth" }).to_string(), -32600),
        (json!({ "jsonrpc": "2.0", "id": {}, "method": "getHealth" }).to_string(), -32600),
        (json!({ "jsonrpc": "2.0", "id": 1, "method": 5 }).to_string(), -32600),
        (json!(vec![call("getHealth", json!({})); 21]).to_string(), -32600),
        (call("getNothing", json!({})).to_string(), -32601),
        (call("getTransaction", json!({})).to_string(), -32602),
        (call("getTransaction", json!(["a"])).to_string(), -32602),
        (call("getTransaction", json!({ "hash": "zz" })).to_string(), -32602),
        (call("getTransactions", json!({ "startLedger": -1 })).to_string(), -32602),
        (call("getTransactions", json!({ "startLedger": 99_999 })).to_string(), -32600),
        (call("getTransactions", json!({ "pagination": { "cursor": "18446744073709551615" } })).to_string(), -32602),
        (call("sendTransaction", json!({ "transaction": "AAAA" })).to_string(), -32602),
        (call("sendTransaction", json!({ "transaction": 1 })).to_string(), -32602),
        (call("simulateTransaction", json!({ "transaction": [] })).to_string(), -32602),
        (call("simulateTransaction", json!({ "transaction": "", "resourceConfig": 1 })).to_string(), -32602),
        (call("simulateTransaction", json!({ "transaction": "", "useUpgradedAuth": 2 })).to_string(), -32602),
        (call("getLedgers", json!({})).to_string(), -32600),
        (call("getLedgers", json!({ "startLedger": 1, "pagination": { "limit": 201 } })).to_string(), -32600),
        (call("getLedgers", json!({ "startLedger": 1, "pagination": { "cursor": "1" } })).to_string(), -32600),
        (call("getLedgers", json!({ "pagination": { "cursor": "4294967295" } })).to_string(), -32602),
        (call("getLedgers", json!({ "pagination": { "cursor": "x" } })).to_string(), -32602),
        (call("getLedgers", json!({ "startLedger": 1, "xdrFormat": "json" })).to_string(), -32602),
        (call("getTransaction", json!({ "hash": "zz".repeat(32) })).to_string(), -32602),
        (call("getTransaction", json!({ "hash": "€".repeat(22) })).to_string(), -32602),
        (call("getEvents", json!({ "pagination": { "cursor": "€".repeat(60) } })).to_string(), -32602),
        (call("getLedgers", json!({ "pagination": { "cursor": "€".repeat(60) } })).to_string(), -32602),
        (call("getLedgerEntries", json!({ "keys": ["€".repeat(300)] })).to_string(), -32602),
        (call("getLedgerEntries", json!({ "keys": ["AAAA!"] })).to_string(), -32602),
        (call("getLedgerEntries", json!({ "keys": vec![""; 201] })).to_string(), -32602),
    ] {
        let (status, answer) = network.body(body.clone()).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, &answer["error"]["code"]), (200, &json!(code)), "{body:.100}: {answer}");
    }
    let (status, _) = network.body(vec![b' '; (1 << 20) + 1]).await;
    assert_eq!(status, 413);
    let notification = json!({ "jsonrpc": "2.0", "method": "getHealth" });
    assert_eq!(network.body(notification.to_string()).await, (204, String::new()));
    let batch = json!([call("getHealth", json!({})), call("getNetwork", Value::Null)]);
    let (_, answers) = network.body(batch.to_string()).await;
    let answers: Vec<Value> = serde_json::from_str(&answers).unwrap();
    assert_eq!(answers[0]["result"]["status"], "healthy");
    assert_eq!(answers[1]["result"]["protocolVersion"], 27);
    for method in ["getVersionInfo", "getFeeStats"] {
        network.call(method, json!({})).await;
    }
    // The id of a ledger is the hash of its header.
    let latest = network.call("getLatestLedger", json!({})).await;
    let header: LedgerHeader = from_base64(latest["headerXdr"].as_str().unwrap());
    let hash = Hash(Sha256::digest(header.to_xdr(Limits::none()).unwrap()).into());
    assert_eq!(
        (latest["id"].as_str().unwrap(), header.ledger_seq),
        (hash.to_string().as_str(), latest["sequence"].as_u64().unwrap() as u32)
    );
    let LedgerCloseMeta::V2(meta) = from_base64(latest["metadataXdr"].as_str().unwrap()) else { panic!() };
    assert_eq!(meta.ledger_header.hash, hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_call_with_impossible_resources_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let person = network.person().await;
    let upload = |code: Vec<u8>| {
        OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
            host_function: HostFunction::UploadContractWasm(code.try_into().unwrap()),
            auth: VecM::default(),
        })
    };
    // No wasm at all: the simulation says so, and does not die.
    let tx = network.transaction(&person, upload(vec![0; 100])).await;
    assert!(network.prepare(tx.clone()).await.is_err());

    let account = LedgerKey::Account(LedgerKeyAccount { account_id: person.id() });
    let send = async |change: &dyn Fn(&mut SorobanTransactionData)| {
        let footprint = LedgerFootprint { read_only: VecM::default(), read_write: VecM::default() };
        let resources = SorobanResources { footprint, instructions: 1_000_000, disk_read_bytes: 0, write_bytes: 0 };
        let mut data =
            SorobanTransactionData { ext: SorobanTransactionDataExt::V0, resources, resource_fee: 10_000_000 };
        change(&mut data);
        let mut tx = tx.clone();
        tx.fee = 20_000_000;
        tx.ext = TransactionExt::V1(data);
        network.send(&person.sign(tx)).await["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(send(&|data| data.resource_fee = -1).await, "ERROR");
    assert_eq!(send(&|data| data.resource_fee = i64::MIN).await, "ERROR");
    assert_eq!(send(&|data| data.resource_fee = 1).await, "ERROR");
    assert_eq!(send(&|data| data.resources.instructions = u32::MAX).await, "ERROR");
    assert_eq!(send(&|data| data.resources.write_bytes = u32::MAX).await, "ERROR");
    assert_eq!(send(&|data| data.resources.disk_read_bytes = u32::MAX).await, "ERROR");
    let twice = |data: &mut SorobanTransactionData| {
        data.resources.footprint.read_only = vec![account.clone(); 2].try_into().unwrap();
    };
    assert_eq!(send(&twice).await, "ERROR");
    let nowhere = |data: &mut SorobanTransactionData| {
        let archived_soroban_entries = vec![7].try_into().unwrap();
        data.ext = SorobanTransactionDataExt::V1(SorobanResourcesExtV0 { archived_soroban_entries });
    };
    assert_eq!(send(&nowhere).await, "ERROR");
    // Within the bounds it enters, and traps.
    assert_eq!(send(&|_| ()).await, "PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_nested_as_deep_as_the_encoding_allows_are_survived() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let person = network.person().await;
    let contract = ScAddress::Contract(ContractId(Hash([1; 32])));
    let deep = |levels: usize| {
        (0..levels).fold(ScVal::Void, |inner, _| ScVal::Vec(Some(ScVec(vec![inner].try_into().unwrap()))))
    };
    let mut deepest = 0;
    for levels in (40..200).step_by(8) {
        let call = OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
            host_function: HostFunction::InvokeContract(InvokeContractArgs {
                contract_address: contract.clone(),
                function_name: ScSymbol("call".try_into().unwrap()),
                args: vec![deep(levels)].try_into().unwrap(),
            }),
            auth: VecM::default(),
        });
        let mut tx = network.transaction(&person, call).await;
        let unsigned = TransactionEnvelope::Tx(TransactionV1Envelope { tx: tx.clone(), signatures: VecM::default() });
        let answer = network.ask("simulateTransaction", json!({ "transaction": base64(&unsigned) })).await;
        assert!(answer["result"]["error"].is_string(), "{levels}: {answer}");
        if answer["result"]["error"] == "Could not unmarshal transaction" {
            break;
        }
        deepest = levels;
        let key = LedgerKey::ContractData(LedgerKeyContractData {
            contract: contract.clone(),
            key: deep(levels),
            durability: ContractDataDurability::Persistent,
        });
        let answer = network.ask("getLedgerEntries", json!({ "keys": [base64(&key)] })).await;
        assert_eq!(answer["result"]["entries"], json!([]));
        let footprint = LedgerFootprint { read_only: VecM::default(), read_write: VecM::default() };
        let resources = SorobanResources { footprint, instructions: 10_000_000, disk_read_bytes: 0, write_bytes: 0 };
        let data = SorobanTransactionData { ext: SorobanTransactionDataExt::V0, resources, resource_fee: 10_000_000 };
        tx.fee = 20_000_000;
        // A key as long as this one is not let into a footprint.
        let mut longest = data.clone();
        longest.resources.footprint.read_only = vec![key].try_into().unwrap();
        let mut refused = tx.clone();
        refused.ext = TransactionExt::V1(longest);
        let sent = network.ask("sendTransaction", json!({ "transaction": base64(&person.sign(refused)) })).await;
        assert_eq!(sent["result"]["status"], "ERROR", "{levels}: {sent}");
        tx.ext = TransactionExt::V1(data);
        let sent = network.ask("sendTransaction", json!({ "transaction": base64(&person.sign(tx)) })).await;
        if sent["error"]["code"] == -32602 {
            break;
        }
        assert_eq!(sent["result"]["status"], "PENDING", "{levels}: {sent}");
        let found = network.find(sent["result"]["hash"].as_str().unwrap()).await;
        assert_eq!(found["status"], "FAILED", "{levels}");
    }
    assert!((90..200).contains(&deepest), "{deepest}");
    // Deeper than the limit it is not even decoded.
    let too_deep =
        (0..600).fold(vec![0, 0, 0, 1], |inner, _| [&[0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 1][..], &inner].concat());
    let topic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, too_deep);
    let params = json!({ "startLedger": 1, "filters": [{ "topics": [[topic]] }] });
    assert_eq!(network.ask("getEvents", params).await["error"]["code"], -32602);
    assert_eq!(network.call("getHealth", json!({})).await["status"], "healthy");
}
