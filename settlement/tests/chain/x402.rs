//! Payments by x402 on a real ledger: what is taken, what is refused, what is
//! given back, and what a crash leaves.

use std::time::Duration;

use berth_settlement::chain::{Address, Key, value};
use berth_settlement::fund;
use berth_settlement::x402::{Desk, DeskConfig, DeskError, Fault, Purpose, Stage, Terms};
use ed25519_dalek::Signer as _;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    Hash, HashIdPreimage, HashIdPreimageSorobanAuthorization, HostFunction, InvokeHostFunctionOp, Limits, Memo,
    MuxedAccount, Operation, OperationBody, Preconditions, ScMap, ScMapEntry, ScSymbol, ScVal, SequenceNumber,
    SorobanAddressCredentials, SorobanAuthorizationEntry, SorobanAuthorizedFunction, SorobanAuthorizedInvocation,
    SorobanCredentials, Transaction, TransactionEnvelope, TransactionExt, TransactionV1Envelope, Uint256, VecM,
    WriteXdr,
};

use crate::setup::{Chain, xlm};

/// The till's side: two funded keys, and where its books are.
struct Keys {
    facilitator: Key,
    desk: Key,
}

impl Keys {
    async fn funded(chain: &Chain) -> Self {
        let keys = Self { facilitator: Key::generate().unwrap(), desk: Key::generate().unwrap() };
        fund(&chain.rpc, keys.facilitator.address()).await.unwrap();
        fund(&chain.rpc, keys.desk.address()).await.unwrap();
        keys
    }

    fn open(&self, chain: &Chain, fee_max: u32) -> Desk {
        Desk::open(DeskConfig {
            escrow: chain.escrow.clone(),
            asset: chain.rpc.network().native_token(),
            facilitator: self.facilitator.clone(),
            desk: self.desk.clone(),
            price: xlm("0.01"),
            most: xlm("100"),
            fee_max,
            data_dir: chain.dir.path().join("x402"),
            log: "log".to_owned(),
        })
        .unwrap()
    }
}

/// A payment as a client builds it, with what may be wrong about it.
struct Payment<'a> {
    payer: &'a Key,
    signer: &'a Key,
    nonce: i64,
    ledgers: i64,
}

impl<'a> Payment<'a> {
    fn of(payer: &'a Key, nonce: i64) -> Self {
        Self { payer, signer: payer, nonce, ledgers: 12 }
    }

    /// `PAYMENT-SIGNATURE` for these terms.
    async fn header(&self, chain: &Chain, terms: &Terms) -> String {
        let head = chain.rpc.head().await.unwrap().ledger;
        let expires = u32::try_from(i64::from(head) + self.ledgers).unwrap();
        let payer = self.payer.address();
        let args = vec![value::address(payer), value::address(terms.pay_to), value::amount(terms.amount)];
        let call = value::call(terms.asset, "transfer", args);
        let HostFunction::InvokeContract(invoked) = &call else { panic!("it calls a contract") };
        let root_invocation = SorobanAuthorizedInvocation {
            function: SorobanAuthorizedFunction::ContractFn(invoked.clone()),
            sub_invocations: VecM::default(),
        };
        let preimage = HashIdPreimage::SorobanAuthorization(HashIdPreimageSorobanAuthorization {
            network_id: Hash(chain.rpc.network().id()),
            nonce: self.nonce,
            signature_expiration_ledger: expires,
            invocation: root_invocation.clone(),
        });
        let hash = Sha256::digest(preimage.to_xdr(Limits::none()).unwrap());
        let Address::Account(public) = payer else { panic!("a key's address is an account's") };
        let entry = |name: &str, bytes: Vec<u8>| ScMapEntry {
            key: ScVal::Symbol(ScSymbol(name.try_into().unwrap())),
            val: ScVal::Bytes(bytes.try_into().unwrap()),
        };
        let signature = self.signer.signing_key().sign(&hash).to_bytes().to_vec();
        let signature =
            ScMap(vec![entry("public_key", public.to_vec()), entry("signature", signature)].try_into().unwrap());
        let credentials = SorobanCredentials::Address(SorobanAddressCredentials {
            address: payer.to_xdr(),
            nonce: self.nonce,
            signature_expiration_ledger: expires,
            signature: value::vector(vec![ScVal::Map(Some(signature))]),
        });
        let auth = vec![SorobanAuthorizationEntry { credentials, root_invocation }].try_into().unwrap();
        let body = OperationBody::InvokeHostFunction(InvokeHostFunctionOp { host_function: call, auth });
        let tx = Transaction {
            // Nobody's, as the official client has it.
            source_account: MuxedAccount::Ed25519(Uint256([0; 32])),
            fee: 100,
            seq_num: SequenceNumber(1),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: vec![Operation { source_account: None, body }].try_into().unwrap(),
            ext: TransactionExt::V0,
        };
        let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: VecM::default() });
        let transaction = envelope.to_xdr_base64(Limits::none()).unwrap();
        let accepted = terms.requirements();
        base64(&json!({ "x402Version": 2, "accepted": accepted, "payload": { "transaction": transaction } }))
    }
}

fn base64(value: &serde_json::Value) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(value.to_string())
}

async fn holds(chain: &Chain, who: Address) -> i64 {
    chain.rpc.account(who).await.unwrap().unwrap().balance
}

/// Runs `and` while the desk works.
async fn working<T>(desk: &Desk, and: impl Future<Output = T>) -> T {
    tokio::select! {
        ended = desk.work() => panic!("{ended:?}"),
        value = and => value,
    }
}

/// Waits until a payment is so.
async fn until(desk: &Desk, id: &str, what: impl Fn(&Stage) -> bool) -> Stage {
    for _ in 0..2_000 {
        let stage = desk.payment(id).unwrap().expect("it is kept").stage;
        if what(&stage) {
            return stage;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", desk.payment(id));
}

/// Takes a payment as soon as the desk has looked at what was under way.
async fn take(desk: &Desk, header: &str, terms: &Terms, purpose: Purpose) -> Result<String, DeskError> {
    loop {
        match desk.take(header, terms, purpose).await {
            Err(DeskError::Unable(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
            other => return other.map(|payment| payment.id),
        }
    }
}

fn fault(taken: Result<String, DeskError>) -> Fault {
    match taken {
        Err(DeskError::Refused { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_payment_is_taken_once_and_what_it_did_not_cost_goes_back() {
    let chain = Chain::start().await;
    let keys = Keys::funded(&chain).await;
    let desk = keys.open(&chain, 1_000_000);
    let payer = Key::generate().unwrap();
    fund(&chain.rpc, payer.address()).await.unwrap();
    let (before, fees) = (holds(&chain, payer.address()).await, holds(&chain, keys.facilitator.address()).await);
    let terms = desk.terms(xlm("5.01"));
    let header = Payment::of(&payer, 7).header(&chain, &terms).await;

    working(&desk, async {
        let id = take(&desk, &header, &terms, Purpose::Job).await.unwrap();
        // The payer pays what was asked for and nothing else; we pay the network.
        assert_eq!(before - holds(&chain, payer.address()).await, xlm("5.01").get());
        assert!(holds(&chain, keys.facilitator.address()).await < fees);

        let again = take(&desk, &header, &terms, Purpose::Job).await;
        assert!(matches!(&again, Err(DeskError::Replayed(of)) if *of == id), "{again:?}");
        let asked_again = Payment { ledgers: 11, ..Payment::of(&payer, 7) }.header(&chain, &terms).await;
        let again = take(&desk, &asked_again, &terms, Purpose::Job).await;
        assert!(matches!(&again, Err(DeskError::Replayed(_))), "a nonce is taken once: {again:?}");

        // While a request has it in hand nobody else looks after it.
        assert!(desk.waiting().unwrap().is_empty());
        desk.ordered(&id, 3).unwrap();
        desk.let_go(&id);
        assert_eq!(desk.waiting().unwrap()[0].order, Some(3));
        assert_eq!(desk.of_order(3).unwrap().unwrap().payer, payer.address());
        desk.close(&id, Some(xlm("1.25"))).unwrap();
        // Closing it again changes nothing.
        desk.close(&id, None).unwrap();
        let done = until(&desk, &id, |stage| !stage.is_open()).await;
        assert!(matches!(done, Stage::Done { order: Some(3), back, tx: Some(_) } if back == xlm("3.75")), "{done:?}");
        assert_eq!(before - holds(&chain, payer.address()).await, xlm("1.26").get(), "its price and its cost");
    })
    .await;
}

#[tokio::test]
async fn a_payment_into_an_account_is_deposited_for_it() {
    let chain = Chain::start().await;
    let keys = Keys::funded(&chain).await;
    let desk = keys.open(&chain, 1_000_000);
    let payer = Key::generate().unwrap();
    fund(&chain.rpc, payer.address()).await.unwrap();
    let terms = desk.terms(xlm("2.01"));
    let header = Payment::of(&payer, -1).header(&chain, &terms).await;
    let account = Address::Account([9; 32]);
    working(&desk, async {
        let id = take(&desk, &header, &terms, Purpose::Deposit { account }).await.unwrap();
        until(&desk, &id, |stage| matches!(stage, Stage::Done { tx: Some(_), .. })).await;
        assert_eq!(chain.balance(account).await, xlm("2").get());
    })
    .await;
}

#[tokio::test]
async fn what_the_ledger_would_not_take_is_refused_and_costs_nothing() {
    let chain = Chain::start().await;
    let keys = Keys::funded(&chain).await;
    let desk = keys.open(&chain, 1_000_000);
    let (payer, other) = (Key::generate().unwrap(), Key::generate().unwrap());
    fund(&chain.rpc, payer.address()).await.unwrap();
    let terms = desk.terms(xlm("1"));
    let fees = holds(&chain, keys.facilitator.address()).await;
    working(&desk, async {
        let check = async |payment: Payment<'_>, terms: &Terms, expected: Fault| {
            let header = payment.header(&chain, terms).await;
            assert_eq!(fault(take(&desk, &header, terms, Purpose::Job).await), expected);
        };
        check(Payment { signer: &other, ..Payment::of(&payer, 1) }, &terms, Fault::Simulation).await;
        check(Payment { ledgers: -1, ..Payment::of(&payer, 2) }, &terms, Fault::Expired).await;
        check(Payment { ledgers: 500, ..Payment::of(&payer, 3) }, &terms, Fault::TooFar).await;
        check(Payment::of(&payer, 4), &desk.terms(xlm("1000000")), Fault::Simulation).await;
        // An account that is not on the ledger.
        check(Payment::of(&other, 5), &terms, Fault::Simulation).await;
        // What is signed for other terms.
        let header = Payment::of(&payer, 6).header(&chain, &desk.terms(xlm("0.5"))).await;
        assert_eq!(fault(take(&desk, &header, &terms, Purpose::Job).await), Fault::Requirements);
        assert!(matches!(take(&desk, "!", &terms, Purpose::Job).await, Err(DeskError::Unreadable)));
    })
    .await;
    assert_eq!(holds(&chain, keys.facilitator.address()).await, fees, "nothing was sent");
    drop(desk);

    // The same under a bound on fees that no transfer keeps.
    let desk = keys.open(&chain, 100);
    let header = Payment::of(&payer, 7).header(&chain, &terms).await;
    working(&desk, async {
        assert_eq!(fault(take(&desk, &header, &terms, Purpose::Job).await), Fault::Fee);
    })
    .await;
}

/// Cuts a desk off at many moments while it takes and gives: each payment that
/// reached the ledger is known afterwards, and given back once.
#[tokio::test]
async fn a_crash_at_any_moment_neither_loses_a_payment_nor_gives_it_back_twice() {
    let chain = Chain::start().await;
    let keys = Keys::funded(&chain).await;
    let payer = Key::generate().unwrap();
    fund(&chain.rpc, payer.address()).await.unwrap();
    let had = holds(&chain, payer.address()).await;
    let terms = keys.open(&chain, 1_000_000).terms(xlm("3"));
    let mut headers = Vec::new();
    for cut in 0..24_u64 {
        let desk = keys.open(&chain, 1_000_000);
        let header = Payment::of(&payer, 100 + i64::try_from(cut).unwrap()).header(&chain, &terms).await;
        let taking = working(&desk, async {
            let id = take(&desk, &header, &terms, Purpose::Job).await?;
            desk.let_go(&id);
            desk.close(&id, None).unwrap();
            until(&desk, &id, |stage| !stage.is_open()).await;
            Ok::<_, DeskError>(())
        });
        // From before anything is done to after all of it.
        let _ = tokio::time::timeout(Duration::from_millis(cut * 20), taking).await;
        headers.push(header);
    }
    // A desk that is left alone ends all of it.
    let desk = keys.open(&chain, 1_000_000);
    working(&desk, async {
        for header in &headers {
            // What was never kept may be taken now, unless its time is over.
            match take(&desk, header, &terms, Purpose::Job).await {
                Ok(id) => desk.let_go(&id),
                Err(DeskError::Replayed(_)) => {}
                Err(DeskError::Refused { fault, .. }) => assert_eq!(fault, Fault::Expired),
                Err(other) => panic!("{other}"),
            }
        }
        for _ in 0..2_000 {
            for due in desk.waiting().unwrap() {
                desk.close(&due.id, None).unwrap();
            }
            if holds(&chain, payer.address()).await == had && desk.waiting().unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    })
    .await;
    assert_eq!(holds(&chain, payer.address()).await, had, "all that was paid is back, and no more");
}

#[tokio::test]
async fn our_own_money_cannot_be_paid_with() {
    let chain = Chain::start().await;
    let keys = Keys::funded(&chain).await;
    let desk = keys.open(&chain, 1_000_000);
    let terms = desk.terms(xlm("1"));
    for own in [&keys.facilitator, &keys.desk] {
        let header = Payment::of(own, 1).header(&chain, &terms).await;
        assert_eq!(fault(desk.take(&header, &terms, Purpose::Job).await.map(|paid| paid.id)), Fault::OwnPayer);
    }
}
