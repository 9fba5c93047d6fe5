//! When a transaction may enter, and who else must have signed it.

use crate::client::{Network, Person, pay, refusal, signed, tx_hash};
use sha2::{Digest as _, Sha256};
use stellar_xdr::*;

fn conditions() -> PreconditionsV2 {
    PreconditionsV2 {
        time_bounds: None,
        ledger_bounds: None,
        min_seq_num: None,
        min_seq_age: Duration(0),
        min_seq_ledger_gap: 0,
        extra_signers: VecM::default(),
    }
}

async fn transaction(network: &Network, source: &Person, to: &Person, conditions: PreconditionsV2) -> Transaction {
    let mut tx = network.transaction(source, pay(to, 1)).await;
    tx.cond = Preconditions::V2(conditions);
    tx
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_in_sequence_numbers_is_allowed_from_a_least_one_on() {
    use TransactionResultResult as R;
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (payer, payee) = (network.person().await, network.person().await);
    let current = network.account(&payer).await.unwrap().seq_num.0;
    let ahead = async |least: i64, seq: i64| {
        let min_seq_num = Some(SequenceNumber(least));
        let mut tx = transaction(&network, &payer, &payee, PreconditionsV2 { min_seq_num, ..conditions() }).await;
        tx.seq_num = SequenceNumber(seq);
        payer.sign(tx)
    };
    assert_eq!(refusal(&network.send(&ahead(current + 1, current + 9).await).await), R::TxBadSeq);
    assert_eq!(refusal(&network.send(&ahead(0, current).await).await), R::TxBadSeq);
    let found = network.settle(&ahead(current, current + 1_000).await).await;
    assert_eq!(found["status"], "SUCCESS", "{found}");
    assert_eq!(network.account(&payer).await.unwrap().seq_num.0, current + 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_number_must_have_rested_long_enough() {
    use TransactionResultResult as R;
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (payer, payee) = (network.person().await, network.person().await);
    let moved = network.settle(&payer.sign(network.transaction(&payer, pay(&payee, 1)).await)).await;
    let (ledger, time) =
        (moved["ledger"].as_u64().unwrap() as u32, moved["createdAt"].as_str().unwrap().parse::<u64>().unwrap());
    let AccountEntryExt::V1(ext) = network.account(&payer).await.unwrap().ext else { panic!("nothing was noted") };
    let AccountEntryExtensionV1Ext::V2(ext) = ext.ext else { panic!("nothing was noted") };
    let AccountEntryExtensionV2Ext::V3(ext) = ext.ext else { panic!("nothing was noted") };
    assert_eq!((ext.seq_ledger, ext.seq_time.0), (ledger, time));

    let aged = |seconds| PreconditionsV2 { min_seq_age: Duration(seconds), ..conditions() };
    let gapped = |ledgers| PreconditionsV2 { min_seq_ledger_gap: ledgers, ..conditions() };
    for early in [aged(3), aged(u64::MAX), gapped(1_000), gapped(u32::MAX)] {
        let tx = transaction(&network, &payer, &payee, early).await;
        assert_eq!(refusal(&network.send(&payer.sign(tx)).await), R::TxBadMinSeqAgeOrGap);
    }
    for (conditions, least_ledger, least_time) in [(gapped(30), ledger + 30, 0), (aged(2), 0, time + 2)] {
        let last = network.account(&payer).await.unwrap().seq_num;
        let found = loop {
            let tx = transaction(&network, &payer, &payee, conditions.clone()).await;
            let sent = network.send(&payer.sign(tx)).await;
            match sent["status"].as_str().unwrap() {
                "PENDING" => break network.find(sent["hash"].as_str().unwrap()).await,
                _ => assert_eq!(refusal(&sent), R::TxBadMinSeqAgeOrGap),
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        assert_eq!(found["status"], "SUCCESS");
        assert!(found["ledger"].as_u64().unwrap() >= u64::from(least_ledger));
        assert!(found["createdAt"].as_str().unwrap().parse::<u64>().unwrap() >= least_time);
        assert_eq!(network.account(&payer).await.unwrap().seq_num.0, last.0 + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bounds_of_ledgers_are_kept() {
    use TransactionResultResult as R;
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (payer, payee) = (network.person().await, network.person().await);
    let bounded = async |min_ledger: u32, max_ledger: u32| {
        let ledger_bounds = Some(LedgerBounds { min_ledger, max_ledger });
        let tx = transaction(&network, &payer, &payee, PreconditionsV2 { ledger_bounds, ..conditions() }).await;
        payer.sign(tx)
    };
    let now = network.sequence().await as u32;
    assert_eq!(refusal(&network.send(&bounded(now + 1_000, 0).await).await), R::TxTooEarly);
    assert_eq!(refusal(&network.send(&bounded(0, now).await).await), R::TxTooLate);
    let found = network.settle(&bounded(now, now + 1_000).await).await;
    assert_eq!(found["status"], "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn extra_signers_must_have_signed() {
    use TransactionResultResult as R;
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (payer, payee, witness) = (network.person().await, network.person().await, Person::new());
    let with = async |signers: Vec<SignerKey>| {
        let extra_signers = signers.try_into().unwrap();
        transaction(&network, &payer, &payee, PreconditionsV2 { extra_signers, ..conditions() }).await
    };
    let key = SignerKey::Ed25519(Uint256(witness.key()));
    let twice = with(vec![key.clone(), key.clone()]).await;
    assert_eq!(refusal(&network.send(&signed(twice, &[&payer, &witness])).await), R::TxMalformed);
    let empty = SignerKeyEd25519SignedPayload { ed25519: Uint256(witness.key()), payload: BytesM::default() };
    let empty = with(vec![SignerKey::Ed25519SignedPayload(empty)]).await;
    assert_eq!(refusal(&network.send(&signed(empty, &[&payer])).await), R::TxMalformed);
    let tx = with(vec![key]).await;
    assert_eq!(refusal(&network.send(&payer.sign(tx.clone())).await), R::TxBadAuth);
    assert_eq!(network.settle(&signed(tx, &[&payer, &witness])).await["status"], "SUCCESS");

    // A secret that hashes to the signer, and a payload that the witness signed.
    let secret = b"open sesame";
    let payload = b"I saw it".to_vec();
    let image = SignerKey::HashX(Uint256(Sha256::digest(secret).into()));
    let saw = SignerKey::Ed25519SignedPayload(SignerKeyEd25519SignedPayload {
        ed25519: Uint256(witness.key()),
        payload: payload.clone().try_into().unwrap(),
    });
    let tx = with(vec![image.clone(), saw]).await;
    let SignerKey::HashX(Uint256(image)) = image else { unreachable!() };
    let secret = DecoratedSignature {
        hint: SignatureHint(*image.last_chunk().unwrap()),
        signature: Signature(secret.to_vec().try_into().unwrap()),
    };
    let mut saw = witness.signature(&payload);
    let end: [u8; 4] = *payload.last_chunk().unwrap();
    saw.hint = SignatureHint(std::array::from_fn(|at| saw.hint.0[at] ^ end[at]));
    let TransactionEnvelope::Tx(mut envelope) = payer.sign(tx) else { unreachable!() };
    let own = envelope.signatures[0].clone();
    envelope.signatures = vec![own.clone(), secret.clone()].try_into().unwrap();
    assert_eq!(refusal(&network.send(&TransactionEnvelope::Tx(envelope.clone())).await), R::TxBadAuth);
    envelope.signatures = vec![own, secret, saw].try_into().unwrap();
    assert_eq!(network.settle(&TransactionEnvelope::Tx(envelope)).await["status"], "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_was_authorized_before_needs_no_signature_and_runs_once() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (payer, payee) = (network.person().await, network.person().await);
    let mut tx = network.transaction(&payer, pay(&payee, 7)).await;
    tx.seq_num.0 += 1;
    let signer = Some(Signer { key: SignerKey::PreAuthTx(Uint256(tx_hash(&tx))), weight: 1 });
    let options = SetOptionsOp {
        inflation_dest: None,
        clear_flags: None,
        set_flags: None,
        master_weight: None,
        low_threshold: None,
        med_threshold: None,
        high_threshold: None,
        home_domain: None,
        signer,
    };
    network.operate(&payer, vec![OperationBody::SetOptions(options)]).await;
    assert_eq!(network.account(&payer).await.unwrap().num_sub_entries, 1);
    let before = network.account(&payee).await.unwrap().balance;
    assert_eq!(network.settle(&signed(tx, &[])).await["status"], "SUCCESS");
    assert_eq!(network.account(&payee).await.unwrap().balance, before + 7);
    let account = network.account(&payer).await.unwrap();
    assert_eq!((account.num_sub_entries, account.signers.len()), (0, 0));
}
