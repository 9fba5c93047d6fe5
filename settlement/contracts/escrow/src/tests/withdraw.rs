use super::*;
use crate::event;

impl World {
    fn request(&self, amount: i128) -> Result<(), Error> {
        refusal(self.escrow.try_request_withdraw(&self.tenant, &self.token.address, &amount))
    }

    fn pay(&self, by: &Address) -> Result<i128, Error> {
        refusal(self.escrow.try_pay_withdraw(&self.tenant, &self.token.address, by))
    }

    fn put_back(&self) -> Result<(), Error> {
        refusal(self.escrow.try_cancel_withdraw(&self.tenant, &self.token.address))
    }

    fn since(&self) -> u64 {
        self.escrow.requested(&self.tenant, &self.token.address).unwrap().since
    }
}

fn a_request_sets_money_aside_and_adding_to_it_restarts_the_delay(host: Host) {
    let world = World::with_deposit(host, 500);
    world.request(200).unwrap();
    world.at(NOW + 100).request(50).unwrap();
    let (account, token) = (world.tenant.clone(), world.token.address.clone());
    world.published(&event::WithdrawRequested { account, token, amount: 250 });
    assert_eq!((world.requested(), world.since()), (250, NOW + 100));
    assert_eq!((world.balances(), world.held()), ([250, 0, 0], 500));
}

fn a_request_beyond_the_balance_is_refused(host: Host) {
    let world = World::with_deposit(host, 500);
    for (amount, error) in [
        (501, Error::BalanceTooLow),
        (i128::MAX, Error::BalanceTooLow),
        (0, Error::AmountNotPositive),
        (-5, Error::AmountNotPositive),
    ] {
        assert_eq!(world.request(amount), Err(error), "{amount}");
    }
    assert_eq!((world.balances(), world.requested()), ([500, 0, 0], 0));
}

fn the_operator_pays_at_once_and_anyone_else_after_the_delay(host: Host) {
    let world = World::with_deposit(host, 500);
    world.request(200).unwrap();
    assert_eq!(world.pay(&world.provider), Err(Error::DelayNotPassed));
    assert_eq!(world.pay(&world.operator), Ok(200));
    let (account, token) = (world.tenant.clone(), world.token.address.clone());
    world.published(&event::Withdrawn { account, token, amount: 200 });
    assert_eq!((world.token.balance(&world.tenant), world.held()), (700, 300));

    world.request(300).unwrap();
    world.at(NOW + DELAY - 1);
    assert_eq!(world.pay(&world.provider), Err(Error::DelayNotPassed));
    world.at(NOW + DELAY);
    assert_eq!(world.pay(&world.provider), Ok(300));
    assert_eq!((world.token.balance(&world.tenant), world.held()), (1_000, 0));
    assert_eq!(world.pay(&world.operator), Err(Error::NoRequest));
}

fn a_cancelled_request_returns_to_the_balance(host: Host) {
    let world = World::with_deposit(host, 500);
    world.request(200).unwrap();
    world.put_back().unwrap();
    let (account, token) = (world.tenant.clone(), world.token.address.clone());
    world.published(&event::WithdrawCancelled { account, token, amount: 200 });
    assert_eq!((world.balances(), world.requested()), ([500, 0, 0], 0));
    assert_eq!(world.put_back(), Err(Error::NoRequest));
}

fn opening_a_lease_ranks_before_a_request(host: Host) {
    let world = World::with_deposit(host, 500);
    world.request(400).unwrap();
    // The balance first (100), then 150 of the request, which keeps its age.
    world.at(NOW + 10).open(1, 250).unwrap();
    assert_eq!((world.requested(), world.since()), (250, NOW));
    assert_eq!(world.balances(), [0, 0, 0]);
    // What is left is paid, not what was asked for.
    assert_eq!((world.pay(&world.operator), world.held()), (Ok(250), 250));
}

fn a_lease_may_take_a_request_whole_but_not_more(host: Host) {
    let world = World::with_deposit(host, 500);
    world.request(500).unwrap();
    assert_eq!(world.open(1, 501), Err(Error::BalanceTooLow));
    assert_eq!(world.requested(), 500);
    world.open(1, 500).unwrap();
    assert_eq!(world.escrow.requested(&world.tenant, &world.token.address), None);
    assert_eq!(world.pay(&world.operator), Err(Error::NoRequest));
}

fn who_has_ended_its_mandate_gets_all_that_it_asked_for(host: Host) {
    let world = World::with_deposit(host, 500);
    world.escrow.set_tenant_mandate(&world.tenant, &world.token.address, &0, &0, &0);
    world.request(500).unwrap();
    assert_eq!(world.open(1, 1), Err(Error::NoMandate));
    world.at(NOW + DELAY);
    assert_eq!((world.pay(&world.tenant), world.held()), (Ok(500), 0));
}

fn the_treasury_withdraws_its_fees_like_anyone(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 400).unwrap();
    world.settle(1, 400).unwrap();
    assert_eq!(world.balances(), [100, 380, 20]);
    world.escrow.request_withdraw(&world.treasury, &world.token.address, &20);
    world.escrow.pay_withdraw(&world.treasury, &world.token.address, &world.operator);
    assert_eq!((world.token.balance(&world.treasury), world.held()), (1_020, 480));
}

on_both_hosts!(
    a_request_sets_money_aside_and_adding_to_it_restarts_the_delay,
    a_request_beyond_the_balance_is_refused,
    the_operator_pays_at_once_and_anyone_else_after_the_delay,
    a_cancelled_request_returns_to_the_balance,
    opening_a_lease_ranks_before_a_request,
    a_lease_may_take_a_request_whole_but_not_more,
    who_has_ended_its_mandate_gets_all_that_it_asked_for,
    the_treasury_withdraws_its_fees_like_anyone,
);
