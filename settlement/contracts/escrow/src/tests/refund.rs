//! Exits without the operator, who has vanished in all of these.

use super::*;
use crate::{Outcome, Payment, event};

const AFTER: u64 = DEADLINE + WINDOW + 1;

fn without_a_receipt_the_tenant_gets_everything(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 360).unwrap();
    world.at(AFTER).refund(1).unwrap();
    world.published(&event::Refunded { lease: 1, pay: 0, fee: 0, refund: 360, seconds: 0 });
    assert_eq!(world.balances(), [500, 0, 0]);
    let nothing = Payment { pay: 0, fee: 0, refund: 360, seconds: 0 };
    assert_eq!(world.lease(1).outcome, Outcome::Refunded(nothing));
}

fn the_provider_is_paid_for_what_was_receipted_and_the_tenant_gets_the_rest(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 360).unwrap();
    world.receipt(1, 60, 6).unwrap();
    world.receipt(1, 100, 10).unwrap();
    world.at(AFTER).refund(1).unwrap();
    world.published(&event::Refunded { lease: 1, pay: 100, fee: 5, refund: 260, seconds: 100 });
    assert_eq!(world.balances(), [400, 95, 5]);
}

fn a_receipt_pays_for_top_ups_as_well(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 100).unwrap();
    world.receipt(1, 150, 1).unwrap();
    world.top_up(1, 1, 100, DEADLINE).unwrap();
    world.at(AFTER).refund(1).unwrap();
    assert_eq!(world.balances(), [350, 143, 7]);
}

fn everybody_leaves_with_what_is_theirs(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 360).unwrap();
    world.receipt(1, 100, 1).unwrap();
    world.at(AFTER).refund(1).unwrap();
    let World { tenant, provider, treasury, token, .. } = &world;
    for (who, amount) in [(tenant, 400), (provider, 95), (treasury, 5)] {
        world.escrow.request_withdraw(who, &token.address, &amount);
    }
    world.at(AFTER + DELAY);
    for who in [tenant, provider, treasury] {
        world.escrow.pay_withdraw(who, &token.address, provider);
    }
    assert_eq!([tenant, provider, treasury].map(|who| token.balance(who)), [900, 1_095, 1_005]);
    assert_eq!(world.held(), 0);
}

on_both_hosts!(
    without_a_receipt_the_tenant_gets_everything,
    the_provider_is_paid_for_what_was_receipted_and_the_tenant_gets_the_rest,
    a_receipt_pays_for_top_ups_as_well,
    everybody_leaves_with_what_is_theirs,
);
