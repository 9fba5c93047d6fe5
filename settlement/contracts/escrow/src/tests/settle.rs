use super::*;
use crate::{Outcome, Payment, Settle, event};

fn settling_pays_by_the_second_and_returns_the_rest(host: Host) {
    //  locked  seconds    tenant provider treasury
    for (locked, seconds, expected) in [
        (360, 0, [500, 0, 0]),
        (360, 1, [499, 1, 0]),
        (360, 100, [400, 95, 5]),
        (360, 119, [381, 114, 5]),
        (360, 360, [140, 342, 18]),
        (360, 361, [140, 342, 18]),
        (360, u64::MAX, [140, 342, 18]),
    ] {
        let world = World::with_deposit(host, 500);
        world.open(1, locked).unwrap();
        world.settle(1, seconds).unwrap();
        assert_eq!(world.balances(), expected, "{seconds} s");
        assert_eq!(world.held(), 500);
    }
}

fn pay_and_fee_round_down(host: Host) {
    //    rate/h  seconds  tenant provider treasury
    for (rate_per_hour, seconds, expected) in [
        (3_599, 1, [500, 0, 0]),
        (3_600, 1, [499, 1, 0]),
        (7_199, 1, [499, 1, 0]),
        // 19 stroops at 5 % are 0.95.
        (3_600, 19, [481, 19, 0]),
        (3_600, 20, [480, 19, 1]),
        (i128::MAX, 1, [140, 342, 18]),
    ] {
        let world = World::with_deposit(host, 500);
        world.open_on(1, &Terms { rate_per_hour, ..world.terms(360) }).unwrap();
        world.settle(1, seconds).unwrap();
        assert_eq!(world.balances(), expected, "{seconds} s at {rate_per_hour}");
    }
}

fn no_second_counts_beyond_the_deadline(host: Host) {
    let world = World::with_deposit(host, 500);
    world.at(NOW + 50);
    world.open_on(1, &Terms { deadline: NOW + 150, ..world.terms(360) }).unwrap();
    world.settle(1, 101).unwrap();
    assert_eq!(world.balances(), [400, 95, 5]);
    let Outcome::Settled(payment, _) = world.lease(1).outcome else { panic!("it is settled") };
    assert_eq!(payment.seconds, 100);
}

fn a_settled_lease_keeps_its_record_and_tells_it(host: Host) {
    let world = World::with_deposit(host, 500);
    world.open(1, 360).unwrap();
    world.settle(1, 100).unwrap();
    let proof = world.proof();
    let (pay, fee, refund, seconds) = (100, 5, 260, 100);
    world.published(&event::Settled { lease: 1, pay, fee, refund, seconds, proof: proof.clone() });
    assert_eq!(world.lease(1).outcome, Outcome::Settled(Payment { pay, fee, refund, seconds }, proof));
}

fn the_window_divides_settling_from_refunding_to_the_second(host: Host) {
    let end = DEADLINE + WINDOW;
    //   at        settle                     receipt                    refund
    for (at, settles, receipts, refunds) in [
        (DEADLINE, Ok(()), Ok(()), Err(Error::WindowNotPassed)),
        (DEADLINE + 1, Ok(()), Ok(()), Err(Error::WindowNotPassed)),
        (end, Ok(()), Ok(()), Err(Error::WindowNotPassed)),
        (end + 1, Err(Error::WindowPassed), Err(Error::WindowPassed), Ok(())),
    ] {
        let world = World::with_deposit(host, 500);
        for lease in 1..=3 {
            world.open(lease, 100).unwrap();
        }
        world.at(at);
        assert_eq!(world.settle(1, 10), settles, "{at}");
        assert_eq!(world.receipt(2, 10, 1), receipts, "{at}");
        assert_eq!(world.refund(3), refunds, "{at}");
    }
}

fn the_operator_cannot_settle_below_what_its_node_receipted(host: Host) {
    //  receipted  settled  paid
    for (receipted, settled, paid) in [(100, 0, 100), (100, 99, 100), (100, 101, 101), (u64::MAX, 0, 360)] {
        let world = World::with_deposit(host, 500);
        world.open(1, 360).unwrap();
        world.receipt(1, receipted, 1).unwrap();
        world.settle(1, settled).unwrap();
        assert_eq!(world.balances()[0], 500 - paid, "{receipted} receipted, {settled} settled");
    }
}

fn a_batch_settles_what_can_be_and_says_what_cannot(host: Host) {
    let world = World::with_deposit(host, 500);
    for lease in 1..=4 {
        world.open(lease, 100).unwrap();
    }
    world.settle(2, 1).unwrap();
    let one = |lease, seconds| Settle { lease, seconds, proof: world.proof() };
    let batch = vec![&world.env, one(1, 10), one(2, 10), one(9, 10), one(3, 20), one(3, 30)];
    let told = world.escrow.settle_many(&batch);
    let (closed, unknown) = (Error::LeaseNotOpen as u32, Error::NoSuchLease as u32);
    assert_eq!(told, vec![&world.env, 0, closed, unknown, 0, closed]);
    // 1, 10 and 20 seconds, of which only the last leave a fee.
    assert_eq!(world.balances(), [500 - 100 - 31, 30, 1]);
    world.at(DEADLINE + WINDOW + 1);
    let told = world.escrow.settle_many(&vec![&world.env, one(4, 10)]);
    assert_eq!(told, vec![&world.env, Error::WindowPassed as u32]);
    world.refund(4).unwrap();
    assert_eq!(world.escrow.settle_many(&Vec::new(&world.env)).len(), 0);
    assert_eq!((world.balances(), world.held()), ([500 - 31, 30, 1], 500));
}

on_both_hosts!(
    settling_pays_by_the_second_and_returns_the_rest,
    pay_and_fee_round_down,
    no_second_counts_beyond_the_deadline,
    a_settled_lease_keeps_its_record_and_tells_it,
    the_window_divides_settling_from_refunding_to_the_second,
    the_operator_cannot_settle_below_what_its_node_receipted,
    a_batch_settles_what_can_be_and_says_what_cannot,
);
