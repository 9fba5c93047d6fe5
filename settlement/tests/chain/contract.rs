//! The contract's calls, typed, one by one.

use berth_settlement::chain::{Key, PrepareError, SendError, Sender};
use berth_settlement::contract::{EscrowEvent, Outcome, Refusal, deploy, read_event};
use berth_settlement::{Expectation, Faucet, Subject, reconcile};
use berth_wire::domain::{Digest, LeaseId, Stroops};
use stellar_xdr::HostFunction;

use crate::setup::{Chain, LEASE, WASM, terms, xlm};

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
    let again = deploy(&chain.deployer, WASM, &chain.deployment).await.unwrap();
    let after = chain.rpc.account(chain.deployer.address()).await.unwrap().unwrap();
    assert_eq!(again, chain.escrow.id());
    assert_eq!(before, after, "nothing was sent for it");
    let other = berth_settlement::contract::Deployment { fee_bps: 400, ..chain.deployment };
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
    let terms = terms(tenant.address(), provider, "36.0000001", deadline);

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
    let Outcome::Settled(split) = record.outcome else { panic!("{record:?}") };
    assert_eq!((split.pay, split.fee), (xlm("6.01"), xlm("0.3005")));
    assert_eq!((split.refund, split.seconds, split.proof), (xlm("29.9900001"), 601, PROOF));
}

#[tokio::test]
async fn what_happened_cannot_be_repeated() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await;
    let operator = chain.operator();
    let deadline = chain.now().await + 1_000;
    let open = chain.escrow.open(LEASE, &terms(tenant.address(), tenant.address(), "10", deadline));
    let settle = chain.escrow.settle(LEASE, 60, PROOF);

    assert_eq!(refused(&operator, settle.clone()).await, Refusal::NoSuchLease);
    operator.call(open.clone()).await.unwrap();
    assert_eq!(refused(&operator, open.clone()).await, Refusal::LeaseExists);
    assert_eq!(refused(&operator, chain.escrow.refund(LEASE)).await, Refusal::DeadlineNotPassed);
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
    let terms = terms(tenant.address(), operator.address(), "40", deadline);
    operator.call(chain.escrow.open(LEASE, &terms)).await.unwrap();
    chain.pass(deadline).await;

    let late = chain.escrow.settle(LEASE, 60, PROOF);
    assert_eq!(refused(&operator, late).await, Refusal::DeadlinePassed);
    stranger.call(chain.escrow.refund(LEASE)).await.unwrap();
    assert_eq!(chain.balance(tenant.address()).await, 1_000_000_000);
    assert_eq!(refused(&stranger, chain.escrow.refund(LEASE)).await, Refusal::LeaseNotOpen);
    let again = chain.escrow.open(LeaseId(2), &terms);
    assert_eq!(refused(&operator, again).await, Refusal::DeadlinePassed);
}

#[tokio::test]
async fn nobody_acts_in_anothers_name() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await;
    let thief = chain.account().await;
    let unauthorized = |outcome: Result<_, SendError>| {
        assert!(matches!(outcome, Err(SendError::Prepare(PrepareError::Unauthorized(_)))), "{outcome:?}");
    };
    let terms = terms(tenant.address(), thief.address(), "10", chain.now().await + 100);
    unauthorized(thief.call(chain.escrow.open(LEASE, &terms)).await.map(|_| ()));
    let theft = chain.escrow.deposit(tenant.address(), thief.address(), xlm("1"));
    unauthorized(thief.call(theft).await.map(|_| ()));
    let theft = chain.escrow.request_withdraw(tenant.address(), xlm("1"));
    unauthorized(thief.call(theft).await.map(|_| ()));
    assert_eq!(chain.balance(tenant.address()).await, 1_000_000_000);
}

#[tokio::test]
async fn a_lease_without_the_money_is_refused() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("9.9999999")).await;
    let deadline = chain.now().await + 100;
    let open = chain.escrow.open(LEASE, &terms(tenant.address(), tenant.address(), "10", deadline));
    assert_eq!(refused(&chain.operator(), open).await, Refusal::BalanceTooLow);
}

#[tokio::test]
async fn a_withdrawal_is_requested_and_paid_by_the_operator() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await;
    tenant.call(chain.escrow.request_withdraw(tenant.address(), xlm("30"))).await.unwrap();
    let request = chain.escrow.requested(tenant.address()).await.unwrap().unwrap();
    assert_eq!(request.amount, xlm("30"));
    let early = chain.escrow.pay_withdraw(tenant.address(), tenant.address());
    assert_eq!(refused(&tenant, early).await, Refusal::DelayNotPassed);

    let before = chain.rpc.account(tenant.address()).await.unwrap().unwrap().balance;
    let operator = chain.operator();
    operator.call(chain.escrow.pay_withdraw(tenant.address(), operator.address())).await.unwrap();
    let after = chain.rpc.account(tenant.address()).await.unwrap().unwrap().balance;
    assert_eq!(after - before, 300_000_000);
    assert_eq!(chain.balance(tenant.address()).await, 700_000_000);
    assert_eq!(chain.escrow.requested(tenant.address()).await.unwrap(), None);

    tenant.call(chain.escrow.request_withdraw(tenant.address(), xlm("30"))).await.unwrap();
    tenant.call(chain.escrow.cancel_withdraw(tenant.address())).await.unwrap();
    assert_eq!(chain.balance(tenant.address()).await, 700_000_000);
    chain.operator().call(chain.escrow.extend(&[LEASE], &[tenant.address()])).await.unwrap();
}

#[tokio::test]
async fn the_contract_publishes_what_happens() {
    let chain = Chain::start().await;
    let tenant = chain.tenant(xlm("100")).await;
    let (operator, who) = (chain.operator(), tenant.address());
    let terms = terms(who, who, "10", chain.now().await + 1_000);
    operator.call(chain.escrow.open(LEASE, &terms)).await.unwrap();
    operator.call(chain.escrow.settle(LEASE, 60, PROOF)).await.unwrap();

    let start = berth_settlement::chain::EventStart::Ledger(chain.rpc.oldest_ledger().await.unwrap());
    let page = chain.rpc.events(chain.escrow.id(), &start, 100).await.unwrap();
    let events: Vec<_> = page.events.iter().map(|event| read_event(event).unwrap().unwrap()).collect();
    let [EscrowEvent::Deposited { from, to, amount }, EscrowEvent::Opened { lease, .. }, settled] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!((*from, *to, *amount, *lease), (who, who, xlm("100"), LEASE));
    let EscrowEvent::Settled { lease: LEASE, settlement } = settled else { panic!("{settled:?}") };
    assert_eq!((settlement.pay, settlement.fee, settlement.refund), (xlm("0.6"), xlm("0.03"), xlm("9.4")));
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
    let terms = terms(tenant, operator.address(), "10", chain.now().await + 1_000);
    operator.call(chain.escrow.open(LEASE, &terms)).await.unwrap();
    let mut books = Expectation {
        balances: vec![(tenant, xlm("90")), (operator.address(), Stroops::ZERO)],
        withdrawals: vec![(tenant, Stroops::ZERO)],
        leases: vec![(LEASE, xlm("10")), (LeaseId(2), Stroops::ZERO)],
    };
    assert_eq!(reconcile(&chain.escrow, &books).await.unwrap(), []);
    books.balances[0].1 = xlm("90.0000001");
    books.leases[1].1 = xlm("5");
    let differences = reconcile(&chain.escrow, &books).await.unwrap();
    let subjects: Vec<_> = differences.iter().map(|difference| difference.subject).collect();
    assert_eq!(subjects, [Subject::Balance(tenant), Subject::Lease(LeaseId(2))]);
    assert!(differences[0].to_string().ends_with(": 90.0000001 in the exchange, 90 in the contract"));
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
