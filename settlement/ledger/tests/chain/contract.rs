//! The committed escrow, deployed and driven through one lease.

use crate::client::{Network, Person, base64, charged, from_base64, network_id};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use stellar_xdr::*;

const WASM: &[u8] = include_bytes!("../../../contracts/wasm/escrow.wasm");

/// A deployed escrow.
pub(crate) struct Escrow {
    pub(crate) id: ContractId,
    pub(crate) operator: Person,
}

impl Escrow {
    pub(crate) async fn deploy(network: &Network, treasury: &Person) -> Self {
        let operator = network.person().await;
        network.perform(&operator, wasm_upload()).await;
        let address = ScAddress::Account(operator.id());
        let preimage = ContractIdPreimage::Address(ContractIdPreimageFromAddress { address, salt: Uint256([9; 32]) });
        let config = structure(vec![
            ("cancel_after", ScVal::U64(600)),
            ("fee_bps", ScVal::U32(500)),
            ("operator", operator.value()),
            ("receipt_key", ScVal::Bytes(ScBytes([8; 32].to_vec().try_into().unwrap()))),
            ("tokens", ScVal::Vec(Some(ScVec(vec![native()].try_into().unwrap())))),
            ("treasury", treasury.value()),
            ("window", ScVal::U64(0)),
            ("withdraw_delay", ScVal::U64(600)),
        ]);
        let create = HostFunction::CreateContractV2(CreateContractArgsV2 {
            contract_id_preimage: preimage.clone(),
            executable: ContractExecutable::Wasm(Hash(Sha256::digest(WASM).into())),
            constructor_args: vec![config].try_into().unwrap(),
        });
        network.perform(&operator, invoke(create)).await;
        Self { id: contract_id(preimage), operator }
    }

    pub(crate) fn address(&self) -> String {
        stellar_strkey::Contract(self.id.0.0).to_string().as_str().to_owned()
    }

    pub(crate) fn call(&self, function: &str, arguments: Vec<ScVal>) -> OperationBody {
        invoke(HostFunction::InvokeContract(InvokeContractArgs {
            contract_address: ScAddress::Contract(self.id.clone()),
            function_name: ScSymbol(function.try_into().unwrap()),
            args: arguments.try_into().unwrap(),
        }))
    }

    /// `tenant` lets the operator lock whatever it has.
    pub(crate) async fn allow(&self, network: &Network, tenant: &Person) {
        let limits = [amount(i128::MAX), amount(i128::MAX), ScVal::U64(u64::MAX)];
        let mandate = [tenant.value(), native()].into_iter().chain(limits).collect();
        network.perform(tenant, self.call("set_tenant_mandate", mandate)).await;
    }

    /// A call of `open`, at 36,000,000 stroops an hour.
    pub(crate) fn open(&self, tenant: &Person, provider: &Person, locked: i128, deadline: u64) -> OperationBody {
        let terms = structure(vec![
            ("amount", amount(locked)),
            ("deadline", ScVal::U64(deadline)),
            ("provider", provider.value()),
            ("rate_per_hour", amount(36_000_000)),
            ("tenant", tenant.value()),
            ("token", native()),
        ]);
        self.call("open", vec![ScVal::U64(1), terms])
    }

    /// What a view answers, by simulation.
    pub(crate) async fn view(&self, network: &Network, function: &str, arguments: Vec<ScVal>) -> ScVal {
        view_of(network, network.transaction(&self.operator, self.call(function, arguments)).await).await
    }

    pub(crate) async fn balance(&self, network: &Network, person: &Person) -> i128 {
        match self.view(network, "balance", vec![person.value(), native()]).await {
            ScVal::I128(parts) => i128::from(parts.hi) << 64 | i128::from(parts.lo),
            other => panic!("{other:?}"),
        }
    }
}

/// What a call answers, by simulation.
pub(crate) async fn view_of(network: &Network, tx: Transaction) -> ScVal {
    let unsigned = TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: VecM::default() });
    let simulated = network.call("simulateTransaction", json!({ "transaction": base64(&unsigned) })).await;
    from_base64(simulated["results"][0]["xdr"].as_str().unwrap_or_else(|| panic!("{simulated}")))
}

/// Uploads the escrow's code.
pub(crate) fn wasm_upload() -> OperationBody {
    invoke(HostFunction::UploadContractWasm(WASM.to_vec().try_into().unwrap()))
}

/// Where that code is kept.
pub(crate) fn code_key() -> LedgerKey {
    LedgerKey::ContractCode(LedgerKeyContractCode { hash: Hash(Sha256::digest(WASM).into()) })
}

pub(crate) fn amount(stroops: i128) -> ScVal {
    ScVal::I128(Int128Parts { hi: (stroops >> 64) as i64, lo: stroops as u64 })
}

/// The token of native XLM.
pub(crate) fn native() -> ScVal {
    ScVal::Address(ScAddress::Contract(contract_id(ContractIdPreimage::Asset(Asset::Native))))
}

/// A structure of fields in the order of their names.
fn structure(fields: Vec<(&str, ScVal)>) -> ScVal {
    let entry = |(name, val): (&str, ScVal)| ScMapEntry { key: ScVal::Symbol(ScSymbol(name.try_into().unwrap())), val };
    ScVal::Map(Some(ScMap(fields.into_iter().map(entry).collect::<Vec<_>>().try_into().unwrap())))
}

pub(crate) fn invoke(host_function: HostFunction) -> OperationBody {
    OperationBody::InvokeHostFunction(InvokeHostFunctionOp { host_function, auth: VecM::default() })
}

pub(crate) fn contract_id(contract_id_preimage: ContractIdPreimage) -> ContractId {
    let preimage =
        HashIdPreimage::ContractId(HashIdPreimageContractId { network_id: network_id(), contract_id_preimage });
    ContractId(Hash(Sha256::digest(preimage.to_xdr(Limits::none()).unwrap()).into()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_locked_settled_and_withdrawn_to_the_stroop() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (tenant, provider, treasury) = (network.person().await, network.person().await, network.person().await);
    let escrow = Escrow::deploy(&network, &treasury).await;

    let before = network.account(&tenant).await.unwrap().balance;
    let deposit = escrow.call("deposit", vec![tenant.value(), tenant.value(), native(), amount(50_000_000)]);
    let found = network.perform(&tenant, deposit).await;
    assert_eq!(network.account(&tenant).await.unwrap().balance, before - 50_000_000 - charged(&found));

    let now = network.call("getLatestLedger", json!({})).await["closeTime"].as_str().unwrap().parse::<u64>().unwrap();
    let lease = ScVal::U64(1);
    escrow.allow(&network, &tenant).await;
    network.perform(&escrow.operator, escrow.open(&tenant, &provider, 36_000_000, now + 2_000)).await;
    assert_eq!(escrow.balance(&network, &tenant).await, 14_000_000);

    // A refund before the deadline is refused, already by simulation.
    let tx = network.transaction(&provider, escrow.call("refund", vec![lease.clone()])).await;
    let refused = network.prepare(tx).await.unwrap_err();
    assert!(refused.contains("Error(Contract, #9)"), "{refused}");

    let proof = ScVal::Bytes(ScBytes([7; 32].to_vec().try_into().unwrap()));
    let settle = vec![lease.clone(), ScVal::U64(1_000), proof];
    let found = network.perform(&escrow.operator, escrow.call("settle", settle)).await;
    let meta: TransactionMeta = from_base64(found["resultMetaXdr"].as_str().unwrap());
    assert!(matches!(meta, TransactionMeta::V4(meta) if meta.operations[0].events.len() == 1));
    assert_eq!(escrow.balance(&network, &tenant).await, 40_000_000);
    assert_eq!(escrow.balance(&network, &provider).await, 9_500_000);
    assert_eq!(escrow.balance(&network, &treasury).await, 500_000);

    network
        .perform(&provider, escrow.call("request_withdraw", vec![provider.value(), native(), amount(9_500_000)]))
        .await;
    let before = network.account(&provider).await.unwrap().balance;
    let paid = escrow.call("pay_withdraw", vec![provider.value(), native(), escrow.operator.value()]);
    network.perform(&escrow.operator, paid).await;
    assert_eq!(network.account(&provider).await.unwrap().balance, before + 9_500_000);
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsettled_lease_is_refunded_by_anyone_after_its_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (tenant, stranger) = (network.person().await, network.person().await);
    let escrow = Escrow::deploy(&network, &stranger).await;
    network
        .perform(&tenant, escrow.call("deposit", vec![tenant.value(), tenant.value(), native(), amount(1_000)]))
        .await;
    let now = network.call("getLatestLedger", json!({})).await["closeTime"].as_str().unwrap().parse::<u64>().unwrap();
    escrow.allow(&network, &tenant).await;
    network.perform(&escrow.operator, escrow.open(&tenant, &stranger, 1_000, now + 2)).await;
    assert_eq!(escrow.balance(&network, &tenant).await, 0);

    let refund = || escrow.call("refund", vec![ScVal::U64(1)]);
    let tx = loop {
        let tx = network.transaction(&stranger, refund()).await;
        match network.prepare(tx).await {
            Ok(tx) => break tx,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
        }
    };
    let found = network.settle(&stranger.sign(tx)).await;
    assert_eq!(found["status"], "SUCCESS");
    assert!(found["createdAt"].as_str().unwrap().parse::<u64>().unwrap() > now + 2);
    assert_eq!(escrow.balance(&network, &tenant).await, 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trapped_call_fails_costs_its_fee_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let tenant = network.person().await;
    let escrow = Escrow::deploy(&network, &tenant).await;
    network
        .perform(&tenant, escrow.call("deposit", vec![tenant.value(), tenant.value(), native(), amount(1_000)]))
        .await;

    // Both were simulated on the same balance; the second finds it spent.
    let ask = |amount_asked| escrow.call("request_withdraw", vec![tenant.value(), native(), amount(amount_asked)]);
    let prepared = network.prepare(network.transaction(&tenant, ask(800)).await).await.unwrap();
    network.perform(&tenant, ask(900)).await;
    let mut late = prepared;
    late.seq_num = SequenceNumber(late.seq_num.0 + 1);
    let before = network.account(&tenant).await.unwrap();
    let found = network.settle(&tenant.sign(late)).await;
    assert_eq!(found["status"], "FAILED");
    let after = network.account(&tenant).await.unwrap();
    assert_eq!(after.balance, before.balance - charged(&found));
    assert_eq!(after.seq_num.0, before.seq_num.0 + 1);
    assert_eq!(escrow.balance(&network, &tenant).await, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn lives_are_extended_by_an_operation_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let treasury = network.person().await;
    let escrow = Escrow::deploy(&network, &treasury).await;
    let key = LedgerKey::ContractData(LedgerKeyContractData {
        contract: ScAddress::Contract(escrow.id.clone()),
        key: ScVal::LedgerKeyContractInstance,
        durability: ContractDataDurability::Persistent,
    });
    let live_until = async || {
        let entries = network.call("getLedgerEntries", json!({ "keys": [base64(&key)] })).await;
        entries["entries"][0]["liveUntilLedgerSeq"].as_u64().unwrap()
    };
    let before = live_until().await;
    let body = ExtendFootprintTtlOp { ext: ExtensionPoint::V0, extend_to: 3_000_000 };
    let mut tx = network.transaction(&treasury, OperationBody::ExtendFootprintTtl(body)).await;
    let footprint = LedgerFootprint { read_only: vec![key.clone()].try_into().unwrap(), read_write: VecM::default() };
    let resources = SorobanResources { footprint, instructions: 0, disk_read_bytes: 0, write_bytes: 0 };
    let data = SorobanTransactionData { ext: SorobanTransactionDataExt::V0, resources, resource_fee: 0 };
    tx.ext = TransactionExt::V1(data);
    let found = network.settle(&treasury.sign(network.prepare(tx).await.unwrap())).await;
    assert_eq!(found["status"], "SUCCESS", "{found}");
    assert_eq!(live_until().await, found["ledger"].as_u64().unwrap() + 3_000_000);
    assert!(live_until().await > before);
}
