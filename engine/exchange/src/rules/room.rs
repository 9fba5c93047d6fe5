//! Capacity is the provider's, not the bid's: a bid whose provider has no room
//! for one unit is parked out of the book, with its age, until there is room.

use berth_domain::{BidChanged, BidId, BidResumed, BidState, BidTarget, Mode, OrderState, ProviderId};

use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
use crate::state::Bid;

impl Exchange {
    /// Parks a provider's resting bids in markets where it has no unit free.
    pub(crate) fn park_without_room(&mut self, step: &mut Step<'_>, provider: ProviderId) {
        // Most fills leave room in every market, and then there is nothing to
        // look through.
        if self.provider(provider).is_some_and(|host| host.free.cpu > 0 && host.free_gpus.iter().all(|free| *free > 0))
        {
            return;
        }
        for id in self.live_bids_of(provider) {
            let bid = self.bid(id).expect("a live bid is there");
            let is_standing = matches!(bid.target, BidTarget::Standing { .. });
            if is_standing && bid.state == BidState::Open && !self.has_free_unit(bid) {
                let market = bid.market;
                self.unrest_bid(id);
                self.bid_mut(id).state = BidState::Parked;
                step.emit(BidChanged { bid: id, market });
            }
        }
    }

    /// Room was freed on a provider: its live bids enter again as incoming,
    /// with their age kept and in the order of it, for what is free now may
    /// serve an order that was skipped before.
    pub(crate) fn reenter_bids(&mut self, step: &mut Step<'_>, provider: ProviderId) {
        for id in self.live_bids_of(provider) {
            let bid = self.bid(id).expect("a live bid is there");
            let (state, market, target) = (bid.state, bid.market, bid.target);
            let has_room = self.has_free_unit(bid);
            match target {
                _ if !bid.is_live() => {}
                BidTarget::Standing { .. } if is(Planted::ParkedForGood) && state == BidState::Parked => {}
                BidTarget::Standing { .. } if is(Planted::RoomUnmatched) && state == BidState::Open => {}
                BidTarget::Standing { .. } => {
                    if state == BidState::Parked && has_room {
                        self.bid_mut(id).state = BidState::Open;
                        self.rest_bid(id);
                        step.emit(BidResumed { bid: id, market });
                    }
                    self.match_bid(step, id);
                }
                BidTarget::Directed { order } => {
                    let is_auto =
                        self.order(order).is_some_and(|o| o.mode == Mode::Auto && o.state == OrderState::Open);
                    if is_auto {
                        self.fill_directed(step, id);
                    }
                }
            }
        }
    }

    fn live_bids_of(&self, provider: ProviderId) -> Vec<BidId> {
        self.live_bids.get(&provider).into_iter().flatten().map(|(_, id)| BidId(*id)).collect()
    }

    /// Whether a bid's provider has one unit of its market free.
    pub(crate) fn has_free_unit(&self, bid: &Bid) -> bool {
        let market = self.market(bid.market).expect("a bid's market is open");
        self.provider(bid.provider).is_some_and(|provider| provider.free_units(&market.class) > 0)
    }
}
