//! Time: what waits for whom until when, kept from the events alone. A timer
//! that fires early, late or never, or for the node's own absence, is seen.

use std::collections::BTreeMap;

use berth_domain::{CloseReason, Command, Entry, Event, LeaseId, Micros, OrderId, Timing};
use berth_exchange::Exchange;

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
    /// The chain's word, however long it takes.
    Word,
}

impl Wait {
    /// Since when, if that is bounded.
    fn since(&mut self) -> Option<&mut Micros> {
        match self {
            Self::Escrow(since)
            | Self::Start(since)
            | Self::Beat(since)
            | Self::Funds(since)
            | Self::Removal(since) => Some(since),
            Self::Word => None,
        }
    }

    /// When it has waited long enough.
    const fn due(self, timing: &Timing) -> Option<Micros> {
        match self {
            Self::Escrow(since) => Some(since.plus(timing.escrow_timeout)),
            Self::Start(since) => Some(since.plus(timing.start_timeout)),
            Self::Beat(since) => Some(since.plus(timing.dark_after)),
            Self::Funds(since) => Some(since.plus(timing.suspend_timeout)),
            Self::Removal(since) => Some(since.plus(timing.closing_timeout)),
            Self::Word => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Watch {
    wait: Wait,
    /// The warning that its funds end, or their end, or its own.
    ends_at: Option<Micros>,
}

/// What is known to come. Timers fire in the order of their deadlines.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    leases: BTreeMap<LeaseId, Watch>,
    expiries: BTreeMap<OrderId, Micros>,
}

impl Clock {
    pub(super) fn after(&mut self, x: &Exchange, entry: &Entry, events: &[Event]) -> Checked {
        let timing = x.genesis().map(|genesis| genesis.timing).unwrap_or_default();
        let is_tick = matches!(entry.command, Command::Tick(_));
        if let Command::Resumed(_) = entry.command {
            self.leases.values_mut().filter_map(|watch| watch.wait.since()).for_each(|since| *since = entry.at);
        }
        for event in events {
            self.hear(x, entry.at, is_tick, &timing, event)?;
        }
        // What is due may be left over to the ticks that must follow.
        if x.next_deadline().is_none_or(|next| next > entry.at) {
            self.nothing_is_overdue(entry.at, &timing)?;
        }
        Ok(())
    }

    fn hear(&mut self, x: &Exchange, at: Micros, is_tick: bool, timing: &Timing, event: &Event) -> Checked {
        let first = if is_tick { self.first_due(timing) } else { None };
        match event {
            Event::OrderAccepted(accepted) => {
                let expires_at = x.order(accepted.order).and_then(|order| order.expires_at);
                self.expiries.extend(expires_at.map(|expires_at| (accepted.order, expires_at)));
            }
            Event::OrderAmended(amended) => {
                let expires_at = x.order(amended.order).and_then(|order| order.expires_at);
                self.expiries.extend(expires_at.map(|expires_at| (amended.order, expires_at)));
            }
            Event::OrderExpired(expired) => {
                let due = self.expiries.remove(&expired.order);
                is_due(&format!("order {}", expired.order), due, first, at)?;
            }
            Event::OrderCancelled(ended) => {
                self.expiries.remove(&ended.order);
            }
            Event::OrderFilled(filled) if filled.remaining == 0 => {
                self.expiries.remove(&filled.order);
            }
            Event::LeaseOpened(opened) => {
                self.leases.insert(opened.lease, Watch { wait: Wait::Escrow(at), ends_at: None });
            }
            Event::LeaseEscrowed(escrowed) => {
                let watch = self.watch(escrowed.lease)?;
                if let Wait::Escrow(_) = watch.wait {
                    watch.wait = Wait::Start(at);
                }
            }
            Event::LeaseStarted(started) => {
                let lease = x.lease(started.lease).expect("it started");
                let due = at.plus(lease.duration);
                ensure!(
                    started.ends_at == due,
                    rule::TIMERS,
                    "lease {} ends at {:?} and not {due:?}",
                    started.lease,
                    started.ends_at
                );
                let is_paid = lease.prepay >= lease.duration;
                let warned = Micros(at.plus(lease.prepay).0.saturating_sub(timing.runway_warning.micros()));
                let next = if is_paid { due } else { warned };
                *self.watch(started.lease)? = Watch { wait: Wait::Beat(at), ends_at: Some(next) };
            }
            Event::LeaseRunway(runway) => {
                let lease = x.lease(runway.lease).expect("it runs");
                let started_at = lease.started_at.expect("it runs");
                let watch = self.watch(runway.lease)?;
                is_due_at(&format!("the warning of lease {}", runway.lease), watch.ends_at, is_tick, first, at)?;
                let ends_at = started_at.plus(lease.prepay);
                ensure!(
                    runway.ends_at == ends_at,
                    rule::TIMERS,
                    "lease {} is paid until {ends_at:?} and not {:?}",
                    runway.lease,
                    runway.ends_at
                );
                watch.ends_at = Some(ends_at);
            }
            Event::LeaseSuspended(suspended) => {
                let watch = self.watch(suspended.lease)?;
                is_due(&format!("lease {} (suspended)", suspended.lease), watch.ends_at, first, at)?;
                *watch = Watch { wait: Wait::Funds(at), ends_at: None };
                ensure!(
                    Some(suspended.closes_at) == watch.wait.due(timing),
                    rule::TIMERS,
                    "lease {} is suspended at {at:?} until {:?}",
                    suspended.lease,
                    suspended.closes_at
                );
            }
            Event::LeaseHeartbeat(beat) => {
                let watch = self.watch(beat.lease)?;
                if let Wait::Beat(_) = watch.wait {
                    watch.wait = Wait::Beat(at);
                }
            }
            Event::LeaseClosing(closing) => {
                let watch = self.watch(closing.lease)?;
                if is_tick {
                    let due = match closing.reason {
                        CloseReason::EscrowTimeout | CloseReason::StartTimeout | CloseReason::Exhausted => {
                            watch.wait.due(timing)
                        }
                        _ => watch.ends_at,
                    };
                    is_due(&format!("lease {} ({})", closing.lease, closing.reason), due, first, at)?;
                }
                watch.wait = if let Wait::Escrow(_) = watch.wait { Wait::Word } else { Wait::Removal(at) };
                watch.ends_at = None;
            }
            Event::LeaseClosed(closed) => {
                let watch = *self.watch(closed.lease)?;
                if is_tick {
                    let what = format!("lease {} ({})", closed.lease, closed.reason);
                    is_due(&what, watch.wait.due(timing), first, at)?;
                }
                ensure!(
                    closed.reason != CloseReason::Dark || is_tick,
                    rule::TIMERS,
                    "lease {} went dark without a tick",
                    closed.lease
                );
                self.leases.remove(&closed.lease);
            }
            _ => {}
        }
        Ok(())
    }

    fn watch(&mut self, lease: LeaseId) -> Result<&mut Watch, Violation> {
        let watch = self.leases.get_mut(&lease);
        watch.ok_or_else(|| rule::LEASE.broken(format!("lease {lease} is over, and something happens to it")))
    }

    /// The first deadline of all.
    fn first_due(&self, timing: &Timing) -> Option<Micros> {
        let leases = self.leases.values().flat_map(|watch| [watch.wait.due(timing), watch.ends_at]).flatten();
        leases.chain(self.expiries.values().copied()).min()
    }

    fn nothing_is_overdue(&self, at: Micros, timing: &Timing) -> Checked {
        for (lease, watch) in &self.leases {
            let due = [watch.wait.due(timing), watch.ends_at].into_iter().flatten().min();
            ensure!(
                due.is_none_or(|due| due > at),
                rule::TIMERS,
                "lease {lease} waits as {watch:?} at {at:?}, {} microseconds too long",
                due.map_or(0, |due| at.since(due))
            );
        }
        for (order, expires_at) in &self.expiries {
            ensure!(*expires_at > at, rule::TIMERS, "order {order} stands at {at:?} and expires at {expires_at:?}");
        }
        Ok(())
    }
}

/// The same, where it may also fire at once when it is due already.
fn is_due_at(what: &str, due: Option<Micros>, is_tick: bool, first: Option<Micros>, at: Micros) -> Checked {
    is_due(what, due, if is_tick { first } else { due }, at)
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
