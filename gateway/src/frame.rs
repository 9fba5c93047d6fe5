//! The events of one entry as they go out: rendered once, for every channel,
//! stream and list that shows them.

use std::collections::BTreeSet;

use berth_domain::{AccountId, BidId, Event, LeaseId, MarketId, Micros, Seq};
use berth_exchange::Exchange;
use berth_wire::event::{event_json, event_type};
use berth_wire::frame::EventFilter;
use berth_wire::response::Balance;

use berth_render::Named;

use crate::concern::{Concerned, accounts_of, moves_money};
use crate::trade::trade;

/// All events of one entry.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) seq: Seq,
    pub(crate) at: Micros,
    /// The bids that it placed, in their order.
    pub(crate) placed: Box<[BidId]>,
    events: Vec<Rendered>,
    trades: Vec<(MarketId, LeaseId, String)>,
    /// The money after it of those whose it moved; only known of entries that
    /// the view itself applied.
    money: Option<Moved>,
}

/// Accounts with their money after an entry.
pub(crate) type Moved = Box<[(AccountId, Balance)]>;

#[derive(Debug)]
struct Rendered {
    kind: &'static str,
    market: Option<MarketId>,
    accounts: Concerned,
    moves_money: bool,
    json: String,
}

/// A channel of what is an account's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    Orders,
    Bids,
    Leases,
    Balances,
}

impl Own {
    pub(crate) fn from_name(ch: &str) -> Option<Self> {
        Some(match ch {
            "orders" => Self::Orders,
            "bids" => Self::Bids,
            "leases" => Self::Leases,
            "balances" => Self::Balances,
            _ => return None,
        })
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Bids => "bids",
            Self::Leases => "leases",
            Self::Balances => "balances",
        }
    }

    fn brings(self, event: &Rendered) -> bool {
        let (thing, _) = event.kind.split_once('.').unwrap_or((event.kind, ""));
        match self {
            Self::Orders => thing == "order",
            Self::Bids => thing == "bid",
            Self::Leases => matches!(thing, "lease" | "standby" | "verification" | "proof"),
            Self::Balances => event.moves_money,
        }
    }
}

/// Which events somebody wants: of these types, and of this market when it
/// names one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) types: EventFilter,
    pub(crate) market: Option<MarketId>,
}

impl Filter {
    fn passes(&self, event: &Rendered) -> bool {
        self.types.wants(event.kind) && self.market.is_none_or(|market| event.market == Some(market))
    }
}

impl Frame {
    pub(crate) fn new(seq: Seq, at: Micros, events: &[Event], x: &Exchange) -> Self {
        let placed = events.iter().filter_map(|event| match event {
            Event::BidAccepted(accepted) => Some(accepted.bid),
            _ => None,
        });
        let placed = placed.collect();
        let trades = events.iter().filter_map(|event| match event {
            Event::LeaseOpened(opened) => {
                let trade = trade(opened, events, x)?;
                let json = serde_json::to_string(&trade).expect("texts and numbers are JSON");
                Some((opened.market, opened.lease, json))
            }
            _ => None,
        });
        let trades = trades.collect();
        let events = events.iter().map(|event| Rendered {
            kind: event_type(event),
            market: market_of(event).or_else(|| lease_of(event).and_then(|id| Some(x.lease(id)?.market))),
            accounts: accounts_of(event, x),
            moves_money: moves_money(event),
            json: event_json(event, &Named(x)).to_string(),
        });
        Self { seq, at, placed, events: events.collect(), trades, money: None }
    }

    /// The same, with the money after the entry of those whose it moved.
    pub(crate) fn with_money(self, money: Moved) -> Self {
        Self { money: Some(money), ..self }
    }

    /// The events that pass, as the inside of a JSON array; `None` when none
    /// does.
    pub(crate) fn select(&self, filter: &Filter) -> Option<String> {
        join(self.events.iter().filter(|event| filter.passes(event)).map(|event| &*event.json))
    }

    /// The events that one of an account's own channels brings.
    pub(crate) fn own(&self, channel: Own, account: AccountId) -> Option<String> {
        let own = self.events.iter().filter(|event| channel.brings(event) && event.accounts.contains(&Some(account)));
        join(own.map(|event| &*event.json))
    }

    /// The events that pass and concern an account.
    pub(crate) fn concerning(&self, account: AccountId, filter: &Filter) -> Option<String> {
        let own = self.events.iter().filter(|event| filter.passes(event) && event.accounts.contains(&Some(account)));
        join(own.map(|event| &*event.json))
    }

    /// The trades of a market, or of all.
    pub(crate) fn trades(&self, market: Option<MarketId>) -> Option<String> {
        let trades = self.trades.iter().filter(|(of, ..)| market.is_none_or(|market| *of == market));
        join(trades.map(|(.., json)| &**json))
    }

    /// The trade that opened a lease.
    pub(crate) fn trade(&self, lease: LeaseId) -> Option<&str> {
        self.trades.iter().find(|(_, of, _)| *of == lease).map(|(.., json)| &**json)
    }

    /// Whether it says what its events left of an account's money.
    pub(crate) const fn knows_money(&self) -> bool {
        self.money.is_some()
    }

    /// What its events left of an account's money, when they moved it.
    pub(crate) fn money(&self, account: AccountId) -> Option<&Balance> {
        self.money.as_ref()?.iter().find(|(of, _)| *of == account).map(|(_, balance)| balance)
    }

    /// The markets that were opened, paused or resumed.
    pub(crate) fn changed_markets(&self) -> impl Iterator<Item = MarketId> + '_ {
        self.events.iter().filter(|event| event.kind.starts_with("market.")).filter_map(|event| event.market)
    }
}

/// Texts as the inside of a JSON array; `None` when there is none.
fn join<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut joined = String::new();
    for text in texts {
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(text);
    }
    if joined.is_empty() { None } else { Some(joined) }
}

/// The markets whose books an event may have changed.
pub(crate) fn books_of(event: &Event, x: &Exchange, touched: &mut BTreeSet<MarketId>) {
    match event {
        // Its bids stand at their owner's level, in any market.
        Event::TrustChanged(_) => touched.extend(x.markets().map(|market| market.id)),
        Event::StandbyReserved(_) | Event::StandbyReleased(_) => {
            touched.extend(lease_of(event).and_then(|id| Some(x.lease(id)?.market)));
        }
        _ => touched.extend(market_of(event)),
    }
}

/// The market that an event names.
fn market_of(event: &Event) -> Option<MarketId> {
    match event {
        Event::MarketOpened(e) => Some(e.market),
        Event::OrderAccepted(e) => Some(e.market),
        Event::OrderFilled(e) => Some(e.market),
        Event::OrderCancelled(e) => Some(e.market),
        Event::OrderExpired(e) => Some(e.market),
        Event::BidAccepted(e) => Some(e.market),
        Event::BidParked(e) => Some(e.market),
        Event::BidResumed(e) => Some(e.market),
        Event::BidLost(e) => Some(e.market),
        Event::BidCancelled(e) => Some(e.market),
        Event::OrderAmended(e) => Some(e.market),
        Event::OrderParked(e) => Some(e.market),
        Event::OrderResumed(e) => Some(e.market),
        Event::BidAmended(e) => Some(e.market),
        Event::BidExpired(e) => Some(e.market),
        Event::MarketPaused(e) => Some(e.market),
        Event::MarketResumed(e) => Some(e.market),
        Event::LeaseOpened(e) => Some(e.market),
        Event::ExchangeOpened(_)
        | Event::AccountOpened(_)
        | Event::DepositCredited(_)
        | Event::WithdrawalRequested(_)
        | Event::WithdrawalPaid(_)
        | Event::WithdrawalCancelled(_)
        | Event::ProviderRegistered(_)
        | Event::ProviderChanged(_)
        | Event::ChangeAnnounced(_)
        | Event::ExchangeReconfigured(_)
        | Event::ExchangeUpgraded(_)
        | Event::StakeChanged(_)
        | Event::StakeSlashed(_)
        | Event::Attested(_)
        | Event::TrustChanged(_)
        | Event::ReputationChanged(_)
        | Event::StandbyReserved(_)
        | Event::StandbyReleased(_)
        | Event::StandbyMissing(_)
        | Event::LeaseFailedOver(_)
        | Event::OrderContinued(_)
        | Event::OrderDiscontinued(_)
        | Event::VerificationStarted(_)
        | Event::VerificationDrawn(_)
        | Event::VerificationRerun(_)
        | Event::VerificationEnded(_)
        | Event::LeaseEscrowed(_)
        | Event::LeaseStarted(_)
        | Event::LeaseRunway(_)
        | Event::LeaseSuspended(_)
        | Event::LeaseResumed(_)
        | Event::TopUpRequested(_)
        | Event::LeaseToppedUp(_)
        | Event::TopUpReleased(_)
        | Event::LeaseHeartbeat(_)
        | Event::LeaseClosing(_)
        | Event::LeaseClosed(_)
        | Event::LeasePaid(_)
        | Event::ProofStepped(_)
        | Event::DeadManSet(_)
        | Event::MandateSet(_)
        | Event::KeyRegistered(_)
        | Event::KeyRevoked(_)
        | Event::CommandRefused(_) => None,
    }
}

pub(crate) fn lease_of(event: &Event) -> Option<LeaseId> {
    match event {
        Event::LeaseEscrowed(e) => Some(e.lease),
        Event::LeaseStarted(e) => Some(e.lease),
        Event::LeaseHeartbeat(e) => Some(e.lease),
        Event::LeaseClosing(e) => Some(e.lease),
        Event::LeaseClosed(e) => Some(e.lease),
        Event::LeasePaid(e) => Some(e.lease),
        Event::ProofStepped(e) => Some(e.lease),
        Event::LeaseRunway(e) => Some(e.lease),
        Event::LeaseSuspended(e) => Some(e.lease),
        Event::LeaseResumed(e) => Some(e.lease),
        Event::TopUpRequested(e) => Some(e.lease),
        Event::LeaseToppedUp(e) => Some(e.lease),
        Event::TopUpReleased(e) => Some(e.lease),
        Event::StakeSlashed(e) => Some(e.lease),
        Event::ReputationChanged(e) => Some(e.lease),
        Event::StandbyReserved(e) => Some(e.lease),
        Event::StandbyReleased(e) => Some(e.lease),
        Event::StandbyMissing(e) => Some(e.lease),
        Event::LeaseFailedOver(e) => Some(e.from),
        Event::OrderContinued(e) => Some(e.lease),
        Event::OrderDiscontinued(e) => Some(e.lease),
        Event::VerificationStarted(e) => Some(e.lease),
        Event::VerificationDrawn(e) => Some(e.lease),
        Event::VerificationRerun(e) => Some(e.lease),
        Event::VerificationEnded(e) => Some(e.lease),
        _ => None,
    }
}
