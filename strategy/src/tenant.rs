//! A tenant's agent: keeps so many leases running, within budgets.

use std::collections::BTreeSet;

use berth_domain::{CloseReason, LeaseId, LeaseState, Micros, OrderId, Rate, Seconds, Stroops, owed};
use berth_wire::price::MaxPrice;
use berth_wire::request::OrderRequest;
use serde_json::json;

use crate::out::{Action, Out, Tag};
use crate::own::OwnEvent;
use crate::view::View;
use crate::{Happening, Strategy};

/// What a [`Tenant`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantConfig {
    /// The order that it places for each lease, of one replica; its limit is the
    /// highest price that it ever pays.
    pub order: OrderRequest,
    /// Leases that it wants at a time.
    pub leases: u32,
    /// Whether a lease that has run to its end is followed by another.
    pub repeat: bool,
    /// The most that one lease may take into its escrow.
    pub per_lease: Stroops,
    /// The most that may go into escrows from one midnight (UTC) to the next.
    pub per_day: Stroops,
    /// Failures in a row that end it.
    pub failures_max: u32,
    /// The first wait after a failure, in milliseconds; each further one in a row
    /// doubles it, up to 64 times.
    pub pause_ms: u64,
}

const LOOK: u32 = 1;
const DAY: u64 = 86_400_000_000;

/// A tenant's agent.
///
/// It looks for supply within its limit and its budgets, orders, and watches what
/// runs. A lease that fails is ordered again elsewhere: an order with `failover` has
/// a standby that the exchange keeps, and takes the next from the book otherwise.
/// Too many failures in a row end it. A day's budget counts what it opens itself and
/// what was open when it began.
#[derive(Debug)]
pub struct Tenant {
    config: TenantConfig,
    /// The order that is not answered yet.
    asked: Option<Tag>,
    /// The last order that was answered.
    placed: Option<OrderId>,
    /// Orders that have ended since it was said.
    over: BTreeSet<OrderId>,
    /// Leases that orders were filled with and that are not seen yet.
    awaited: BTreeSet<LeaseId>,
    /// Leases that have run to their end.
    completed: u32,
    failures: u32,
    not_before: Micros,
    /// A day, counted from 1970, and what has gone into escrows on it.
    spent: (u64, Stroops),
    /// The newest lease that is counted in it.
    counted: LeaseId,
    /// The day that it is woken for.
    wakes: u64,
    /// What it last said about why it waits.
    waits_for: &'static str,
}

impl Tenant {
    /// An agent that has not begun.
    #[must_use]
    pub const fn new(config: TenantConfig) -> Self {
        Self {
            config,
            asked: None,
            placed: None,
            over: BTreeSet::new(),
            awaited: BTreeSet::new(),
            completed: 0,
            failures: 0,
            not_before: Micros(0),
            spent: (0, Stroops::ZERO),
            counted: LeaseId(0),
            wakes: 0,
            waits_for: "",
        }
    }

    /// Units of a replica.
    fn units(&self) -> u32 {
        let spec = &self.config.order.specification;
        spec.gpu.as_ref().map_or(spec.cpu, |gpu| gpu.count)
    }

    /// What one lease at a price takes into its escrow.
    fn escrow(&self, price: Rate) -> Option<Stroops> {
        let order = self.config.order.clone().parse().ok()?;
        owed(price.of(order.units, 1)?, Seconds(order.prepay.0))
    }

    /// The highest price that its own limit and its budgets allow now; none when
    /// they allow nothing.
    fn limit(&self, view: &View) -> Option<Rate> {
        let order = self.config.order.clone().parse().ok()?;
        let budget = self.config.per_lease.min(self.left_today(view));
        let budget = view.available.map_or(budget, |available| budget.min(available));
        let second_hours = i128::from(order.units) * i128::from(order.prepay.0);
        // What is owed is rounded down, so that a price one dearer may still fit;
        // the dearest that surely fits will do.
        let dearest = i128::from(budget.get()) * 3_600 / second_hours.max(1);
        let limit = i64::try_from(dearest).unwrap_or(i64::MAX).min(order.limits.highest().get());
        Rate::new(limit)
    }

    /// What may still go into escrows until midnight.
    fn left_today(&self, view: &View) -> Stroops {
        let (day, spent) = self.spent;
        let spent = if day == view.now.0 / DAY { spent } else { Stroops::ZERO };
        let held = view.own.orders().map(|order| order.hold).try_fold(spent, Stroops::checked_add);
        held.and_then(|held| self.config.per_day.checked_sub(held)).unwrap_or(Stroops::ZERO)
    }

    /// Counts what has gone into escrows; what it rented when it began, too.
    fn count(&mut self, view: &View) {
        let today = view.now.0 / DAY;
        if self.spent.0 != today {
            self.spent = (today, Stroops::ZERO);
        }
        for lease in view.own.leases().filter(|lease| lease.id > self.counted) {
            if lease.tenant == view.address && lease.opened_at.0 / DAY == today {
                self.spent.1 = self.spent.1.checked_add(lease.escrow).unwrap_or(Stroops::MAX);
            }
        }
        self.counted = view.own.leases().map(|lease| lease.id).max().unwrap_or_default().max(self.counted);
    }

    /// Whether it is known what became of all that it ordered: until then money may
    /// be gone that no hold and no lease shows.
    fn is_settled(&mut self, view: &View) -> bool {
        self.awaited.retain(|lease| view.own.lease(*lease).is_none());
        let is_known = |placed: OrderId| {
            self.over.contains(&placed)
                || view.own.orders().any(|order| order.id == placed)
                || view.own.leases().any(|lease| lease.order == placed)
        };
        self.asked.is_none() && self.awaited.is_empty() && self.placed.is_none_or(is_known)
    }

    /// Orders what is missing, one at a time, so that each is within what is left.
    fn look(&mut self, view: &View, out: &mut Out) {
        self.count(view);
        let live = view.own.leases().filter(|lease| lease.tenant == view.address && lease.state != LeaseState::Closed);
        let running: u32 = live.map(|lease| lease.replicas).sum();
        let ordered: u32 = view.own.orders().map(|order| order.remaining).sum();
        let done = if self.config.repeat { 0 } else { self.completed };
        if !self.config.repeat && done >= self.config.leases {
            out.tell("done", json!({ "leases": done }));
            return out.end("all leases have run to their end");
        }
        if !self.is_settled(view) || running + ordered + done >= self.config.leases || !view.is_current {
            return;
        }
        if view.now < self.not_before {
            return;
        }
        // A new day has a new budget.
        let tomorrow = view.now.0 / DAY + 1;
        if std::mem::replace(&mut self.wakes, tomorrow) != tomorrow {
            out.wake(LOOK, Micros(tomorrow * DAY));
        }
        let Some(limit) = self.limit(view) else { return self.wait("budget", out) };
        let units = u64::from(self.units());
        let offered = view.supply_of_others().find(|row| row.price <= limit && row.quantity >= units);
        let Some(offered) = offered else { return self.wait("supply", out) };
        self.waits_for = "";
        let max_price = MaxPrice::Same(Stroops::new(limit.get()).unwrap_or(Stroops::ZERO));
        let per = berth_wire::price::Per::Hour;
        let order = OrderRequest { quantity: 1, max_price, per, ..self.config.order.clone() };
        let fields = json!({
            "maxPrice": limit.to_string(),
            "offered": offered.price.to_string(),
            "escrow": self.escrow(offered.price).map(|escrow| escrow.to_string()),
        });
        out.tell("ordered", fields);
        self.over.clear();
        self.asked = Some(out.say(Action::PlaceOrder(Box::new(order))));
    }

    fn wait(&mut self, why: &'static str, out: &mut Out) {
        if std::mem::replace(&mut self.waits_for, why) != why {
            out.tell("waits", json!({ "for": why }));
        }
    }

    fn failed(&mut self, view: &View, why: &str, out: &mut Out) {
        self.failures += 1;
        if self.failures >= self.config.failures_max.max(1) {
            out.tell("killed", json!({ "why": why }));
            return out.give_up(format!("{} failures in a row, the last: {why}", self.failures));
        }
        let pause = self.config.pause_ms.max(1) << (self.failures - 1).min(6);
        self.not_before = Micros(view.now.0 + pause * 1_000);
        out.wake(LOOK, self.not_before);
    }

    fn closed(&mut self, view: &View, lease: LeaseId, reason: CloseReason, out: &mut Out) {
        match reason {
            CloseReason::Completed => {
                (self.completed, self.failures) = (self.completed + 1, 0);
                self.look(view, out);
            }
            // Somebody wanted it so.
            CloseReason::Stopped => {
                self.completed += 1;
                self.look(view, out);
            }
            _ => self.failed(view, &format!("lease {} closed as {}", lease.0, reason.as_str()), out),
        }
    }

    fn own(&mut self, view: &View, event: &OwnEvent, out: &mut Out) {
        match event {
            OwnEvent::LeaseOpened { lease, provider, price, escrow, tenant, .. } if *tenant == view.address => {
                let fields = json!({
                    "leaseId": lease.0,
                    "providerId": provider.0,
                    "price": price.to_string(),
                    "escrow": escrow.to_string(),
                });
                out.tell("leased", fields);
                self.look(view, out);
            }
            OwnEvent::OrderFilled { lease, .. } => {
                self.awaited.insert(*lease);
                self.look(view, out);
            }
            OwnEvent::LeaseStarted { lease } => {
                self.failures = 0;
                out.tell("running", json!({ "leaseId": lease.0 }));
            }
            OwnEvent::LeaseClosed { lease, reason, pay, .. } => {
                let fields = json!({ "leaseId": lease.0, "reason": reason.as_str(), "paid": pay.to_string() });
                out.tell("closed", fields);
                self.closed(view, *lease, *reason, out);
            }
            OwnEvent::OrderEnded { order, reason } => {
                self.over.insert(*order);
                out.tell("unfilled", json!({ "orderId": order.0, "reason": reason }));
                // What is offered is not offered to it: the same again at once would
                // end the same way.
                self.not_before = Micros(view.now.0 + self.config.pause_ms.max(1) * 1_000);
                out.wake(LOOK, self.not_before);
            }
            _ => {}
        }
    }
}

impl Strategy for Tenant {
    fn on(&mut self, view: &View, happening: &Happening, out: &mut Out) {
        match happening {
            Happening::Started | Happening::Book | Happening::Connection | Happening::Timer(_) => self.look(view, out),
            Happening::Own(event) => self.own(view, event, out),
            Happening::Answered { tag, answer } if self.asked == Some(*tag) => {
                self.asked = None;
                match answer {
                    Ok(done) => {
                        self.placed = done.id.map(OrderId);
                        self.look(view, out);
                    }
                    Err(refused) => {
                        out.tell("refused", json!({ "code": refused.code, "detail": refused.detail }));
                        self.failed(view, &format!("{}: {}", refused.code, refused.detail), out);
                    }
                }
            }
            Happening::Answered { .. } => {}
            Happening::Stopping => out.tell("stopping", json!({})),
        }
    }
}
