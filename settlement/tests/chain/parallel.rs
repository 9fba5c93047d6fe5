//! Several transactions in flight at once, by channels.

use std::collections::BTreeMap;

use berth_settlement::chain::{EventStart, Key};
use berth_settlement::contract::{EscrowEvent, read_event};
use berth_settlement::{ExchangeEvent, Settler};
use berth_wire::domain::LeaseId;
use berth_wire::request::Fact;

use crate::exchange::Log;
use crate::restarts::{closed, idle};
use crate::setup::{Chain, xlm};

const LEASES: u64 = 16;

/// In which ledgers leases were opened and settled, and how many in each.
async fn ledgers(chain: &Chain) -> (BTreeMap<u32, u64>, BTreeMap<u32, u64>) {
    let start = EventStart::Ledger(chain.rpc.oldest_ledger().await.unwrap());
    let page = chain.rpc.events(chain.escrow.id(), &start, 1_000).await.unwrap();
    let (mut opened, mut settled) = (BTreeMap::new(), BTreeMap::new());
    for event in &page.events {
        match read_event(event).unwrap() {
            Some(EscrowEvent::Opened { .. }) => *opened.entry(event.ledger).or_default() += 1,
            Some(EscrowEvent::Settled { .. }) => *settled.entry(event.ledger).or_default() += 1,
            _ => {}
        }
    }
    (opened, settled)
}

#[tokio::test]
async fn leases_are_opened_and_settled_several_to_a_ledger_through_restarts() {
    // Slow enough that several transactions meet in a ledger.
    let mut chain = Chain::with(|config| config.close_ms = 400).await;
    let log = Log::default();
    let tenant = chain.tenant(xlm("1000")).await.address();
    let provider = Key::generate().unwrap().address();
    let deadline = chain.now().await + 1_000;
    for lease in 1..=LEASES {
        let terms = chain.terms(tenant, provider, "36", deadline);
        log.push(ExchangeEvent::LeaseOpened { lease: LeaseId(lease), terms });
    }
    let settler = Settler::start(chain.settler_config(), log.clone());
    log.wait_for(4).await;
    settler.stop().await.unwrap();
    for lease in 1..=LEASES {
        log.push(closed(LeaseId(lease), 600, true));
    }
    let settler = Settler::start(chain.settler_config(), log.clone());
    log.wait_for(12).await;
    chain.restart_ledger().await;
    idle(&settler, 2 * LEASES).await;
    let facts = log.wait_for(1 + 2 * usize::try_from(LEASES).unwrap()).await;
    assert_eq!((settler.status().failed, settler.status().lanes), (0, 4));
    settler.stop().await.unwrap();

    let paid = facts.iter().filter(|fact| matches!(fact, Fact::Paid(_))).count();
    assert_eq!(paid, usize::try_from(LEASES).unwrap());
    let (opened, settled) = ledgers(&chain).await;
    assert_eq!((opened.values().sum::<u64>(), settled.values().sum::<u64>()), (LEASES, LEASES));
    assert!(opened.values().any(|count| *count > 1), "one to a ledger: {opened:?}");
    assert!(settled.values().any(|count| *count > 1), "one to a ledger: {settled:?}");
    // 600 seconds at 0.01 XLM each, of which a twentieth is the fee.
    let each = i64::try_from(LEASES).unwrap();
    assert_eq!(chain.balance(provider).await, each * 57_000_000);
    assert_eq!(chain.balance(chain.treasury).await, each * 3_000_000);
    assert_eq!(chain.balance(tenant).await, 10_000_000_000 - each * 60_000_000);
}

#[tokio::test]
async fn channels_are_funded_once() {
    let chain = Chain::start().await;
    let log = Log::default();
    let operator = chain.operator.address();
    let sequence = async || chain.rpc.account(operator).await.unwrap().unwrap().sequence;
    let before = sequence().await;
    for _ in 0..3 {
        let settler = Settler::start(chain.settler_config(), log.clone());
        for _ in 0..600 {
            if settler.status().lanes == 4 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!((settler.status().lanes, settler.status().channels_error), (4, None));
        settler.stop().await.unwrap();
    }
    assert_eq!(sequence().await, before + 1, "one transaction made all of them");
}

#[tokio::test]
async fn without_channels_the_operators_own_account_pays() {
    let chain = Chain::start().await;
    let log = Log::default();
    let tenant = chain.tenant(xlm("100")).await.address();
    let mut config = chain.settler_config();
    config.channels.count = 0;
    let settler = Settler::start(config, log.clone());
    let deadline = chain.now().await + 1_000;
    for lease in 1..=2 {
        let terms = chain.terms(tenant, tenant, "36", deadline);
        log.push(ExchangeEvent::LeaseOpened { lease: LeaseId(lease), terms });
    }
    log.wait_for(3).await;
    assert_eq!(settler.status().lanes, 1);
    settler.stop().await.unwrap();
}

#[tokio::test]
async fn settlements_of_a_crowd_share_transactions_and_a_bad_one_stops_no_other() {
    let chain = Chain::start().await;
    let log = Log::default();
    let tenant = chain.tenant(xlm("1000")).await.address();
    let provider = Key::generate().unwrap().address();
    let deadline = chain.now().await + 1_000;
    let mut config = chain.settler_config();
    config.channels.count = 2;
    for lease in 1..=LEASES {
        let terms = chain.terms(tenant, provider, "36", deadline);
        log.push(ExchangeEvent::LeaseOpened { lease: LeaseId(lease), terms });
    }
    let settler = Settler::start(config.clone(), log.clone());
    idle(&settler, LEASES).await;
    settler.stop().await.unwrap();
    // One is settled by the operator's own hand, otherwise than the log will say.
    let proof = berth_wire::domain::Digest([9; 32]);
    chain.operator().call(chain.escrow.settle(LeaseId(3), 60, proof)).await.unwrap();
    for lease in 1..=LEASES {
        log.push(closed(LeaseId(lease), 600, true));
    }
    let settler = Settler::start(config, log.clone());
    idle(&settler, 2 * LEASES).await;
    assert_eq!(settler.status().failed, 1, "lease 3 was settled for less");
    log.wait_for(1 + 2 * usize::try_from(LEASES).unwrap()).await;
    settler.stop().await.unwrap();

    let start = EventStart::Ledger(chain.rpc.oldest_ledger().await.unwrap());
    let page = chain.rpc.events(chain.escrow.id(), &start, 1_000).await.unwrap();
    let settled =
        page.events.iter().filter(|event| matches!(read_event(event).unwrap(), Some(EscrowEvent::Settled { .. })));
    let mut of_each: BTreeMap<&str, u64> = BTreeMap::new();
    for event in settled {
        *of_each.entry(&event.tx).or_default() += 1;
    }
    assert_eq!(of_each.values().sum::<u64>(), LEASES);
    assert!(of_each.values().any(|count| *count > 1), "one to a transaction: {of_each:?}");
    let others = i64::try_from(LEASES - 1).unwrap();
    assert_eq!(chain.balance(provider).await, others * 57_000_000 + 5_700_000);
}

#[tokio::test]
async fn top_ups_are_added_once_each_before_the_lease_is_settled() {
    let chain = Chain::start().await;
    let log = Log::default();
    let tenant = chain.tenant(xlm("20")).await.address();
    let provider = Key::generate().unwrap().address();
    let lease = LeaseId(1);
    let terms = chain.terms(tenant, provider, "6", chain.now().await + 5_000);
    let ask = |number, amount| ExchangeEvent::TopUpRequested { lease, number, amount: xlm(amount) };
    log.push(ExchangeEvent::LeaseOpened { lease, terms });
    log.push(ask(1, "3"));
    let settler = Settler::start(chain.settler_config(), log.clone());
    log.wait_for(3).await;
    settler.stop().await.unwrap();
    log.push(ExchangeEvent::ToppedUp { lease });
    // More than the account has, and then what it can pay: to the contract the second.
    log.push(ask(2, "100"));
    let settler = Settler::start(chain.settler_config(), log.clone());
    log.wait_for(4).await;
    log.push(ask(3, "4"));
    log.push(closed(lease, 1_200, true));
    let facts = log.wait_for(6).await;
    idle(&settler, 6).await;
    settler.stop().await.unwrap();

    let Fact::ToppedUp(first) = &facts[2] else { panic!("{facts:?}") };
    let Fact::TopUpFailed(second) = &facts[3] else { panic!("{facts:?}") };
    let Fact::ToppedUp(third) = &facts[4] else { panic!("{facts:?}") };
    let Fact::Paid(paid) = &facts[5] else { panic!("{facts:?}") };
    assert_eq!((first.amount, second.number, third.amount), (xlm("3"), 2, xlm("4")));
    assert_eq!(second.reason, "the balance in escrow is too low");
    assert_eq!((paid.pay, paid.refund), (xlm("12"), xlm("1")), "1,200 seconds at 0.01 XLM, out of 13");

    // One that lost its data reads the log again, and adds nothing twice.
    let mut config = chain.settler_config();
    config.data_dir = chain.dir.path().join("another");
    let settler = Settler::start(config, log.clone());
    idle(&settler, 6).await;
    settler.stop().await.unwrap();
    assert_eq!(log.facts().len(), 6);
    assert_eq!(chain.balance(tenant).await, 80_000_000);
}
