//! What tenants want: orders of every kind.

use berth_domain::{
    BidId, Digest, Limits, Micros, Mode, PlaceOrder, Rate, Resources, Seconds, TimeInForce, TrustLevel, Uptime, Verify,
};

use super::Scene;
use crate::cast::region;
use crate::reads;
use crate::setting::SECOND;

const IN_FORCE: [TimeInForce; 7] = {
    use TimeInForce::{Fok, Gtc, Gtd, Ioc};
    [Gtc, Gtc, Gtc, Gtd, Ioc, Fok, Fok]
};

pub(super) fn order(scene: &mut Scene<'_>) -> Option<PlaceOrder> {
    let market = scene.market()?;
    let is_gpu = reads::class(scene.x, market).is_gpu();
    let limits = limits(scene);
    let now = scene.now;
    let dice = &mut *scene.dice;
    let duration = dice.pick(&[10, 45, 60, 120, 300, 900]);
    let prepay = dice.pick(&[duration, duration, duration, duration / 2, 1]);
    let mode = dice.pick(&[Mode::Auto, Mode::Auto, Mode::Auto, Mode::Auto, Mode::Auto, Mode::Manual, Mode::Auction]);
    let time_in_force = match mode {
        Mode::Auto => dice.pick(&IN_FORCE),
        Mode::Manual => dice.pick(&[TimeInForce::Gtc, TimeInForce::Gtd]),
        Mode::Auction => TimeInForce::Gtc,
    };
    let lasts = dice.between(SECOND / 2, 120 * SECOND);
    let expires_at = (time_in_force == TimeInForce::Gtd).then_some(Micros(now.0 + lasts));
    let closes_at = (mode == Mode::Auction).then_some(Micros(now.0 + lasts));
    let requires = dice.pick(&["", "", "", "eu", "us"]);
    let (units, replicas) = (dice.small(1, 3), dice.small(1, 4));
    let order = PlaceOrder {
        market,
        units,
        resources: Resources {
            cpu: if is_gpu { dice.small(0, 2) } else { 0 },
            memory: dice.below(4),
            storage: dice.below(3),
        },
        replicas,
        limits,
        duration: Seconds(duration),
        prepay: Seconds(prepay),
        mode,
        closes_at,
        time_in_force,
        expires_at,
        post_only: false,
        self_trade: scene.self_trade(),
        requires: if requires.is_empty() { Vec::new() } else { vec![region(requires)] },
        min_uptime: None,
        aim: None,
        failover: false,
        verify: Verify::None,
        spec_hash: Digest([3; 32]),
        session: None,
        client_id: scene.client_id(),
    };
    Some(with_terms(scene, order))
}

/// The same with what few ask for: one bid alone, a standby, a check, an uptime.
fn with_terms(scene: &mut Scene<'_>, mut order: PlaceOrder) -> PlaceOrder {
    let is_auto = order.mode == Mode::Auto;
    let at_once = matches!(order.time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
    let is_whole = order.time_in_force == TimeInForce::Fok;
    if is_auto && at_once && scene.dice.once_in(5) {
        order.aim = bid_of(scene, &order);
    }
    if is_auto && !at_once && scene.dice.once_in(12) {
        order.post_only = true;
    }
    if is_auto && !is_whole && order.aim.is_none() && scene.dice.once_in(3) {
        order.failover = true;
        order.units = 1;
        order.replicas = scene.dice.small(1, 2);
        order.limits = generous();
    }
    if is_auto && is_whole && order.aim.is_none() && !scene.dice.once_in(3) {
        order.verify = Verify::Replicas(3);
        (order.replicas, order.units) = (3, 1);
        order.limits = generous();
    } else if scene.dice.once_in(3) {
        order.verify = Verify::Spot;
        order.units = 1;
        order.limits = generous();
    }
    if order.verify != Verify::None {
        order.duration = Seconds(scene.dice.pick(&[60, 120, 300]));
        order.prepay = order.duration;
    }
    if scene.dice.once_in(8) {
        order.min_uptime = Uptime::new(scene.dice.pick(&[1, 5_000, 10_000]));
    }
    order
}

/// What any bid is good enough for.
fn generous() -> Limits {
    let most = Rate::new(7 * 3_600).expect("positive");
    Limits::new(TrustLevel::ALL.iter().map(|level| (*level, most))).expect("all levels")
}

fn bid_of(scene: &mut Scene<'_>, order: &PlaceOrder) -> Option<BidId> {
    let resting = scene.x.bids().filter(|bid| reads::bid_rests(bid) && bid.market == order.market);
    let resting: Vec<_> = resting.map(|bid| bid.id).collect();
    scene.dice.choose(&resting)
}

pub(super) fn limits(scene: &mut Scene<'_>) -> Limits {
    let (first, second) = (scene.rate(), scene.rate());
    let mode = scene.dice.below(4);
    let levels = TrustLevel::ALL.iter().filter_map(|level| match mode {
        0 | 1 => Some((*level, first)),
        _ if scene.dice.once_in(3) => None,
        _ => Some((*level, if scene.dice.once_in(2) { first } else { second })),
    });
    let levels: Vec<_> = levels.collect();
    Limits::new(levels).or_else(|| Limits::new([(TrustLevel::One, first)])).expect("one level")
}
