//! What is kept from events is what the engine has.

use std::collections::{BTreeMap, BTreeSet};

use berth_audit::Player;
use berth_domain::{Address, LeaseState, OrderState};
use berth_simulator::{Run, simulate};
use berth_strategy::{Own, OwnEvent};
use berth_wire::event::event_json;

/// What a channel says is what the engine said, and what is kept from it is what
/// the engine has, of every account over whole simulated worlds.
#[test]
fn what_is_own_is_what_the_engine_has() {
    let (mut seen, mut orders, mut leases) = (0, 0, 0);
    for seed in 1..=12 {
        let log = simulate(&Run::of(seed)).unwrap_or_else(|failure| panic!("{failure}")).log;
        let (mut player, mut owns) = (Player::new(), BTreeMap::<Address, Own>::new());
        for entry in &log {
            let events = player.play(entry).expect("the world's log is valid").events.to_vec();
            let x = player.exchange();
            for account in x.accounts().skip(owns.len()) {
                owns.insert(account.address, Own::new(account.address));
            }
            for event in &events {
                let of = OwnEvent::of(x, event);
                assert_eq!(OwnEvent::read(&event_json(event, &berth_render::Named(x))), of, "{event:?}");
                let Some(of) = of else { continue };
                seen += 1;
                for own in owns.values_mut() {
                    own.take(entry.seq.0, entry.at, &of);
                }
            }
        }
        let x = player.exchange();
        for account in x.accounts() {
            let own = &owns[&account.address];
            let live = x.orders().filter(|order| order.account == account.id && order.is_live());
            let live: Vec<_> =
                live.map(|order| (order.id, order.remaining, order.state == OrderState::Parked)).collect();
            let kept: Vec<_> = own.orders().map(|order| (order.id, order.remaining, order.is_parked)).collect();
            assert_eq!(kept, live, "seed {seed}, account {}", account.id.0);
            orders += live.len();
            let of = x.leases().filter(|lease| lease.tenant == account.id || lease.provider_account == account.id);
            let there: BTreeSet<_> =
                of.filter(|lease| lease.state != LeaseState::Closed).map(|lease| lease.id).collect();
            let kept: BTreeSet<_> =
                own.leases().filter(|lease| lease.state != LeaseState::Closed).map(|lease| lease.id).collect();
            assert_eq!(kept, there, "seed {seed}, account {}", account.id.0);
            leases += own.leases().count();
        }
    }
    assert!(seen > 1_000 && leases > 100, "{seen} events, {orders} orders, {leases} leases");
}
