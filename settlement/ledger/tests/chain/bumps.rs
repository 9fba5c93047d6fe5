//! Fee bumps.

use crate::classic::{pay_credit, trust};
use crate::client::{Network, Person, charged, from_base64, pay, refusal, results};
use crate::contract::wasm_upload;
use berth_ledger::{Config, Server};
use serde_json::{Value, json};
use stellar_xdr::*;

fn result(found: &Value) -> TransactionResultResult {
    from_base64::<TransactionResult>(found["resultXdr"].as_str().unwrap()).result
}

/// Waits for the next ledger, so that what is sent now meets what is sent
/// right after.
async fn next_ledger(network: &Network) {
    let start = network.sequence().await;
    while network.sequence().await == start {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_pays_for_a_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (source, sponsor, payee) = (network.person().await, network.person().await, network.person().await);
    let balances = async || {
        let balance = async |person: &Person| network.account(person).await.unwrap().balance;
        (balance(&source).await, balance(&sponsor).await, balance(&payee).await)
    };
    let before = balances().await;
    let mut tx = network.transaction(&source, pay(&payee, 10)).await;
    // Its own bid may be too low.
    tx.fee = 0;
    let inner = source.sign(tx.clone());
    let inner_hash = hex::encode(crate::client::tx_hash(&tx));
    assert_eq!(refusal(&network.send(&inner).await), TransactionResultResult::TxInsufficientFee);
    let found = network.settle(&sponsor.bump(inner, 500)).await;
    assert_eq!((&found["status"], &found["feeBump"]), (&json!("SUCCESS"), &json!(true)), "{found}");
    assert_eq!(charged(&found), 200, "the least for two operations");
    let TransactionResultResult::TxFeeBumpInnerSuccess(pair) = result(&found) else { panic!("{found}") };
    assert_eq!((hex::encode(pair.transaction_hash.0), pair.result.fee_charged), (inner_hash.clone(), 0));
    assert_eq!(balances().await, (before.0 - 10, before.1 - 200, before.2 + 10));
    // It is found by the hash of what it holds, too.
    let within = network.call("getTransaction", json!({ "hash": inner_hash })).await;
    assert_eq!((&within["envelopeXdr"], &within["txHash"]), (&found["envelopeXdr"], &json!(inner_hash)));
    let listed = network.call("getTransactions", json!({ "startLedger": found["ledger"] })).await;
    assert_eq!(
        (listed["transactions"].as_array().unwrap().len(), &listed["transactions"][0]["feeBump"]),
        (1, &json!(true))
    );

    // One that fails within is charged all the same.
    let tx = network.transaction(&source, pay_credit(&sponsor, &payee, 1)).await;
    let found = network.settle(&sponsor.bump(source.sign(tx), 500)).await;
    assert!(matches!(result(&found), TransactionResultResult::TxFeeBumpInnerFailed(_)), "{found}");
    assert_eq!(results(&found), [OperationResult::OpInner(OperationResultTr::Payment(PaymentResult::NoTrust))]);
    assert_eq!((&found["status"], charged(&found)), (&json!("FAILED"), 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bump_that_is_not_in_order_is_refused() {
    use TransactionResultResult as R;
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (source, sponsor, payee) = (network.person().await, network.person().await, network.person().await);
    let inner = source.sign(network.transaction(&source, pay(&payee, 10)).await);
    let refused = async |envelope: TransactionEnvelope| refusal(&network.send(&envelope).await);
    assert_eq!(refused(sponsor.bump(inner.clone(), 199)).await, R::TxInsufficientFee);
    assert_eq!(refused(sponsor.bump(inner.clone(), -1)).await, R::TxMalformed);
    assert_eq!(refused(sponsor.bump(inner.clone(), i64::MAX)).await, R::TxInsufficientBalance);
    assert_eq!(refused(Person::new().bump(inner.clone(), 1_000)).await, R::TxNoAccount);
    let TransactionEnvelope::TxFeeBump(mut stolen) = sponsor.bump(inner.clone(), 1_000) else { unreachable!() };
    stolen.tx.fee_source = payee.muxed();
    assert_eq!(refused(TransactionEnvelope::TxFeeBump(stolen)).await, R::TxBadAuth);

    // What is wrong within is told as such.
    let mut wrong = network.transaction(&source, pay(&payee, 10)).await;
    wrong.seq_num.0 += 7;
    let sent = network.send(&sponsor.bump(source.sign(wrong), 1_000)).await;
    let R::TxFeeBumpInnerFailed(pair) = refusal(&sent) else { panic!("{sent}") };
    assert_eq!(pair.result.result, InnerTransactionResultResult::TxBadSeq);
    assert_eq!(network.settle(&sponsor.bump(inner, 200)).await["status"], "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_transaction_gives_way_to_one_that_bids_ten_times_as_much() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { close_ms: 600, ..Config::new(folder.path()) };
    let network = Network::over(Server::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap());
    let (source, sponsor, payee) = (network.person().await, network.person().await, network.person().await);
    let first = source.sign(network.transaction(&source, pay(&payee, 1)).await);
    let second = source.sign(network.transaction(&source, pay(&payee, 2)).await);
    next_ledger(&network).await;
    assert_eq!(network.send(&first).await["status"], "PENDING");
    assert_eq!(network.send(&first).await["status"], "DUPLICATE");
    assert_eq!(network.send(&second).await["status"], "TRY_AGAIN_LATER");
    let low = network.send(&sponsor.bump(second.clone(), 1_999)).await;
    let told: TransactionResult = from_base64(low["errorResultXdr"].as_str().unwrap());
    assert_eq!((told.result, told.fee_charged), (TransactionResultResult::TxInsufficientFee, 2_000));
    let bump = network.send(&sponsor.bump(second.clone(), 2_000)).await;
    assert_eq!(bump["status"], "PENDING", "{bump}");
    assert_eq!(network.send(&second).await["status"], "DUPLICATE");
    let before = network.account(&payee).await.unwrap().balance;
    assert_eq!(network.find(bump["hash"].as_str().unwrap()).await["status"], "SUCCESS");
    assert_eq!(network.account(&payee).await.unwrap().balance, before + 2);
    let first = network.send(&first).await;
    assert_eq!(refusal(&first), TransactionResultResult::TxBadSeq);
    let gone = network.call("getTransaction", json!({ "hash": first["hash"] })).await;
    assert_eq!(gone["status"], "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_call_did_not_use_goes_back_to_who_paid() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (source, sponsor) = (network.person().await, network.person().await);
    let mut tx = network.prepare(network.transaction(&source, wasm_upload()).await).await.unwrap();
    let TransactionExt::V1(data) = &tx.ext else { unreachable!() };
    let resource_fee = data.resource_fee;
    // All of it is left to the sponsor, who bids more than a transaction can.
    tx.fee = 0;
    let before = (network.account(&source).await.unwrap().balance, network.account(&sponsor).await.unwrap().balance);
    let found = network.settle(&sponsor.bump(source.sign(tx), resource_fee + (1 << 33))).await;
    assert_eq!(found["status"], "SUCCESS", "{found}");
    let after = (network.account(&source).await.unwrap().balance, network.account(&sponsor).await.unwrap().balance);
    assert_eq!(after, (before.0, before.1 - charged(&found)));
    assert!(charged(&found) < resource_fee + 200, "something came back");
    let TransactionMeta::V4(meta) = from_base64(found["resultMetaXdr"].as_str().unwrap()) else { panic!() };
    let SorobanTransactionMetaExt::V1(fees) = meta.soroban_meta.unwrap().ext else { panic!() };
    let used = fees.total_non_refundable_resource_fee_charged + fees.total_refundable_resource_fee_charged;
    assert_eq!(charged(&found), used + 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_payer_is_not_asked_for_more_than_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { close_ms: 600, ..Config::new(folder.path()) };
    let network = Network::over(Server::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap());
    let (first, second, sponsor) = (network.person().await, network.person().await, network.person().await);
    let bid = network.account(&sponsor).await.unwrap().balance - 10_000_000;
    let one = sponsor.bump(first.sign(network.transaction(&first, trust(&sponsor, 1)).await), bid);
    let other = sponsor.bump(second.sign(network.transaction(&second, trust(&sponsor, 1)).await), 200);
    next_ledger(&network).await;
    assert_eq!(network.send(&one).await["status"], "PENDING");
    assert_eq!(refusal(&network.send(&other).await), TransactionResultResult::TxInsufficientBalance);
}
