//! A small client: keys, envelopes, JSON-RPC.

use berth_ledger::{Config, DEFAULT_PASSPHRASE, Server};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use stellar_xdr::*;

/// Wider than the ledger's.
const LIMITS: Limits = Limits { depth: 5_000, len: 1 << 24 };

/// A running ledger and a way to talk to it.
pub(crate) struct Network {
    /// None when another process runs it.
    server: Option<Server>,
    url: String,
    http: reqwest::Client,
}

fn http() -> reqwest::Client {
    // Without one, a client panics; another test may have been first.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

impl Network {
    pub(crate) async fn start(folder: &Path) -> Self {
        let config = Config { close_ms: 50, ..Config::new(folder) };
        Self::over(Server::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap())
    }

    pub(crate) fn over(server: Server) -> Self {
        Self { url: server.url(), server: Some(server), http: http() }
    }

    pub(crate) fn at(url: String) -> Self {
        Self { server: None, url, http: http() }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn shutdown(self) {
        self.server.unwrap().shutdown().await.unwrap();
    }

    pub(crate) async fn body(&self, body: impl Into<reqwest::Body>) -> (u16, String) {
        let answer = self.http.post(&self.url).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The whole answer of a call.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        serde_json::from_str(&self.body(call.to_string()).await.1).unwrap()
    }

    /// The result of a call that must succeed.
    pub(crate) async fn call(&self, method: &str, params: Value) -> Value {
        let mut answer = self.ask(method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    pub(crate) async fn sequence(&self) -> u64 {
        self.call("getLatestLedger", json!({})).await["sequence"].as_u64().unwrap()
    }

    pub(crate) async fn friendbot(&self, address: &str) -> (u16, Value) {
        let url = format!("{}/friendbot?addr={address}", self.url);
        let answer = self.http.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A new account with 100,000 XLM.
    pub(crate) async fn person(&self) -> Person {
        let person = Person::new();
        let (status, answer) = self.friendbot(&person.address()).await;
        assert_eq!((status, &answer["successful"]), (200, &json!(true)), "{answer}");
        person
    }

    pub(crate) async fn account(&self, person: &Person) -> Option<AccountEntry> {
        let key = LedgerKey::Account(LedgerKeyAccount { account_id: person.id() });
        match self.entry(&key).await? {
            LedgerEntryData::Account(account) => Some(account),
            _ => None,
        }
    }

    pub(crate) async fn entry(&self, key: &LedgerKey) -> Option<LedgerEntryData> {
        let entries = self.call("getLedgerEntries", json!({ "keys": [base64(key)] })).await;
        entries["entries"][0]["xdr"].as_str().map(from_base64)
    }

    /// An unsigned transaction of one operation, valid for a minute.
    pub(crate) async fn transaction(&self, source: &Person, body: OperationBody) -> Transaction {
        let account = self.account(source).await.unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let max_time = TimePoint(now + 60);
        Transaction {
            source_account: source.muxed(),
            fee: 100,
            seq_num: SequenceNumber(account.seq_num.0 + 1),
            cond: Preconditions::Time(TimeBounds { min_time: TimePoint(0), max_time }),
            memo: Memo::None,
            operations: vec![Operation { source_account: None, body }].try_into().unwrap(),
            ext: TransactionExt::V0,
        }
    }

    /// Simulates, and takes over footprint, authorization and fee.
    pub(crate) async fn prepare(&self, mut tx: Transaction) -> Result<Transaction, String> {
        let unsigned = TransactionEnvelope::Tx(TransactionV1Envelope { tx: tx.clone(), signatures: VecM::default() });
        let simulated = self.call("simulateTransaction", json!({ "transaction": base64(&unsigned) })).await;
        if let Some(error) = simulated["error"].as_str() {
            return Err(error.to_owned());
        }
        let mut operation = tx.operations[0].clone();
        if let OperationBody::InvokeHostFunction(body) = &mut operation.body {
            let auth = simulated["results"][0]["auth"].as_array().unwrap();
            let auth: Vec<SorobanAuthorizationEntry> =
                auth.iter().map(|entry| from_base64(entry.as_str().unwrap())).collect();
            body.auth = auth.try_into().unwrap();
        }
        tx.operations = vec![operation].try_into().unwrap();
        tx.ext = TransactionExt::V1(from_base64(simulated["transactionData"].as_str().unwrap()));
        let resource_fee: u32 = simulated["minResourceFee"].as_str().unwrap().parse().unwrap();
        tx.fee = resource_fee + 100;
        Ok(tx)
    }

    /// Sends operations of `source`, signed by it, and tells their results.
    pub(crate) async fn operate(&self, source: &Person, bodies: Vec<OperationBody>) -> Vec<OperationResult> {
        let mut tx = self.transaction(source, OperationBody::Inflation).await;
        tx.fee = 100 * bodies.len() as u32;
        let operations: Vec<Operation> =
            bodies.into_iter().map(|body| Operation { source_account: None, body }).collect();
        tx.operations = operations.try_into().unwrap();
        results(&self.settle(&source.sign(tx)).await)
    }

    pub(crate) async fn send(&self, envelope: &TransactionEnvelope) -> Value {
        self.call("sendTransaction", json!({ "transaction": base64(envelope) })).await
    }

    /// Sends, and waits for the ledger that it enters.
    pub(crate) async fn settle(&self, envelope: &TransactionEnvelope) -> Value {
        let sent = self.send(envelope).await;
        assert_eq!(sent["status"], "PENDING", "{sent}");
        let found = self.find(sent["hash"].as_str().unwrap()).await;
        assert_eq!(found["txHash"], sent["hash"]);
        found
    }

    pub(crate) async fn find(&self, hash: &str) -> Value {
        for _ in 0..200 {
            let found = self.call("getTransaction", json!({ "hash": hash })).await;
            if found["status"] != "NOT_FOUND" {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{hash} did not enter a ledger");
    }

    /// Prepares, signs, sends and waits for an operation that must succeed.
    pub(crate) async fn perform(&self, source: &Person, body: OperationBody) -> Value {
        let tx = self.transaction(source, body).await;
        let tx = self.prepare(tx).await.unwrap();
        let found = self.settle(&source.sign(tx)).await;
        assert_eq!(found["status"], "SUCCESS", "{found}");
        found
    }
}

/// A key pair.
pub(crate) struct Person(pub(crate) SigningKey);

impl Person {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU8 = AtomicU8::new(1);
        Self(SigningKey::from_bytes(&[COUNT.fetch_add(1, Ordering::Relaxed); 32]))
    }

    pub(crate) fn key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub(crate) fn id(&self) -> AccountId {
        AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(self.key())))
    }

    pub(crate) fn muxed(&self) -> MuxedAccount {
        MuxedAccount::Ed25519(Uint256(self.key()))
    }

    pub(crate) fn address(&self) -> String {
        stellar_strkey::ed25519::PublicKey(self.key()).to_string().as_str().to_owned()
    }

    /// The account as a contract's argument.
    pub(crate) fn value(&self) -> ScVal {
        ScVal::Address(ScAddress::Account(self.id()))
    }

    pub(crate) fn sign(&self, tx: Transaction) -> TransactionEnvelope {
        signed(tx, &[self])
    }

    /// Pays `fee` stroops for a transaction that others signed.
    pub(crate) fn bump(&self, envelope: TransactionEnvelope, fee: i64) -> TransactionEnvelope {
        let TransactionEnvelope::Tx(inner) = envelope else { panic!("a fee bump holds a plain transaction") };
        let tx = FeeBumpTransaction {
            fee_source: self.muxed(),
            fee,
            inner_tx: FeeBumpTransactionInnerTx::Tx(inner),
            ext: FeeBumpTransactionExt::V0,
        };
        let hash = hash(TransactionSignaturePayloadTaggedTransaction::TxFeeBump(tx.clone()));
        let signatures = vec![self.signature(&hash)].try_into().unwrap();
        TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope { tx, signatures })
    }

    /// A signature over `message`.
    pub(crate) fn signature(&self, message: &[u8]) -> DecoratedSignature {
        let key = self.key();
        DecoratedSignature {
            hint: SignatureHint([key[28], key[29], key[30], key[31]]),
            signature: Signature(self.0.sign(message).to_bytes().to_vec().try_into().unwrap()),
        }
    }
}

/// A transaction with the signatures of all these.
pub(crate) fn signed(tx: Transaction, signers: &[&Person]) -> TransactionEnvelope {
    let hash = tx_hash(&tx);
    let signatures: Vec<DecoratedSignature> = signers.iter().map(|signer| signer.signature(&hash)).collect();
    TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: signatures.try_into().unwrap() })
}

/// What a transaction is signed by, and known by.
pub(crate) fn tx_hash(tx: &Transaction) -> [u8; 32] {
    hash(TransactionSignaturePayloadTaggedTransaction::Tx(tx.clone()))
}

fn hash(tagged_transaction: TransactionSignaturePayloadTaggedTransaction) -> [u8; 32] {
    let payload = TransactionSignaturePayload { network_id: network_id(), tagged_transaction };
    Sha256::digest(payload.to_xdr(LIMITS).unwrap()).into()
}

pub(crate) fn network_id() -> Hash {
    Hash(Sha256::digest(DEFAULT_PASSPHRASE).into())
}

pub(crate) fn base64(value: &impl WriteXdr) -> String {
    value.to_xdr_base64(LIMITS).unwrap()
}

pub(crate) fn from_base64<T: ReadXdr>(text: &str) -> T {
    T::from_xdr_base64(text, LIMITS).unwrap()
}

/// What the operations of a transaction came to, of a fee bump those within.
pub(crate) fn results(found: &Value) -> Vec<OperationResult> {
    use InnerTransactionResultResult as Inner;
    use TransactionResultResult as Outer;
    match from_base64::<TransactionResult>(found["resultXdr"].as_str().unwrap()).result {
        Outer::TxSuccess(results) | Outer::TxFailed(results) => results.to_vec(),
        Outer::TxFeeBumpInnerSuccess(pair) | Outer::TxFeeBumpInnerFailed(pair) => match pair.result.result {
            Inner::TxSuccess(results) | Inner::TxFailed(results) => results.to_vec(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Stroops that a transaction was charged.
pub(crate) fn charged(found: &Value) -> i64 {
    from_base64::<TransactionResult>(found["resultXdr"].as_str().unwrap()).fee_charged
}

/// Why a transaction was not let in.
pub(crate) fn refusal(sent: &Value) -> TransactionResultResult {
    assert_eq!(sent["status"], "ERROR", "{sent}");
    from_base64::<TransactionResult>(sent["errorResultXdr"].as_str().unwrap()).result
}

pub(crate) fn pay(to: &Person, amount: i64) -> OperationBody {
    OperationBody::Payment(PaymentOp { destination: to.muxed(), asset: Asset::Native, amount })
}
