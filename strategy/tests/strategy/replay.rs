//! Strategies over recorded logs.

use std::convert::Infallible;

use berth_domain::{Address, Entry, ProviderId};
use berth_simulator::{Run, simulate};
use berth_strategy::replay::from_log;
use berth_strategy::{Happening, Maker, MakerConfig, Out, Strategy, TenantConfig, View};

use crate::floor::{exchange, host, maker, order, pass, rate, seat, sit_maker, sit_tenant, tenant};

/// Sees all and says nothing.
struct Silent(u64);

impl Strategy for Silent {
    fn on(&mut self, _: &View, happening: &Happening, _: &mut Out) {
        self.0 += u64::from(matches!(happening, Happening::Book));
    }
}

fn entries(log: Vec<Entry>) -> impl Iterator<Item = Result<Entry, Infallible>> {
    log.into_iter().map(Ok)
}

/// Who says nothing changes nothing, over whole simulated worlds.
#[test]
fn who_says_nothing_changes_nothing() {
    for seed in 1..=10 {
        let log = simulate(&Run::of(seed)).unwrap_or_else(|failure| panic!("{failure}")).log;
        let config = seat(Address([9; 32]), "12.5", Vec::new());
        let (report, seat) = from_log(entries(log), Silent(0), config).expect("the world's log is valid");
        assert_eq!((report.dropped, report.diverged), (0, 0), "seed {seed}");
        assert_eq!(report.leases, report.leases_there, "seed {seed}");
        assert_eq!((report.own.len(), report.available.as_str()), (0, "12.5"));
        assert!(seat.strategy().0 > 10, "seed {seed}: it saw the book move");
    }
}

#[test]
fn a_cheaper_maker_would_have_had_the_leases() {
    let mut x = exchange();
    sit_maker(&mut x, maker(), 8);
    sit_tenant(&mut x, TenantConfig { repeat: true, order: order("2", 600), ..tenant(3) });
    pass(&mut x, 2 * 3_600_000);
    let leases = x.exchange().leases().count() as u64;
    assert!(leases > 10, "{leases}");

    // Its host is the first of its log: it registers before all others.
    let cheap = MakerConfig { provider: ProviderId(1), cost: rate("0.5"), ..maker() };
    let config = seat(Address([9; 32]), "0", vec![host(8)]);
    let run = || from_log(entries(x.log().to_vec()), Maker::new(cheap.clone()), config.clone()).expect("a valid log");
    let (report, seat) = run();
    assert_eq!((report.leases, report.diverged), (leases, 0));
    assert!(report.own.len() as u64 > leases / 3, "{} of {leases}", report.own.len());
    assert!(report.own.iter().all(|lease| lease.side == "provider"));
    assert!(report.available.parse::<berth_domain::Stroops>().expect("an amount").get() > 0, "{}", report.available);
    assert_eq!(seat.ended(), None);
    assert_eq!(run().0, report, "the same again");
}
