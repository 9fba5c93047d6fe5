//! Closed ledgers with what they held, and the statistics of their fees.

use crate::client::{Network, base64, charged, from_base64, pay};
use crate::contract::wasm_upload;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use stellar_xdr::*;

fn digest(value: &impl WriteXdr) -> Hash {
    Hash(Sha256::digest(value.to_xdr(Limits::none()).unwrap()).into())
}

/// The balances of accounts after some changes, as an indexer would keep them.
fn follow(balances: &mut std::collections::BTreeMap<AccountId, i64>, changes: &LedgerEntryChanges) {
    for change in changes.0.iter() {
        let (LedgerEntryChange::Created(entry) | LedgerEntryChange::Updated(entry)) = change else { continue };
        if let LedgerEntryData::Account(account) = &entry.data {
            balances.insert(account.account_id.clone(), account.balance);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ledgers_tell_their_transactions_and_all_changes() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (payer, payee, sponsor) = (network.person().await, network.person().await, network.person().await);
    let paid = network.settle(&payer.sign(network.transaction(&payer, pay(&payee, 5)).await)).await;
    let bump = sponsor.bump(payer.sign(network.transaction(&payer, pay(&payee, 6)).await), 300);
    network.settle(&bump).await;
    network.perform(&payer, wasm_upload()).await;
    let latest = network.sequence().await;

    let (mut balances, mut previous, mut seen, mut cursor) = (Default::default(), None, Vec::new(), None);
    loop {
        let params = match &cursor {
            None => json!({ "startLedger": 1, "pagination": { "limit": 3 } }),
            Some(cursor) => json!({ "pagination": { "limit": 3, "cursor": cursor } }),
        };
        let page = network.call("getLedgers", params).await;
        let ledgers = page["ledgers"].as_array().unwrap();
        for ledger in ledgers {
            let entry: LedgerHeaderHistoryEntry = from_base64(ledger["headerXdr"].as_str().unwrap());
            assert_eq!(
                (digest(&entry.header), hex::encode(entry.hash.0).into()),
                (entry.hash.clone(), ledger["hash"].clone())
            );
            if let Some(previous) = previous.replace(entry.hash.clone()) {
                assert_eq!(entry.header.previous_ledger_hash, previous);
            }
            let LedgerCloseMeta::V2(meta) = from_base64(ledger["metadataXdr"].as_str().unwrap()) else { panic!() };
            assert_eq!(meta.ledger_header, entry);
            assert_eq!(entry.header.scp_value.tx_set_hash, digest(&meta.tx_set));
            let results: Vec<TransactionResultPair> = meta.tx_processing.iter().map(|tx| tx.result.clone()).collect();
            seen.extend(results.iter().map(|pair| pair.transaction_hash.clone()));
            let results = TransactionResultSet { results: results.try_into().unwrap() };
            assert_eq!(entry.header.tx_set_result_hash, digest(&results));
            for tx in meta.tx_processing.iter() {
                follow(&mut balances, &tx.fee_processing);
            }
            for tx in meta.tx_processing.iter() {
                let TransactionMeta::V4(meta) = &tx.tx_apply_processing else { panic!() };
                follow(&mut balances, &meta.tx_changes_before);
                meta.operations.iter().for_each(|operation| follow(&mut balances, &operation.changes));
            }
            for tx in meta.tx_processing.iter() {
                follow(&mut balances, &tx.post_tx_apply_fee_processing);
            }
        }
        cursor = page["cursor"].as_str().map(str::to_owned);
        if ledgers.last().unwrap()["sequence"].as_u64().unwrap() >= latest {
            break;
        }
    }
    assert!(seen.contains(&Hash(hex::decode(paid["txHash"].as_str().unwrap()).unwrap().try_into().unwrap())));
    // Who follows the metas knows every balance.
    for person in [&payer, &payee, &sponsor] {
        assert_eq!(balances.get(&person.id()), Some(&network.account(person).await.unwrap().balance));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fee_statistics_count_the_last_ledgers() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let none = network.call("getFeeStats", json!({})).await;
    assert_eq!(
        (&none["sorobanInclusionFee"]["max"], &none["sorobanInclusionFee"]["transactionCount"]),
        (&json!("0"), &json!("0"))
    );
    let person = network.person().await;
    let found = network.perform(&person, wasm_upload()).await;
    assert!(charged(&found) > 100);
    let some = network.call("getFeeStats", json!({})).await;
    assert_eq!(
        (&some["sorobanInclusionFee"]["p99"], &some["sorobanInclusionFee"]["transactionCount"]),
        (&json!("100"), &json!("1"))
    );
    // Counted again from the journal by who comes after it.
    network.shutdown().await;
    let network = Network::start(folder.path()).await;
    let again = network.call("getFeeStats", json!({})).await;
    assert_eq!(again["sorobanInclusionFee"]["transactionCount"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_answered_in_the_shape_of_what_is() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let missing = network.call("getTransaction", json!({ "hash": "00".repeat(32) })).await;
    assert_eq!(
        (&missing["status"], &missing["createdAt"], &missing["feeBump"], &missing["events"]),
        (&json!("NOT_FOUND"), &json!("0"), &json!(false), &json!({}))
    );
    let health = network.call("getHealth", json!({})).await;
    assert!(health["latestLedgerCloseTime"].is_u64() && health["oldestLedgerCloseTime"].is_u64(), "{health}");
    let key = LedgerKey::Account(LedgerKeyAccount { account_id: crate::client::Person::new().id() });
    let entries = network.call("getLedgerEntries", json!({ "keys": [base64(&key)] })).await;
    assert_eq!(entries["entries"], json!([]));
}
