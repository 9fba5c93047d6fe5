//! A provider's market maker: quotes the free units of one host.

use berth_domain::{CloseReason, Micros, ProviderId, Rate, Stroops};
use berth_wire::price::Per;
use berth_wire::request::{MassQuoteRequest, QuoteRequest};
use serde_json::json;

use crate::out::{Action, Out, Tag};
use crate::own::OwnEvent;
use crate::view::View;
use crate::{Happening, Strategy};

/// What a [`Maker`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakerConfig {
    /// The host.
    pub provider: ProviderId,
    /// What a unit-hour costs its owner: no quote is ever below it.
    pub cost: Rate,
    /// What it wants above the cost while the host is empty, in hundredths of a
    /// percent.
    pub margin_bps: u32,
    /// What it wants above that when nothing is free, in hundredths of a percent; in
    /// between in proportion to what is leased.
    pub utilisation_bps: u32,
    /// What it asks above its reserve when nobody else offers, in hundredths of a
    /// percent.
    pub alone_bps: u32,
    /// How far below the best of others it quotes, and how far its own quotes are
    /// apart.
    pub step: Stroops,
    /// Its quotes, from 1.
    pub levels: u32,
    /// The quote set that it uses.
    pub set: u32,
    /// The shortest time between two requotes, in milliseconds.
    pub pause_ms: u64,
    /// The dead-man timer, in milliseconds; 0 for none.
    pub dead_man_ms: u32,
    /// The kill switch: refusals in a row that end it.
    pub refusals_max: u32,
    /// The kill switch: leases of the host that fail in this run and end it.
    pub failures_max: u32,
}

const REQUOTE: u32 = 1;
const KEEP_ALIVE: u32 = 2;

/// A provider's market maker.
///
/// Its reserve is the cost with its margin, dearer the more of the host is leased.
/// It quotes a step below the best of others, never below the reserve, and by mass
/// quote: all of its quotes change at once or none does. While the book is stale it
/// has no quotes. Too many refusals or failed leases end it, and with it all that it
/// has in the books; the dead-man timer ends them when the bot itself is gone.
#[derive(Debug)]
pub struct Maker {
    config: MakerConfig,
    quoted: Vec<(Rate, u32)>,
    /// The mass quote that is not answered yet.
    asked: Option<Tag>,
    next_at: Micros,
    is_waiting: bool,
    refusals: u32,
    failures: u32,
}

impl Maker {
    /// A maker that has not begun.
    #[must_use]
    pub const fn new(config: MakerConfig) -> Self {
        Self {
            config,
            quoted: Vec::new(),
            asked: None,
            next_at: Micros(0),
            is_waiting: false,
            refusals: 0,
            failures: 0,
        }
    }

    /// The lowest price that it takes with so many of its units leased.
    fn reserve(&self, leased: u32, units: u32) -> i64 {
        let base = marked_up(self.config.cost.get(), self.config.margin_bps);
        let used = if units == 0 { 0 } else { u64::from(leased.min(units)) * 10_000 / u64::from(units) };
        let bps = u64::from(self.config.utilisation_bps) * used / 10_000;
        marked_up(base, u32::try_from(bps).unwrap_or(u32::MAX))
    }

    /// What it wants to quote: prices with units, the lowest first.
    fn wanted(&self, view: &View) -> Vec<(Rate, u32)> {
        let Some(host) = view.hosts.iter().find(|host| host.id == self.config.provider) else { return Vec::new() };
        let leased = view.units_leased(host.id);
        let free = host.units.saturating_sub(leased);
        if !view.is_current || free == 0 {
            return Vec::new();
        }
        let reserve = self.reserve(leased, host.units);
        let step = self.config.step.get().max(1);
        let best = view.supply_of_others().next().map(|row| row.price.get());
        let first = match best {
            Some(best) => (best - step).max(reserve),
            None => marked_up(reserve, self.config.alone_bps),
        };
        let levels = self.config.levels.clamp(1, free);
        let quote = |level: u32| {
            // The first levels have the units that do not divide.
            let units = free / levels + u32::from(level < free % levels);
            Rate::new(first.saturating_add(step.saturating_mul(level.into()))).map(|price| (price, units))
        };
        (0..levels).filter_map(quote).collect()
    }

    fn requote(&mut self, view: &View, out: &mut Out) {
        // What it would see of others is partly its own; taking all back needs no look.
        if view.is_current && !view.is_settled {
            return;
        }
        let wanted = self.wanted(view);
        if self.asked.is_some() || wanted == self.quoted {
            return;
        }
        // Taking all back never waits.
        if !wanted.is_empty() && view.now < self.next_at {
            if !std::mem::replace(&mut self.is_waiting, true) {
                out.wake(REQUOTE, self.next_at);
            }
            return;
        }
        let quotes = wanted.iter().map(|(price, quantity)| QuoteRequest {
            provider_id: self.config.provider.0,
            market: view.market.clone(),
            price: Stroops::new(price.get()),
            quantity: *quantity,
            min_duration: None,
            max_duration: None,
        });
        let request = MassQuoteRequest {
            address: None,
            quote_set_id: self.config.set,
            per: Per::Hour,
            post_only: false,
            self_trade: berth_domain::SelfTrade::default(),
            quotes: quotes.collect(),
        };
        let shown: Vec<_> = wanted.iter().map(|(price, units)| json!([price.to_string(), units])).collect();
        out.tell("quoted", json!({ "quotes": shown }));
        self.asked = Some(out.say(Action::MassQuote(request)));
        self.quoted = wanted;
        self.next_at = Micros(view.now.0 + self.config.pause_ms * 1_000);
    }

    fn keep_alive(&self, view: &View, out: &mut Out) {
        if self.config.dead_man_ms > 0 {
            out.say(Action::SetDeadMan(self.config.dead_man_ms));
            out.wake(KEEP_ALIVE, Micros(view.now.0 + u64::from(self.config.dead_man_ms) * 1_000 / 3));
        }
    }

    fn own(&mut self, view: &View, event: &OwnEvent, out: &mut Out) {
        match event {
            OwnEvent::LeaseOpened { lease, price, units, replicas, .. } => {
                // What is left of the quotes is no longer what was quoted.
                self.quoted.clear();
                let fields = json!({ "leaseId": lease.0, "price": price.to_string(), "units": units * replicas });
                out.tell("leased", fields);
            }
            OwnEvent::LeaseClosed { lease, reason, pay, fee, .. } => {
                let earned = pay.checked_sub(*fee).unwrap_or(Stroops::ZERO);
                let fields = json!({ "leaseId": lease.0, "reason": reason.as_str(), "earned": earned.to_string() });
                out.tell("closed", fields);
                let is_fault = matches!(
                    reason,
                    CloseReason::Failed
                        | CloseReason::Dark
                        | CloseReason::StartTimeout
                        | CloseReason::FailedVerification
                );
                self.failures += u32::from(is_fault);
                if is_fault && self.failures >= self.config.failures_max.max(1) {
                    return self.kill(&format!("{} leases have failed, the last is {}", self.failures, lease.0), out);
                }
            }
            _ => return,
        }
        self.requote(view, out);
    }

    fn kill(&mut self, why: &str, out: &mut Out) {
        out.tell("killed", json!({ "why": why }));
        out.say(Action::CancelAll);
        out.give_up(why);
    }
}

/// A price with so much on it, in hundredths of a percent, rounded up.
fn marked_up(price: i64, bps: u32) -> i64 {
    let raised = i128::from(price) * (10_000 + i128::from(bps));
    i64::try_from((raised + 9_999) / 10_000).unwrap_or(i64::MAX)
}

impl Strategy for Maker {
    fn on(&mut self, view: &View, happening: &Happening, out: &mut Out) {
        match happening {
            Happening::Started => {
                if !view.hosts.iter().any(|host| host.id == self.config.provider) {
                    let why = format!("host {} is not the account's", self.config.provider.0);
                    return self.kill(&why, out);
                }
                self.keep_alive(view, out);
                self.requote(view, out);
            }
            Happening::Book | Happening::Connection => self.requote(view, out),
            Happening::Own(event) => self.own(view, event, out),
            Happening::Timer(KEEP_ALIVE) => self.keep_alive(view, out),
            Happening::Timer(_) => {
                self.is_waiting = false;
                self.requote(view, out);
            }
            Happening::Answered { tag, answer } if self.asked == Some(*tag) => {
                self.asked = None;
                match answer {
                    Ok(_) => self.refusals = 0,
                    Err(refused) => {
                        // What stands now is not known; the next quotes replace it.
                        self.quoted.clear();
                        self.refusals += 1;
                        out.tell("refused", json!({ "code": refused.code, "detail": refused.detail }));
                        if self.refusals >= self.config.refusals_max.max(1) {
                            return self.kill(&format!("{} refusals in a row: {}", self.refusals, refused.code), out);
                        }
                        self.next_at = Micros(view.now.0 + self.config.pause_ms.max(100) * 1_000);
                    }
                }
                self.requote(view, out);
            }
            Happening::Answered { .. } => {}
            Happening::Stopping => out.tell("stopping", json!({})),
        }
    }
}
