//! Answers field by field, with their types as stellar-rpc 27 has them. Numbers
//! that it puts between quotation marks are told apart.

use crate::client::{Network, base64, pay};
use crate::contract::{code_key, wasm_upload};
use serde_json::{Value, json};
use stellar_xdr::*;

/// The fields of an object in the order of their names, with their types; of a
/// list its first element's.
fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) if text.parse::<i64>().is_ok() => "\"number\"".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(values) => format!("[{}]", values.first().map_or(String::new(), shape)),
        Value::Object(fields) => {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name} {}", shape(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

#[track_caller]
fn check(value: &Value, expected: &str) {
    let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(shape(value), expected, "{value}");
}

/// A transaction of the classic kind, one of many.
const TRANSACTION: &str = "applicationOrder number, createdAt number, envelopeXdr text, \
     events {contractEventsXdr [[text]], transactionEventsXdr [text]}, feeBump bool, ledger number, \
     resultMetaXdr text, resultXdr text, status text, txHash text";

#[tokio::test(flavor = "multi_thread")]
async fn answers_have_the_fields_of_a_node() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let get = async |method: &str, params: Value| network.call(method, params).await;
    check(
        &get("getHealth", json!({})).await,
        "{latestLedger number, latestLedgerCloseTime number, ledgerRetentionWindow number, oldestLedger number, \
         oldestLedgerCloseTime number, status text}",
    );
    check(&get("getNetwork", json!({})).await, "{friendbotUrl text, passphrase text, protocolVersion number}");
    check(
        &get("getVersionInfo", json!({})).await,
        "{buildTimestamp text, captiveCoreVersion text, commitHash text, protocolVersion number, version text}",
    );
    check(
        &get("getLatestLedger", json!({})).await,
        "{closeTime \"number\", headerXdr text, id text, metadataXdr text, protocolVersion number, sequence number}",
    );
    check(
        &get("getLedgers", json!({ "startLedger": 1 })).await,
        "{cursor \"number\", latestLedger number, latestLedgerCloseTime number, ledgers [{hash text, headerXdr text, \
         ledgerCloseTime \"number\", metadataXdr text, sequence number}], oldestLedger number, \
         oldestLedgerCloseTime number}",
    );
    let fees = get("getFeeStats", json!({})).await;
    check(&json!(fees.as_object().unwrap().keys().collect::<Vec<_>>()), "[text]");
    check(
        &fees["inclusionFee"],
        "{ledgerCount number, max \"number\", min \"number\", mode \"number\", p10 \"number\", p20 \"number\", \
         p30 \"number\", p40 \"number\", p50 \"number\", p60 \"number\", p70 \"number\", p80 \"number\", \
         p90 \"number\", p95 \"number\", p99 \"number\", transactionCount \"number\"}",
    );

    // A payment, and a call.
    let (payer, payee) = (network.person().await, network.person().await);
    let envelope = payer.sign(network.transaction(&payer, pay(&payee, 1)).await);
    let sent = network.send(&envelope).await;
    check(&sent, "{hash text, latestLedger number, latestLedgerCloseTime \"number\", status text}");
    let paid = network.find(sent["hash"].as_str().unwrap()).await;
    let one = TRANSACTION.replace("createdAt number", "createdAt \"number\"");
    let one = one.replace(
        "ledger number,",
        "latestLedger number, latestLedgerCloseTime \"number\", ledger number, \
         oldestLedger number, oldestLedgerCloseTime \"number\",",
    );
    check(&paid, &format!("{{{one}}}"));
    let refused = network.send(&envelope).await;
    check(
        &refused,
        "{errorResultXdr text, hash text, latestLedger number, latestLedgerCloseTime \"number\", status text}",
    );
    let tx = network.transaction(&payer, wasm_upload()).await;
    let unsigned = TransactionEnvelope::Tx(TransactionV1Envelope { tx: tx.clone(), signatures: VecM::default() });
    check(
        &get("simulateTransaction", json!({ "transaction": base64(&unsigned) })).await,
        "{latestLedger number, minResourceFee \"number\", results [{auth [], xdr text}], stateChanges [{after text, \
         before null, key text, type text}], transactionData text}",
    );
    let mut noted = network.prepare(tx).await.unwrap();
    network.settle(&payer.sign(noted.clone())).await;
    noted.memo = Memo::Id(1);
    noted.seq_num.0 += 1;
    check(
        &network.send(&payer.sign(noted)).await,
        "{diagnosticEventsXdr [text], errorResultXdr text, hash text, latestLedger number, \
         latestLedgerCloseTime \"number\", status text}",
    );
    let many = get("getTransactions", json!({ "startLedger": paid["ledger"] })).await;
    check(
        &many,
        &format!(
            "{{cursor \"number\", latestLedger number, latestLedgerCloseTimestamp number, oldestLedger number, \
             oldestLedgerCloseTimestamp number, transactions [{{{TRANSACTION}}}]}}"
        ),
    );
    check(
        &get("getEvents", json!({ "startLedger": paid["ledger"] })).await,
        "{cursor text, events [{contractId text, id text, inSuccessfulContractCall bool, ledger number, \
         ledgerClosedAt text, operationIndex number, topic [text], transactionIndex number, txHash text, type text, \
         value text}], latestLedger number, latestLedgerCloseTime \"number\", oldestLedger number, \
         oldestLedgerCloseTime \"number\"}",
    );
    check(
        &get("getLedgerEntries", json!({ "keys": [base64(&code_key())] })).await,
        "{entries [{extXdr text, key text, lastModifiedLedgerSeq number, liveUntilLedgerSeq number, xdr text}], \
         latestLedger number}",
    );
}
