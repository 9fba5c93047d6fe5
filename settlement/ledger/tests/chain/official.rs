//! The ledger driven by the official client of Rust, as it is.

use crate::classic::{line, pay_credit, trust};
use crate::client::{Network, Person, pay};
use crate::contract::{Escrow, amount, native, wasm_upload};
use berth_ledger::{Config, DEFAULT_PASSPHRASE, Server};
use stellar_rpc_client::{Client, Error, EventStart, EventType, GetTransactionsRequest, LedgerStart};
use stellar_xdr::*;

#[path = "../../../../docs/ledger/pay.rs"]
#[expect(unreachable_pub, reason = "it is a program of its own")]
mod guide;

/// Simulates with the client, and takes over what it says.
async fn prepare(client: &Client, mut tx: Transaction) -> Result<Transaction, String> {
    let unsigned = TransactionEnvelope::Tx(TransactionV1Envelope { tx: tx.clone(), signatures: VecM::default() });
    let simulated = client.simulate_transaction_envelope(&unsigned, None).await.unwrap();
    if let Some(error) = simulated.error {
        return Err(error);
    }
    let mut operation = tx.operations[0].clone();
    if let OperationBody::InvokeHostFunction(body) = &mut operation.body {
        body.auth = simulated.results().unwrap()[0].auth.clone().try_into().unwrap();
    }
    tx.operations = vec![operation].try_into().unwrap();
    tx.ext = TransactionExt::V1(simulated.transaction_data().unwrap());
    tx.fee = u32::try_from(simulated.min_resource_fee).unwrap() + 100;
    Ok(tx)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_rust_lives_a_lease_and_more() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let client = Client::new(network.url()).unwrap();
    assert_eq!(client.verify_network_passphrase(Some(DEFAULT_PASSPHRASE)).await.unwrap(), DEFAULT_PASSPHRASE);
    assert_eq!(client.get_health().await.unwrap().status, "healthy");
    assert_eq!(client.get_version_info().await.unwrap().protocol_version, 27);
    let (tenant, provider, sponsor) = (network.person().await, network.person().await, network.person().await);

    // Money, credit, and one who pays for another.
    let send = async |envelope: TransactionEnvelope| client.send_transaction_polling(&envelope).await;
    send(tenant.sign(network.transaction(&tenant, pay(&provider, 7)).await)).await.unwrap();
    send(tenant.sign(network.transaction(&tenant, trust(&sponsor, 90)).await)).await.unwrap();
    send(sponsor.sign(network.transaction(&sponsor, pay_credit(&sponsor, &tenant, 60)).await)).await.unwrap();
    assert_eq!(line(&network, &tenant, &sponsor).await.unwrap().balance, 60);
    let inner = tenant.sign(network.transaction(&tenant, pay(&provider, 1)).await);
    let bumped = send(sponsor.bump(inner, 400)).await.unwrap();
    assert_eq!((bumped.fee_bump, bumped.status.as_str()), (Some(true), "SUCCESS"));
    let account = client.get_account(&provider.address()).await.unwrap();
    assert_eq!(account.balance, 1_000_000_000_008);

    // A lease.
    let escrow = Escrow::deploy(&network, &sponsor).await;
    let call = async |source: &Person, body: OperationBody| {
        let tx = prepare(&client, network.transaction(source, body).await).await?;
        send(source.sign(tx)).await.map_err(|error| error.to_string())
    };
    let until = EventStart::Ledger(client.get_latest_ledger().await.unwrap().sequence);
    let deposit = escrow.call("deposit", vec![tenant.value(), tenant.value(), native(), amount(50_000_000)]);
    call(&tenant, deposit).await.unwrap();
    escrow.allow(&network, &tenant).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    call(&escrow.operator, escrow.open(&tenant, &provider, 36_000_000, now + 2_000)).await.unwrap();
    let settle = || {
        let proof = ScVal::Bytes(ScBytes([7; 32].to_vec().try_into().unwrap()));
        escrow.call("settle", vec![ScVal::U64(1), ScVal::U64(1_000), proof])
    };
    let settled = call(&escrow.operator, settle()).await.unwrap();
    assert_eq!(settled.events.contract_events[0].len(), 1);
    assert_eq!(escrow.balance(&network, &provider).await, 9_500_000);
    let again = call(&escrow.operator, settle()).await.unwrap_err();
    assert!(again.contains("Error(Contract, #7)"), "{again}");
    let events = client.get_events(until, Some(EventType::Contract), &[escrow.address()], &[], Some(100)).await;
    let events = events.unwrap();
    let names: Vec<ScVal> =
        events.events.iter().map(|event| ScVal::from_xdr_base64(&event.topic[0], Limits::none()).unwrap()).collect();
    let symbol = |name: &str| ScVal::Symbol(ScSymbol(name.try_into().unwrap()));
    assert_eq!(names, ["deposit", "tenant_mandate", "opened", "settled"].map(symbol));
    let more = client.get_events(EventStart::Cursor(events.cursor), None, &[escrow.address()], &[], None).await;
    assert_eq!(more.unwrap().events.len(), 0);

    // History, statistics, refusals.
    let request = GetTransactionsRequest { start_ledger: Some(2), pagination: None };
    assert!(client.get_transactions(request).await.unwrap().transactions.len() >= 10);
    let ledgers = client.get_ledgers(LedgerStart::Ledger(2), Some(3), None).await.unwrap();
    assert_eq!(ledgers.ledgers.iter().map(|ledger| ledger.sequence).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(client.get_fee_stats().await.unwrap().soroban_inclusion_fee.p50, "100");
    let stolen = provider.sign(network.transaction(&tenant, pay(&provider, 7)).await);
    let Err(Error::TransactionSubmissionFailed(told)) = send(stolen).await else { panic!() };
    assert_eq!(told, "TxBadAuth");
    let poor = tenant.sign(network.transaction(&tenant, pay(&provider, i64::MAX / 2)).await);
    let Err(Error::TransactionSubmissionFailed(told)) = send(poor).await else { panic!() };
    assert!(told.contains("Underfunded"), "{told}");
    let unknown = client.get_transaction(&Hash([0; 32])).await.unwrap();
    assert_eq!(unknown.status, "NOT_FOUND");
    assert!(matches!(client.get_account(&Person::new().address()).await, Err(Error::NotFound(_, _))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_rust_extends_and_restores() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { close_ms: 20, persistent_ttl_ledgers: 100, ..Config::new(folder.path()) };
    let network = Network::over(Server::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap());
    let client = Client::new(network.url()).unwrap();
    let keeper = network.person().await;
    let key = crate::contract::code_key();
    let ext = |read_only: &[LedgerKey], read_write: &[LedgerKey]| {
        let (read_only, read_write) = (read_only.to_vec().try_into().unwrap(), read_write.to_vec().try_into().unwrap());
        let footprint = LedgerFootprint { read_only, read_write };
        let resources = SorobanResources { footprint, instructions: 0, disk_read_bytes: 0, write_bytes: 0 };
        let ext = SorobanTransactionDataExt::V0;
        TransactionExt::V1(SorobanTransactionData { ext, resources, resource_fee: 0 })
    };
    let lives = async || {
        let entries = client.get_full_ledger_entries(std::slice::from_ref(&key)).await.unwrap().entries;
        entries[0].live_until_ledger_seq.unwrap()
    };
    let perform = async |body: OperationBody, ext: TransactionExt| {
        let tx = Transaction { ext, ..network.transaction(&keeper, body).await };
        let tx = prepare(&client, tx).await.unwrap();
        client.send_transaction_polling(&keeper.sign(tx)).await.unwrap()
    };
    perform(wasm_upload(), TransactionExt::V0).await;
    let first = lives().await;
    let extend = ExtendFootprintTtlOp { ext: ExtensionPoint::V0, extend_to: 200 };
    perform(OperationBody::ExtendFootprintTtl(extend), ext(std::slice::from_ref(&key), &[])).await;
    let extended = lives().await;
    assert!(extended > first);
    while client.get_latest_ledger().await.unwrap().sequence <= extended {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let restore = RestoreFootprintOp { ext: ExtensionPoint::V0 };
    perform(OperationBody::RestoreFootprint(restore), ext(&[], std::slice::from_ref(&key))).await;
    assert!(lives().await > extended);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_of_the_guide_pays() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (payer, payee) = (Person::new(), Person::new());
    assert_eq!(guide::pay(network.url(), &payer.0, &payee.0).await.unwrap(), 1_000_050_000_000);
}
