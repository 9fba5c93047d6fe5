//! Classic operations: credit, trust, signers, data, the end of an account.

use crate::client::{Network, Person, from_base64, pay, results, signed};
use serde_json::Value;
use stellar_xdr::*;

/// Credit of four letters.
pub(crate) fn credit(issuer: &Person) -> Asset {
    Asset::CreditAlphanum4(AlphaNum4 { asset_code: AssetCode4(*b"USDC"), issuer: issuer.id() })
}

pub(crate) fn trust(issuer: &Person, limit: i64) -> OperationBody {
    let line = ChangeTrustAsset::CreditAlphanum4(AlphaNum4 { asset_code: AssetCode4(*b"USDC"), issuer: issuer.id() });
    OperationBody::ChangeTrust(ChangeTrustOp { line, limit })
}

pub(crate) fn pay_credit(issuer: &Person, to: &Person, amount: i64) -> OperationBody {
    OperationBody::Payment(PaymentOp { destination: to.muxed(), asset: credit(issuer), amount })
}

pub(crate) async fn line(network: &Network, holder: &Person, issuer: &Person) -> Option<TrustLineEntry> {
    let asset = TrustLineAsset::CreditAlphanum4(AlphaNum4 { asset_code: AssetCode4(*b"USDC"), issuer: issuer.id() });
    match network.entry(&LedgerKey::Trustline(LedgerKeyTrustLine { account_id: holder.id(), asset })).await? {
        LedgerEntryData::Trustline(line) => Some(line),
        other => panic!("{other:?}"),
    }
}

fn payment(result: PaymentResult) -> Vec<OperationResult> {
    vec![OperationResult::OpInner(OperationResultTr::Payment(result))]
}

fn trusting(result: ChangeTrustResult) -> Vec<OperationResult> {
    vec![OperationResult::OpInner(OperationResultTr::ChangeTrust(result))]
}

fn options() -> SetOptionsOp {
    SetOptionsOp {
        inflation_dest: None,
        clear_flags: None,
        set_flags: None,
        master_weight: None,
        low_threshold: None,
        med_threshold: None,
        high_threshold: None,
        home_domain: None,
        signer: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_goes_along_trust_lines_and_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (issuer, alice, bob) = (network.person().await, network.person().await, network.person().await);

    // (who, what, result, then Alice's balance and limit, Bob's balance)
    let lines = async || {
        let (alice, bob) = (line(&network, &alice, &issuer).await, line(&network, &bob, &issuer).await);
        (alice.map(|line| (line.balance, line.limit)), bob.map(|line| line.balance))
    };
    let steps: [(&Person, OperationBody, Vec<OperationResult>, _); 12] = [
        (&issuer, pay_credit(&issuer, &alice, 5), payment(PaymentResult::NoTrust), (None, None)),
        (&alice, trust(&issuer, 0), trusting(ChangeTrustResult::InvalidLimit), (None, None)),
        (&alice, trust(&issuer, 100), trusting(ChangeTrustResult::Success), (Some((0, 100)), None)),
        (&issuer, pay_credit(&issuer, &alice, 101), payment(PaymentResult::LineFull), (Some((0, 100)), None)),
        (&issuer, pay_credit(&issuer, &alice, 90), payment(PaymentResult::Success), (Some((90, 100)), None)),
        (&alice, pay_credit(&issuer, &bob, 1), payment(PaymentResult::NoTrust), (Some((90, 100)), None)),
        (&bob, pay_credit(&issuer, &alice, 1), payment(PaymentResult::SrcNoTrust), (Some((90, 100)), None)),
        (&bob, trust(&issuer, i64::MAX), trusting(ChangeTrustResult::Success), (Some((90, 100)), Some(0))),
        (&alice, pay_credit(&issuer, &bob, 91), payment(PaymentResult::Underfunded), (Some((90, 100)), Some(0))),
        (&alice, pay_credit(&issuer, &bob, 60), payment(PaymentResult::Success), (Some((30, 100)), Some(60))),
        (&alice, trust(&issuer, 29), trusting(ChangeTrustResult::InvalidLimit), (Some((30, 100)), Some(60))),
        // Back to where it came from, where it is no more.
        (&alice, pay_credit(&issuer, &issuer, 30), payment(PaymentResult::Success), (Some((0, 100)), Some(60))),
    ];
    for (number, (who, body, expected, then)) in steps.into_iter().enumerate() {
        assert_eq!(network.operate(who, vec![body]).await, expected, "step {number}");
        assert_eq!(lines().await, then, "step {number}");
    }
    assert_eq!(network.account(&alice).await.unwrap().num_sub_entries, 1);
    assert_eq!(network.operate(&alice, vec![trust(&issuer, 0)]).await, trusting(ChangeTrustResult::Success));
    assert_eq!((lines().await.0, network.account(&alice).await.unwrap().num_sub_entries), (None, 0));
    let nobody = Person::new();
    assert_eq!(network.operate(&alice, vec![trust(&nobody, 1)]).await, trusting(ChangeTrustResult::NoIssuer));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_says_who_may_hold_its_credit() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (issuer, alice) = (network.person().await, network.person().await);
    let flags = |set: u32, clear: u32| {
        let (set_flags, clear_flags) = (Some(set), Some(clear));
        OperationBody::SetOptions(SetOptionsOp { set_flags, clear_flags, ..options() })
    };
    let authorize = |set_flags: u32, clear_flags: u32| {
        let (trustor, asset) = (alice.id(), credit(&issuer));
        OperationBody::SetTrustLineFlags(SetTrustLineFlagsOp { trustor, asset, clear_flags, set_flags })
    };
    let told = |result| vec![OperationResult::OpInner(OperationResultTr::SetTrustLineFlags(result))];
    let done = vec![OperationResult::OpInner(OperationResultTr::SetOptions(SetOptionsResult::Success))];
    assert_eq!(network.operate(&issuer, vec![flags(1, 0)]).await, done);
    assert_eq!(network.operate(&issuer, vec![authorize(1, 0)]).await, told(SetTrustLineFlagsResult::NoTrustLine));
    network.operate(&alice, vec![trust(&issuer, 100)]).await;
    assert_eq!(line(&network, &alice, &issuer).await.unwrap().flags, 0);
    let pays = || vec![pay_credit(&issuer, &alice, 5)];
    assert_eq!(network.operate(&issuer, pays()).await, payment(PaymentResult::NotAuthorized));
    assert_eq!(network.operate(&issuer, vec![authorize(1, 0)]).await, told(SetTrustLineFlagsResult::Success));
    assert_eq!(network.operate(&issuer, pays()).await, payment(PaymentResult::Success));
    assert_eq!(network.operate(&issuer, vec![authorize(0, 1)]).await, told(SetTrustLineFlagsResult::CantRevoke));
    assert_eq!(network.operate(&issuer, vec![flags(2, 0)]).await, done);
    assert_eq!(network.operate(&issuer, vec![authorize(0, 1)]).await, told(SetTrustLineFlagsResult::Success));
    let back = network.operate(&alice, vec![pay_credit(&issuer, &issuer, 5)]).await;
    assert_eq!(back, payment(PaymentResult::SrcNotAuthorized));
}

#[tokio::test(flavor = "multi_thread")]
async fn signers_weigh_as_much_as_thresholds_ask() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (owner, friend, payee) = (network.person().await, Person::new(), network.person().await);
    let signer = Some(Signer { key: SignerKey::Ed25519(Uint256(friend.key())), weight: 2 });
    let (med_threshold, high_threshold) = (Some(2), Some(3));
    let body = OperationBody::SetOptions(SetOptionsOp { med_threshold, high_threshold, signer, ..options() });
    let done = vec![OperationResult::OpInner(OperationResultTr::SetOptions(SetOptionsResult::Success))];
    assert_eq!(network.operate(&owner, vec![body]).await, done);
    let account = network.account(&owner).await.unwrap();
    assert_eq!((account.num_sub_entries, account.thresholds), (1, Thresholds([1, 0, 2, 3])));

    let refusal = |sent: &Value| crate::client::refusal(sent);
    let one = network.transaction(&owner, pay(&payee, 1)).await;
    let bad = TransactionResultResult::TxFailed(vec![OperationResult::OpBadAuth].try_into().unwrap());
    assert_eq!(refusal(&network.send(&owner.sign(one.clone())).await), bad);
    let found = network.settle(&friend.sign(one)).await;
    assert_eq!(found["status"], "SUCCESS");
    // Changing the signers takes both.
    let remove = Some(Signer { key: SignerKey::Ed25519(Uint256(friend.key())), weight: 0 });
    let remove = OperationBody::SetOptions(SetOptionsOp { signer: remove, ..options() });
    let both = network.transaction(&owner, remove).await;
    assert_eq!(refusal(&network.send(&friend.sign(both.clone())).await), bad);
    let found = network.settle(&signed(both, &[&owner, &friend])).await;
    assert_eq!(results(&found), done);
    assert_eq!(network.account(&owner).await.unwrap().num_sub_entries, 0);

    let own = Some(Signer { key: SignerKey::Ed25519(Uint256(payee.key())), weight: 1 });
    let own = network.transaction(&payee, OperationBody::SetOptions(SetOptionsOp { signer: own, ..options() })).await;
    let bad = OperationResult::OpInner(OperationResultTr::SetOptions(SetOptionsResult::BadSigner));
    let sent = network.send(&payee.sign(own)).await;
    assert_eq!(refusal(&sent), TransactionResultResult::TxFailed(vec![bad].try_into().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_kept_changed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let owner = network.person().await;
    let name = String64("greeting".try_into().unwrap());
    let data = |value: Option<&[u8]>| {
        let data_value = value.map(|value| DataValue(value.try_into().unwrap()));
        OperationBody::ManageData(ManageDataOp { data_name: name.clone(), data_value })
    };
    let kept = async || {
        let key = LedgerKey::Data(LedgerKeyData { account_id: owner.id(), data_name: name.clone() });
        match network.entry(&key).await? {
            LedgerEntryData::Data(data) => Some(data.data_value.to_vec()),
            other => panic!("{other:?}"),
        }
    };
    let told = |result| vec![OperationResult::OpInner(OperationResultTr::ManageData(result))];
    assert_eq!(network.operate(&owner, vec![data(None)]).await, told(ManageDataResult::NameNotFound));
    for value in [b"hello".as_slice(), b"hi"] {
        assert_eq!(network.operate(&owner, vec![data(Some(value))]).await, told(ManageDataResult::Success));
        assert_eq!(kept().await.as_deref(), Some(value));
        assert_eq!(network.account(&owner).await.unwrap().num_sub_entries, 1);
    }
    assert_eq!(network.operate(&owner, vec![data(None)]).await, told(ManageDataResult::Success));
    assert_eq!((kept().await, network.account(&owner).await.unwrap().num_sub_entries), (None, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_merged_away_with_all_its_money() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (leaving, heir, issuer) = (network.person().await, network.person().await, network.person().await);
    let merge = || OperationBody::AccountMerge(heir.muxed());
    let told = |result| vec![OperationResult::OpInner(OperationResultTr::AccountMerge(result))];
    network.operate(&leaving, vec![trust(&issuer, 1)]).await;
    assert_eq!(network.operate(&leaving, vec![merge()]).await, told(AccountMergeResult::HasSubEntries));
    network.operate(&leaving, vec![trust(&issuer, 0)]).await;

    let (money, before) =
        (network.account(&leaving).await.unwrap().balance, network.account(&heir).await.unwrap().balance);
    // What comes after it in the same transaction has no source any more, and
    // nothing of it happens.
    let both = network.operate(&leaving, vec![merge(), pay(&heir, 1)]).await;
    assert_eq!(both[0], told(AccountMergeResult::Success(money - 200))[0]);
    assert_eq!(both[1], OperationResult::OpNoAccount);
    assert_eq!(network.account(&heir).await.unwrap().balance, before);
    let merged = network.operate(&leaving, vec![merge()]).await;
    assert_eq!(merged, told(AccountMergeResult::Success(money - 300)));
    assert_eq!(network.account(&leaving).await, None);
    assert_eq!(network.account(&heir).await.unwrap().balance, before + money - 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_account_is_merged_before_its_turn_fails_and_pays() {
    let folder = tempfile::tempdir().unwrap();
    let config = berth_ledger::Config { close_ms: 400, ..berth_ledger::Config::new(folder.path()) };
    let server = berth_ledger::Server::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let network = Network::over(server);
    let (first, second) = (network.person().await, network.person().await);
    // The first one's transaction merges the second's account, which signed;
    // the second's own comes after it in the same ledger.
    let mut merges = network.transaction(&first, OperationBody::Inflation).await;
    let body = OperationBody::AccountMerge(first.muxed());
    merges.operations = vec![Operation { source_account: Some(second.muxed()), body }].try_into().unwrap();
    let pays = network.transaction(&second, pay(&first, 1)).await;
    let start = network.sequence().await;
    while network.sequence().await == start {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let merges = network.send(&signed(merges, &[&first, &second])).await;
    let pays = network.send(&second.sign(pays)).await;
    assert_eq!((&merges["status"], &pays["status"]), (&"PENDING".into(), &"PENDING".into()));
    let (merges, pays) =
        (network.find(merges["hash"].as_str().unwrap()).await, network.find(pays["hash"].as_str().unwrap()).await);
    assert_eq!((&merges["status"], &pays["status"]), (&"SUCCESS".into(), &"FAILED".into()));
    assert_eq!(merges["ledger"], pays["ledger"]);
    let result: TransactionResult = from_base64(pays["resultXdr"].as_str().unwrap());
    assert_eq!((result.fee_charged, result.result), (100, TransactionResultResult::TxNoAccount));
}
