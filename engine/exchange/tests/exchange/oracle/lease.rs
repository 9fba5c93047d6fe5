//! Leases: how one opens, what it has cost, and how it closes.

use berth_domain::{
    AccountId, BidId, BidState, CloseReason, ContainerReport, FeeBps, JobResult, LeaseClosed, LeaseClosing, LeaseId,
    LeaseOpened, LeaseState, MarketId, Micros, OrderFilled, OrderId, OrderState, ProviderId, Rate, Resources, Seconds,
    Text, Timing, TrustLevel, TxHash, Verify,
};

use super::backlog::Gap;
use super::order::{owed, stroops};
use super::record::Record;
use super::topup::Funding;
use super::{Oracle, Rule};

#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(crate) id: LeaseId,
    pub(crate) order: OrderId,
    pub(crate) bid: BidId,
    pub(crate) market: MarketId,
    pub(crate) host: ProviderId,
    pub(crate) owner: AccountId,
    pub(crate) tenant: AccountId,
    pub(crate) origin: Origin,
    pub(crate) level: TrustLevel,
    pub(crate) price: Rate,
    pub(crate) units: u32,
    pub(crate) resources: Resources,
    pub(crate) replicas: u32,
    pub(crate) duration: Seconds,
    pub(crate) prepay: Seconds,
    pub(crate) state: LeaseState,
    pub(crate) reason: Option<CloseReason>,
    pub(crate) detail: Text<200>,
    pub(crate) escrow_tx: Option<TxHash>,
    pub(crate) paid_tx: Option<TxHash>,
    pub(crate) started_at: Option<Micros>,
    pub(crate) ends_at: Option<Micros>,
    pub(crate) closing_at: Option<Micros>,
    pub(crate) finished: bool,
    pub(crate) result: Option<JobResult>,
    pub(crate) image: Text<128>,
    pub(crate) containers: Vec<ContainerReport>,
    /// The fee and the timeouts of its opening.
    pub(super) fee_bps: FeeBps,
    pub(super) timing: Timing,
    pub(crate) funding: Funding,
    /// Checks that failed since one passed.
    pub(super) failed_checks: u32,
    /// When it was last heard of since it runs, and for how long it is known to
    /// have run.
    pub(super) heard_at: Option<Micros>,
    pub(super) ran_micros: u64,
    /// The newest time that a backlog may still fill.
    pub(crate) gap: Option<Gap>,
    /// When what its state waits for is overdue.
    pub(super) overdue_at: Option<Micros>,
    /// What it cost, and the platform's part of it. Zero until it closes.
    pub(crate) pay: i128,
    pub(crate) fee: i128,
    pub(super) record: Record,
}

/// Where a lease came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Match,
    /// The lease that failed.
    Failover(LeaseId),
    /// The lease whose result is checked.
    Rerun(LeaseId),
}

/// What opens.
pub(super) struct Opening {
    pub(super) order: OrderId,
    pub(super) bid: BidId,
    pub(super) replicas: u32,
    pub(super) price: Rate,
    pub(super) duration: Seconds,
    pub(super) prepay: Seconds,
    pub(super) tenant: AccountId,
    pub(super) origin: Origin,
}

impl Lease {
    /// What its escrow holds, or held.
    pub(crate) fn escrow(&self) -> i128 {
        owed(self.price, self.units, self.replicas, self.prepay)
    }

    /// When what its state waits for is overdue.
    pub(crate) const fn overdue_at(&self) -> Option<Micros> {
        self.overdue_at
    }

    /// Whether its escrow holds that: from the match until the contract has paid,
    /// or until the lease closes without one.
    pub(super) fn has_escrow(&self) -> bool {
        let never_locked = self.state == LeaseState::Closed && self.escrow_tx.is_none();
        self.paid_tx.is_none() && !never_locked
    }

    /// Whole seconds that it is known to have run.
    pub(crate) const fn evidenced(&self) -> Seconds {
        Seconds(self.ran_micros / 1_000_000)
    }

    /// What those cost, at most its escrow.
    pub(super) fn cost(&self) -> i128 {
        owed(self.price, self.units, self.replicas, self.evidenced()).min(self.escrow())
    }
}

impl Oracle {
    pub(crate) fn find_lease(&self, id: LeaseId) -> Option<&Lease> {
        super::nth(&self.leases, id.0)
    }

    pub(super) fn lease_mut(&mut self, id: LeaseId) -> &mut Lease {
        let place = usize::try_from(id.0).expect("few leases") - 1;
        &mut self.leases[place]
    }

    /// A bid fills replicas of an order.
    pub(super) fn open_lease(&mut self, order: OrderId, bid: BidId, replicas: u32, price: Rate) {
        self.step.opened += 1;
        let (order, bid) = (self.order(order).clone(), self.bid(bid).clone());
        let place = &order.place;
        self.reach_price(&order, &bid, price);
        let (duration, prepay, tenant, origin) = (place.duration, place.prepay, order.account, Origin::Match);
        let opening = Opening { order: order.id, bid: bid.id, replicas, price, duration, prepay, tenant, origin };
        let id = self.new_lease(&opening);

        self.takes_units(bid.id, place.units * replicas);
        let filled = self.order_mut(order.id);
        filled.left -= replicas;
        let (market, remaining, hold) = (order.place.market, filled.left, stroops(filled.hold()));
        self.tell(OrderFilled { order: order.id, market, lease: id, replicas, remaining, hold });
        if self.bid(bid.id).is_standing() {
            self.park_used_up(bid.id);
        }
        if remaining == 0 {
            self.order_mut(order.id).state = OrderState::Filled;
            self.lose_bids(order.id, Rule::DirectedBidsLostByFill);
        }
        if place.failover {
            self.seek_standby(id);
        }
    }

    /// A lease takes units of a bid; one that is used up is matched.
    pub(super) fn takes_units(&mut self, id: BidId, units: u32) {
        let reserved = self.reserved(id);
        let filled = self.bid_mut(id);
        if filled.is_standing() {
            filled.left -= units;
        }
        if filled.left == 0 && reserved == 0 {
            filled.state = BidState::Matched;
        }
    }

    /// Opens a lease whose room and money the caller has seen to.
    pub(super) fn new_lease(&mut self, opening: &Opening) -> LeaseId {
        let Opening { replicas, price, duration, prepay, tenant, origin, .. } = *opening;
        let (order, bid) = (self.order(opening.order).clone(), self.bid(opening.bid).clone());
        let (host, place) = (bid.place.provider, &order.place);
        let level = self.level(host);
        let id = LeaseId(self.leases.len() as u64 + 1);
        let timing = self.rules().timing;
        let waits = [timing.escrow_timeout, timing.start_timeout, duration];
        let waits = [&waits[..], &[timing.suspend_timeout, timing.closing_timeout]].concat();
        let waits = waits.iter().map(|time| time.0).sum::<u64>() + timing.settle_grace.0;
        let chain_deadline = self.step.at.unix_seconds() + waits;
        let lease = Lease {
            id,
            order: order.id,
            bid: bid.id,
            market: bid.market,
            host,
            owner: bid.account,
            tenant,
            origin,
            level,
            price,
            units: place.units,
            resources: place.resources,
            replicas,
            duration,
            prepay,
            state: LeaseState::Opened,
            reason: None,
            detail: Text::default(),
            escrow_tx: None,
            paid_tx: None,
            started_at: None,
            ends_at: None,
            closing_at: None,
            fee_bps: self.rules().fee,
            timing,
            funding: Funding::default(),
            failed_checks: 0,
            finished: false,
            result: None,
            image: Text::default(),
            containers: Vec::new(),
            heard_at: None,
            ran_micros: 0,
            gap: None,
            overdue_at: Some(self.step.at.plus(timing.escrow_timeout)),
            pay: 0,
            fee: 0,
            record: Record::new(self.step.at, self.step.seq, chain_deadline, self.operation.terms.len() - 1),
        };
        let mut lease = lease;
        if order.place.verify == Verify::Spot {
            lease.record.chain_deadline += lease.time_to_check();
        }
        self.tell(LeaseOpened {
            lease: id,
            order: order.id,
            bid: bid.id,
            market: bid.market,
            provider: host,
            provider_address: self.account(bid.account).address,
            tenant_address: self.account(tenant).address,
            price,
            rate: price.of(place.units, replicas).expect("a hold at a higher price was counted"),
            units: place.units,
            replicas,
            escrow: stroops(lease.escrow()),
            duration,
            chain_deadline: lease.record.chain_deadline,
            level,
        });
        self.leases.push(lease);
        id
    }

    fn reach_price(&self, order: &super::Order, bid: &super::Bid, price: Rate) {
        let limit = order.limit(self.level(bid.place.provider));
        if limit.is_some_and(|limit| price < limit) {
            self.reach(Rule::OrderPaysLessThanItsLimit);
        }
        if price > bid.place.price {
            self.reach(Rule::BidEarnsMoreThanItsPrice);
        }
        if limit.is_some_and(|limit| limit < order.place.limits.highest()) {
            self.reach(Rule::LimitOfTheLevelIsLowerThanTheHighest);
        }
    }

    /// Asks for the containers to be removed; nothing after this is paid.
    pub(super) fn begin_closing(&mut self, id: LeaseId, reason: CloseReason) {
        let at = self.step.at;
        let lease = self.lease_mut(id);
        if matches!(lease.state, LeaseState::Closing | LeaseState::Closed) {
            return;
        }
        if lease.state == LeaseState::Verifying {
            // Its containers are gone already.
            self.close(id, reason);
            self.has_no_result(id);
            return;
        }
        // Before the chain has answered, only it knows whether there is an
        // escrow to give back: nothing is overdue until it does.
        lease.overdue_at = (lease.state != LeaseState::Opened).then_some(at.plus(lease.timing.closing_timeout));
        lease.state = LeaseState::Closing;
        lease.reason = Some(reason);
        lease.closing_at = Some(at);
        self.tell(LeaseClosing { lease: id, reason });
        self.lease_ends(id, reason);
    }

    /// It has begun to end, whether its containers are gone or not.
    fn lease_ends(&mut self, id: LeaseId, reason: CloseReason) {
        self.standby_ends_with(id, reason);
        self.gang_leg_ends(id, reason);
        self.has_no_result(id);
    }

    /// Counts what it cost, frees its room, and lets its host's bids enter
    /// again.
    pub(super) fn close(&mut self, id: LeaseId, reason: CloseReason) {
        let at = self.step.at;
        let lease = self.lease_mut(id);
        let was_verifying = lease.state == LeaseState::Verifying;
        let had_ended = was_verifying || lease.state == LeaseState::Closing;
        // What a gang that failed has run for is nothing to anybody.
        // So is what was computed wrong.
        let is_nothing =
            matches!(reason, CloseReason::Refunded | CloseReason::GangFailed | CloseReason::FailedVerification);
        let is_paid = lease.started_at.is_some() && !is_nothing;
        lease.pay = if is_paid { lease.cost() } else { 0 };
        lease.fee = lease.pay * i128::from(lease.fee_bps.get()) / 10_000;
        lease.state = LeaseState::Closed;
        lease.reason = Some(reason);
        lease.overdue_at = None;
        lease.record.closed_at = Some(at);
        self.prove_close(id, reason);
        let lease = self.lease_mut(id).clone();
        self.tell(LeaseClosed {
            lease: id,
            reason,
            detail: lease.detail.clone(),
            evidenced: lease.told_seconds(reason),
            pay: stroops(lease.pay),
            fee: stroops(lease.fee),
            refund: stroops(lease.escrow() - lease.pay),
            escrowed: lease.escrow_tx.is_some() && reason != CloseReason::Refunded,
            proof: lease.record.proof.last().expect("its close is proven").hash,
        });
        // Room is free since the job ended.
        if !self.lease_counts(id) && !was_verifying {
            self.reenter_host(lease.host);
        }
        if !had_ended {
            self.lease_ends(id, reason);
        }
    }
}
