//! Entries that have outlived their rent.

use crate::client::{Network, base64, from_base64};
use crate::contract::{Escrow, amount, native};
use berth_ledger::{Config, Server};
use serde_json::{Value, json};
use stellar_xdr::*;

/// A ledger on which entries live for a second or two.
async fn short_lived(folder: &std::path::Path) -> Network {
    let config = Config { close_ms: 20, persistent_ttl_ledgers: 75, ..Config::new(folder) };
    Network::over(Server::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap())
}

fn instance(escrow: &Escrow) -> LedgerKey {
    LedgerKey::ContractData(LedgerKeyContractData {
        contract: ScAddress::Contract(escrow.id.clone()),
        key: ScVal::LedgerKeyContractInstance,
        durability: ContractDataDurability::Persistent,
    })
}

async fn live_until(network: &Network, key: &LedgerKey) -> u64 {
    let entries = network.call("getLedgerEntries", json!({ "keys": [base64(key)] })).await;
    entries["entries"][0]["liveUntilLedgerSeq"].as_u64().unwrap()
}

async fn wait_until_archived(network: &Network, key: &LedgerKey) {
    let until = live_until(network, key).await;
    while network.sequence().await <= until {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn outcome(found: &Value) -> InvokeHostFunctionResult {
    let result: TransactionResult = from_base64(found["resultXdr"].as_str().unwrap());
    match result.result {
        TransactionResultResult::TxSuccess(results) | TransactionResultResult::TxFailed(results) => {
            match results.first() {
                Some(OperationResult::OpInner(OperationResultTr::InvokeHostFunction(result))) => result.clone(),
                other => panic!("{other:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_contract_is_restored_by_the_call_that_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let network = short_lived(folder.path()).await;
    let tenant = network.person().await;
    let escrow = Escrow::deploy(&network, &tenant).await;
    let deposit = || escrow.call("deposit", vec![tenant.value(), tenant.value(), native(), amount(10)]);
    network.perform(&tenant, deposit()).await;
    let stale = network.prepare(network.transaction(&tenant, deposit()).await).await.unwrap();
    wait_until_archived(&network, &instance(&escrow)).await;

    // Simulated while the contract lived, it does not say what to restore.
    let found = network.settle(&tenant.sign(stale)).await;
    assert_eq!(outcome(&found), InvokeHostFunctionResult::EntryArchived);

    let fresh = network.prepare(network.transaction(&tenant, deposit()).await).await.unwrap();
    let TransactionExt::V1(SorobanTransactionData { ext: SorobanTransactionDataExt::V1(restored), .. }) = &fresh.ext
    else {
        panic!("nothing to restore: {:?}", fresh.ext)
    };
    assert!(!restored.archived_soroban_entries.is_empty());
    let found = network.settle(&tenant.sign(fresh)).await;
    assert_eq!(found["status"], "SUCCESS", "{:?}", outcome(&found));
    assert!(live_until(&network, &instance(&escrow)).await > found["ledger"].as_u64().unwrap());
    assert_eq!(escrow.balance(&network, &tenant).await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_entry_is_restored_by_an_operation_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let network = short_lived(folder.path()).await;
    let tenant = network.person().await;
    let escrow = Escrow::deploy(&network, &tenant).await;
    let key = instance(&escrow);
    wait_until_archived(&network, &key).await;
    let body = OperationBody::RestoreFootprint(RestoreFootprintOp { ext: ExtensionPoint::V0 });
    let mut tx = network.transaction(&tenant, body).await;
    let footprint = LedgerFootprint { read_only: VecM::default(), read_write: vec![key.clone()].try_into().unwrap() };
    let resources = SorobanResources { footprint, instructions: 0, disk_read_bytes: 0, write_bytes: 0 };
    tx.ext =
        TransactionExt::V1(SorobanTransactionData { ext: SorobanTransactionDataExt::V0, resources, resource_fee: 0 });
    let found = network.settle(&tenant.sign(network.prepare(tx).await.unwrap())).await;
    assert_eq!(found["status"], "SUCCESS", "{found}");
    assert_eq!(live_until(&network, &key).await, found["ledger"].as_u64().unwrap() + 74);
}
