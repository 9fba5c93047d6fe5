//! A good answer passes; each check is then made to fail alone, by a challenge
//! that is wrong in that one thing and signed well by both sides.

use stellar_xdr::{
    FeeBumpTransaction, FeeBumpTransactionEnvelope, FeeBumpTransactionExt, FeeBumpTransactionInnerTx, LedgerBounds,
    MuxedAccountMed25519, PreconditionsV2, TransactionV0, TransactionV0Envelope, TransactionV0Ext,
};

use super::*;

const NOW: u64 = 1_790_000_000;
const DOMAIN: &str = "127.0.0.1:3000";
const PASSPHRASE: &str = "Test SDF Network ; September 2015";
const NONCE: [u8; NONCE_BYTES] = [5; NONCE_BYTES];

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> PublicKey {
    key(seed).verifying_key().to_bytes()
}

const SERVER: u8 = 1;
const CLIENT: u8 = 2;

fn web_auth() -> WebAuth {
    WebAuth::new(public(SERVER), PASSPHRASE, DOMAIN, DOMAIN).unwrap()
}

fn challenge() -> String {
    web_auth().challenge(&key(SERVER), public(CLIENT), NONCE, NOW)
}

fn transaction(envelope: &str) -> Transaction {
    match TransactionEnvelope::from_xdr_base64(envelope, Limits::none()).unwrap() {
        TransactionEnvelope::Tx(envelope) => envelope.tx,
        other => panic!("{other:?}"),
    }
}

/// The envelope of a transaction with these keys' signatures.
fn signed_by(web_auth: &WebAuth, tx: &Transaction, seeds: &[u8]) -> String {
    let hash = web_auth.hash(tx);
    let signatures = seeds.iter().map(|seed| DecoratedSignature {
        hint: SignatureHint(hint(&public(*seed))),
        signature: Signature(key(*seed).sign(&hash).to_bytes().to_vec().try_into().unwrap()),
    });
    let signatures: Vec<_> = signatures.collect();
    let envelope = TransactionV1Envelope { tx: tx.clone(), signatures: signatures.try_into().unwrap() };
    TransactionEnvelope::Tx(envelope).to_xdr_base64(Limits::none()).unwrap()
}

/// Reads a good challenge after `change`, signed by both sides again.
fn changed(change: impl FnOnce(&mut Transaction)) -> Result<Answer, ChallengeError> {
    let mut tx = transaction(&challenge());
    change(&mut tx);
    let web_auth = web_auth();
    let answer = web_auth.read(&signed_by(&web_auth, &tx, &[SERVER, CLIENT]), NOW)?;
    answer.check_signers(&Signers::master(public(CLIENT)))?;
    Ok(answer)
}

fn refused(change: impl FnOnce(&mut Transaction)) -> ChallengeError {
    changed(change).expect_err("it is refused")
}

/// Changes the operation at a place.
fn operation(tx: &mut Transaction, place: usize, change: impl FnOnce(&mut Operation)) {
    let mut operations = tx.operations.to_vec();
    change(&mut operations[place]);
    tx.operations = operations.try_into().unwrap();
}

/// Changes the data of the operation at a place.
fn data(tx: &mut Transaction, place: usize, change: impl FnOnce(&mut ManageDataOp)) {
    operation(tx, place, |operation| match &mut operation.body {
        OperationBody::ManageData(op) => change(op),
        other => panic!("{other:?}"),
    });
}

fn value(bytes: &[u8]) -> Option<DataValue> {
    Some(DataValue(bytes.to_vec().try_into().unwrap()))
}

fn name(text: &str) -> String64 {
    String64(text.as_bytes().to_vec().try_into().unwrap())
}

#[test]
fn a_challenge_that_both_sides_signed_logs_its_account_in() {
    let envelope = web_auth().answer(&challenge(), &key(CLIENT), NOW).unwrap();
    let answer = web_auth().read(&envelope, NOW).unwrap();
    assert_eq!((answer.account, answer.nonce, answer.until), (public(CLIENT), NONCE, NOW + CHALLENGE_SECONDS));
    assert_eq!(answer.check_signers(&Signers::master(public(CLIENT))), Ok(()));
    assert_eq!(changed(|_| {}).unwrap().hash, answer.hash);
}

#[test]
fn a_challenge_is_what_the_standard_says() {
    let tx = transaction(&challenge());
    assert_eq!((&tx.seq_num, &tx.memo), (&SequenceNumber(0), &Memo::None));
    let bounds = TimeBounds { min_time: TimePoint(NOW), max_time: TimePoint(NOW + 900) };
    assert_eq!(tx.cond, Preconditions::Time(bounds));
    let [first, second] = tx.operations.as_slice() else { panic!("{tx:?}") };
    let OperationBody::ManageData(first_data) = &first.body else { panic!("{first:?}") };
    assert_eq!(first.source_account, Some(MuxedAccount::Ed25519(Uint256(public(CLIENT)))));
    assert_eq!(first_data.data_name, name("127.0.0.1:3000 auth"));
    assert_eq!(first_data.data_value.as_ref().unwrap().0.len(), 64);
    let OperationBody::ManageData(second_data) = &second.body else { panic!("{second:?}") };
    assert_eq!(second.source_account, Some(MuxedAccount::Ed25519(Uint256(public(SERVER)))));
    assert_eq!(
        (&second_data.data_name, &second_data.data_value),
        (&name("web_auth_domain"), &value(DOMAIN.as_bytes()))
    );
}

#[test]
fn a_transaction_that_a_ledger_could_take_is_none() {
    assert_eq!(refused(|tx| tx.seq_num = SequenceNumber(1)), ChallengeError::Sequence);
    assert_eq!(refused(|tx| tx.source_account = MuxedAccount::Ed25519(Uint256(public(3)))), ChallengeError::Source);
    let muxed = MuxedAccount::MuxedEd25519(MuxedAccountMed25519 { id: 1, ed25519: Uint256(public(SERVER)) });
    assert_eq!(refused(|tx| tx.source_account = muxed), ChallengeError::Source);
}

#[test]
fn memos_and_muxed_accounts_are_refused() {
    assert_eq!(refused(|tx| tx.memo = Memo::Id(1)), ChallengeError::Memo);
    assert_eq!(refused(|tx| tx.memo = Memo::Text(b"x".to_vec().try_into().unwrap())), ChallengeError::Memo);
    let muxed = MuxedAccount::MuxedEd25519(MuxedAccountMed25519 { id: 1, ed25519: Uint256(public(CLIENT)) });
    assert_eq!(refused(|tx| operation(tx, 0, |op| op.source_account = Some(muxed))), ChallengeError::Muxed);
}

#[test]
fn its_time_has_a_beginning_and_an_end() {
    let bounds =
        |from, until| Preconditions::Time(TimeBounds { min_time: TimePoint(from), max_time: TimePoint(until) });
    assert_eq!(refused(|tx| tx.cond = Preconditions::None), ChallengeError::NoTimeBounds);
    assert_eq!(refused(|tx| tx.cond = bounds(NOW, 0)), ChallengeError::NoTimeBounds);
    let v2 = PreconditionsV2 {
        time_bounds: Some(TimeBounds { min_time: TimePoint(NOW), max_time: TimePoint(NOW + 1) }),
        ledger_bounds: Some(LedgerBounds { min_ledger: 0, max_ledger: 0 }),
        min_seq_num: None,
        min_seq_age: stellar_xdr::Duration(0),
        min_seq_ledger_gap: 0,
        extra_signers: VecM::default(),
    };
    assert_eq!(refused(|tx| tx.cond = Preconditions::V2(v2)), ChallengeError::NoTimeBounds);
    assert_eq!(refused(|tx| tx.cond = bounds(NOW + 1, NOW + 2)), ChallengeError::TooEarly(NOW + 1));
    assert_eq!(refused(|tx| tx.cond = bounds(NOW - 2, NOW - 1)), ChallengeError::TooLate(NOW - 1));
    assert!(changed(|tx| tx.cond = bounds(NOW, NOW)).is_ok());
    let envelope = web_auth().answer(&challenge(), &key(CLIENT), NOW).unwrap();
    assert!(web_auth().read(&envelope, NOW + 900).is_ok());
    assert_eq!(web_auth().read(&envelope, NOW + 901).unwrap_err(), ChallengeError::TooLate(NOW + 900));
}

#[test]
fn its_first_operation_names_the_account_the_domain_and_a_nonce() {
    assert_eq!(refused(|tx| tx.operations = VecM::default()), ChallengeError::NoOperation);
    assert_eq!(refused(|tx| operation(tx, 0, |op| op.body = OperationBody::Inflation)), ChallengeError::OtherOperation);
    assert_eq!(refused(|tx| operation(tx, 0, |op| op.source_account = None)), ChallengeError::NoAccount);
    let server = Some(MuxedAccount::Ed25519(Uint256(public(SERVER))));
    assert_eq!(refused(|tx| operation(tx, 0, |op| op.source_account = server)), ChallengeError::ServerItself);
    for other in ["evil.example auth", "127.0.0.1:3000", "127.0.0.1:3000 auth ", ""] {
        let wrong = ChallengeError::HomeDomain(DOMAIN.to_owned());
        assert_eq!(refused(|tx| data(tx, 0, |op| op.data_name = name(other))), wrong, "{other:?}");
    }
    let short = STANDARD.encode([5; 47]);
    let no_base64 = [b'!'; 64];
    for other in [None, value(b""), value(short.as_bytes()), value(&no_base64), value(&NONCE)] {
        assert_eq!(refused(|tx| data(tx, 0, |op| op.data_value = other)), ChallengeError::Nonce);
    }
}

#[test]
fn its_other_operations_are_the_servers_and_name_where_to_log_in() {
    let wrong = || ChallengeError::WebAuthDomain(DOMAIN.to_owned());
    assert_eq!(refused(|tx| operation(tx, 1, |op| op.body = OperationBody::Inflation)), ChallengeError::OtherOperation);
    assert_eq!(refused(|tx| operation(tx, 1, |op| op.source_account = None)), ChallengeError::OtherSource);
    let client = Some(MuxedAccount::Ed25519(Uint256(public(CLIENT))));
    assert_eq!(refused(|tx| operation(tx, 1, |op| op.source_account = client)), ChallengeError::OtherSource);
    assert_eq!(refused(|tx| data(tx, 1, |op| op.data_name = name("client_domain"))), ChallengeError::Surplus);
    assert_eq!(refused(|tx| data(tx, 1, |op| op.data_value = value(b"evil.example"))), wrong());
    assert_eq!(refused(|tx| data(tx, 1, |op| op.data_value = None)), wrong());
    let alone = |tx: &mut Transaction| tx.operations = tx.operations.to_vec()[..1].to_vec().try_into().unwrap();
    assert_eq!(refused(alone), wrong());
    let twice = |tx: &mut Transaction| {
        let mut operations = tx.operations.to_vec();
        operations.push(operations[1].clone());
        tx.operations = operations.try_into().unwrap();
    };
    assert_eq!(refused(twice), ChallengeError::Surplus);
}

#[test]
fn the_server_signed_this_transaction_for_this_network() {
    let (ours, tx) = (web_auth(), transaction(&challenge()));
    let read = |envelope: &str| web_auth().read(envelope, NOW).map(|answer| answer.hash);
    assert_eq!(read(&signed_by(&ours, &tx, &[CLIENT])), Err(ChallengeError::ServerSignature));
    assert_eq!(read(&signed_by(&ours, &tx, &[3, CLIENT])), Err(ChallengeError::ServerSignature));
    let other = WebAuth::new(public(SERVER), "Another network", DOMAIN, DOMAIN).unwrap();
    assert_eq!(read(&signed_by(&other, &tx, &[SERVER, CLIENT])), Err(ChallengeError::ServerSignature));
    // Changed after it was signed.
    let mut envelope = match TransactionEnvelope::from_xdr_base64(challenge(), Limits::none()).unwrap() {
        TransactionEnvelope::Tx(envelope) => envelope,
        other => panic!("{other:?}"),
    };
    envelope.tx.fee += 1;
    let envelope = TransactionEnvelope::Tx(envelope).to_xdr_base64(Limits::none()).unwrap();
    assert_eq!(read(&envelope), Err(ChallengeError::ServerSignature));
}

#[test]
fn who_signed_must_speak_for_the_account() {
    let (web_auth, tx) = (web_auth(), transaction(&challenge()));
    let check = |seeds: &[u8], signers: &Signers| {
        web_auth.read(&signed_by(&web_auth, &tx, seeds), NOW).unwrap().check_signers(signers)
    };
    let refused = |why: SignersError| Err(ChallengeError::Signers(why));
    let master = Signers::master(public(CLIENT));
    assert_eq!(check(&[SERVER, CLIENT], &master), Ok(()));
    assert_eq!(check(&[CLIENT, SERVER], &master), Ok(()));
    assert_eq!(check(&[SERVER], &master), refused(SignersError::Unsigned));
    assert_eq!(check(&[SERVER, 3], &master), refused(SignersError::Stranger));
    assert_eq!(check(&[SERVER, CLIENT, 3], &master), refused(SignersError::Stranger));
    assert_eq!(check(&[SERVER, CLIENT, CLIENT], &master), refused(SignersError::Stranger));
    assert_eq!(check(&[SERVER, SERVER, CLIENT], &master), refused(SignersError::Stranger));

    let shared = Signers::new(vec![(public(CLIENT), 1), (public(3), 1), (public(4), 2), (public(5), 0)], 2);
    assert_eq!(check(&[SERVER, CLIENT, 3], &shared), Ok(()));
    assert_eq!(check(&[SERVER, 4], &shared), Ok(()));
    assert_eq!(check(&[SERVER, CLIENT], &shared), refused(SignersError::TooLight { weight: 1, needed: 2 }));
    assert_eq!(check(&[SERVER, 4, 5], &shared), refused(SignersError::Stranger), "a key without weight signs nothing");
    assert_eq!(check(&[SERVER, CLIENT, CLIENT], &shared), refused(SignersError::Stranger));
    // Whose own key has no weight cannot log in with it, not even where nothing is needed.
    let gone = Signers::new(vec![(public(CLIENT), 0), (public(3), 1)], 0);
    assert_eq!(check(&[SERVER, CLIENT], &gone), refused(SignersError::Stranger));
    assert_eq!(check(&[SERVER], &gone), refused(SignersError::Unsigned));
    assert_eq!(check(&[SERVER, 3], &gone), Ok(()));
}

#[test]
fn other_envelopes_and_what_is_none_are_refused() {
    let read = |envelope: &str| web_auth().read(envelope, NOW).expect_err("it is refused");
    for bad in ["", "AAAA", "not base 64", &"A".repeat(ENVELOPE_BYTES_MAX + 4), &challenge()[..100]] {
        assert_eq!(read(bad), ChallengeError::NoEnvelope, "{bad}");
    }
    let tx = transaction(&challenge());
    let old = TransactionV0 {
        source_account_ed25519: Uint256(public(SERVER)),
        fee: tx.fee,
        seq_num: SequenceNumber(0),
        time_bounds: None,
        memo: Memo::None,
        operations: tx.operations.clone(),
        ext: TransactionV0Ext::V0,
    };
    let old = TransactionEnvelope::TxV0(TransactionV0Envelope { tx: old, signatures: VecM::default() });
    assert_eq!(read(&old.to_xdr_base64(Limits::none()).unwrap()), ChallengeError::OtherEnvelope);
    let inner = TransactionV1Envelope { tx, signatures: VecM::default() };
    let bump = FeeBumpTransaction {
        fee_source: MuxedAccount::Ed25519(Uint256(public(SERVER))),
        fee: 1,
        inner_tx: FeeBumpTransactionInnerTx::Tx(inner),
        ext: FeeBumpTransactionExt::V0,
    };
    let bump = TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope { tx: bump, signatures: VecM::default() });
    assert_eq!(read(&bump.to_xdr_base64(Limits::none()).unwrap()), ChallengeError::OtherEnvelope);
}

#[test]
fn a_client_signs_nothing_but_its_own_challenge() {
    let answer = |challenge: &str, seed: u8, now: u64| web_auth().answer(challenge, &key(seed), now).map(|_| ());
    assert_eq!(answer(&challenge(), 3, NOW), Err(ChallengeError::NoAccount));
    let elsewhere = WebAuth::new(public(SERVER), PASSPHRASE, "evil.example", DOMAIN).unwrap();
    let elsewhere = elsewhere.challenge(&key(SERVER), public(CLIENT), NONCE, NOW);
    assert_eq!(answer(&elsewhere, CLIENT, NOW), Err(ChallengeError::HomeDomain(DOMAIN.to_owned())));
    let mut tx = transaction(&challenge());
    tx.seq_num = SequenceNumber(7);
    assert_eq!(answer(&signed_by(&web_auth(), &tx, &[SERVER]), CLIENT, NOW), Err(ChallengeError::Sequence));
    // Its clock need not be the server's.
    assert_eq!(answer(&challenge(), CLIENT, NOW - 300), Ok(()));
    assert_eq!(answer(&challenge(), CLIENT, NOW - 301), Err(ChallengeError::TooEarly(NOW)));
}

#[test]
fn a_domain_is_a_host_and_fits() {
    let new = |domain: &str| WebAuth::new(public(SERVER), PASSPHRASE, domain, domain).is_ok();
    assert!(new("example.com") && new("[::1]:3000") && new(&"a".repeat(59)));
    assert!(!new("") && !new(&"a".repeat(60)) && !new("http://a") && !new("a b") && !new("a\nb") && !new("ä"));
}
