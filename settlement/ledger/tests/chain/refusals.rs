//! What never enters a ledger, and why.

use crate::client::{Network, Person, pay, refusal};
use stellar_xdr::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_not_in_order_is_refused() {
    use TransactionResultResult as R;
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (payer, payee, stranger) = (network.person().await, network.person().await, Person::new());
    let good = network.transaction(&payer, pay(&payee, 10)).await;
    let sent = async |change: fn(&mut Transaction), signer: &Person| {
        let mut tx = good.clone();
        change(&mut tx);
        refusal(&network.send(&signer.sign(tx)).await)
    };

    assert_eq!(sent(|_| (), &payee).await, R::TxBadAuth);
    assert_eq!(sent(|tx| tx.seq_num.0 -= 1, &payer).await, R::TxBadSeq);
    assert_eq!(sent(|tx| tx.seq_num.0 += 1, &payer).await, R::TxBadSeq);
    assert_eq!(sent(|tx| tx.seq_num.0 = i64::MIN, &payer).await, R::TxBadSeq);
    assert_eq!(sent(|tx| tx.fee = 99, &payer).await, R::TxInsufficientFee);
    assert_eq!(sent(|tx| tx.operations = VecM::default(), &payer).await, R::TxMissingOperation);
    let expired = |tx: &mut Transaction| {
        tx.cond = Preconditions::Time(TimeBounds { min_time: TimePoint(0), max_time: TimePoint(1) });
    };
    assert_eq!(sent(expired, &payer).await, R::TxTooLate);
    let early = |tx: &mut Transaction| {
        tx.cond = Preconditions::Time(TimeBounds { min_time: TimePoint(u64::MAX), max_time: TimePoint(0) });
    };
    assert_eq!(sent(early, &payer).await, R::TxTooEarly);
    let passed = |tx: &mut Transaction| {
        tx.cond = Preconditions::V2(PreconditionsV2 {
            time_bounds: None,
            ledger_bounds: Some(LedgerBounds { min_ledger: 0, max_ledger: 1 }),
            min_seq_num: None,
            min_seq_age: Duration(0),
            min_seq_ledger_gap: 0,
            extra_signers: VecM::default(),
        });
    };
    assert_eq!(sent(passed, &payer).await, R::TxTooLate);

    let mut of_nobody = good.clone();
    of_nobody.source_account = stranger.muxed();
    assert_eq!(refusal(&network.send(&stranger.sign(of_nobody)).await), R::TxNoAccount);

    // One signature too many is refused as well.
    let TransactionEnvelope::Tx(mut twice) = payer.sign(good.clone()) else { unreachable!() };
    let TransactionEnvelope::Tx(other) = payee.sign(good.clone()) else { unreachable!() };
    twice.signatures = [twice.signatures.to_vec(), other.signatures.to_vec()].concat().try_into().unwrap();
    assert_eq!(refusal(&network.send(&TransactionEnvelope::Tx(twice)).await), R::TxBadAuthExtra);

    // What this ledger lacks is named; the operations beside it are not.
    let mut foreign = good.clone();
    let bodies = [pay(&payee, 10), OperationBody::Inflation];
    let operations: Vec<Operation> = bodies.map(|body| Operation { source_account: None, body }).into();
    (foreign.operations, foreign.fee) = (operations.try_into().unwrap(), 200);
    let paid = OperationResult::OpInner(OperationResultTr::Payment(PaymentResult::Success));
    let results = vec![paid, OperationResult::OpNotSupported].try_into().unwrap();
    assert_eq!(refusal(&network.send(&payer.sign(foreign)).await), R::TxFailed(results));
    let negative = |tx: &mut Transaction| {
        let OperationBody::Payment(mut body) = tx.operations[0].body.clone() else { unreachable!() };
        body.amount = -1;
        let body = OperationBody::Payment(body);
        tx.operations = vec![Operation { source_account: None, body }].try_into().unwrap();
    };
    let malformed = OperationResult::OpInner(OperationResultTr::Payment(PaymentResult::Malformed));
    assert_eq!(sent(negative, &payer).await, R::TxFailed(vec![malformed].try_into().unwrap()));
    fn data(tx: &mut Transaction, resource_fee: i64) {
        let footprint = LedgerFootprint { read_only: VecM::default(), read_write: VecM::default() };
        let resources = SorobanResources { footprint, instructions: 0, disk_read_bytes: 0, write_bytes: 0 };
        let ext = SorobanTransactionDataExt::V0;
        tx.ext = TransactionExt::V1(SorobanTransactionData { ext, resources, resource_fee });
    }
    assert_eq!(sent(|tx| data(tx, 0), &payer).await, R::TxMalformed);
    assert_eq!(sent(|tx| data(tx, i64::MIN), &payer).await, R::TxMalformed);
    assert_eq!(sent(|tx| data(tx, i64::MAX), &payer).await, R::TxMalformed);
    let mut bumped = good.clone();
    data(&mut bumped, i64::MIN);
    let bumped = payee.bump(payer.sign(bumped), i64::MAX);
    assert_eq!(refusal(&network.send(&bumped).await), R::TxMalformed);

    // Nobody's account is there, and nobody can sign for it.
    let nobody = MuxedAccount::Ed25519(Uint256([0; 32]));
    let mut of_nobody = good.clone();
    (of_nobody.source_account, of_nobody.seq_num) = (nobody, SequenceNumber(1));
    assert_eq!(refusal(&network.send(&payer.sign(of_nobody.clone())).await), R::TxBadAuth);
    let TransactionEnvelope::Tx(mut forged) = payer.sign(of_nobody) else { unreachable!() };
    let (hint, signature) = (SignatureHint([0; 4]), Signature(vec![0; 64].try_into().unwrap()));
    forged.signatures = vec![DecoratedSignature { hint, signature }].try_into().unwrap();
    assert_eq!(refusal(&network.send(&TransactionEnvelope::Tx(forged)).await), R::TxBadAuth);

    // None of these used up the sequence number.
    let found = network.settle(&payer.sign(good)).await;
    assert_eq!(found["status"], "SUCCESS", "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_known_while_it_waits_and_out_of_order_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (payer, payee) = (network.person().await, network.person().await);
    let before = network.account(&payee).await.unwrap().balance;
    let good = payer.sign(network.transaction(&payer, pay(&payee, 10)).await);
    let other = payer.sign(network.transaction(&payer, pay(&payee, 11)).await);
    let (first, copy, rival) = (network.send(&good).await, network.send(&good).await, network.send(&other).await);
    assert_eq!(first["status"], "PENDING");
    // A ledger may have closed in between: then it is out of order already.
    assert!(copy["status"] == "DUPLICATE" || copy["status"] == "ERROR", "{copy}");
    assert!(rival["status"] == "TRY_AGAIN_LATER" || rival["status"] == "ERROR", "{rival}");
    network.find(first["hash"].as_str().unwrap()).await;
    let again = network.send(&good).await;
    assert_eq!(again["hash"], first["hash"]);
    assert_eq!(refusal(&again), TransactionResultResult::TxBadSeq);
    assert_eq!(network.account(&payee).await.unwrap().balance, before + 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_of_one_transaction_take_effect_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (payer, payee, stranger) = (network.person().await, network.person().await, Person::new());
    let (payer_before, payee_before) =
        (network.account(&payer).await.unwrap().balance, network.account(&payee).await.unwrap().balance);
    let create = |starting_balance| {
        OperationBody::CreateAccount(CreateAccountOp { destination: stranger.id(), starting_balance })
    };
    let send = async |bodies: Vec<OperationBody>| {
        let mut tx = network.transaction(&payer, pay(&payee, 1)).await;
        tx.fee = 100 * bodies.len() as u32;
        let operations: Vec<Operation> =
            bodies.into_iter().map(|body| Operation { source_account: None, body }).collect();
        tx.operations = operations.try_into().unwrap();
        network.settle(&payer.sign(tx)).await
    };
    // Below the reserve of two entries.
    let failed = send(vec![pay(&payee, 1_000), create(9_999_999)]).await;
    assert_eq!(failed["status"], "FAILED");
    assert_eq!(network.account(&payee).await.unwrap().balance, payee_before);
    assert_eq!(network.account(&stranger).await, None);
    let done = send(vec![pay(&payee, 1_000), create(10_000_000), pay(&stranger, 7)]).await;
    assert_eq!(done["status"], "SUCCESS", "{done}");
    assert_eq!(network.account(&payee).await.unwrap().balance, payee_before + 1_000);
    let created = network.account(&stranger).await.unwrap();
    assert_eq!(created.balance, 10_000_007);
    assert_eq!(created.seq_num.0, done["ledger"].as_i64().unwrap() << 32);
    let payer_after = network.account(&payer).await.unwrap().balance;
    assert_eq!(payer_after, payer_before - 1_000 - 10_000_007 - 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_faucet_creates_an_account_once() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let person = network.person().await;
    assert_eq!(network.account(&person).await.unwrap().balance, 1_000_000_000_000);
    let (status, answer) = network.friendbot(&person.address()).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(network.friendbot("nonsense").await.0, 400);
    // Several in one ledger, one of them twice.
    let (a, b) = (Person::new(), Person::new());
    let (a_address, b_address) = (a.address(), b.address());
    let (first, second, third) =
        tokio::join!(network.friendbot(&a_address), network.friendbot(&b_address), network.friendbot(&a_address),);
    assert_eq!((first.0, second.0), (200, 200));
    assert!(third.0 == 200 || third.0 == 400);
    assert_eq!(network.account(&a).await.unwrap().balance, 1_000_000_000_000);
}
