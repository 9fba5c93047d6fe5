//! The provider's market maker.

use berth_domain::{CancelAll, FinishLease, FinishOutcome, LeaseId, PauseMarket, Text};
use berth_strategy::{Happening, Maker, MakerConfig, Out, Strategy, View};

use crate::floor::{MAKER, host};
use crate::floor::{exchange, last_note, maker, pass, rival, say, seat, sit_maker, sit_tenant, supply, tenant, told};

#[test]
fn it_quotes_its_free_units_above_its_cost_and_follows_the_book_down_to_it() {
    let mut x = exchange();
    sit_maker(&mut x, maker(), 5);
    pass(&mut x, 1_000);
    // Alone: 1 with 10 % margin, and half of that on it.
    assert_eq!(supply(&x), "maker 1.65×3, maker 1.66×2");
    rival(&mut x, "1.4", 4);
    pass(&mut x, 1_000);
    assert_eq!(supply(&x), "maker 1.39×3, rival 1.4×4, maker 1.4×2");
    let account = rival(&mut x, "0.5", 1);
    pass(&mut x, 1_000);
    assert_eq!(supply(&x), "rival 0.5×1, maker 1.1×3, maker 1.11×2, rival 1.4×4", "never below its reserve");
    say(&mut x, account, CancelAll { market: None, session: None });
    pass(&mut x, 1_000);
    assert_eq!(supply(&x), "maker 1.65×3, maker 1.66×2");
}

#[test]
fn what_is_left_becomes_dearer_the_more_is_leased() {
    let mut x = exchange();
    let maker = sit_maker(&mut x, MakerConfig { levels: 1, ..maker() }, 4);
    let tenant = sit_tenant(&mut x, tenant(2));
    pass(&mut x, 10_000);
    // Half is leased, so half of the hundred percent is on 1.1, and half on that.
    assert_eq!(supply(&x), "maker 2.475×2");
    assert_eq!(x.seats()[tenant].view().own.leases().count(), 2);
    assert_eq!(last_note(&x.seats()[maker], "leased")["units"], 1);
    pass(&mut x, 2 * 3_600_000);
    assert_eq!(supply(&x), "maker 1.65×4", "the leases are over");
    assert_eq!(x.seats()[tenant].ended(), Some("all leases have run to their end"));
}

#[test]
fn refusals_in_a_row_end_it() {
    let mut x = exchange();
    let i = sit_maker(&mut x, maker(), 4);
    pass(&mut x, 1_000);
    let operator = x.exchange().operator();
    let market = x.exchange().markets().next().expect("a market").id;
    say(&mut x, operator, PauseMarket { market });
    rival(&mut x, "1.4", 1);
    // The rival was refused, too, so that nothing changed: only a lease's end or
    // another book makes the maker say something.
    assert_eq!(x.seats()[i].ended(), None);
    let mut y = exchange();
    let i = sit_maker(&mut y, MakerConfig { set: 1, ..maker() }, 4);
    let (operator, market) = (y.exchange().operator(), y.exchange().markets().next().expect("a market").id);
    say(&mut y, operator, PauseMarket { market });
    pass(&mut y, 5_000);
    assert_eq!(y.seats()[i].ended(), Some("3 refusals in a row: MARKET_PAUSED"));
    assert_eq!(told(&y.seats()[i]).iter().filter(|event| **event == "refused").count(), 3);
    assert_eq!(supply(&y), "");
}

#[test]
fn failed_leases_end_it_and_take_its_quotes_back() {
    let mut x = exchange();
    let i = sit_maker(&mut x, maker(), 4);
    sit_tenant(&mut x, tenant(1));
    for lease in 1..=2 {
        pass(&mut x, 20_000);
        let provider = x.exchange().lease(LeaseId(lease)).expect("a lease").provider_account;
        let failed = FinishLease {
            lease: LeaseId(lease),
            outcome: FinishOutcome::Failed,
            exit_code: None,
            result: None,
            detail: Text::lossy("it broke"),
        };
        say(&mut x, provider, failed);
        pass(&mut x, 1_000);
        assert_eq!(x.seats()[i].ended().is_some(), lease == 2);
    }
    assert_eq!(x.seats()[i].ended(), Some("2 leases have failed, the last is 2"));
    assert_eq!(supply(&x), "");
}

#[test]
fn a_host_of_somebody_else_is_not_quoted() {
    let mut x = exchange();
    let seats = x.sit(Maker::new(maker()), seat(MAKER, "0", Vec::new())).expect("it sits");
    pass(&mut x, 100);
    assert_eq!(x.seats()[seats].ended(), Some("host 1 is not the account's"));
}

/// A maker that dies after so many happenings.
struct Mortal(Maker, usize);

impl Strategy for Mortal {
    fn on(&mut self, view: &View, happening: &Happening, out: &mut Out) {
        if self.1 > 0 {
            self.1 -= 1;
            self.0.on(view, happening, out);
        }
    }
}

#[test]
fn when_the_maker_is_dead_its_quotes_end_with_the_timer() {
    let mut x = exchange();
    x.sit(Mortal(Maker::new(maker()), 4), seat(MAKER, "0", vec![host(4)])).expect("it sits");
    pass(&mut x, 2_000);
    assert_eq!(supply(&x), "maker 1.65×2, maker 1.66×2");
    pass(&mut x, 20_000);
    assert_eq!(supply(&x), "");
    // One that lives has them as long as it lives.
    let mut y = exchange();
    sit_maker(&mut y, maker(), 4);
    pass(&mut y, 60_000);
    assert_eq!(supply(&y), "maker 1.65×2, maker 1.66×2");
}

#[test]
fn requotes_are_no_closer_than_the_pause() {
    let mut x = exchange();
    let i = sit_maker(&mut x, MakerConfig { pause_ms: 1_000, ..maker() }, 4);
    pass(&mut x, 1_500);
    for price in ["1.5", "1.49", "1.48", "1.47", "1.46"] {
        rival(&mut x, price, 1);
        pass(&mut x, 20);
    }
    pass(&mut x, 3_000);
    assert_eq!(last_note(&x.seats()[i], "quoted")["quotes"][0][0], "1.45");
    let times: Vec<u64> =
        x.seats()[i].notes().iter().filter(|note| note.event == "quoted").map(|note| note.at.0).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 1_000_000), "{times:?}");
}
