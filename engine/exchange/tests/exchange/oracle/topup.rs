//! How a lease's funds end, and how they grow: the tenant is warned, the lease is
//! suspended, a top-up lets it go on.

use berth_domain::{
    AccountId, Code, LeaseId, LeaseResumed, LeaseState, LeaseToppedUp, Micros, Seconds, Stroops, TopUpFailed,
    TopUpLease, TopUpReleased, TopUpRequested, ToppedUp, TxHash,
};

use super::order::{owed, stroops};
use super::{Answer, Lease, Oracle, Reply, Rule};

/// Top-ups of one lease.
const TOP_UPS_MAX: usize = 256;

/// What a lease's escrow covers beside its first payment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Funding {
    /// All that were asked for: the first has number 1.
    pub(crate) top_ups: Vec<TopUp>,
    /// When its funds ended, unless it was resumed since.
    pub(crate) suspended_at: Option<Micros>,
    /// For how long it was suspended before, in microseconds.
    pub(crate) suspended_micros: u64,
    /// When it last went on after a suspension.
    pub(super) resumed_at: Option<Micros>,
    /// Whether its tenant was told that these funds end.
    pub(super) is_warned: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct TopUp {
    pub(super) at: Micros,
    pub(crate) seconds: Seconds,
    pub(crate) amount: i128,
    pub(crate) answer: Option<ChainAnswer>,
}

/// What the chain said to a top-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChainAnswer {
    Came(TxHash),
    Refused,
}

impl Funding {
    /// The top-up that waits for the chain's answer, and its number.
    pub(crate) fn pending(&self) -> Option<(u32, TopUp)> {
        let waits = self.top_ups.iter().position(|top_up| top_up.answer.is_none())?;
        Some((u32::try_from(waits + 1).expect("few"), self.top_ups[waits]))
    }

    /// The transactions of those that came.
    pub(crate) fn came(&self) -> Vec<TxHash> {
        let came = |top_up: &TopUp| match top_up.answer {
            Some(ChainAnswer::Came(tx)) => Some(tx),
            _ => None,
        };
        self.top_ups.iter().filter_map(came).collect()
    }
}

impl Lease {
    pub(crate) fn stroops(&self) -> Stroops {
        stroops(self.escrow())
    }

    /// The longest time between heartbeats that is paid for them alone.
    pub(crate) const fn grace(&self) -> Seconds {
        self.timing.heartbeat_grace
    }

    /// When its funds end: what they cover after its start, and the time that it
    /// was suspended.
    pub(super) fn funded_until(&self) -> Option<Micros> {
        Some(Micros(self.started_at?.plus(self.prepay).0 + self.funding.suspended_micros))
    }

    /// How long it may still be suspended, at a time: all suspensions together
    /// have a bound.
    pub(super) fn may_be_suspended_until(&self, at: Micros) -> Micros {
        Micros(at.0 + self.timing.suspend_timeout.micros().saturating_sub(self.funding.suspended_micros))
    }
}

impl Oracle {
    /// What is held for top-ups of an account's leases.
    pub(crate) fn topping_up(&self, account: AccountId) -> i128 {
        let own = self.leases.iter().filter(|lease| lease.tenant == account);
        own.filter_map(|lease| lease.funding.pending()).map(|(_, top_up)| top_up.amount).sum()
    }

    pub(super) fn top_up(&mut self, asked: &TopUpLease) -> Result<Answer, Code> {
        let lease = self.find_lease(asked.lease).ok_or(Code::UnknownLease)?;
        if lease.tenant != self.step.account {
            return Err(Code::NotYours);
        }
        if !matches!(lease.state, LeaseState::Running | LeaseState::Suspended) {
            return Err(Code::LeaseState);
        }
        if lease.funding.pending().is_some() {
            return Err(Code::TopUpPending);
        }
        let prepay = lease.prepay.0.checked_add(asked.seconds.0).filter(|prepay| *prepay <= lease.duration.0);
        let grown = owed(lease.price, lease.units, lease.replicas, Seconds(prepay.ok_or(Code::OutOfBounds)?));
        if grown > i64::MAX.into() {
            return Err(Code::AmountTooLarge);
        }
        let (amount, at) = (grown - lease.escrow(), self.step.at);
        if amount == 0 || lease.funding.top_ups.len() >= TOP_UPS_MAX {
            return Err(Code::OutOfBounds);
        }
        if self.available(self.step.account) < amount {
            return Err(Code::InsufficientFunds);
        }
        if !self.may_top_up(lease, amount) {
            return Err(Code::MandateExceeded);
        }
        let top_ups = &mut self.lease_mut(asked.lease).funding.top_ups;
        top_ups.push(TopUp { at, seconds: asked.seconds, amount, answer: None });
        let number = u32::try_from(top_ups.len()).expect("few");
        self.tell(TopUpRequested { lease: asked.lease, number, seconds: asked.seconds, amount: stroops(amount) });
        self.park_beyond_mandate(self.step.account, Rule::ParkedByATopUp);
        Ok(Answer::Done(Reply::Lease(asked.lease)))
    }

    pub(super) fn topped_up(&mut self, fact: &ToppedUp) -> Result<Answer, Code> {
        let lease = self.find_lease(fact.lease).ok_or(Code::UnknownLease)?;
        if lease.funding.came().contains(&fact.tx) {
            return Ok(Answer::Repeated(Reply::Lease(fact.lease)));
        }
        let (number, top_up) = lease.funding.pending().ok_or(Code::SettlementMismatch)?;
        // What the contract has settled has no escrow to add to.
        if lease.paid_tx.is_some() || stroops(top_up.amount) != fact.amount {
            return Err(Code::SettlementMismatch);
        }
        let (state, prepay) = (lease.state, Seconds(lease.prepay.0 + top_up.seconds.0));
        let lease = self.lease_mut(fact.lease);
        lease.funding.top_ups[number as usize - 1].answer = Some(ChainAnswer::Came(fact.tx));
        lease.prepay = prepay;
        let escrow = stroops(lease.escrow());
        self.tell(LeaseToppedUp { lease: fact.lease, tx: fact.tx, amount: fact.amount, escrow, prepay });
        match state {
            LeaseState::Running => {
                self.reach(Rule::ToppedUpInTime);
                self.has_new_funds(fact.lease);
            }
            LeaseState::Suspended => self.goes_on(fact.lease),
            _ => self.reach(Rule::ToppedUpTooLate),
        }
        Ok(Answer::Done(Reply::Lease(fact.lease)))
    }

    pub(super) fn top_up_failed(&mut self, fact: &TopUpFailed) -> Result<Answer, Code> {
        let lease = self.find_lease(fact.lease).ok_or(Code::UnknownLease)?;
        let known = usize::try_from(fact.number).ok().and_then(|number| number.checked_sub(1));
        let Some(top_up) = known.and_then(|place| lease.funding.top_ups.get(place)) else {
            return Err(Code::UnknownFact);
        };
        if top_up.answer.is_some() {
            return Ok(Answer::Repeated(Reply::Lease(fact.lease)));
        }
        let amount = stroops(top_up.amount);
        self.lease_mut(fact.lease).funding.top_ups[fact.number as usize - 1].answer = Some(ChainAnswer::Refused);
        let (lease, number, reason) = (fact.lease, fact.number, fact.reason.clone());
        self.tell(TopUpReleased { lease, number, amount, reason });
        Ok(Answer::Done(Reply::Lease(fact.lease)))
    }

    /// There are funds again: it ends later by the time that there were none.
    fn goes_on(&mut self, id: LeaseId) {
        let at = self.step.at;
        let lease = self.lease_mut(id);
        let ended = lease.funding.suspended_at.take().expect("it is suspended");
        lease.funding.suspended_micros += at.since(ended);
        let ends_at = Micros(lease.ends_at.expect("it has started").0 + at.since(ended));
        lease.ends_at = Some(ends_at);
        lease.state = LeaseState::Running;
        lease.failed_checks = 0;
        // What follows is paid from when it is seen.
        lease.heard_at = None;
        lease.record.seen_until = lease.record.seen_until.max(at);
        lease.funding.resumed_at = Some(at);
        lease.overdue_at = Some(at.plus(lease.timing.dark_after));
        let is_long = lease.funding.suspended_micros > at.since(ended);
        self.reach(if is_long { Rule::ResumedAfterSeveralSuspensions } else { Rule::ResumedAfterSuspension });
        self.tell(LeaseResumed { lease: id, ends_at });
        self.has_new_funds(id);
    }

    /// The end of its funds is another. The warning of it may be due at once.
    pub(super) fn has_new_funds(&mut self, id: LeaseId) {
        let at = self.step.at;
        let lease = self.lease_mut(id);
        lease.funding.is_warned = false;
        let funded_until = lease.funded_until().expect("it has started");
        let is_part = lease.prepay < lease.duration;
        if is_part && funded_until.0.saturating_sub(lease.timing.runway_warning.micros()) <= at.0 {
            self.reach(Rule::WarnedAtOnce);
            self.warn(id);
        }
    }
}

/// How much more of a lease can be paid for in advance.
pub(crate) fn rest_of(lease: &Lease) -> Seconds {
    Seconds(lease.duration.0 - lease.prepay.0)
}

impl TopUp {
    pub(super) const fn is_in_escrow(&self) -> bool {
        matches!(self.answer, Some(ChainAnswer::Came(_)))
    }

    pub(crate) fn stroops(&self) -> Stroops {
        stroops(self.amount)
    }
}
