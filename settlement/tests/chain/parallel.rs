//! Several transactions in flight at once, by channels.

use std::collections::BTreeMap;

use berth_settlement::chain::{EventStart, Key};
use berth_settlement::contract::{EscrowEvent, read_event};
use berth_settlement::{ExchangeEvent, Settler};
use berth_wire::domain::LeaseId;
use berth_wire::request::Fact;

use crate::exchange::Log;
use crate::restarts::{closed, idle};
use crate::setup::{Chain, terms, xlm};

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
        let terms = terms(tenant, provider, "36", deadline);
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
        let terms = terms(tenant, tenant, "36", deadline);
        log.push(ExchangeEvent::LeaseOpened { lease: LeaseId(lease), terms });
    }
    log.wait_for(3).await;
    assert_eq!(settler.status().lanes, 1);
    settler.stop().await.unwrap();
}
