//! Standbys: the next-best bid of another account waits for a lease to fail.
//! Its room and units are taken, and nobody is paid for that.

use berth_domain::{
    AccountId, BidId, LeaseId, LeaseState, ProviderId, StandbyEnd, StandbyMissing, StandbyReleased, StandbyReserved,
    Stroops, owed,
};

use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
use crate::state::{Lease, Place, Standby, Timer};

impl Exchange {
    /// Does at the end of an entry what it has left to do: first about
    /// standbys, so that nothing else takes the funds that they were counted
    /// on, then about orders that can be paid for again.
    #[inline]
    pub(crate) fn follow_up(&mut self, step: &mut Step<'_>) {
        // Most entries leave nothing behind.
        if !self.standbys.is_idle() || self.ledger.has_credited() {
            self.follow_up_on_all(step);
        }
    }

    fn follow_up_on_all(&mut self, step: &mut Step<'_>) {
        let mut is_through = self.standbys.is_idle() || self.mind_standbys(step);
        self.resume_funded(step);
        while is_through && !self.standbys.is_idle() {
            is_through = self.mind_standbys(step);
            self.resume_funded(step);
        }
    }

    /// Lets bids whose units or room came back enter again, and leases that want
    /// a standby look for one. Answers whether all were reached; the
    /// others are in the next tick, which comes before anything else.
    fn mind_standbys(&mut self, step: &mut Step<'_>) -> bool {
        loop {
            if let Some(provider) = self.standbys.next_freed() {
                while let Some(standby) = self.standbys.next_released(provider) {
                    self.give_back_room(&standby);
                }
                self.reenter_bids(step, provider);
            } else if step.budget.reentries == 0 {
                if !self.standbys.is_idle() {
                    self.timers.set(Timer::Reentry, step.at);
                }
                return false;
            } else if let Some(lease) = self.standbys.next_seeking() {
                step.budget.reentries -= 1;
                self.find_standby(step, lease);
            } else {
                return true;
            }
        }
    }

    fn find_standby(&mut self, step: &mut Step<'_>, id: LeaseId) {
        let lease = self.lease(id).expect("what seeks a standby is there");
        if !may_fail_over(lease) {
            return;
        }
        let order = self.order(lease.order).expect("a lease's order is there");
        let others = [lease.provider_account, lease.tenant];
        let found = self.next_best(order, lease.replicas, &others, &mut step.budget.skips);
        let standby = found.and_then(|bid| self.standby_of(lease, bid));
        match standby {
            Some(standby) => self.reserve(step, standby),
            None => step.emit(StandbyMissing { lease: id }),
        }
    }

    /// What a bid would be as a standby, if the tenant can pay for it.
    fn standby_of(&self, lease: &Lease, bid: BidId) -> Option<Standby> {
        let bid = self.bid(bid)?;
        let dear = owed(bid.price.of(lease.units, lease.replicas)?, lease.prepay)?;
        let hold = dear.checked_sub(lease.escrow).unwrap_or(Stroops::ZERO);
        let units = lease.units * lease.replicas;
        let standby = Standby { lease: lease.id, bid: bid.id, provider: bid.provider, price: bid.price, units, hold };
        let mandate = self.accounts.get(lease.tenant)?.mandate.unwrap_or_default();
        let is_allowed = mandate.per_lease.is_none_or(|most| dear <= most);
        (is_allowed && hold <= self.ledger.available(lease.tenant)).then_some(standby)
    }

    fn reserve(&mut self, step: &mut Step<'_>, standby: Standby) {
        let Standby { lease: id, bid: bid_id, provider, price, units, hold } = standby;
        let lease = self.lease(id).expect("what seeks a standby is there");
        let (tenant, each, resources, replicas) = (lease.tenant, lease.units, lease.resources, lease.replicas);
        self.ledger.post(Place::Available(tenant), Place::Held(tenant), hold);
        let bid = self.bid_mut(bid_id);
        bid.remaining -= units;
        bid.reserved += units;
        let (slot, is_used_up) = (bid.slot, bid.remaining == 0);
        if !is(Planted::StandbyRoomFree) {
            self.provider_mut(provider).take(slot, each, &resources, replicas);
        }
        self.standbys.insert(standby);
        step.emit(StandbyReserved { lease: id, bid: bid_id, provider, price, replicas, hold });
        if is_used_up {
            self.park_bid(step, bid_id);
        } else {
            self.resize_bid(bid_id);
        }
        self.park_without_room(step, provider);
    }

    /// Releases a lease's standby, if it has one: what it took may serve others
    /// at the end of the entry. What the entry has planned did not count on it,
    /// and would otherwise come to rest beside what it could meet.
    pub(crate) fn release_standby(&mut self, step: &mut Step<'_>, id: LeaseId, reason: StandbyEnd) {
        let Some(standby) = self.standbys.remove(id) else { return };
        let tenant = self.lease(id).expect("a standby's lease is there").tenant;
        self.ledger.post(Place::Held(tenant), Place::Available(tenant), standby.hold);
        let bid = self.bid_mut(standby.bid);
        bid.remaining += standby.units;
        bid.reserved -= standby.units;
        self.resize_bid(standby.bid);
        self.standbys.release(standby);
        step.emit(StandbyReleased { lease: id, bid: standby.bid, reason });
    }

    fn give_back_room(&mut self, standby: &Standby) {
        let lease = self.lease(standby.lease).expect("a standby's lease is there");
        let (each, resources, replicas) = (lease.units, lease.resources, lease.replicas);
        let slot = self.bid_mut(standby.bid).slot;
        self.provider_mut(standby.provider).give_back(slot, each, &resources, replicas);
    }

    /// A bid has ended: the leases that it stood by for try the next best.
    #[inline]
    pub(crate) fn bid_stands_by_no_longer(&mut self, step: &mut Step<'_>, id: BidId) {
        if self.bid_mut(id).reserved > 0 {
            self.replace_standbys(step, id, StandbyEnd::BidEnded);
        }
    }

    /// A host takes no leases any more: neither does it stand by.
    pub(crate) fn host_stands_by_no_longer(&mut self, step: &mut Step<'_>, id: ProviderId) {
        let mut bids: Vec<_> = self.live_bids(id).filter(|bid| bid.reserved > 0).map(|bid| bid.id).collect();
        bids.sort_unstable();
        for bid in bids {
            self.replace_standbys(step, bid, StandbyEnd::ProviderUnavailable);
        }
    }

    fn replace_standbys(&mut self, step: &mut Step<'_>, id: BidId, reason: StandbyEnd) {
        while let Some(lease) = self.standbys.lease_of(id) {
            self.release_standby(step, lease, reason);
            self.standbys.seek(lease);
        }
    }

    /// The youngest lease of a tenant whose standby holds money.
    pub(crate) fn youngest_backed(&self, tenant: AccountId) -> Option<LeaseId> {
        let is_meant = |standby: &&Standby| {
            standby.hold > Stroops::ZERO && self.lease(standby.lease).is_some_and(|lease| lease.tenant == tenant)
        };
        self.standbys.iter().rev().find(is_meant).map(|standby| standby.lease)
    }
}

/// Whether a lease may still fail so that another takes over, or has done so
/// and is not settled.
fn may_fail_over(lease: &Lease) -> bool {
    match lease.state {
        LeaseState::Opened | LeaseState::Escrowed | LeaseState::Running | LeaseState::Suspended => true,
        LeaseState::Verifying => false,
        LeaseState::Closing | LeaseState::Closed => {
            lease.paid_at.is_none() && lease.reason.is_some_and(|reason| reason.fails_over())
        }
    }
}
