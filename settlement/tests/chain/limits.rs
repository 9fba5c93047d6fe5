//! Where the settler refuses to go on, and says why.

use std::time::Duration;

use berth_settlement::chain::Key;
use berth_settlement::{ExchangeEvent, Settler, SettlerError};
use berth_wire::domain::Code;
use berth_wire::domain::LeaseId;

use crate::exchange::Log;
use crate::setup::{Chain, LEASE, xlm};

async fn until(settler: &Settler, what: impl Fn(&berth_settlement::Status) -> bool) {
    for _ in 0..600 {
        if what(&settler.status()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{:?}", settler.status());
}

#[tokio::test]
async fn a_key_that_does_not_operate_the_contract_is_refused() {
    let chain = Chain::start().await;
    let mut config = chain.settler_config();
    config.operator = Key::generate().unwrap().into();
    let mut settler = Settler::start(config, Log::default());
    let ended = settler.wait().await;
    assert!(matches!(ended, Err(SettlerError::NotOperator { .. })), "{ended:?}");
}

#[tokio::test]
async fn a_log_settles_in_one_contract_only() {
    let chain = Chain::start().await;
    let settler = Settler::start(chain.settler_config(), Log::default());
    until(&settler, |status| status.exchange_cursor == 1).await;
    settler.stop().await.unwrap();

    let other = berth_settlement::contract::Config { fee_bps: 1, ..chain.config.clone() };
    let mut config = chain.settler_config();
    config.contract = berth_settlement::contract::deploy(&chain.deployer, crate::setup::WASM, &other).await.unwrap();
    let ended = Settler::start(config, Log::default()).wait().await;
    assert!(matches!(ended, Err(SettlerError::OtherChain { .. })), "{ended:?}");
}

#[tokio::test]
async fn a_log_that_was_replaced_ends_the_settler() {
    let chain = Chain::start().await;
    let log = Log::default();
    let mut settler = Settler::start(chain.settler_config(), log.clone());
    until(&settler, |status| status.exchange_cursor == 1).await;
    log.replace();
    let ended = settler.wait().await;
    assert!(matches!(ended, Err(SettlerError::OtherLog(_))), "{ended:?}");
    assert!(settler.status().halted.is_some());
}

#[tokio::test]
async fn events_that_the_rpc_no_longer_keeps_stop_the_watch_loudly() {
    let chain = Chain::with(|config| config.retention_ledgers = 20).await;
    let deployed = chain.rpc.head().await.unwrap().ledger;
    while chain.rpc.oldest_ledger().await.unwrap() <= deployed {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = Log::default();
    let settler = Settler::start(chain.settler_config(), log.clone());
    until(&settler, |status| status.halted.is_some()).await;
    let told = settler.status().halted.unwrap();
    assert!(told.contains("the RPC keeps events from ledger"), "{told}");

    // Leases are opened and settled all the same.
    let tenant = chain.tenant(xlm("100")).await.address();
    let terms = chain.terms(tenant, tenant, "10", chain.now().await + 1_000);
    log.push(ExchangeEvent::LeaseOpened { lease: LEASE, terms });
    until(&settler, |status| status.exchange_cursor == 2 && status.pending == 0).await;
    assert!(chain.escrow.lease(LEASE).await.unwrap().is_some());
    settler.stop().await.unwrap();
}

#[tokio::test]
async fn a_settler_that_slept_too_long_says_which_events_it_missed() {
    let chain = Chain::with(|config| config.retention_ledgers = 40).await;
    let log = Log::default();
    chain.tenant(xlm("100")).await;
    let settler = Settler::start(chain.settler_config(), log.clone());
    log.wait_for(1).await;
    settler.stop().await.unwrap();

    let slept = chain.rpc.head().await.unwrap().ledger;
    while chain.rpc.oldest_ledger().await.unwrap() <= slept + 1 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let settler = Settler::start(chain.settler_config(), log.clone());
    until(&settler, |status| status.halted.is_some()).await;
    let told = settler.status().halted.unwrap();
    assert!(told.contains("the RPC keeps events from ledger"), "{told}");
    settler.stop().await.unwrap();
}

#[tokio::test]
async fn a_fact_that_the_exchange_refuses_is_kept_and_does_not_block() {
    let chain = Chain::start().await;
    let log = Log::default();
    log.refuse(Some(("fact.deposit", Code::AmountTooLarge)));
    chain.tenant(xlm("100")).await;
    chain.tenant(xlm("100")).await;
    let settler = Settler::start(chain.settler_config(), log.clone());
    until(&settler, |status| status.refused_facts == 2).await;
    settler.stop().await.unwrap();
    assert_eq!(log.facts(), []);
}

#[tokio::test]
async fn a_fact_that_the_exchange_does_not_take_from_us_is_told_again() {
    let chain = Chain::start().await;
    let log = Log::default();
    let (tenant, operator) = (chain.tenant(xlm("100")).await, chain.operator());
    tenant.call(chain.escrow.request_withdraw(tenant.address(), chain.token(), xlm("30"))).await.unwrap();
    operator.call(chain.escrow.pay_withdraw(tenant.address(), chain.token(), operator.address())).await.unwrap();
    chain.tenant(xlm("5")).await;
    log.refuse(Some(("fact.withdrawn", Code::NotTheExchange)));
    let settler = Settler::start(chain.settler_config(), log.clone());
    until(&settler, |status| status.chain_error.is_some()).await;
    assert_eq!(log.facts().len(), 2, "what comes after it waits");
    log.refuse(None);
    let methods: Vec<_> = log.wait_for(4).await.iter().map(|fact| fact.method()).collect();
    assert_eq!(methods, ["fact.deposit", "fact.withdrawalRequested", "fact.withdrawn", "fact.deposit"]);
    assert_eq!(settler.status().refused_facts, 0);
    settler.stop().await.unwrap();
}

#[tokio::test]
async fn a_backlog_can_be_seen() {
    let mut chain = Chain::start().await;
    let log = Log::default();
    let settler = Settler::start(chain.settler_config(), log.clone());
    until(&settler, |status| status.exchange_cursor == 1 && status.lanes > 0).await;
    chain.ledger.take().unwrap().shutdown().await.unwrap();
    let who = Key::generate().unwrap().address();
    for lease in 1..=3 {
        let terms = chain.terms(who, who, "1", 2_000_000_000);
        log.push(ExchangeEvent::LeaseOpened { lease: LeaseId(lease), terms });
    }
    until(&settler, |status| status.pending == 3 && status.acting_error.is_some()).await;
    assert!(settler.status().oldest_planned_at.is_some());
    settler.stop().await.unwrap();
}
