//! Which things an entry touches: those that its command names, those that it
//! made, and those that its events are about.

use std::collections::BTreeSet;

use berth_domain::{AccountId, BidTarget, Command, Entry, Event, PlaceBid, PlaceOrder, TrustCause};
use berth_exchange::{Outcome, Reply};

use crate::thing::Thing;

/// All things that an entry touches, with who said it; the exchange itself is
/// none.
#[must_use]
pub fn touched(entry: &Entry, outcome: Outcome, events: &[Event]) -> BTreeSet<Thing> {
    let mut things = Touched(BTreeSet::new());
    if entry.account != AccountId::EXCHANGE {
        things.add(entry.account);
    }
    things.command(&entry.command);
    if let Outcome::Done(reply) | Outcome::Repeated(reply) = outcome {
        things.reply(reply);
    }
    events.iter().for_each(|event| things.event(event));
    things.0
}

/// The things that one event is about.
pub(crate) fn touched_by(event: &Event) -> BTreeSet<Thing> {
    let mut things = Touched(BTreeSet::new());
    things.event(event);
    things.0
}

struct Touched(BTreeSet<Thing>);

impl Touched {
    fn add(&mut self, thing: impl Into<Thing>) {
        self.0.insert(thing.into());
    }

    fn reply(&mut self, reply: Reply) {
        match reply {
            Reply::None => {}
            Reply::Account(id) => self.add(id),
            Reply::Provider(id) => self.add(id),
            Reply::Order(id) => self.add(id),
            Reply::Bid(id) => self.add(id),
            Reply::Lease(id) => self.add(id),
            Reply::Market(id) => self.add(id),
        }
    }

    fn place_order(&mut self, place: &PlaceOrder) {
        self.add(place.market);
        place.aim.into_iter().for_each(|bid| self.add(bid));
    }

    fn place_bid(&mut self, place: &PlaceBid) {
        self.add(place.provider);
        match place.target {
            BidTarget::Standing { market, .. } => self.add(market),
            BidTarget::Directed { order } => self.add(order),
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            // What they touch is in their events: they name keys, classes or
            // nothing at all.
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
            | Command::StakeFact(_)
            | Command::Attest(_)
            | Command::OpenMarket(_)
            | Command::Reconfigure(_)
            | Command::Upgrade(_) => {}
            Command::CancelAll(c) => c.market.into_iter().for_each(|market| self.add(market)),
            Command::PlaceBid(c) => self.place_bid(c),
            Command::CancelBid(c) => self.add(c.bid),
            Command::AmendBid(c) => self.add(c.bid),
            Command::ReplaceBid(c) => {
                self.add(c.bid);
                self.place_bid(&c.place);
            }
            Command::MassQuote(c) => c.quotes.iter().for_each(|quote| {
                self.add(quote.provider);
                self.add(quote.market);
            }),
            Command::AcceptBid(c) => self.add(c.bid),
            Command::PlaceOrder(c) => self.place_order(c),
            Command::CancelOrder(c) => self.add(c.order),
            Command::AmendOrder(c) => self.add(c.order),
            Command::ReplaceOrder(c) => {
                self.add(c.order);
                self.place_order(&c.place);
            }
            Command::Escrowed(c) => self.add(c.lease),
            Command::EscrowFailed(c) => self.add(c.lease),
            Command::StartLease(c) => self.add(c.lease),
            Command::Heartbeat(c) => self.add(c.lease),
            Command::FinishLease(c) => self.add(c.lease),
            Command::StopLease(c) => self.add(c.lease),
            Command::SettlementPaid(c) => self.add(c.lease),
            Command::SettlementRefunded(c) => self.add(c.lease),
            Command::TopUpLease(c) => self.add(c.lease),
            Command::ToppedUp(c) => self.add(c.lease),
            Command::TopUpFailed(c) => self.add(c.lease),
            Command::LeaseBacklog(c) => self.add(c.lease),
            Command::LedgerSeen(c) => self.add(c.lease),
            Command::PauseMarket(c) => self.add(c.market),
            Command::ResumeMarket(c) => self.add(c.market),
            Command::CycleMarket(c) => self.add(c.market),
            Command::UpdateProvider(c) => self.add(c.provider),
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::ExchangeOpened(_)
            | Event::ChangeAnnounced(_)
            | Event::ExchangeReconfigured(_)
            | Event::ExchangeUpgraded(_) => {}
            Event::MarketOpened(e) => self.add(e.market),
            Event::MarketPaused(e) => self.add(e.market),
            Event::MarketResumed(e) => self.add(e.market),
            Event::AccountOpened(e) => self.add(e.account),
            Event::DeadManSet(e) => self.add(e.account),
            Event::MandateSet(e) => self.add(e.account),
            Event::KeyRegistered(e) => self.add(e.account),
            Event::KeyRevoked(e) => self.add(e.account),
            Event::DepositCredited(e) => self.add(e.account),
            Event::WithdrawalRequested(e) => self.add(e.account),
            Event::WithdrawalPaid(e) => self.add(e.account),
            Event::WithdrawalCancelled(e) => self.add(e.account),
            // Who was refused said it himself.
            Event::CommandRefused(_) => {}
            Event::ProviderRegistered(e) => {
                self.add(e.provider);
                self.add(e.account);
            }
            Event::ProviderChanged(e) => self.add(e.provider),
            Event::OrderAccepted(e) => {
                self.add(e.order);
                self.add(e.account);
                self.add(e.market);
            }
            Event::OrderFilled(e) => {
                self.add(e.order);
                self.add(e.market);
                self.add(e.lease);
            }
            Event::OrderCancelled(e) => self.order(e.order, e.market),
            Event::OrderExpired(e) => self.order(e.order, e.market),
            Event::OrderAmended(e) => self.order(e.order, e.market),
            Event::OrderParked(e) => self.order(e.order, e.market),
            Event::OrderResumed(e) => self.order(e.order, e.market),
            Event::BidAccepted(e) => {
                self.bid(e.bid, e.market);
                self.add(e.provider);
                if let BidTarget::Directed { order } = e.target {
                    self.add(order);
                }
            }
            Event::BidParked(e) => self.bid(e.bid, e.market),
            Event::BidResumed(e) => self.bid(e.bid, e.market),
            Event::BidLost(e) => self.bid(e.bid, e.market),
            Event::BidExpired(e) => self.bid(e.bid, e.market),
            Event::BidCancelled(e) => self.bid(e.bid, e.market),
            Event::BidAmended(e) => self.bid(e.bid, e.market),
            Event::LeaseOpened(e) => {
                self.add(e.lease);
                self.add(e.order);
                self.bid(e.bid, e.market);
                self.add(e.provider);
            }
            Event::LeaseEscrowed(e) => self.add(e.lease),
            Event::LeaseStarted(e) => self.add(e.lease),
            Event::LeaseHeartbeat(e) => self.add(e.lease),
            Event::LeaseRunway(e) => self.add(e.lease),
            Event::LeaseSuspended(e) => self.add(e.lease),
            Event::LeaseResumed(e) => self.add(e.lease),
            Event::TopUpRequested(e) => self.add(e.lease),
            Event::LeaseToppedUp(e) => self.add(e.lease),
            Event::TopUpReleased(e) => self.add(e.lease),
            Event::LeaseClosing(e) => self.add(e.lease),
            Event::LeaseClosed(e) => self.add(e.lease),
            Event::LeasePaid(e) => self.add(e.lease),
            Event::ProofStepped(e) => self.add(e.lease),
            Event::StakeChanged(e) => self.add(e.account),
            Event::StakeSlashed(e) => {
                self.add(e.account);
                self.add(e.lease);
            }
            Event::Attested(e) => {
                self.add(e.account);
                self.add(e.auditor);
            }
            Event::TrustChanged(e) => {
                self.add(e.account);
                match e.cause {
                    TrustCause::Lease(lease) | TrustCause::Slash(lease) => self.add(lease),
                    TrustCause::Attestation(auditor) => self.add(auditor),
                    TrustCause::Stake(_) | TrustCause::Expiry => {}
                }
            }
            Event::ReputationChanged(e) => {
                self.add(e.account);
                self.add(e.lease);
            }
            Event::StandbyReserved(e) => {
                self.add(e.lease);
                self.add(e.bid);
                self.add(e.provider);
            }
            Event::StandbyReleased(e) => {
                self.add(e.lease);
                self.add(e.bid);
            }
            Event::StandbyMissing(e) => self.add(e.lease),
            Event::LeaseFailedOver(e) => {
                self.add(e.from);
                self.add(e.to);
            }
            Event::OrderContinued(e) => {
                self.add(e.lease);
                self.add(e.order);
            }
            Event::OrderDiscontinued(e) => self.add(e.lease),
            Event::VerificationStarted(e) => self.add(e.lease),
            Event::VerificationDrawn(e) => self.add(e.lease),
            Event::VerificationRerun(e) => {
                self.add(e.lease);
                self.add(e.rerun);
            }
            Event::VerificationEnded(e) => self.add(e.lease),
        }
    }

    fn order(&mut self, order: berth_domain::OrderId, market: berth_domain::MarketId) {
        self.add(order);
        self.add(market);
    }

    fn bid(&mut self, bid: berth_domain::BidId, market: berth_domain::MarketId) {
        self.add(bid);
        self.add(market);
    }
}
