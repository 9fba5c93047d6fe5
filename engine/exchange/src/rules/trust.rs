//! Trust: what closed leases, stake, auditors and time make of an account.

use berth_domain::{
    AccountId, Age, BidId, BidLost, BidState, BidTarget, CloseReason, LeaseId, OrderId, ReputationCause,
    ReputationChanged, Seconds, StakeSlashed, Stroops, TrustCause, TrustChanged, TrustLevel, TrustRules, Uptime, fee,
};

use super::level::{Grounds, earned};
use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
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
            CloseReason::Failed | CloseReason::StartTimeout | CloseReason::FailedVerification
                if lease.is_escrowed() =>
            {
                Ending::Failed
            }
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
            | CloseReason::FailedVerification
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
        let tenant_address = if is(Planted::SlashPaysWrong) { address } else { tenant_address };
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
                BidTarget::Standing { .. } => {
                    if is(Planted::LevelTakesAge) {
                        self.bid_mut(bid).age = Age(step.seq.0);
                    }
                    self.shift_bid(bid);
                }
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

/// How long a lease should have run by what is known: until it began to close,
/// or was to end for want of time or funds; one that went dark until it was to
/// end; and one that ended by itself until it was last seen. Without the time
/// that it was suspended.
fn leased_time(lease: &Lease, ending: Ending) -> Seconds {
    let (Some(started), Some(ends), Some(funded)) = (lease.started_at, lease.ends_at, lease.funded_until()) else {
        return Seconds(0);
    };
    // A top-up that came too late moves the end of its funds, and it had been
    // suspended before that.
    let to_end = ends.min(funded).min(lease.funding.suspended_at().unwrap_or(ends));
    let until = match (ending, lease.closing_at) {
        (Ending::Dark, _) => to_end,
        (_, Some(closing)) => closing.min(to_end),
        (_, None) => lease.evidence.last_at(),
    };
    Seconds(until.since(started).saturating_sub(lease.funding.suspended_micros()) / 1_000_000)
}

#[cfg(test)]
mod tests {
    use berth_domain::{
        Address, Authority, ChainEventId, Command, Digest, Entry, Event, FeeBps, Genesis, Micros, OpenAccount,
        StakeFact, Text, Tick,
    };

    use super::*;

    const PROVIDER: Address = Address([7; 32]);
    const TENANT: Address = Address([8; 32]);

    fn units(n: i64) -> Stroops {
        Stroops::new(n * 10_000_000).expect("an amount")
    }

    fn genesis() -> Genesis {
        Genesis {
            network: Digest([1; 32]),
            escrow_contract: Digest([2; 32]),
            asset: Text::new("XLM").expect("short"),
            operator: Address([3; 32]),
            treasury: Address([4; 32]),
            fee: FeeBps::new(500).expect("a fee"),
            default_level: TrustLevel::One,
            grants: Vec::new(),
            markets: Vec::new(),
            open_markets: false,
            timing: Default::default(),
            bounds: Default::default(),
            trust: TrustRules::default(),
            auditors: Vec::new(),
        }
    }

    /// An exchange, and how it tells of what changes there.
    #[derive(Default)]
    struct Bench {
        x: Exchange,
        facts: u64,
    }

    impl Bench {
        fn open(stake: i64) -> Self {
            let mut bench = Self::default();
            bench.apply(genesis().into());
            bench.apply(OpenAccount { address: TENANT }.into());
            bench.chain(stake, None);
            bench
        }

        fn apply(&mut self, command: Command) -> Vec<Event> {
            let mut events = Vec::new();
            let (account, authority) = (AccountId::EXCHANGE, Authority::Exchange);
            let entry = Entry { rules: 1, seq: self.x.head().next(), at: Micros(0), account, authority, command };
            self.x.apply(&entry, &mut events).expect("a valid log");
            events
        }

        /// The chain says what is staked, in whole units.
        fn chain(&mut self, staked: i64, slashed: Option<u64>) -> Vec<String> {
            self.facts += 1;
            let event = ChainEventId { toid: self.facts, index: 0 };
            let slashed = slashed.map(LeaseId);
            told(&self.apply(StakeFact { event, address: PROVIDER, staked: units(staked), slashed }.into()))
        }

        fn slash(&mut self, lease: u64, amount: Stroops) -> Vec<String> {
            let [provider, tenant] = [PROVIDER, TENANT].map(|key| self.x.account_by_address(key).expect("opened"));
            let (command, mut events) = (Tick.into(), Vec::new());
            let mut step = Step::next(&self.x, AccountId::EXCHANGE, Micros(0), &command, &mut events);
            self.x.slash(&mut step, provider, tenant, LeaseId(lease), amount);
            assert!(self.x.ledger().is_conserved());
            told(&events)
        }

        fn forfeited(&self) -> Stroops {
            let account = self.x.account_by_address(PROVIDER).and_then(|id| self.x.account(id));
            account.expect("opened").forfeited()
        }
    }

    fn told(events: &[Event]) -> Vec<String> {
        let tell = |event: &Event| match event {
            Event::StakeSlashed(e) => {
                assert_eq!((e.address, e.tenant_address), (PROVIDER, TENANT));
                Some(format!("{} for l{}", e.amount, e.lease))
            }
            Event::ReputationChanged(e) => {
                Some(format!("{} to {}, {} l{}", e.from.get(), e.to.get(), e.cause, e.lease))
            }
            Event::TrustChanged(e) => Some(format!("{} to {}, {}", e.from, e.to, e.cause.as_str())),
            _ => None,
        };
        events.iter().filter_map(tell).collect()
    }

    #[test]
    fn what_is_forfeited_is_bounded_and_counts_as_gone_until_the_chain_has_taken_it() {
        let mut bench = Bench::open(1_000);
        assert_eq!(bench.slash(1, units(50)), ["50 for l1", "100 to 75, failedVerification l1"]);
        assert_eq!(bench.slash(2, Stroops::ZERO), ["10 for l2", "75 to 50, failedVerification l2"]);
        // Of 940 left no more than the most, and level Two needs 100.
        assert_eq!(bench.slash(3, units(841)), ["841 for l3", "50 to 25, failedVerification l3", "Two to One, slash"]);
        assert_eq!(bench.forfeited(), units(901));
        assert_eq!(bench.slash(4, units(5_000)), ["99 for l4", "25 to 0, failedVerification l4"]);
        // Nothing is left to take, neither of stake nor of name.
        assert_eq!(bench.slash(5, units(5_000)), Vec::<String>::new());
        assert_eq!(bench.forfeited(), units(1_000));
        // The chain's facts follow; another stake does not pay for a slash.
        assert_eq!(bench.chain(950, Some(1)), Vec::<String>::new());
        assert_eq!(bench.forfeited(), units(950));
        assert_eq!(bench.chain(1_049, None), Vec::<String>::new());
        assert_eq!(bench.chain(1_050, None), ["One to Two, stake"]);
        assert_eq!(bench.chain(209, Some(3)), Vec::<String>::new());
        assert_eq!(bench.chain(199, Some(2)), Vec::<String>::new());
        assert_eq!(bench.chain(100, Some(4)), Vec::<String>::new());
        assert_eq!(bench.forfeited(), Stroops::ZERO);
        assert_eq!(bench.chain(99, None), ["Two to One, stake"]);
    }

    #[test]
    fn stake_that_the_chain_let_go_of_before_it_was_taken_leaves_nothing() {
        let mut bench = Bench::open(1_000);
        assert_eq!(
            bench.slash(1, units(2_000)),
            ["1000 for l1", "100 to 75, failedVerification l1", "Two to One, slash"]
        );
        assert_eq!(bench.chain(500, None), Vec::<String>::new());
        assert_eq!(bench.slash(2, units(20)), ["75 to 50, failedVerification l2"]);
        assert_eq!(bench.chain(0, Some(1)), Vec::<String>::new());
        assert_eq!(bench.chain(100, None), ["One to Two, stake"]);
    }

    #[test]
    fn more_than_can_be_counted_is_no_stake() {
        let mut bench = Bench::open(1_000);
        let hash = bench.x.state_hash();
        let event = ChainEventId { toid: 99, index: 0 };
        let staked = Stroops::new(i64::MAX).expect("an amount");
        let told = bench.apply(StakeFact { event, address: TENANT, staked, slashed: None }.into());
        assert!(
            matches!(told[..], [Event::CommandRefused(refused)] if refused.code == berth_domain::Code::AmountTooLarge)
        );
        assert_eq!(bench.x.state_hash(), hash);
    }
}
