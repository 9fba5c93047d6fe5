//! The dry run says what the command then does, and the explanation says what
//! the dry run finds: over random streams, with pauses and drains among them.

use berth_domain::{
    AccountId, BidId, BidState, BidTarget, CancelReason, Command, Event, LeaseId, MarketId, Mode, OpenAccount, OrderId,
    OrderState, PauseMarket, PlaceBid, PlaceOrder, ProviderId, ResumeMarket, Seconds, SelfTrade, TimeInForce,
    UpdateProvider,
};
use berth_exchange::{DryFill, DryRun, Exchange, Fate, Order, Outcome, Reply};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::cast::{CAST, TENANTS, address, genesis};
use crate::desk::{Desk, Frame};
use crate::moves::{Move, command, opening};

const STREAMS: u32 = 60;
const MOVES: usize = 150;

/// A move, what is done about the operator's and the owners' things before it,
/// and how the terms of an order or a bid are bent.
type Turn = (u8, [u16; 16], u64, u8, [u8; 4]);

#[test]
fn a_dry_run_says_what_the_command_does() {
    let mut told = Told::default();
    run(|desk, account, command| {
        let x = &desk.exchange;
        let foretold = match command {
            Command::PlaceOrder(place) => x.dry_run_order(account, desk.now, place),
            Command::PlaceBid(place) => x.dry_run_bid(account, desk.now, place),
            _ => return,
        };
        let mut after = x.clone();
        let frame = apply(&mut after, desk, account, command);
        match (foretold, frame.outcome) {
            (Err(code), Outcome::Refused(refused)) => assert_eq!(code, refused, "{command:?}"),
            (Ok(DryRun { repeats: Some(reply), .. }), Outcome::Repeated(answer)) => assert_eq!(reply, answer),
            (Ok(dry), Outcome::Done(reply)) => {
                told.count(&dry);
                compare(&after, &frame, &dry, reply);
            }
            (foretold, outcome) => panic!("foretold {foretold:?}, came {outcome:?}: {command:?}"),
        }
    });
    told.is_worth_its_time();
}

#[test]
fn an_explanation_says_who_would_trade() {
    let (mut trading, mut others) = (0, 0);
    run(|desk, _, _| {
        let x = &desk.exchange;
        for order in x.orders().filter(|order| order.aim.is_none() && order.mode == Mode::Auto) {
            let Some((bids, dry)) = both_ways(x, desk, order) else { continue };
            match dry.fills.first() {
                Some(fill) => assert!(bids.contains(&fill.bid), "order {} meets bid {}", order.id, fill.bid),
                None => assert!(bids.is_empty(), "order {} should meet {bids:?}", order.id),
            }
            if bids.is_empty() {
                others += 1;
            } else {
                trading += 1;
            }
        }
    });
    assert!(trading > 1_000 && others > 1_000, "{trading} orders trade, {others} do not");
}

/// The bids that the explanation says an order would meet, and what placing one
/// replica of it anew would do. `None` where that cannot be asked.
fn both_ways(x: &Exchange, desk: &Desk, order: &Order) -> Option<(Vec<BidId>, DryRun)> {
    let told = x.explain_order(order.id).expect("the order is there");
    assert_eq!(told.providers.len(), x.providers().count());
    let would = told.providers.iter().filter(|provider| provider.would_trade());
    let open = would.flat_map(|provider| provider.bids.iter().filter(|bid| bid.obstacles.is_empty()));
    let standing = open.filter(|bid| x.bid(bid.bid).expect("it is told of").is_standing());
    let place = PlaceOrder {
        market: order.market,
        units: order.units,
        resources: order.resources,
        replicas: 1,
        limits: order.limits,
        duration: order.duration,
        prepay: order.prepay,
        mode: Mode::Auto,
        closes_at: None,
        time_in_force: TimeInForce::Ioc,
        expires_at: None,
        post_only: false,
        self_trade: SelfTrade::Skip,
        requires: order.requires.clone(),
        min_uptime: order.min_uptime,
        aim: None,
        failover: false,
        verify: Default::default(),
        spec_hash: order.spec_hash,
        session: None,
        client_id: None,
    };
    let dry = x.dry_run_order(order.account, desk.now, &place).ok()?;
    Some((standing.map(|bid| bid.bid).collect(), dry))
}

fn run(mut look: impl FnMut(&Desk, AccountId, &Command)) {
    let turn = (0..60_u8, any::<[u16; 16]>(), 0..6_u64, any::<u8>(), any::<[u8; 4]>());
    let mut runner = TestRunner::deterministic();
    for _ in 0..STREAMS {
        let turns = proptest::collection::vec(turn.clone(), MOVES).new_tree(&mut runner).expect("a stream").current();
        let mut desk = Desk::open(genesis());
        for (name, _) in CAST {
            desk.submit(AccountId::EXCHANGE, OpenAccount { address: address(name) });
        }
        for (account, command) in opening(&TENANTS) {
            desk.submit(account, command);
        }
        for turn in turns {
            play(&mut desk, turn, &mut look);
        }
    }
}

fn play(desk: &mut Desk, (kind, dice, pause, more, bent): Turn, look: &mut impl FnMut(&Desk, AccountId, &Command)) {
    desk.wait(Seconds(pause));
    if let Some((account, command)) = meddling(&desk.exchange, more) {
        desk.submit(account, command);
        desk.wait(Seconds(0));
    }
    let next = Move { kind, dice };
    let (account, command) = command(desk, &next);
    let command = bend(desk, command, bent);
    look(desk, account, &command);
    desk.submit(account, command);
    desk.wait(Seconds(0));
}

/// Now and then a market is paused or resumed, a host drained or offered.
fn meddling(x: &Exchange, roll: u8) -> Option<(AccountId, Command)> {
    let market = MarketId(1 + u16::from(roll % 2));
    let provider = ProviderId(1 + u32::from(roll % 6));
    let host = x.provider(provider)?;
    let update =
        |available| (host.account, UpdateProvider { provider, available, attributes: host.attributes.clone() }.into());
    match roll {
        0..6 => Some((x.operator(), PauseMarket { market }.into())),
        6..30 => Some((x.operator(), ResumeMarket { market }.into())),
        30..42 => Some(update(false)),
        42..72 => Some(update(true)),
        _ => None,
    }
}

/// Times in force, post-only and self-trade policies that the moves do not have.
fn bend(desk: &Desk, command: Command, [tif, post, own, aim]: [u8; 4]) -> Command {
    let force = [TimeInForce::Gtc, TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok][usize::from(tif % 4)];
    let self_trade = SelfTrade::ALL[usize::from(own % 3)];
    match command {
        Command::PlaceOrder(place) if tif % 8 > 1 => PlaceOrder {
            time_in_force: force,
            expires_at: None,
            mode: Mode::Auto,
            closes_at: None,
            post_only: post % 6 == 0 && force == TimeInForce::Gtc,
            self_trade,
            aim: (aim % 8 == 0 && force != TimeInForce::Gtc).then(|| BidId(1 + u64::from(aim) % 40)),
            ..place
        }
        .into(),
        Command::PlaceBid(place) if matches!(place.target, BidTarget::Standing { .. }) => PlaceBid {
            time_in_force: if post % 6 == 1 { TimeInForce::Gtd } else { force },
            expires_at: (post % 6 == 1).then(|| desk.now.plus(Seconds(u64::from(aim)))),
            post_only: post % 6 == 0 && force == TimeInForce::Gtc,
            self_trade,
            ..place
        }
        .into(),
        other => other,
    }
}

fn apply(x: &mut Exchange, desk: &Desk, account: AccountId, command: &Command) -> Frame {
    let authority = if account == AccountId::EXCHANGE {
        berth_domain::Authority::Exchange
    } else {
        berth_domain::Authority::OperatorAttested
    };
    let (rules, seq, at) = (x.rules(), x.head().next(), desk.now);
    let entry = berth_domain::Entry { rules, seq, at, account, authority, command: command.clone() };
    let mut events = Vec::new();
    let outcome = x.apply(&entry, &mut events).expect("the desk's next entry");
    Frame { entry, outcome, events }
}

fn compare(x: &Exchange, frame: &Frame, dry: &DryRun, reply: Reply) {
    let fills = fills(frame, reply);
    let (mut orders, mut bids) = (Vec::new(), Vec::new());
    let mut hold = Default::default();
    for event in &frame.events {
        match event {
            Event::OrderCancelled(e) if e.reason == CancelReason::SelfTrade && reply != Reply::Order(e.order) => {
                orders.push(e.order);
            }
            Event::BidCancelled(e) if e.reason == CancelReason::SelfTrade && reply != Reply::Bid(e.bid) => {
                bids.push(e.bid);
            }
            Event::OrderAccepted(e) => hold = e.hold,
            _ => {}
        }
    }
    let what = &frame.entry.command;
    // Money that comes back may let parked orders meet what has just come: that
    // is no part of the placing.
    let resumed = frame.events.iter().any(|event| matches!(event, Event::OrderResumed(_)));
    if resumed {
        assert_eq!(dry.fills[..], fills[..dry.fills.len()], "{what:?}");
        return;
    }
    assert_eq!((&dry.fills, &dry.ended_orders, &dry.ended_bids), (&fills, &orders, &bids), "{what:?}");
    assert_eq!(dry.hold, hold, "{what:?}");
    match reply {
        Reply::Order(id) => {
            assert_eq!(dry.fate, order_fate(x, frame, id), "{what:?}");
            assert_eq!(dry.held, x.order(id).expect("it was placed").hold, "{what:?}");
        }
        Reply::Bid(id) => assert_eq!(dry.fate, bid_fate(x, frame, id), "{what:?}"),
        other => panic!("{what:?} made {other:?}"),
    }
}

fn fills(frame: &Frame, reply: Reply) -> Vec<DryFill> {
    let mut last = LeaseId(0);
    let opened = frame.events.iter().filter_map(|event| match event {
        Event::LeaseOpened(e) if reply == Reply::Order(e.order) || reply == Reply::Bid(e.bid) => Some(e),
        _ => None,
    });
    let fill = |e: &berth_domain::LeaseOpened| {
        assert!(last < e.lease, "leases are opened in their order");
        last = e.lease;
        DryFill {
            order: e.order,
            bid: e.bid,
            provider: e.provider,
            level: e.level,
            price: e.price,
            units: e.units,
            replicas: e.replicas,
            escrow: e.escrow,
        }
    };
    opened.map(fill).collect()
}

fn order_fate(x: &Exchange, frame: &Frame, id: OrderId) -> Fate {
    let order = x.order(id).expect("it was placed");
    let left = order.remaining;
    let reason = frame.events.iter().find_map(|event| match event {
        Event::OrderCancelled(e) if e.order == id => Some(e.reason),
        _ => None,
    });
    match order.state {
        OrderState::Filled => Fate::Filled,
        OrderState::Cancelled => Fate::Ends { left, reason: reason.expect("it says why") },
        OrderState::Open if order.mode == Mode::Auto => Fate::Rests { left },
        OrderState::Open => Fate::Waits { left },
        other => panic!("a new order is {other}"),
    }
}

fn bid_fate(x: &Exchange, frame: &Frame, id: BidId) -> Fate {
    let bid = x.bid(id).expect("it was placed");
    let left = bid.remaining;
    let reason = frame.events.iter().find_map(|event| match event {
        Event::BidCancelled(e) if e.bid == id => Some(e.reason),
        _ => None,
    });
    match bid.state {
        BidState::Matched => Fate::Filled,
        BidState::Cancelled => Fate::Ends { left, reason: reason.expect("it says why") },
        BidState::Parked => Fate::Parks { left },
        BidState::Open if bid.is_standing() => Fate::Rests { left },
        BidState::Open => Fate::Waits { left },
        other => panic!("a new bid is {other}"),
    }
}

/// What the dry runs foretold, so that none of it goes untested.
#[derive(Debug, Default)]
struct Told {
    fates: [u32; 5],
    fills: u32,
    ended: u32,
}

impl Told {
    fn count(&mut self, dry: &DryRun) {
        let place = match dry.fate {
            Fate::Filled => 0,
            Fate::Rests { .. } => 1,
            Fate::Waits { .. } => 2,
            Fate::Parks { .. } => 3,
            Fate::Ends { .. } => 4,
        };
        self.fates[place] += 1;
        self.fills += u32::try_from(dry.fills.len()).expect("few");
        self.ended += u32::try_from(dry.ended_orders.len() + dry.ended_bids.len()).expect("few");
    }

    fn is_worth_its_time(&self) {
        let is_met = self.fates.iter().all(|n| *n > 20) && self.fills > 200 && self.ended > 5;
        assert!(is_met, "the streams foretell too little: {self:?}");
    }
}
