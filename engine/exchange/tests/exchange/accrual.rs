//! A lease's pay against a slow model that counts it second by second.

use berth_domain::{LeaseId, LeaseState};
use berth_exchange::Lease;
use proptest::prelude::*;

use crate::cast::genesis;
use crate::script::Stage;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Wait(u64),
    Beat { healthy: bool },
    TopUp(u64),
    Tops,
    Refuses,
    Backlog(u64),
}

/// What the design says of one lease, as plain as it goes.
struct Model {
    now: u64,
    /// Whether the lease was funded in each second, and whether that is paid.
    funded: Vec<bool>,
    paid: Vec<bool>,
    /// Seconds of funds that are left.
    left: u64,
    /// When it was last heard; `None` after a suspension.
    heard: Option<u64>,
    gap: Option<(u64, u64)>,
    top_up: Option<u64>,
}

const GRACE: u64 = 60;
const WINDOW: u64 = 150;

impl Model {
    fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.funded.push(self.left > 0);
            self.paid.push(false);
            self.left = self.left.saturating_sub(1);
            self.now += 1;
        }
    }

    fn beat(&mut self, healthy: bool) {
        if let Some(heard) = self.heard
            && healthy
        {
            if self.now - heard <= GRACE {
                self.pay(heard, self.now);
            } else if self.seconds(heard, self.now).any(|second| self.funded[second]) {
                self.gap = Some((heard, self.now));
            }
        }
        self.heard = Some(self.now);
    }

    fn backlog(&mut self, beats: &[u64]) -> bool {
        let Some((from, to)) = self.gap else { return false };
        let all = [&[from], beats, &[to]].concat();
        let fits = all.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= GRACE) && to - from <= WINDOW;
        if fits {
            self.pay(from, to);
            self.gap = None;
        }
        fits
    }

    fn tops(&mut self) {
        let Some(seconds) = self.top_up.take() else { return };
        if self.left == 0 {
            self.heard = None;
        }
        self.left += seconds;
    }

    fn pay(&mut self, from: u64, to: u64) {
        for second in self.seconds(from, to) {
            assert!(!self.paid[second], "a second is paid once");
            self.paid[second] = self.funded[second];
        }
    }

    fn seconds(&self, from: u64, to: u64) -> std::ops::Range<usize> {
        usize::try_from(from).expect("small")..usize::try_from(to).expect("small")
    }

    fn evidenced(&self) -> u64 {
        self.paid.iter().filter(|paid| **paid).count() as u64
    }
}

const DURATION: u64 = 500;

fn lease(stage: &Stage) -> Lease {
    stage.desk.exchange.lease(LeaseId(1)).expect("the script opens one").clone()
}

fn goes_on(stage: &Stage) -> bool {
    matches!(lease(stage).state, LeaseState::Running | LeaseState::Suspended)
}

fn play(rate: u64, prepay: u64, steps: &[Step]) {
    let mut stage = Stage::new(genesis());
    let price = format!("0.{rate:07}");
    stage.play(&format!("ada bid p1 H100-80 1 @ {price}"));
    stage.play(&format!("tom order H100-80 1x1 @ {price} for={DURATION} prepay={prepay}"));
    stage.play("chain escrowed l1");
    stage.play("ada start l1");
    let mut model =
        Model { now: 0, funded: vec![], paid: vec![], left: prepay, heard: Some(0), gap: None, top_up: None };
    for step in steps {
        match *step {
            Step::Wait(seconds) => {
                stage.play(&format!("wait {seconds}"));
                model.pass(seconds);
            }
            Step::Beat { healthy } => {
                let told = stage.play(if healthy { "ada beat l1" } else { "ada beat l1 unhealthy" });
                assert!(!told[0].starts_with("refused"), "{told:?}");
                model.beat(healthy);
            }
            Step::TopUp(seconds) => {
                let told = stage.play(&format!("tom topup l1 {seconds}"));
                if told[0].starts_with("top-up") {
                    model.top_up = Some(seconds);
                }
            }
            Step::Tops => {
                stage.play("chain tops l1");
                model.tops();
            }
            Step::Refuses => {
                let number = lease(&stage).funding.top_ups;
                stage.play(&format!("chain refuses l1 topup {number}"));
                model.top_up = None;
            }
            Step::Backlog(every) => {
                let (from, to) = model.gap.unwrap_or((0, 0));
                let beats: Vec<u64> = (1..).map(|n| from + n * every).take_while(|at| *at < to).take(50).collect();
                let words: Vec<String> = beats.iter().map(u64::to_string).collect();
                let told = stage.play(&format!("ada backlog l1 {}", words.join(" ")));
                let is_taken = !told[0].starts_with("refused");
                if goes_on(&stage) {
                    assert_eq!(is_taken, model.backlog(&beats), "{told:?}");
                }
            }
        }
        if !goes_on(&stage) {
            break;
        }
        let lease = lease(&stage);
        assert_eq!(lease.evidence.seconds().0, model.evidenced(), "what is evidenced after {step:?}");
        assert_eq!(lease.state == LeaseState::Suspended, model.left == 0, "whether it is suspended after {step:?}");
    }
    // However it ends, what was held is paid, refunded or released to the last
    // stroop: the desk checks every entry on the way.
    stage.play("tom stop l1");
    stage.play("ada finish l1 stopped");
    if lease(&stage).funding.top_up.is_some() {
        stage.play(if rate.is_multiple_of(2) { "chain tops l1" } else { "chain refuses l1 topup 1" });
    }
    stage.play("chain pays l1");
    let (lease, tom) = (lease(&stage), stage.desk.exchange.balances(stage.account("tom")));
    assert!(lease.pay <= lease.escrow, "no more is paid than the escrow held");
    let exact = u128::from(rate) * u128::from(lease.paid_seconds().0) / 3_600;
    assert_eq!(u128::from(lease.pay.get().unsigned_abs()), exact, "pay is the floor of what the seconds owe");
    let in_flight = lease.funding.top_up.map_or(0, |top_up| top_up.amount.get());
    assert_eq!(tom.available.get(), 10_000_000_000 - lease.pay.get() - in_flight, "the rest is the tenant's again");
    assert_eq!((tom.held.get(), tom.escrowed.get()), (in_flight, 0));
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..20_u64).prop_map(Step::Wait),
        2 => (20..90_u64).prop_map(Step::Wait),
        8 => Just(Step::Beat { healthy: true }),
        1 => Just(Step::Beat { healthy: false }),
        2 => (1..200_u64).prop_map(Step::TopUp),
        2 => Just(Step::Tops),
        1 => Just(Step::Refuses),
        3 => prop_oneof![Just(10_u64), Just(30), Just(59), Just(60), Just(61)].prop_map(Step::Backlog),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_lease_is_paid_for_the_seconds_that_are_funded_and_evidenced(
        rate in 3_600..5_000_000_u64,
        prepay in 1..DURATION,
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        play(rate, prepay, &steps);
    }
}
