//! The contract's calls, typed, one by one.

use berth_settlement::chain::{Key, PrepareError, SendError, Sender};
use berth_settlement::contract::{EscrowEvent, Outcome, Payment, Refusal, Settle, deploy, read_event, receipt_message};
use berth_settlement::{Expectation, Faucet, Split, Subject, compare, reconcile};
use berth_wire::domain::{Digest, LeaseId, Stroops};
use stellar_xdr::HostFunction;

use crate::setup::{Chain, LEASE, WASM, WINDOW, xlm};

const PROOF: Digest = Digest([7; 32]);

async fn refused(sender: &Sender, call: HostFunction) -> Refusal {
    match sender.call(call).await {
        Err(SendError::Prepare(PrepareError::Contract(code))) => Refusal::of(code),
        other => panic!("not refused by the contract: {other:?}"),
    }
}

#[tokio::test]
async fn a_deployment_is_done_once() {
    let chain = Chain::start().await;
    let before = chain.rpc.account(chain.deployer.address()).await.unwrap().unwrap();
    let again = deploy(&chain.deployer, WASM, &chain.config).await.unwrap();
    let after = chain.rpc.account(chain.deployer.address()).await.unwrap().unwrap();
    assert_eq!(again, chain.escrow.id());
    assert_eq!(before, after, "nothing was sent for it");
    let other = berth_settlement::contract::Config { fee_bps: 400, ..chain.config.clone() };
    assert_ne!(deploy(&chain.deployer, WASM, &other).await.unwrap(), again);

    let config = chain.escrow.config().await.unwrap();
    assert_eq!((config.operator, config.fee_bps), (chain.operator.address(), 500));
}

#[tokio::test]
async fn a_lease_is_locked_and_paid_to_the_stroop() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await;
    let provider = Key::generate().unwrap().address();
    let operator = chain.operator();
    let deadline = chain.now().await + 1_000;
    let terms = chain.terms(tenant.address(), provider, "36.0000001", deadline);

    operator.call(chain.escrow.open(LEASE, &terms)).await.unwrap();
    assert_eq!(chain.balance(tenant.address()).await, 639_999_999);
    let record = chain.escrow.lease(LEASE).await.unwrap().unwrap();
    assert_eq!((record.terms, record.outcome), (terms, Outcome::Open));

    // 601 seconds at 0.01 XLM, of which 5 % is the platform's.
    operator.call(chain.escrow.settle(LEASE, 601, PROOF)).await.unwrap();
    assert_eq!(chain.balance(provider).await, 57_095_000);
    assert_eq!(chain.balance(chain.treasury).await, 3_005_000);
    assert_eq!(chain.balance(tenant.address()).await, 939_900_000);
    assert_eq!(chain.holdings().await, 1_000_000_000);
    let record = chain.escrow.lease(LEASE).await.unwrap().unwrap();
    let Outcome::Settled(split, proof) = record.outcome else { panic!("{record:?}") };
    assert_eq!((split.pay, split.fee), (xlm("6.01"), xlm("0.3005")));
    assert_eq!((split.refund, split.seconds, proof), (xlm("29.9900001"), 601, PROOF));
}

#[tokio::test]
async fn what_happened_cannot_be_repeated() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await;
    let operator = chain.operator();
    let deadline = chain.now().await + 1_000;
    let open = chain.escrow.open(LEASE, &chain.terms(tenant.address(), tenant.address(), "10", deadline));
    let settle = chain.escrow.settle(LEASE, 60, PROOF);

    assert_eq!(refused(&operator, settle.clone()).await, Refusal::NoSuchLease);
    operator.call(open.clone()).await.unwrap();
    assert_eq!(refused(&operator, open.clone()).await, Refusal::LeaseExists);
    assert_eq!(refused(&operator, chain.escrow.refund(LEASE)).await, Refusal::WindowNotPassed);
    operator.call(settle.clone()).await.unwrap();
    assert_eq!(refused(&operator, settle).await, Refusal::LeaseNotOpen);
    assert_eq!(refused(&operator, open).await, Refusal::LeaseExists);
}

#[tokio::test]
async fn a_lease_past_its_deadline_is_refunded_by_anyone() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await;
    let (operator, stranger) = (chain.operator(), chain.account().await);
    let deadline = chain.now().await + 2;
    let terms = chain.terms(tenant.address(), operator.address(), "40", deadline);
    operator.call(chain.escrow.open(LEASE, &terms)).await.unwrap();
    chain.pass(deadline + WINDOW).await;

    let late = chain.escrow.settle(LEASE, 60, PROOF);
    assert_eq!(refused(&operator, late).await, Refusal::WindowPassed);
    stranger.call(chain.escrow.refund(LEASE)).await.unwrap();
    assert_eq!(chain.balance(tenant.address()).await, 1_000_000_000);
    assert_eq!(refused(&stranger, chain.escrow.refund(LEASE)).await, Refusal::LeaseNotOpen);
    let again = chain.escrow.open(LeaseId(2), &terms);
    assert_eq!(refused(&operator, again).await, Refusal::DeadlinePassed);
}

#[tokio::test]
async fn a_tenant_is_leased_for_within_what_it_signed() {
    let chain = Chain::start().await;
    let (tenant, operator) = (chain.account().await, chain.operator());
    let (who, token) = (tenant.address(), chain.token());
    tenant.call(chain.escrow.deposit(who, who, token, xlm("100"))).await.unwrap();
    let now = chain.now().await;
    let open = |id, amount| chain.escrow.open(LeaseId(id), &chain.terms(who, who, amount, now + 1_000));
    assert_eq!(refused(&operator, open(1, "1")).await, Refusal::NoMandate);

    tenant.call(chain.escrow.set_tenant_mandate(who, token, xlm("10"), xlm("15"), now + 1_000)).await.unwrap();
    assert_eq!(refused(&operator, open(1, "10.0000001")).await, Refusal::AboveMandatePerLease);
    operator.call(open(1, "10")).await.unwrap();
    assert_eq!(refused(&operator, open(2, "5.0000001")).await, Refusal::AboveMandatePerDay);
    operator.call(open(2, "4")).await.unwrap();
    let mandate = chain.escrow.tenant_mandate(who, token).await.unwrap().unwrap();
    assert_eq!((mandate.per_lease, mandate.per_day, mandate.spent), (xlm("10"), xlm("15"), xlm("14")));

    operator.call(chain.escrow.top_up(LeaseId(2), 1, xlm("1"), now + 2_000)).await.unwrap();
    let again = chain.escrow.top_up(LeaseId(2), 1, xlm("1"), now + 2_000);
    assert_eq!(refused(&operator, again).await, Refusal::TopUpOutOfOrder);
    let record = chain.escrow.lease(LeaseId(2)).await.unwrap().unwrap();
    assert_eq!((record.terms.amount, record.terms.deadline, record.top_ups), (xlm("5"), now + 2_000, 1));
    assert!(record.was_opened_on(&chain.terms(who, who, "4", now + 1_000)));
    assert!(!record.was_opened_on(&chain.terms(who, operator.address(), "4", now + 1_000)));

    tenant.call(chain.escrow.set_tenant_mandate(who, token, Stroops::ZERO, Stroops::ZERO, 0)).await.unwrap();
    assert_eq!(refused(&operator, open(3, "1")).await, Refusal::NoMandate);
    tenant.call(chain.escrow.set_provider_mandate(who, token, xlm("36.0000001"), now + 1_000)).await.unwrap();
    assert_eq!(refused(&operator, open(3, "1")).await, Refusal::BelowFloor);
    let floor = chain.escrow.provider_mandate(who, token).await.unwrap().unwrap();
    assert_eq!((floor.floor_per_hour, floor.until), (xlm("36.0000001"), now + 1_000));
}

#[tokio::test]
async fn a_provider_is_paid_by_its_receipt_without_the_operator() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await;
    let provider = chain.account().await;
    let opened = chain.now().await;
    let terms = chain.terms(tenant.address(), provider.address(), "36", opened + 1_000);
    chain.operator().call(chain.escrow.open(LEASE, &terms)).await.unwrap();
    // The node has receipted this much when its operator vanishes.
    let receipt = |seconds, seq| {
        let message = receipt_message(chain.rpc.network().id(), chain.escrow.id(), LEASE, seconds, seq);
        chain.escrow.submit_receipt(LEASE, seconds, seq, chain.receipts.sign(&message))
    };
    provider.call(receipt(600, 2)).await.unwrap();
    assert_eq!(refused(&provider, receipt(500, 3)).await, Refusal::ReceiptNotNewer);
    // One of another key is none.
    let message = receipt_message(chain.rpc.network().id(), chain.escrow.id(), LEASE, 601, 4);
    let forged = Key::generate().unwrap().sign(&message);
    let forged = provider.call(chain.escrow.submit_receipt(LEASE, 601, 4, forged)).await;
    assert!(matches!(forged, Err(SendError::Prepare(PrepareError::Host(_)))), "{forged:?}");

    chain.pass(opened + 2).await;
    tenant.call(chain.escrow.cancel(LEASE)).await.unwrap();
    let record = chain.escrow.lease(LEASE).await.unwrap().unwrap();
    assert!(record.cancelled && record.terms.deadline < opened + 60, "{record:?}");
    assert!(record.was_opened_on(&terms));
    chain.pass(record.terms.deadline + WINDOW).await;
    provider.call(chain.escrow.refund(LEASE)).await.unwrap();
    let Outcome::Refunded(paid) = chain.escrow.lease(LEASE).await.unwrap().unwrap().outcome else {
        panic!("{record:?}")
    };
    // It was cancelled after a few seconds: more than those cannot have been served.
    assert_eq!(paid.seconds, record.terms.deadline - record.opened_at);
    let pay = i64::try_from(paid.seconds).unwrap() * 100_000;
    assert_eq!((paid.pay.get(), paid.refund.get()), (pay, 360_000_000 - pay));
    assert_eq!(chain.balance(provider.address()).await, pay - pay / 20);
    assert_eq!(chain.balance(tenant.address()).await, 1_000_000_000 - pay);
}

#[tokio::test]
async fn leases_are_settled_in_batches() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await.address();
    let operator = chain.operator();
    let deadline = chain.now().await + 1_000;
    for lease in [1, 2] {
        operator.call(chain.escrow.open(LeaseId(lease), &chain.terms(tenant, tenant, "10", deadline))).await.unwrap();
    }
    let settle = |lease| Settle { lease: LeaseId(lease), seconds: 60, proof: PROOF };
    operator.call(chain.escrow.settle_many(&[settle(1), settle(9), settle(2), settle(1)])).await.unwrap();
    for lease in [1, 2] {
        let record = chain.escrow.lease(LeaseId(lease)).await.unwrap().unwrap();
        assert!(matches!(record.outcome, Outcome::Settled(..)), "{record:?}");
    }
    assert_eq!(chain.balance(chain.treasury).await, 600_000);
}

#[tokio::test]
async fn nobody_acts_in_anothers_name() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await;
    let thief = chain.account().await;
    let unauthorized = |outcome: Result<_, SendError>| {
        assert!(matches!(outcome, Err(SendError::Prepare(PrepareError::Unauthorized(_)))), "{outcome:?}");
    };
    let terms = chain.terms(tenant.address(), thief.address(), "10", chain.now().await + 100);
    unauthorized(thief.call(chain.escrow.open(LEASE, &terms)).await.map(|_| ()));
    let theft = chain.escrow.deposit(tenant.address(), thief.address(), chain.token(), xlm("1"));
    unauthorized(thief.call(theft).await.map(|_| ()));
    let theft = chain.escrow.request_withdraw(tenant.address(), chain.token(), xlm("1"));
    unauthorized(thief.call(theft).await.map(|_| ()));
    assert_eq!(chain.balance(tenant.address()).await, 1_000_000_000);
}

#[tokio::test]
async fn a_lease_without_the_money_is_refused() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("9.9999999")).await;
    let deadline = chain.now().await + 100;
    let open = chain.escrow.open(LEASE, &chain.terms(tenant.address(), tenant.address(), "10", deadline));
    assert_eq!(refused(&chain.operator(), open).await, Refusal::BalanceTooLow);
}

#[tokio::test]
async fn a_withdrawal_is_requested_and_paid_by_the_operator() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await;
    tenant.call(chain.escrow.request_withdraw(tenant.address(), chain.token(), xlm("30"))).await.unwrap();
    let request = chain.escrow.requested(tenant.address(), chain.token()).await.unwrap().unwrap();
    assert_eq!(request.amount, xlm("30"));
    let early = chain.escrow.pay_withdraw(tenant.address(), chain.token(), tenant.address());
    assert_eq!(refused(&tenant, early).await, Refusal::DelayNotPassed);

    let before = chain.rpc.account(tenant.address()).await.unwrap().unwrap().balance;
    let operator = chain.operator();
    operator.call(chain.escrow.pay_withdraw(tenant.address(), chain.token(), operator.address())).await.unwrap();
    let after = chain.rpc.account(tenant.address()).await.unwrap().unwrap().balance;
    assert_eq!(after - before, 300_000_000);
    assert_eq!(chain.balance(tenant.address()).await, 700_000_000);
    assert_eq!(chain.escrow.requested(tenant.address(), chain.token()).await.unwrap(), None);

    tenant.call(chain.escrow.request_withdraw(tenant.address(), chain.token(), xlm("30"))).await.unwrap();
    tenant.call(chain.escrow.cancel_withdraw(tenant.address(), chain.token())).await.unwrap();
    assert_eq!(chain.balance(tenant.address()).await, 700_000_000);
    chain.operator().call(chain.escrow.extend(&[LEASE], &[(tenant.address(), chain.token())])).await.unwrap();
}

#[tokio::test]
async fn the_contract_publishes_what_happens() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await;
    let (operator, who) = (chain.operator(), tenant.address());
    let terms = chain.terms(who, who, "10", chain.now().await + 1_000);
    operator.call(chain.escrow.open(LEASE, &terms)).await.unwrap();
    operator.call(chain.escrow.settle(LEASE, 60, PROOF)).await.unwrap();

    let start = berth_settlement::chain::EventStart::Ledger(chain.rpc.oldest_ledger().await.unwrap());
    let page = chain.rpc.events(chain.escrow.id(), &start, 100).await.unwrap();
    let events: Vec<_> = page.events.iter().map(|event| read_event(event).unwrap().unwrap()).collect();
    let token = chain.token();
    let most = Stroops::MAX;
    let (pay, fee, refund, seconds) = (xlm("0.6"), xlm("0.03"), xlm("9.4"), 60);
    assert!(
        matches!(&events[0], EscrowEvent::TenantMandateSet { account, per_day, .. } if (*account, *per_day) == (who, most))
    );
    assert_eq!(
        events[1..],
        [
            EscrowEvent::Deposited { from: who, to: who, token, amount: xlm("100") },
            EscrowEvent::Opened { lease: LEASE, terms },
            EscrowEvent::Settled { lease: LEASE, payment: Payment { pay, fee, refund, seconds }, proof: PROOF },
        ]
    );
    assert!(page.events.iter().all(|event| event.tx.len() == 64));

    // A page goes on exactly where the one before ended.
    let first = chain.rpc.events(chain.escrow.id(), &start, 1).await.unwrap();
    let after = berth_settlement::chain::EventStart::After(first.cursor);
    let rest = chain.rpc.events(chain.escrow.id(), &after, 100).await.unwrap();
    let ids: Vec<_> = first.events.iter().chain(&rest.events).map(|event| &event.id).collect();
    assert_eq!(ids, page.events.iter().map(|event| &event.id).collect::<Vec<_>>());
}

#[tokio::test]
async fn books_are_compared_to_the_stroop() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await.address();
    let operator = chain.operator();
    let terms = chain.terms(tenant, operator.address(), "10", chain.now().await + 1_000);
    operator.call(chain.escrow.open(LEASE, &terms)).await.unwrap();
    let mut books = Expectation {
        balances: vec![(tenant, xlm("90")), (operator.address(), Stroops::ZERO)],
        withdrawals: vec![(tenant, Stroops::ZERO)],
        leases: vec![(LEASE, xlm("10")), (LeaseId(2), Stroops::ZERO)],
        splits: Vec::new(),
        inside: xlm("100"),
    };
    assert_eq!(reconcile(&chain.escrow, &books).await.unwrap(), []);
    books.balances[0].1 = xlm("90.0000001");
    books.leases[1].1 = xlm("5");
    let differences = reconcile(&chain.escrow, &books).await.unwrap();
    let subjects: Vec<_> = differences.iter().map(|difference| difference.subject).collect();
    assert_eq!(subjects, [Subject::Balance(tenant), Subject::Lease(LeaseId(2))]);
    assert!(differences[0].to_string().ends_with(": 90.0000001 in the exchange, 90 in the contract"));

    // 600 seconds at 0.01 XLM: 6 XLM, of which 0.3 is the fee.
    operator.call(chain.escrow.settle(LEASE, 600, Digest([9; 32]))).await.unwrap();
    let split = Split { pay: xlm("6"), fee: xlm("0.3"), refund: xlm("4") };
    let mut paid = Expectation { splits: vec![(LEASE, split)], inside: xlm("100"), ..Expectation::default() };
    assert_eq!(reconcile(&chain.escrow, &paid).await.unwrap(), []);
    assert_eq!(compare(&chain.escrow, &paid).await.unwrap().len(), 3);
    paid.splits[0].1.fee = xlm("0.2999999");
    paid.inside = xlm("100.0000001");
    let differences = reconcile(&chain.escrow, &paid).await.unwrap();
    let subjects: Vec<_> = differences.iter().map(|difference| difference.subject).collect();
    assert_eq!(subjects, [Subject::Fee(LEASE), Subject::Holdings]);
}

#[tokio::test]
async fn the_faucet_pays_for_anyone_as_often_as_asked() {
    let chain = Chain::start().await;
    let faucet = Faucet::new(chain.escrow.clone()).unwrap();
    let lucky = Key::generate().unwrap().address();
    // Together more than the friendbot gives to one account.
    for _ in 0..3 {
        faucet.deposit(lucky, xlm("40000")).await.unwrap();
    }
    assert_eq!(chain.balance(lucky).await, 1_200_000_000_000);
    assert!(faucet.deposit(lucky, xlm("1000000")).await.is_err());
}

/// Runs another of these tests where the environment names a proxy that is not
/// there.
#[test]
fn the_friendbot_is_not_asked_through_a_proxy() {
    let nowhere = "http://127.0.0.1:1";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "contract::a_deployment_is_done_once"])
        .envs([("http_proxy", nowhere), ("HTTP_PROXY", nowhere), ("ALL_PROXY", nowhere)])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
