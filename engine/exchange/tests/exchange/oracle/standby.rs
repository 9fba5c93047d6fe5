//! Standbys: the next best bid of another account waits for a lease to fail. Its
//! units and room are taken; nobody is paid for that.

use berth_domain::{
    AccountId, BidId, BidState, BidTarget, CloseReason, LeaseId, LeaseState, ProviderId, Rate, StandbyEnd,
    StandbyMissing, StandbyReleased, StandbyReserved,
};

use super::order::{owed, stroops};
use super::{Bid, Lease, Oracle, Order, Rule};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standby {
    pub(crate) lease: LeaseId,
    pub(crate) bid: BidId,
    pub(crate) host: ProviderId,
    /// The bid's price when it was reserved.
    pub(crate) price: Rate,
    /// As many as the lease has.
    pub(crate) units: u32,
    /// What the tenant holds because it is dearer than the lease.
    pub(crate) hold: i128,
}

/// Whether a lease that ended for this reason is to go on elsewhere.
pub(super) const fn fails_over(reason: CloseReason) -> bool {
    matches!(reason, CloseReason::Failed | CloseReason::Dark | CloseReason::StartTimeout)
}

impl Lease {
    /// Whether it may still fail, or has failed and is not settled.
    fn may_fail_over(&self) -> bool {
        match self.state {
            LeaseState::Opened | LeaseState::Escrowed | LeaseState::Running | LeaseState::Suspended => true,
            LeaseState::Verifying => false,
            LeaseState::Closing | LeaseState::Closed => self.paid_tx.is_none() && self.reason.is_some_and(fails_over),
        }
    }
}

impl Oracle {
    pub(super) fn standby_of(&self, lease: LeaseId) -> Option<Standby> {
        self.standbys.iter().find(|standby| standby.lease == lease).copied()
    }

    /// Units of a bid that stand by.
    pub(crate) fn reserved(&self, bid: BidId) -> u32 {
        self.standbys.iter().filter(|standby| standby.bid == bid).map(|standby| standby.units).sum()
    }

    /// What a tenant holds because standbys are dearer than leases.
    pub(super) fn standing_by(&self, tenant: AccountId) -> i128 {
        let is_own = |standby: &&Standby| self.find_lease(standby.lease).is_some_and(|lease| lease.tenant == tenant);
        self.standbys.iter().filter(is_own).map(|standby| standby.hold).sum()
    }

    /// A lease wants a standby, at the end of the entry.
    pub(super) fn seek_standby(&mut self, lease: LeaseId) {
        if !self.seeking.contains(&lease) {
            self.seeking.push(lease);
        }
    }

    /// What an entry has left to do: first about standbys, then about orders
    /// that can be paid for again.
    pub(super) fn follow_up(&mut self) {
        loop {
            let is_through = self.mind_standbys();
            self.resume_what_can_be_paid();
            if !is_through || (self.seeking.is_empty() && self.freed.is_empty()) {
                return;
            }
        }
    }

    /// Bids of hosts whose room came back enter again, by the hosts' ids; then
    /// leases look for a standby, by theirs, each counted as one that enters
    /// again. Whether all were reached.
    fn mind_standbys(&mut self) -> bool {
        loop {
            if let Some(host) = self.freed.iter().min().copied() {
                self.freed.retain(|freed| *freed != host);
                self.released.retain(|standby| standby.host != host);
                self.reenter_host(host);
                continue;
            }
            let Some(lease) = self.seeking.iter().min().copied() else { return true };
            if self.step.reentered >= self.budget().scan {
                self.reach(Rule::StandbyLooksInTheNextTick);
                self.goes_on_next();
                return false;
            }
            self.step.reentered += 1;
            self.seeking.retain(|seeking| *seeking != lease);
            self.find_standby(lease);
        }
    }

    fn find_standby(&mut self, id: LeaseId) {
        let lease = self.find_lease(id).expect("it seeks").clone();
        if !lease.may_fail_over() {
            self.reach(Rule::LookedForTooLate);
            return;
        }
        let found = self.next_best(self.order(lease.order), lease.replicas, &[lease.owner, lease.tenant]);
        let (found, skipped) = found;
        self.step.skipped = skipped;
        let standby = found.map(|bid| {
            let bid = self.bid(bid);
            let dear = owed(bid.place.price, lease.units, lease.replicas, lease.prepay);
            let (hold, units) = ((dear - lease.escrow()).max(0), lease.units * lease.replicas);
            (Standby { lease: id, bid: bid.id, host: bid.place.provider, price: bid.place.price, units, hold }, dear)
        });
        let per_lease = self.mandate(lease.tenant).per_lease.map(|most| i128::from(most.get()));
        let is_beyond = |dear: i128| per_lease.is_some_and(|most| dear > most);
        match standby {
            Some((_, dear)) if is_beyond(dear) => {
                self.reach(Rule::StandbyBeyondMandate);
                self.tell(StandbyMissing { lease: id });
            }
            Some((standby, _)) if standby.hold <= self.available(lease.tenant) => {
                self.reserve(standby, lease.replicas);
            }
            Some(_) => {
                self.reach(Rule::StandbyTooDear);
                self.tell(StandbyMissing { lease: id });
            }
            None => self.tell(StandbyMissing { lease: id }),
        }
    }

    /// The first bid in the rank of an incoming order that takes so many
    /// replicas whole and is none of these accounts', and what the entry has
    /// then skipped.
    pub(super) fn next_best(&self, order: &Order, replicas: u32, others: &[AccountId]) -> (Option<BidId>, u32) {
        let within = |bid: &&Bid| order.limit(self.level(bid.place.provider)).is_some_and(|l| bid.place.price <= l);
        let resting = self.bids.iter().filter(|bid| bid.rests() && bid.market == order.place.market);
        let mut bids: Vec<&Bid> = resting.filter(within).collect();
        self.rank_bids(&mut bids);
        let mut skipped = self.step.skipped;
        for bid in bids {
            let BidTarget::Standing { min_duration, max_duration, .. } = bid.place.target else { continue };
            let takes = !others.contains(&bid.account)
                && (min_duration..=max_duration).contains(&order.place.duration)
                && bid.left >= order.place.units * replicas
                && self.offers(bid.place.provider, order)
                && owed(bid.place.price, order.place.units, 1, order.place.prepay) > 0
                && self.fits(order, self.free(bid.place.provider, bid.market), replicas) == replicas;
            if takes {
                return (Some(bid.id), skipped);
            }
            if skipped >= self.budget().scan {
                self.reach(Rule::ScanEndsTheLook);
                return (None, skipped);
            }
            skipped += 1;
        }
        (None, skipped)
    }

    fn reserve(&mut self, standby: Standby, replicas: u32) {
        let Standby { lease, bid, host, price, units, hold } = standby;
        self.reach(if hold > 0 { Rule::StandbyIsDearer } else { Rule::StandbyCostsNoMore });
        self.bid_mut(bid).left -= units;
        self.standbys.push(standby);
        self.tell(StandbyReserved { lease, bid, provider: host, price, replicas, hold: stroops(hold) });
        self.park_used_up(bid);
        self.park_what_cannot_be_met(host, Rule::ParkedByAStandby);
    }

    /// A bid whose units are all leased or standing by is parked.
    pub(super) fn park_used_up(&mut self, id: BidId) {
        let bid = self.bid(id);
        if bid.left == 0 && bid.state == BidState::Open {
            self.reach(Rule::ParkedBecauseItStandsBy);
            self.park_bid(id);
        }
    }

    /// Lets a standby go, if a lease has one: what it took may serve others at
    /// the end of the entry.
    pub(super) fn release_standby(&mut self, lease: LeaseId, reason: StandbyEnd) {
        let Some(standby) = self.standby_of(lease) else { return };
        let Standby { bid, host, units, .. } = standby;
        self.standbys.retain(|standby| standby.lease != lease);
        self.bid_mut(bid).left += units;
        self.freed.push(host);
        self.released.push(standby);
        self.tell(StandbyReleased { lease, bid, reason });
    }

    /// A lease has begun to end. Unless it failed, nothing waits for that.
    pub(super) fn standby_ends_with(&mut self, lease: LeaseId, reason: CloseReason) {
        if !fails_over(reason) {
            self.release_standby(lease, StandbyEnd::LeaseEnded);
        }
    }

    /// A drained host stands by for nobody.
    pub(super) fn replace_standbys_of(&mut self, host: ProviderId) {
        let mut bids: Vec<_> = self.standbys.iter().filter(|standby| standby.host == host).map(|s| s.bid).collect();
        bids.sort_unstable();
        bids.dedup();
        bids.into_iter().for_each(|bid| self.replace_standbys(bid, StandbyEnd::ProviderUnavailable));
    }

    /// A bid stands by no longer: each of its leases, by id, looks for another.
    pub(super) fn replace_standbys(&mut self, bid: BidId, reason: StandbyEnd) {
        let stands_by = self.standbys.iter().filter(|standby| standby.bid == bid);
        let mut leases: Vec<_> = stands_by.map(|standby| standby.lease).collect();
        leases.sort_unstable();
        for lease in leases {
            self.release_standby(lease, reason);
            self.seek_standby(lease);
        }
    }

    /// A withdrawal takes what tenants hold for standbys, those of the youngest
    /// leases first, until so much is available.
    pub(super) fn free_standbys(&mut self, tenant: AccountId, amount: i128) {
        while self.available(tenant) < amount {
            let is_own = |lease: LeaseId| self.find_lease(lease).is_some_and(|lease| lease.tenant == tenant);
            let backed = self.standbys.iter().filter(|standby| standby.hold > 0 && is_own(standby.lease));
            let Some(lease) = backed.map(|standby| standby.lease).max() else { return };
            self.release_standby(lease, StandbyEnd::Unfunded);
        }
    }
}
