//! Trust: what leases, stake, auditors and time make of an account.

use berth_domain::{
    AccountId, Attest, Attested, BidLost, BidState, Code, LeaseId, Micros, Reputation, ReputationCause,
    ReputationChanged, StakeChanged, StakeFact, TrustCause, TrustChanged, TrustLevel, Uptime,
};

use super::history::{Counted, Ending, mean};
use super::reentry::Entrant;
use super::{Answer, Oracle, Reply, Rule};

/// What trust in an account rests on.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// The level below which it never falls.
    pub(super) granted: TrustLevel,
    pub(crate) reputation: Reputation,
    /// What orders look at.
    pub(crate) uptime: Uptime,
    pub(crate) staked: i128,
    /// Stake that is taken from it, and that the chain still has, by lease.
    pub(crate) forfeits: Vec<(LeaseId, i128)>,
    /// Auditors whose word holds, and until when.
    pub(crate) words: Vec<(AccountId, Micros)>,
    /// Its leases that count, the oldest first.
    pub(super) counted: Vec<Counted>,
    /// When uptime and level were last derived.
    pub(super) weighed_at: Micros,
}

impl Standing {
    pub(super) const fn new(granted: TrustLevel) -> Self {
        Self {
            granted,
            reputation: Reputation::MAX,
            uptime: Uptime::MAX,
            staked: 0,
            forfeits: Vec::new(),
            words: Vec::new(),
            counted: Vec::new(),
            weighed_at: Micros(0),
        }
    }

    /// What is staked and not forfeited.
    pub(super) fn stake(&self) -> i128 {
        (self.staked - self.forfeits.iter().map(|(_, amount)| amount).sum::<i128>()).max(0)
    }
}

impl Oracle {
    pub(super) fn standing(&self, account: AccountId) -> &Standing {
        &self.account(account).standing
    }

    pub(super) fn standing_mut(&mut self, account: AccountId) -> &mut Standing {
        &mut self.account_mut(account).standing
    }

    /// The chain says what is staked.
    pub(super) fn stake_fact(&mut self, fact: &StakeFact) -> Result<Answer, Code> {
        if fact.event <= self.stake_cursor {
            return Ok(Answer::Repeated(Reply::None));
        }
        let staked = i128::from(fact.staked.get());
        let others = self.accounts.iter().filter(|account| account.address != fact.address);
        let others: i128 = others.map(|account| account.standing.staked).sum();
        if others + staked > i64::MAX.into() {
            return Err(Code::AmountTooLarge);
        }
        self.stake_cursor = fact.event;
        let account = self.account_of(fact.address);
        let before = std::mem::replace(&mut self.standing_mut(account).staked, staked);
        self.ever_staked += (staked - before).max(0);
        if let Some(lease) = fact.slashed {
            let forfeits = &mut self.standing_mut(account).forfeits;
            let before = forfeits.len();
            forfeits.retain(|(of, _)| *of != lease);
            if forfeits.len() < before {
                self.reach(Rule::ForfeitTaken);
            }
        }
        self.tell(StakeChanged { account, address: fact.address, staked: fact.staked, event: fact.event });
        self.weigh(account, TrustCause::Stake(fact.event));
        Ok(Answer::Done(Reply::Account(account)))
    }

    /// An auditor gives its word for an account until a time, or takes it back.
    pub(super) fn attest(&mut self, attest: &Attest) -> Result<Answer, Code> {
        let (auditor, at) = (self.step.account, self.step.at);
        let own = self.account(auditor).address;
        if !self.rules().auditors.contains(&own) || own == attest.address {
            return Err(Code::NotAnAuditor);
        }
        let known = self.accounts.iter().find(|account| account.address == attest.address);
        let account = known.ok_or(Code::UnknownAccount)?.id;
        let until = (attest.until > at).then_some(attest.until);
        let words = &mut self.standing_mut(account).words;
        if words.iter().find(|(by, _)| *by == auditor).map(|(_, until)| *until) == until {
            return Ok(Answer::Repeated(Reply::Account(account)));
        }
        words.retain(|(by, _)| *by != auditor);
        let others = !words.is_empty();
        words.extend(until.map(|until| (auditor, until)));
        if until.is_none() {
            self.reach(if others { Rule::OtherWordsStand } else { Rule::LastWordTakenBack });
        }
        self.tell(Attested { account, auditor, until });
        self.weigh(account, TrustCause::Attestation(auditor));
        Ok(Answer::Done(Reply::Account(account)))
    }

    /// A lease has closed: what it makes of its provider. Whether the
    /// provider's bids have entered again for it.
    pub(super) fn lease_counts(&mut self, id: LeaseId) -> bool {
        let Some(ending) = self.count(id) else { return false };
        let account = self.find_lease(id).expect("it counts").owner;
        let (rules, old) = (self.rules().trust, self.standing(account).reputation);
        let [.., tenants] = self.record_of(account);
        let (to, cause) = match ending {
            Ending::Completed if tenants < rules.min_tenants as usize => {
                self.reach(Rule::TooFewTenantsForAName);
                (old, ReputationCause::Completed)
            }
            Ending::Completed => (old.raised(rules.completed_gain), ReputationCause::Completed),
            Ending::Failed => (old.lowered(rules.failed_loss), ReputationCause::Failed),
            Ending::Dark => (old.lowered(rules.dark_loss), ReputationCause::Dark),
        };
        self.repute(account, to, id, cause);
        self.weigh(account, TrustCause::Lease(id))
    }

    /// Whether an account was up for as much of the time as an order wants.
    pub(super) fn is_up(&self, account: AccountId, least: Uptime) -> bool {
        let is_up = self.standing(account).uptime >= least;
        if !is_up {
            self.reach(Rule::UptimeRulesOut);
        }
        is_up
    }

    pub(super) fn repute(&mut self, account: AccountId, to: Reputation, lease: LeaseId, cause: ReputationCause) {
        let from = std::mem::replace(&mut self.standing_mut(account).reputation, to);
        if from != to {
            self.tell(ReputationChanged { account, from, to, lease, cause });
        }
    }

    /// Time alone took something away.
    pub(super) fn trust_expires(&mut self, account: AccountId) {
        self.weigh(account, TrustCause::Expiry);
    }

    /// When time alone takes something away from an account: a word, or a lease
    /// that speaks for its uptime.
    pub(super) fn trust_until(&self, account: AccountId) -> Option<Micros> {
        let standing = self.standing(account);
        let words = standing.words.iter().map(|(_, until)| *until);
        let spoke = self.record(account).iter().map(|counted| self.speaks_until(counted));
        words.chain(spoke.filter(|until| *until > standing.weighed_at)).min()
    }

    /// Derives uptime and level anew. Whether the account's bids have entered
    /// again for it.
    pub(super) fn weigh(&mut self, account: AccountId, cause: TrustCause) -> bool {
        let at = self.step.at;
        let standing = self.standing_mut(account);
        standing.weighed_at = at;
        let before = standing.words.len();
        standing.words.retain(|(_, until)| *until > at);
        if standing.words.len() < before {
            self.reach(Rule::WordRunsOut);
        }
        let spoken = mean(&self.uptimes(account, at));
        let heard = std::mem::replace(&mut self.standing_mut(account).uptime, spoken);
        let level = self.level_of(account);
        let was = std::mem::replace(&mut self.account_mut(account).level, level);
        if level != was {
            self.reach(if level > was { Rule::LevelRises } else { Rule::LevelFalls });
            self.tell(TrustChanged { account, from: was, to: level, cause });
            self.lose_unaccepted_bids(account);
        }
        if spoken > heard {
            self.reach(Rule::UptimeRises);
        }
        let may_meet_more = level != was || spoken > heard;
        if may_meet_more {
            let live = self.bids.iter().filter(|bid| bid.is_live() && bid.account == account);
            let live = live.map(|bid| Entrant::Bid(bid.id)).collect();
            let opened = self.step.opened;
            self.reenter(live);
            if self.step.opened > opened {
                self.reach(Rule::BidsTradeForTrust);
            }
        }
        may_meet_more
    }

    /// The highest level of which all is met, or the granted one.
    fn level_of(&self, account: AccountId) -> TrustLevel {
        let (rules, standing) = (self.rules().trust, self.standing(account));
        let [counted, completed, _, _, tenants] = self.record_of(account);
        let uptimes = self.uptimes(account, self.step.at);
        let enough = rules.min_tenants as usize;
        let two = standing.stake() >= rules.stake_two.get().into();
        let three = two
            && standing.stake() >= rules.stake_three.get().into()
            && counted >= rules.min_leases as usize
            && tenants >= enough
            && completed * 10_000 >= counted * usize::from(rules.completed_three.bps());
        let four = three
            && completed * 10_000 >= counted * usize::from(rules.completed_four.bps())
            && !uptimes.is_empty()
            && uptimes.len() >= enough
            && mean(&uptimes) >= rules.uptime_four;
        let five = four && !standing.words.is_empty();
        let earned = match (two, three, four, five) {
            (_, _, _, true) => TrustLevel::Five,
            (_, _, true, _) => TrustLevel::Four,
            (_, true, ..) => TrustLevel::Three,
            (true, ..) => TrustLevel::Two,
            _ => TrustLevel::One,
        };
        if standing.granted > earned {
            self.reach(Rule::GrantedLevelStands);
        }
        earned.max(standing.granted)
    }

    /// Directed bids that their orders do not take at the account's level have
    /// lost, by id.
    fn lose_unaccepted_bids(&mut self, account: AccountId) {
        let live = self.bids.iter().filter(|bid| bid.is_live() && bid.account == account);
        let is_lost = |bid: &&super::Bid| {
            let order = bid.answers().map(|order| self.order(order));
            order.is_some_and(|order| self.check_within(bid.place.provider, bid.place.price, order).is_err())
        };
        let lost: Vec<_> = live.filter(is_lost).map(|bid| (bid.id, bid.market)).collect();
        for (bid, market) in lost {
            self.reach(Rule::DirectedBidsLostByLevel);
            self.bid_mut(bid).state = BidState::Lost;
            self.tell(BidLost { bid, market });
        }
    }
}
