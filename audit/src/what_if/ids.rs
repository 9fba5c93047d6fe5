//! What the log's things are there.

use std::collections::BTreeMap;

use berth_domain::{
    AccountId, BidId, BidTarget, Command, Event, LeaseId, LeaseOpened, MarketId, OrderId, PlaceBid, PlaceOrder,
    ProviderId, SettlementPaid, SettlementRefunded, Stroops,
};
use berth_exchange::{Exchange, Outcome, Reply};

use super::served::Served;

/// Ids there by ids in the log. Accounts and markets are found by key and class.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    providers: BTreeMap<ProviderId, ProviderId>,
    orders: BTreeMap<OrderId, OrderId>,
    bids: BTreeMap<BidId, BidId>,
    /// The other way round, for those that met there.
    order_was: BTreeMap<OrderId, OrderId>,
    bid_was: BTreeMap<BidId, BidId>,
    /// Orders that stand for what failed leases had left: of the log, by lease,
    /// until their like there is known; and those there.
    continued: Vec<(LeaseId, OrderId)>,
    continued_there: BTreeMap<LeaseId, OrderId>,
}

impl Ids {
    /// Takes in what one entry made in both logs.
    pub(super) fn learn(&mut self, was: Outcome, made: &[Event], there: Outcome, made_there: &[Event]) {
        if let (Outcome::Done(was), Outcome::Done(there)) = (was, there) {
            match (was, there) {
                (Reply::Provider(a), Reply::Provider(b)) => drop(self.providers.insert(a, b)),
                (Reply::Order(a), Reply::Order(b)) => self.order(a, b),
                (Reply::Bid(a), Reply::Bid(b)) => self.bid(a, b),
                _ => {}
            }
        }
        // A mass quote's bids, in their order.
        let bids = |events: &[Event]| -> Vec<BidId> {
            let accepted = |event: &Event| if let Event::BidAccepted(e) = event { Some(e.bid) } else { None };
            events.iter().filter_map(accepted).collect()
        };
        for (a, b) in bids(made).into_iter().zip(bids(made_there)) {
            self.bid(a, b);
        }
    }

    /// Takes in the orders that took over from leases, in one of the logs.
    pub(super) fn follow(&mut self, events: &[Event], there: bool) {
        for event in events {
            let Event::OrderContinued(e) = event else { continue };
            if there {
                self.continued_there.insert(e.lease, e.order);
            } else {
                self.continued.push((e.lease, e.order));
            }
        }
    }

    /// Finds the like of orders that took over from leases.
    pub(super) fn pair(&mut self, was: &Exchange, would: &Exchange, served: &Served) {
        for (lease, order) in std::mem::take(&mut self.continued) {
            let there = self.lease(was, would, served, lease).and_then(|lease| self.continued_there.get(&lease));
            match there.copied() {
                Some(there) => self.order(order, there),
                None => self.continued.push((lease, order)),
            }
        }
    }

    fn order(&mut self, was: OrderId, there: OrderId) {
        self.orders.insert(was, there);
        self.order_was.insert(there, was);
    }

    fn bid(&mut self, was: BidId, there: BidId) {
        self.bids.insert(was, there);
        self.bid_was.insert(there, was);
    }

    pub(super) fn account(&self, was: &Exchange, would: &Exchange, id: AccountId) -> Option<AccountId> {
        if id == AccountId::EXCHANGE {
            return Some(id);
        }
        would.account_by_address(was.account(id)?.address)
    }

    fn market(was: &Exchange, would: &Exchange, id: MarketId) -> Option<MarketId> {
        would.market_of(&was.market(id)?.class).map(|market| market.id)
    }

    /// Whether the sides of a lease met in the log, too, by now.
    pub(super) fn met(&self, was: &Exchange, opened: &LeaseOpened) -> bool {
        match (self.order_was.get(&opened.order), self.bid_was.get(&opened.bid)) {
            (Some(order), Some(bid)) => was.leases_of_order(*order).any(|lease| lease.bid == *bid),
            // One of them is the extra account's.
            _ => false,
        }
    }

    /// The lease between the same order and the same bid: of several, that of the
    /// same turn.
    fn lease(&self, was: &Exchange, would: &Exchange, served: &Served, id: LeaseId) -> Option<LeaseId> {
        let lease = was.lease(id)?;
        let turn = was.leases_of_order(lease.order).filter(|it| it.bid == lease.bid && it.id < id).count();
        let (order, bid) = (self.orders.get(&lease.order)?, self.bids.get(&lease.bid)?);
        let there = would.leases_of_order(*order).filter(|it| it.bid == *bid).nth(turn)?;
        (!served.has(there.id)).then_some(there.id)
    }

    fn place_order(&self, was: &Exchange, would: &Exchange, place: &PlaceOrder) -> Option<PlaceOrder> {
        let aim = match place.aim {
            Some(bid) => Some(*self.bids.get(&bid)?),
            None => None,
        };
        Some(PlaceOrder { market: Self::market(was, would, place.market)?, aim, ..place.clone() })
    }

    fn place_bid(&self, was: &Exchange, would: &Exchange, place: &PlaceBid) -> Option<PlaceBid> {
        let mut place = place.clone();
        place.provider = *self.providers.get(&place.provider)?;
        match &mut place.target {
            BidTarget::Standing { market, .. } => *market = Self::market(was, would, *market)?,
            BidTarget::Directed { order } => *order = *self.orders.get(order)?,
        }
        Some(place)
    }

    /// A command, said of the same things there. What the chain settled is what
    /// it would have settled there.
    pub(super) fn command(
        &self,
        was: &Exchange,
        would: &Exchange,
        served: &Served,
        command: &Command,
    ) -> Option<Command> {
        let mut command = command.clone();
        let lease = |id: LeaseId| self.lease(was, would, served, id);
        match &mut command {
            Command::Genesis(_)
            | Command::Tick(_)
            | Command::Resumed(_)
            | Command::OpenAccount(_)
            | Command::Deposit(_)
            | Command::WithdrawalRequested(_)
            | Command::Withdrawn(_)
            | Command::WithdrawalCancelled(_)
            | Command::RegisterProvider(_)
            | Command::SetDeadMan(_)
            | Command::SetMandate(_)
            | Command::RegisterKey(_)
            | Command::RevokeKey(_)
            | Command::Attest(_)
            | Command::OpenMarket(_)
            | Command::Reconfigure(_)
            | Command::Upgrade(_) => {}
            Command::CancelAll(c) => {
                if let Some(market) = c.market {
                    c.market = Some(Self::market(was, would, market)?);
                }
            }
            Command::PlaceOrder(c) => *c = self.place_order(was, would, c)?,
            Command::ReplaceOrder(c) => {
                c.order = *self.orders.get(&c.order)?;
                c.place = self.place_order(was, would, &c.place)?;
            }
            Command::AmendOrder(c) => c.order = *self.orders.get(&c.order)?,
            Command::CancelOrder(c) => c.order = *self.orders.get(&c.order)?,
            Command::PlaceBid(c) => *c = self.place_bid(was, would, c)?,
            Command::ReplaceBid(c) => {
                c.bid = *self.bids.get(&c.bid)?;
                c.place = self.place_bid(was, would, &c.place)?;
            }
            Command::AmendBid(c) => c.bid = *self.bids.get(&c.bid)?,
            Command::CancelBid(c) => c.bid = *self.bids.get(&c.bid)?,
            Command::AcceptBid(c) => c.bid = *self.bids.get(&c.bid)?,
            Command::MassQuote(c) => {
                for quote in &mut c.quotes {
                    quote.provider = *self.providers.get(&quote.provider)?;
                    quote.market = Self::market(was, would, quote.market)?;
                }
            }
            Command::UpdateProvider(c) => c.provider = *self.providers.get(&c.provider)?,
            Command::PauseMarket(c) => c.market = Self::market(was, would, c.market)?,
            Command::ResumeMarket(c) => c.market = Self::market(was, would, c.market)?,
            Command::CycleMarket(c) => c.market = Self::market(was, would, c.market)?,
            Command::Escrowed(c) => c.lease = lease(c.lease)?,
            Command::EscrowFailed(c) => c.lease = lease(c.lease)?,
            Command::StartLease(c) => {
                c.lease = lease(c.lease)?;
                let replicas = would.lease(c.lease).map_or(0, |lease| lease.replicas as usize);
                let last = c.containers.last().cloned();
                c.containers.truncate(replicas);
                c.containers.extend(last.into_iter().cycle().take(replicas.saturating_sub(c.containers.len())));
            }
            Command::Heartbeat(c) => c.lease = lease(c.lease)?,
            Command::LeaseBacklog(c) => c.lease = lease(c.lease)?,
            Command::FinishLease(c) => c.lease = lease(c.lease)?,
            Command::StopLease(c) => c.lease = lease(c.lease)?,
            Command::TopUpLease(c) => c.lease = lease(c.lease)?,
            Command::ToppedUp(c) => c.lease = lease(c.lease)?,
            Command::TopUpFailed(c) => c.lease = lease(c.lease)?,
            Command::LedgerSeen(c) => c.lease = lease(c.lease)?,
            Command::SettlementPaid(c) => {
                let there = would.lease(lease(c.lease)?)?;
                let refund = there.escrow.checked_sub(there.pay).unwrap_or(Stroops::ZERO);
                *c = SettlementPaid { lease: there.id, pay: there.pay, fee: there.fee, refund, ..*c };
            }
            Command::SettlementRefunded(c) => {
                let there = would.lease(lease(c.lease)?)?;
                *c = SettlementRefunded { lease: there.id, amount: there.escrow, ..*c };
            }
            Command::StakeFact(c) => {
                if let Some(slashed) = c.slashed {
                    c.slashed = Some(lease(slashed)?);
                }
            }
        }
        Some(command)
    }
}
