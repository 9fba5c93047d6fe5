//! Trust: what closed leases, stake, auditors and time make of an account.

use berth_domain::{
    AccountId, BidId, BidLost, BidState, BidTarget, CloseReason, LeaseId, OrderId, ReputationCause, ReputationChanged,
    Seconds, StakeSlashed, Stroops, TrustCause, TrustChanged, TrustLevel, TrustRules, Uptime, fee,
};

use super::level::{Grounds, earned};
use crate::exchange::{Exchange, Step};
use crate::state::{Account, Counted, Ending, Lease, Timer, day_of};

impl Exchange {
    pub(crate) fn trust_rules(&self) -> &TrustRules {
        &self.genesis.as_ref().expect("no entry is applied before the genesis").trust
    }

    /// Folds a closed lease into its provider's standing. Answers whether the
    /// provider's bids have entered again for it.
    pub(crate) fn fold_lease(&mut self, step: &mut Step<'_>, lease: &Lease) -> bool {
        let rules = *self.trust_rules();
        let Some(ending) = self.ending_that_counts(lease, &rules) else { return false };
        let account = lease.provider_account;
        let owner = self.account_mut(account);
        let history = &mut owner.standing.get_or_insert_default().history;
        if !history.admits(lease.tenant, &rules) {
            return false;
        }
        let (leased, evidenced) = (leased_time(lease, ending), lease.evidence.seconds());
        history.age(step.at, &rules);
        history.count(Counted { tenant: lease.tenant, ending, day: day_of(step.at), leased, evidenced }, &rules);
        let (old, tenants) = (owner.reputation, history.record().tenants);
        let (reputation, cause) = match ending {
            // A few keys of one's own must not be able to wash a bad name.
            Ending::Completed if tenants < rules.min_tenants => (old, ReputationCause::Completed),
            Ending::Completed => (old.raised(rules.completed_gain), ReputationCause::Completed),
            Ending::Failed => (old.lowered(rules.failed_loss), ReputationCause::Failed),
            Ending::Dark => (old.lowered(rules.dark_loss), ReputationCause::Dark),
        };
        if reputation != old {
            owner.reputation = reputation;
            step.emit(ReputationChanged { account, from: old, to: reputation, lease: lease.id, cause });
        }
        self.weigh(step, account, TrustCause::Lease(lease.id))
    }

    /// How a closed lease counts for its provider; `None` when it does not.
    fn ending_that_counts(&self, lease: &Lease, rules: &TrustRules) -> Option<Ending> {
        let bps = self.terms_of(lease).fee;
        let ran = lease.started_at.is_some();
        let ending = match lease.reason? {
            // What the tenant ended, or did not fund further, was served.
            CloseReason::Completed | CloseReason::Stopped | CloseReason::Exhausted if ran => Ending::Completed,
            CloseReason::Failed | CloseReason::StartTimeout if lease.is_escrowed() => Ending::Failed,
            CloseReason::Dark => Ending::Dark,
            // The provider had no part in it.
            CloseReason::Completed
            | CloseReason::Stopped
            | CloseReason::Exhausted
            | CloseReason::Failed
            | CloseReason::StartTimeout
            | CloseReason::EscrowFailed
            | CloseReason::EscrowTimeout
            | CloseReason::Refunded
            | CloseReason::GangFailed => return None,
        };
        let fee = if ending == Ending::Completed { lease.fee } else { fee(lease.escrow, bps) };
        (fee >= rules.min_fee).then_some(ending)
    }

    /// A result failed its verification: the provider's name suffers, and stake
    /// is forfeited to the tenant, `amount` within the bounds of the rules and
    /// at most what is left. The chain takes it; until its fact comes, what is
    /// forfeited counts as gone. Once for a lease, and after everything else
    /// that the caller does to bids and leases: the account's level may change
    /// and its bids enter again.
    #[cfg_attr(not(test), expect(dead_code, reason = "verification calls it"))]
    pub(crate) fn slash(
        &mut self,
        step: &mut Step<'_>,
        account: AccountId,
        tenant: AccountId,
        lease: LeaseId,
        amount: Stroops,
    ) {
        let rules = *self.trust_rules();
        let staked = self.ledger.stake(account);
        let tenant_address = self.account_mut(tenant).address;
        let owner = self.account_mut(account);
        let (address, old) = (owner.address, owner.reputation);
        let standing = owner.standing.get_or_insert_default();
        debug_assert!(standing.forfeits.iter().all(|(of, _)| *of != lease), "a lease fails its verification once");
        let left = staked.checked_sub(standing.forfeited()).unwrap_or(Stroops::ZERO);
        let amount = amount.clamp(rules.slash_min, rules.slash_max).min(left);
        owner.reputation = old.lowered(rules.verification_loss);
        if amount > Stroops::ZERO {
            standing.forfeits.push((lease, amount));
            step.emit(StakeSlashed { account, address, tenant_address, lease, amount });
        }
        let (to, cause) = (self.account_mut(account).reputation, ReputationCause::FailedVerification);
        if to != old {
            step.emit(ReputationChanged { account, from: old, to, lease, cause });
        }
        self.weigh(step, account, TrustCause::Slash(lease));
    }

    /// Derives an account's uptime and level anew, and sets the timer at which
    /// time alone may change them. Bids that may meet orders which they did not
    /// meet before enter again; answers whether they did.
    pub(crate) fn weigh(&mut self, step: &mut Step<'_>, account: AccountId, cause: TrustCause) -> bool {
        let rules = *self.trust_rules();
        let staked = self.ledger.stake(account);
        let owner = self.account_mut(account);
        let (old_level, old_uptime) = (owner.level, owner.uptime);
        let mut due = None;
        if let Some(standing) = owner.standing.as_deref_mut() {
            standing.history.age(step.at, &rules);
            standing.attestations.retain(|(_, until)| *until > step.at);
            let words = standing.attestations.iter().map(|(_, until)| *until);
            due = words.chain(standing.history.ages_at(&rules)).min();
        }
        let (uptime, level) = judge(owner, staked, &rules);
        owner.uptime = uptime;
        match due {
            Some(at) => self.timers.set(Timer::Trust(account), at),
            None => self.timers.clear(Timer::Trust(account)),
        }
        if level != old_level {
            self.move_to_level(step, account, level, cause);
        }
        let may_meet_more = level != old_level || uptime > old_uptime;
        if may_meet_more {
            self.reenter_bids_of(step, account);
        }
        may_meet_more
    }

    /// Gives an account another level: its resting bids move to that ladder
    /// with their age, and directed bids that their orders do not accept there
    /// have lost.
    fn move_to_level(&mut self, step: &mut Step<'_>, account: AccountId, to: TrustLevel, cause: TrustCause) {
        let live: Vec<(BidId, BidTarget)> =
            self.live_bids_of(account).into_iter().map(|bid| (bid.id, bid.target)).collect();
        let from = std::mem::replace(&mut self.account_mut(account).level, to);
        step.emit(TrustChanged { account, from, to, cause });
        for (bid, target) in live {
            match target {
                BidTarget::Standing { .. } => self.shift_bid(bid),
                BidTarget::Directed { order } if !self.is_accepted(bid, order) => {
                    let market = self.bid_mut(bid).market;
                    self.finish_bid(bid, BidState::Lost);
                    step.emit(BidLost { bid, market });
                }
                BidTarget::Directed { .. } => {}
            }
        }
    }

    /// Whether an order accepts a bid's price at its account's level.
    fn is_accepted(&self, bid: BidId, order: OrderId) -> bool {
        let bid = self.bid(bid).expect("a live bid is there");
        let limits = self.order(order).expect("a bid's order is there").limits;
        limits.at(self.level_of(bid.account)).is_some_and(|limit| bid.price <= limit)
    }
}

/// The uptime that filters see, and the level: what was earned, or what the
/// genesis grants when that is more.
fn judge(account: &Account, staked: Stroops, rules: &TrustRules) -> (Uptime, TrustLevel) {
    let Some(standing) = account.standing.as_deref() else {
        let grounds = Grounds { stake: staked, record: Default::default(), uptime: None, attested: false };
        return (Uptime::MAX, earned(&grounds, rules).max(account.granted));
    };
    let grounds = Grounds {
        // The chain may have let go of stake that was forfeited already.
        stake: staked.checked_sub(standing.forfeited()).unwrap_or(Stroops::ZERO),
        record: standing.history.record(),
        uptime: standing.history.uptime(rules.min_tenants),
        attested: !standing.attestations.is_empty(),
    };
    // Nothing speaks against a host that nobody has leased of late.
    let uptime = standing.history.uptime(1).unwrap_or(Uptime::MAX);
    (uptime, earned(&grounds, rules).max(account.granted))
}

/// How long a lease should have run by what is known: until it began to close
/// or was to end; one that went dark until it was to end; and one that ended by
/// itself until it was last seen.
fn leased_time(lease: &Lease, ending: Ending) -> Seconds {
    let (Some(started), Some(ends)) = (lease.started_at, lease.ends_at) else { return Seconds(0) };
    let until = match (ending, lease.closing_at) {
        (Ending::Dark, _) => ends,
        (_, Some(closing)) => closing.min(ends),
        (_, None) => lease.evidence.last_at(),
    };
    Seconds(until.since(started) / 1_000_000)
}
