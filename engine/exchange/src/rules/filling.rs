//! A fill: what one bid fills of one order becomes a lease.

use berth_domain::{
    BidId, BidState, BidTarget, LeaseId, LeaseOpened, LeaseState, OrderFilled, OrderId, OrderState, ProofPayload,
    ProofStep, ProofStepped, Rate, Seq, Stroops, Text, owed,
};

use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is, outside};
use crate::state::{Evidence, Lease, Place, Timer};

impl Exchange {
    /// Fills a directed bid with as many replicas of its order as fit. Answers
    /// whether any did.
    pub(crate) fn fill_directed(&mut self, step: &mut Step<'_>, id: BidId) -> bool {
        let bid = self.bid(id).expect("the caller has it");
        let (price, BidTarget::Directed { order }) = (bid.price, bid.target) else { return false };
        let provider = self.provider(bid.provider).expect("a bid's provider is registered");
        let fits =
            self.order(order).is_some_and(|order| order.state == OrderState::Open && self.room(provider, order) > 0);
        if fits {
            self.fill(step, order, id, price);
        }
        fits
    }

    /// Opens a lease of as many replicas as order, bid and provider have. The
    /// caller has made sure that it is at least one.
    pub(crate) fn fill(&mut self, step: &mut Step<'_>, order_id: OrderId, bid_id: BidId, price: Rate) {
        let order = self.order(order_id).expect("the caller has it").clone();
        let bid = self.bid(bid_id).expect("the caller has it").clone();
        let provider = self.provider(bid.provider).expect("a bid's provider is registered");
        let by_bid = match bid.target {
            BidTarget::Standing { .. } => bid.remaining / order.units,
            BidTarget::Directed { .. } => u32::MAX,
        };
        let replicas = order.remaining.min(by_bid).min(self.room(provider, &order));
        assert!(replicas > 0, "a fill has at least one replica");
        step.fills_left = step.fills_left.saturating_sub(1);

        let id = LeaseId(self.leases.len() as u64 + 1);
        let rate = price.of(order.units, replicas).expect("the hold at a higher price was counted");
        let escrow = owed(rate, order.prepay).expect("the hold at a higher price was counted");
        let remaining = order.remaining - replicas;
        let hold = self.hold_for(&order, remaining);
        self.take_escrow(&order, id, escrow, hold);

        let timing = *self.timing();
        let chain_deadline = step.at.unix_seconds()
            + timing.escrow_timeout.0
            + timing.start_timeout.0
            + order.duration.0
            + timing.closing_timeout.0
            + timing.settle_grace.0
            + if is(Planted::ReadsOutside) { outside() % 2 } else { 0 };
        let lease = Lease {
            id,
            order: order_id,
            bid: bid_id,
            market: order.market,
            provider: bid.provider,
            provider_account: bid.account,
            tenant: order.account,
            level: self.level_of(bid.account),
            price,
            rate,
            units: order.units,
            resources: order.resources,
            replicas,
            duration: order.duration,
            prepay: order.prepay,
            escrow,
            state: LeaseState::Opened,
            reason: None,
            detail: Text::default(),
            opened_at: step.at,
            escrowed_at: None,
            started_at: None,
            ends_at: None,
            closing_at: None,
            closed_at: None,
            paid_at: None,
            chain_deadline,
            escrow_tx: None,
            paid_tx: None,
            image: Text::default(),
            containers: Vec::new(),
            finished: false,
            result: None,
            cpu_millis: 0,
            memory_bytes: 0,
            evidence: Evidence::default(),
            proof: Vec::new(),
            pay: Stroops::ZERO,
            fee: Stroops::ZERO,
        };
        step.emit(self.opened(&lease));
        self.leases.push(lease);
        self.timers.set(Timer::LeasePhase(id), step.at.plus(timing.escrow_timeout));
        self.prove_match(step, &order, id);

        let class = self.market(order.market).expect("an order's market is open").class.clone();
        self.provider_mut(bid.provider).take(&class, order.units, &order.resources, replicas);
        let filled = self.order_mut(order_id);
        filled.remaining = remaining;
        filled.hold = hold;
        filled.leases.push(id);
        step.emit(OrderFilled { order: order_id, market: order.market, lease: id, replicas, remaining, hold });
        self.use_bid(bid_id, id, order.units * replicas);
        if remaining == 0 {
            self.finish_order(step, order_id, OrderState::Filled);
        }
        self.park_without_room(step, bid.provider);
    }

    /// Moves a lease's escrow out of its order's hold, and gives back what a
    /// better price leaves over.
    fn take_escrow(&mut self, order: &crate::state::Order, lease: LeaseId, escrow: Stroops, hold: Stroops) {
        let held = Place::Held(order.account);
        self.ledger.post(held, Place::Escrow(lease, order.account), escrow);
        // floor(a) + floor(b) ≤ floor(a + b), and the price is within the
        // limit, so this is never negative.
        if !is(Planted::BetterPriceKept) {
            self.ledger.post(held, Place::Available(order.account), order.hold - escrow - hold);
        }
    }

    /// What an order must hold for `remaining` replicas.
    fn hold_for(&self, order: &crate::state::Order, remaining: u32) -> Stroops {
        let rate = order.limits.highest().of(order.units, remaining);
        rate.and_then(|rate| owed(rate, order.prepay)).unwrap_or(Stroops::ZERO)
    }

    /// Counts what a lease takes of a bid.
    fn use_bid(&mut self, id: BidId, lease: LeaseId, units: u32) {
        let bid = self.bid_mut(id);
        bid.leases.push(lease);
        let is_used_up = match bid.target {
            BidTarget::Standing { .. } => {
                bid.remaining -= units;
                bid.remaining == 0
            }
            BidTarget::Directed { .. } => true,
        };
        if is_used_up {
            bid.state = BidState::Matched;
            self.leave_bid(id);
        }
    }

    fn opened(&self, lease: &Lease) -> LeaseOpened {
        let address = |account| self.accounts.get(account).expect("both sides have accounts").address;
        LeaseOpened {
            lease: lease.id,
            order: lease.order,
            bid: lease.bid,
            market: lease.market,
            provider: lease.provider,
            provider_address: address(lease.provider_account),
            tenant_address: address(lease.tenant),
            price: lease.price,
            rate: lease.rate,
            units: lease.units,
            replicas: lease.replicas,
            escrow: lease.escrow,
            duration: lease.duration,
            chain_deadline: lease.chain_deadline,
            level: lease.level,
        }
    }

    fn prove_match(&mut self, step: &mut Step<'_>, order: &crate::state::Order, id: LeaseId) {
        let received = ProofPayload::new([
            ("at", order.placed_at.0.into()),
            ("order", order.id.0.into()),
            ("replicas", order.replicas.into()),
            ("specHash", order.spec_hash.to_string().into()),
        ]);
        self.prove(step, id, ProofStep::Received, order.placed_seq, received);
        let lease = self.lease(id).expect("the caller opened it");
        let matched = ProofPayload::new([
            ("bid", lease.bid.0.into()),
            ("lease", id.0.into()),
            ("level", lease.level.as_str().into()),
            ("price", lease.price.to_string().into()),
            ("provider", lease.provider.0.into()),
            ("replicas", lease.replicas.into()),
        ]);
        self.prove(step, id, ProofStep::Matched, step.seq, matched);
    }

    /// Appends a step to a lease's proof chain.
    pub(crate) fn prove(
        &mut self,
        step: &mut Step<'_>,
        lease: LeaseId,
        proof_step: ProofStep,
        seq: Seq,
        payload: ProofPayload,
    ) {
        let record = self.lease_mut(lease);
        let hash = proof_step.hash(record.proof_head(), seq, &payload);
        let stepped = ProofStepped { lease, step: proof_step, seq, payload, hash };
        record.proof.push(stepped.clone());
        step.emit(stepped);
    }
}
