//! The settler is stopped and started at every turn: no payment is lost, none
//! is made twice.

use std::time::Duration;

use berth_settlement::chain::{Address, EventStart, Key};
use berth_settlement::contract::{EscrowEvent, read_event};
use berth_settlement::{ExchangeEvent, Settler};
use berth_wire::domain::{Digest, LeaseId};
use berth_wire::request::{Fact, FactEscrowFailed};

use crate::exchange::Log;
use crate::setup::{Chain, LEASE, WINDOW, xlm};

const PROOF: Digest = Digest([9; 32]);

pub(crate) fn closed(lease: LeaseId, seconds: u64, escrowed: bool) -> ExchangeEvent {
    ExchangeEvent::LeaseClosed { lease, seconds, proof: PROOF, escrowed }
}

fn names(facts: &[Fact]) -> Vec<&'static str> {
    facts.iter().map(|fact| fact.method().trim_start_matches("fact.")).collect()
}

/// What the contract did to leases, in order.
async fn lease_events(chain: &Chain) -> Vec<&'static str> {
    let start = EventStart::Ledger(chain.rpc.oldest_ledger().await.unwrap());
    let page = chain.rpc.events(chain.escrow.id(), &start, 1_000).await.unwrap();
    page.events
        .iter()
        .filter_map(|event| match read_event(event).unwrap().unwrap() {
            EscrowEvent::Opened { .. } => Some("opened"),
            EscrowEvent::Settled { .. } => Some("settled"),
            EscrowEvent::Refunded { .. } => Some("refunded"),
            EscrowEvent::Withdrawn { .. } => Some("withdrawn"),
            _ => None,
        })
        .collect()
}

/// Ends when the outbox is empty and stays empty.
pub(crate) async fn idle(settler: &Settler, cursor: u64) {
    for _ in 0..600 {
        let status = settler.status();
        if status.exchange_cursor >= cursor && status.pending == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{:?}", settler.status());
}

async fn check_paid(chain: &Chain, tenant: Address, provider: Address) {
    // 600 seconds at 0.01 XLM: 6 XLM, of which 0.3 is the fee.
    assert_eq!(chain.balance(provider).await, 57_000_000);
    assert_eq!(chain.balance(chain.treasury).await, 3_000_000);
    assert_eq!(chain.balance(tenant).await, 940_000_000);
    assert_eq!(chain.holdings().await, 1_000_000_000);
}

#[tokio::test]
async fn a_restart_between_every_two_steps_changes_nothing() {
    let chain = Chain::start().await;
    let (log, config) = (Log::default(), chain.settler_config());
    let provider = Key::generate().unwrap().address();
    let start = || Settler::start(config.clone(), log.clone());

    let settler = start();
    let tenant = chain.tenant(xlm("100")).await.address();
    log.wait_for(1).await;
    settler.stop().await.unwrap();

    let terms = chain.terms(tenant, provider, "36", chain.now().await + 1_000);
    log.push(ExchangeEvent::LeaseOpened { lease: LEASE, terms });
    let settler = start();
    log.wait_for(2).await;
    settler.stop().await.unwrap();

    let settler = start();
    idle(&settler, 2).await;
    settler.stop().await.unwrap();

    log.push(closed(LEASE, 600, true));
    let settler = start();
    log.wait_for(3).await;
    settler.stop().await.unwrap();

    let settler = start();
    idle(&settler, 3).await;
    let status = settler.status();
    assert_eq!((status.failed, status.refused_facts, status.halted), (0, 0, None));
    settler.stop().await.unwrap();

    let facts = log.facts();
    assert_eq!(names(&facts), ["deposit", "escrowed", "paid"]);
    let Fact::Deposit(deposit) = &facts[0] else { panic!("{facts:?}") };
    assert_eq!((Address::Account(deposit.address.0), deposit.amount), (tenant, xlm("100")));
    let Fact::Paid(paid) = &facts[2] else { panic!("{facts:?}") };
    assert_eq!((paid.lease_id, paid.pay, paid.fee, paid.refund), (1, xlm("6"), xlm("0.3"), xlm("30")));
    assert_eq!(lease_events(&chain).await, ["opened", "settled"]);
    check_paid(&chain, tenant, provider).await;
}

/// Stops the settler after 0, 7, 14, … milliseconds, wherever it is then, until
/// everything is done.
#[tokio::test]
async fn stops_at_any_moment_change_nothing() {
    let chain = Chain::start().await;
    let log = Log::default();
    let tenant = chain.tenant(xlm("100")).await.address();
    let provider = Key::generate().unwrap().address();
    let terms = chain.terms(tenant, provider, "36", chain.now().await + 1_000);
    log.push(ExchangeEvent::LeaseOpened { lease: LEASE, terms });

    let mut closing = false;
    for life in 0..400 {
        let settler = Settler::start(chain.settler_config(), log.clone());
        tokio::time::sleep(Duration::from_millis(7 * (life % 40))).await;
        settler.stop().await.unwrap();
        let known = log.facts().len();
        if known >= 2 && !closing {
            log.push(closed(LEASE, 600, true));
            closing = true;
        }
        if known >= 3 {
            break;
        }
    }
    assert_eq!(names(&log.facts()), ["deposit", "escrowed", "paid"]);
    assert_eq!(lease_events(&chain).await, ["opened", "settled"]);
    check_paid(&chain, tenant, provider).await;
}

#[tokio::test]
async fn an_outage_of_the_ledger_is_waited_out() {
    let mut chain = Chain::start().await;
    let log = Log::default();
    let settler = Settler::start(chain.settler_config(), log.clone());
    let tenant = chain.tenant(xlm("100")).await.address();
    let provider = Key::generate().unwrap().address();
    log.wait_for(1).await;
    let terms = chain.terms(tenant, provider, "36", chain.now().await + 1_000);
    log.push(ExchangeEvent::LeaseOpened { lease: LEASE, terms });
    chain.restart_ledger().await;
    log.wait_for(2).await;
    log.push(closed(LEASE, 600, true));
    tokio::time::sleep(Duration::from_millis(60)).await;
    chain.restart_ledger().await;
    assert_eq!(names(&log.wait_for(3).await), ["deposit", "escrowed", "paid"]);
    settler.stop().await.unwrap();
    assert_eq!(lease_events(&chain).await, ["opened", "settled"]);
    check_paid(&chain, tenant, provider).await;
}

#[tokio::test]
async fn a_settler_that_lost_its_data_pays_nothing_twice() {
    let chain = Chain::start().await;
    let log = Log::default();
    let tenant = chain.tenant(xlm("100")).await.address();
    let provider = Key::generate().unwrap().address();
    let terms = chain.terms(tenant, provider, "36", chain.now().await + 1_000);
    log.push(ExchangeEvent::LeaseOpened { lease: LEASE, terms });
    log.push(closed(LEASE, 600, true));
    let settler = Settler::start(chain.settler_config(), log.clone());
    log.wait_for(3).await;
    settler.stop().await.unwrap();

    let mut config = chain.settler_config();
    config.data_dir = chain.dir.path().join("another");
    let settler = Settler::start(config, log.clone());
    idle(&settler, 3).await;
    assert_eq!(settler.status().failed, 0);
    settler.stop().await.unwrap();
    assert_eq!(names(&log.facts()), ["deposit", "escrowed", "paid"]);
    assert_eq!(lease_events(&chain).await, ["opened", "settled"]);
    check_paid(&chain, tenant, provider).await;
}

#[tokio::test]
async fn a_lease_without_money_fails_and_the_next_goes_on() {
    let chain = Chain::start().await;
    let log = Log::default();
    let tenant = chain.tenant(xlm("100")).await.address();
    let poor = chain.allowing().await.address();
    let deadline = chain.now().await + 1_000;
    let open = |lease, who| ExchangeEvent::LeaseOpened {
        lease: LeaseId(lease),
        terms: chain.terms(who, tenant, "36", deadline),
    };
    log.push(open(1, poor));
    log.push(open(2, tenant));
    log.lose_answers(3);
    let settler = Settler::start(chain.settler_config(), log.clone());
    let facts = log.wait_for(3).await;
    idle(&settler, 3).await;
    assert_eq!(settler.status().failed, 1);
    settler.stop().await.unwrap();
    let failed = FactEscrowFailed { lease_id: 1, reason: "the balance in escrow is too low".to_owned() };
    assert!(facts.contains(&Fact::EscrowFailed(failed)), "{facts:?}");
    assert!(facts.iter().any(|fact| matches!(fact, Fact::Escrowed(escrowed) if escrowed.lease_id == 2)));
    assert_eq!(lease_events(&chain).await, ["opened"]);
}

#[tokio::test]
async fn a_lease_that_ends_after_its_deadline_is_refunded() {
    let chain = Chain::start().await;
    let log = Log::default();
    let tenant = chain.tenant(xlm("100")).await.address();
    let provider = Key::generate().unwrap().address();
    let deadline = chain.now().await + 3;
    let settler = Settler::start(chain.settler_config(), log.clone());
    log.push(ExchangeEvent::LeaseOpened { lease: LEASE, terms: chain.terms(tenant, provider, "36", deadline) });
    assert_eq!(names(&log.wait_for(2).await), ["deposit", "escrowed"]);
    chain.pass(deadline + WINDOW).await;
    log.push(closed(LEASE, 600, true));
    let facts = log.wait_for(3).await;
    let Fact::Refunded(refunded) = &facts[2] else { panic!("{facts:?}") };
    assert_eq!((refunded.lease_id, refunded.amount), (1, xlm("36")));
    idle(&settler, 3).await;
    assert_eq!(settler.status().failed, 1, "nobody paid the provider: people must look");
    settler.stop().await.unwrap();
    assert_eq!(lease_events(&chain).await, ["opened", "refunded"]);
    assert_eq!(chain.balance(tenant).await, 1_000_000_000);
}

#[tokio::test]
async fn a_withdrawal_is_paid_once_the_exchange_has_set_it_aside() {
    let chain = Chain::start().await;
    let log = Log::default();
    let tenant = chain.tenant(xlm("100")).await;
    let account = tenant.address();
    let settler = Settler::start(chain.settler_config(), log.clone());
    tenant.call(chain.escrow.request_withdraw(account, chain.token(), xlm("30"))).await.unwrap();
    let facts = log.wait_for(2).await;
    assert_eq!(names(&facts), ["deposit", "withdrawalRequested"]);
    assert_eq!(chain.balance(account).await, 700_000_000);

    let before = chain.rpc.account(account).await.unwrap().unwrap().balance;
    log.push(ExchangeEvent::WithdrawalRequested { account, total: xlm("30") });
    let facts = log.wait_for(3).await;
    assert_eq!(names(&facts)[2], "withdrawn");
    let after = chain.rpc.account(account).await.unwrap().unwrap().balance;
    assert_eq!(after - before, 300_000_000);
    settler.stop().await.unwrap();

    let again = Settler::start(chain.settler_config(), log.clone());
    idle(&again, 2).await;
    again.stop().await.unwrap();
    assert_eq!(lease_events(&chain).await, ["withdrawn"]);
}
