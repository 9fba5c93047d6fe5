//! Time: what waits for whom until when, kept from the events alone. A timer
//! that fires early, late or never, or for the node's own absence, is seen.

mod lease;
mod trade;

use std::collections::BTreeMap;

use berth_domain::{AccountId, BidId, Command, Entry, Event, LeaseId, Micros, OrderId, Timing};
use berth_exchange::{Exchange, Outcome};

use super::course::{Course, Courses};
use super::{Checked, Violation, ensure, rule};

/// What a lease waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// The chain, since then.
    Escrow(Micros),
    /// The agent's start.
    Start(Micros),
    /// A heartbeat.
    Beat(Micros),
    /// A top-up.
    Funds(Micros),
    /// The agent's word that the containers are gone.
    Removal(Micros),
    /// The chain's ledger that draws it.
    Ledger(Micros),
    /// Others who run the same job, until then.
    Others(Micros),
    /// The chain's word, however long it takes.
    Word,
}

impl Wait {
    /// Since when, if that is bounded and begins anew with the node.
    const fn since(&mut self) -> Option<&mut Micros> {
        match self {
            Self::Escrow(since)
            | Self::Start(since)
            | Self::Beat(since)
            | Self::Funds(since)
            | Self::Removal(since)
            | Self::Ledger(since) => Some(since),
            Self::Others(_) | Self::Word => None,
        }
    }

    /// When it has waited long enough.
    fn due(self, timing: &Timing, suspended: u64) -> Option<Micros> {
        match self {
            Self::Escrow(since) | Self::Ledger(since) => Some(since.plus(timing.escrow_timeout)),
            Self::Start(since) => Some(since.plus(timing.start_timeout)),
            Self::Beat(since) => Some(since.plus(timing.dark_after)),
            // All suspensions together.
            Self::Funds(since) => Some(Micros(since.0 + timing.suspend_timeout.micros().saturating_sub(suspended))),
            Self::Removal(since) => Some(since.plus(timing.closing_timeout)),
            Self::Others(until) => Some(until),
            Self::Word => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Watch {
    wait: Wait,
    /// Whether it was told that its funds end.
    is_warned: bool,
}

/// When an account that is silent ends all that it has.
#[derive(Clone, Copy, Debug)]
struct DeadMan {
    millis: u32,
    heard_at: Micros,
}

impl DeadMan {
    const fn due(self) -> Micros {
        Micros(self.heard_at.0 + self.millis as u64 * 1_000)
    }
}

/// What is known to come. Timers fire in the order of their deadlines.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    leases: BTreeMap<LeaseId, Watch>,
    orders: BTreeMap<OrderId, Micros>,
    bids: BTreeMap<BidId, Micros>,
    auctions: BTreeMap<OrderId, Micros>,
    dead_men: BTreeMap<AccountId, DeadMan>,
}

/// Where an event stands.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) x: &'a Exchange,
    pub(super) entry: &'a Entry,
    pub(super) courses: &'a Courses,
}

impl Moment<'_> {
    const fn is_tick(&self) -> bool {
        matches!(self.entry.command, Command::Tick(_))
    }
}

impl Clock {
    /// The node was away: what waits for others waits anew.
    pub(super) fn before(&mut self, entry: &Entry) {
        if let Command::Resumed(_) = entry.command {
            self.leases.values_mut().filter_map(|watch| watch.wait.since()).for_each(|since| *since = entry.at);
            self.dead_men.values_mut().for_each(|dead_man| dead_man.heard_at = entry.at);
        }
    }

    /// What must have happened by now, when no tick is to follow at once.
    pub(super) fn after(&mut self, moment: Moment<'_>, outcome: Outcome) -> Checked {
        let Moment { x, entry, .. } = moment;
        if let (Outcome::Done(_), Some(dead_man)) = (outcome, self.dead_men.get_mut(&entry.account)) {
            dead_man.heard_at = entry.at;
        }
        if x.next_deadline().is_none_or(|next| next > entry.at) {
            self.nothing_is_overdue(moment)?;
        }
        Ok(())
    }

    /// An event, before its lease's course goes on.
    pub(super) fn hear(&mut self, moment: Moment<'_>, event: &Event) -> Checked {
        let first = if moment.is_tick() { self.first_due(moment.courses) } else { None };
        self.hear_of_trade(moment, event, first)?;
        self.hear_of_lease(moment, event, first)
    }

    fn watch(&mut self, lease: LeaseId) -> Result<&mut Watch, Violation> {
        let watch = self.leases.get_mut(&lease);
        watch.ok_or_else(|| rule::LEASE.broken(format!("lease {lease} is over, and something happens to it")))
    }

    fn due(&mut self, courses: &Courses, lease: LeaseId) -> Result<Option<Micros>, Violation> {
        let course = courses.get(lease)?;
        Ok(self.watch(lease)?.wait.due(&course.terms.timing, course.suspended))
    }

    /// The first deadline of all.
    fn first_due(&self, courses: &Courses) -> Option<Micros> {
        let leases = self.leases.iter().flat_map(|(id, watch)| deadlines(courses, *id, *watch)).flatten();
        let things = self.orders.values().chain(self.bids.values()).copied();
        leases.chain(things).chain(self.dead_men.values().map(|dead_man| dead_man.due())).min()
    }

    fn nothing_is_overdue(&self, Moment { x, entry, courses }: Moment<'_>) -> Checked {
        let at = entry.at;
        for (lease, watch) in &self.leases {
            let due = deadlines(courses, *lease, *watch).into_iter().flatten().min();
            ensure!(
                due.is_none_or(|due| due > at),
                rule::TIMERS,
                "lease {lease} waits as {watch:?} at {at:?}, {} microseconds too long",
                due.map_or(0, |due| at.since(due))
            );
        }
        for (order, expires_at) in &self.orders {
            ensure!(*expires_at > at, rule::TIMERS, "order {order} stands at {at:?} and expires at {expires_at:?}");
        }
        for (bid, expires_at) in &self.bids {
            ensure!(*expires_at > at, rule::TIMERS, "bid {bid} stands at {at:?} and expires at {expires_at:?}");
        }
        for (order, closes_at) in &self.auctions {
            let market = x.order(*order).and_then(|order| x.market(order.market));
            let is_paused = market.is_some_and(|market| market.paused);
            ensure!(
                *closes_at > at || is_paused,
                rule::TIMERS,
                "auction {order} is open at {at:?} and closes at {closes_at:?}"
            );
        }
        for (account, dead_man) in &self.dead_men {
            ensure!(dead_man.due() > at, rule::TIMERS, "account {account} is silent at {at:?}: {dead_man:?}");
        }
        Ok(())
    }
}

fn deadlines(courses: &Courses, lease: LeaseId, watch: Watch) -> [Option<Micros>; 2] {
    let Ok(course) = courses.get(lease) else { return [None; 2] };
    [watch.wait.due(&course.terms.timing, course.suspended), ends(course, watch)]
}

/// When a lease that runs is warned, suspended, or at its end.
fn ends(course: &Course, watch: Watch) -> Option<Micros> {
    let Wait::Beat(_) = watch.wait else { return None };
    let funded_until = course.funded_until()?;
    if course.is_funded() {
        course.ends_at()
    } else if watch.is_warned {
        Some(funded_until)
    } else {
        Some(Micros(funded_until.0.saturating_sub(course.terms.timing.runway_warning.micros())))
    }
}

/// A timer that fires is due, and nothing was due before it.
fn is_due(what: &str, due: Option<Micros>, first: Option<Micros>, at: Micros) -> Checked {
    ensure!(
        due.is_some_and(|due| due <= at),
        rule::TIMERS,
        "{what} ends at {at:?}, due {due:?}, {} microseconds too early",
        due.map_or(0, |due| due.since(at))
    );
    ensure!(due == first, rule::TIMERS, "{what}, due {due:?}, goes before what was due {first:?}");
    Ok(())
}
