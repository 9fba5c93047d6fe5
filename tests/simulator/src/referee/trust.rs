//! Trust: levels and reputations, folded anew from how leases closed, from what
//! the chain says is staked and from what auditors said, and never from what a
//! bid claims. Plain lists, counted each time.

use std::collections::BTreeMap;

use berth_domain::{
    AccountId, ChainEventId, CloseReason, Command, Entry, Event, LeaseId, Micros, Reputation, StakeSlashed, Stroops,
    TrustLevel, TrustRules, Uptime, Verdict,
};
use berth_exchange::{Exchange, Outcome, Reply};

use super::course::{Course, Courses};
use super::{Checked, ensure, rule};
use crate::reads;

/// Microseconds of a day; a day begins at midnight UTC.
const DAY: u64 = 86_400_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Completed,
    Failed,
    Dark,
}

/// A lease that counts.
#[derive(Clone, Copy, Debug)]
struct Counted {
    tenant: AccountId,
    ending: Ending,
    day: u64,
    leased: u64,
    evidenced: u64,
}

/// What is known of an account.
#[derive(Clone, Debug)]
struct Standing {
    granted: TrustLevel,
    /// As its events told it.
    level: TrustLevel,
    reputation: Reputation,
    record: Vec<Counted>,
    attested: BTreeMap<AccountId, Micros>,
    staked: i128,
    forfeited: BTreeMap<LeaseId, i128>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    of: BTreeMap<AccountId, Standing>,
    /// The last event of the chain that told of a stake.
    cursor: ChainEventId,
}

impl Trust {
    /// What facts and auditors say with this entry.
    pub(super) fn before(&mut self, x: &Exchange, entry: &Entry, outcome: Outcome) -> Checked {
        let Some(genesis) = x.genesis() else { return Ok(()) };
        for account in x.accounts() {
            self.of.entry(account.id).or_insert_with(|| {
                let grant = genesis.grants.iter().find(|grant| grant.address == account.address);
                let granted = grant.map_or(genesis.default_level, |grant| grant.level);
                Standing {
                    granted,
                    level: granted,
                    reputation: Reputation::MAX,
                    record: Vec::new(),
                    attested: BTreeMap::new(),
                    staked: 0,
                    forfeited: BTreeMap::new(),
                }
            });
        }
        match (&entry.command, outcome) {
            (Command::StakeFact(fact), Outcome::Done(Reply::Account(account))) => {
                ensure!(fact.event > self.cursor, rule::FACTS, "{fact:?} counts behind {:?}", self.cursor);
                self.cursor = fact.event;
                if let Some(standing) = self.of.get_mut(&account) {
                    standing.staked = fact.staked.get().into();
                    standing.forfeited.retain(|lease, _| Some(*lease) != fact.slashed);
                }
            }
            (Command::StakeFact(fact), came) => {
                let is_known = matches!(came, Outcome::Repeated(_)) && fact.event <= self.cursor;
                let is_strange = came == Outcome::Refused(berth_domain::Code::NotTheExchange);
                ensure!(is_known || is_strange, rule::FACTS, "{fact:?} came to {came:?} behind {:?}", self.cursor);
            }
            (Command::Attest(attest), Outcome::Done(Reply::Account(account))) => {
                let auditor = x.account(entry.account).map(|account| account.address);
                let may = auditor.is_some_and(|own| genesis.auditors.contains(&own) && own != attest.address);
                ensure!(may, rule::TRUST, "account {} attests and is no auditor of others", entry.account);
                if let Some(standing) = self.of.get_mut(&account) {
                    standing.attested.insert(entry.account, attest.until);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// One event, behind those of the lease's course.
    pub(super) fn hear(&mut self, x: &Exchange, courses: &Courses, entry: &Entry, event: &Event) -> Checked {
        let Some(rules) = x.genesis().map(|genesis| &genesis.trust) else { return Ok(()) };
        match event {
            Event::LeaseOpened(opened) => {
                let owner = courses.get(opened.lease)?.owner;
                let level = self.of.get(&owner).map(|standing| standing.level);
                ensure!(
                    level == Some(opened.level),
                    rule::TRUST,
                    "lease {} is of a provider of level {level:?}, and says {}",
                    opened.lease,
                    opened.level
                );
            }
            Event::LeaseClosed(closed) => {
                let course = courses.get(closed.lease)?;
                let fee = closed.fee.get().into();
                if let (Some(counted), Some(standing)) =
                    (counted(course, closed.reason, fee, entry.at, rules), self.of.get_mut(&course.owner))
                {
                    standing.fold(counted, rules);
                }
            }
            Event::VerificationEnded(ended) if ended.verdict == Verdict::Differed => {
                let owner = courses.get(ended.lease)?.owner;
                if let Some(standing) = self.of.get_mut(&owner) {
                    standing.reputation = standing.reputation.lowered(rules.verification_loss);
                }
            }
            Event::StakeSlashed(slashed) => self.slashed(x, courses.get(slashed.lease)?, slashed, rules)?,
            Event::TrustChanged(told) => {
                if let Some(standing) = self.of.get_mut(&told.account) {
                    ensure!(standing.level == told.from && told.from != told.to, rule::TRUST, "{told:?}");
                    standing.level = told.to;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The harmed tenant is to have what the rules say, and he alone.
    fn slashed(&mut self, x: &Exchange, course: &Course, told: &StakeSlashed, rules: &TrustRules) -> Checked {
        let tenant = x.account(course.tenant).map(|tenant| tenant.address);
        let owner = x.account(course.owner).map(|owner| owner.address);
        let standing = self.of.get_mut(&course.owner).expect("an owner has an account");
        let asked = course.escrow.clamp(rules.slash_min, rules.slash_max);
        let due = i128::from(asked.get()).min(standing.left());
        let is_due = course.reason == Some(CloseReason::FailedVerification)
            && (told.account, Some(told.address), Some(told.tenant_address)) == (course.owner, owner, tenant)
            && i128::from(told.amount.get()) == due
            && standing.forfeited.insert(told.lease, due).is_none();
        ensure!(is_due, rule::SLASH, "{told:?} should take {due} from {owner:?} for {tenant:?}");
        Ok(())
    }

    /// Whose verification failed has paid for it, as far as there is a stake.
    pub(super) fn after(&self, x: &Exchange, courses: &Courses, events: &[Event]) -> Checked {
        for event in events {
            let Event::VerificationEnded(ended) = event else { continue };
            if ended.verdict != Verdict::Differed {
                continue;
            }
            let is_slashed =
                events.iter().any(|event| matches!(event, Event::StakeSlashed(s) if s.lease == ended.lease));
            let left = self.of.get(&courses.get(ended.lease)?.owner).map_or(0, Standing::left);
            ensure!(is_slashed || left == 0, rule::SLASH, "lease {} differed, and {left} stays staked", ended.lease);
        }
        let Some(rules) = x.genesis().map(|genesis| &genesis.trust) else { return Ok(()) };
        let is_pending = reads::is_pending(x);
        for account in x.accounts() {
            let Some(standing) = self.of.get(&account.id) else { continue };
            let staked = i128::from(x.ledger().stake(account.id).get());
            let forfeited = i128::from(account.forfeited().get());
            ensure!(
                (staked, forfeited) == (standing.staked, standing.forfeited.values().sum()),
                rule::SLASH,
                "account {} has {staked} staked and {forfeited} forfeited: {standing:?}",
                account.id
            );
            ensure!(
                (account.level, account.reputation) == (standing.level, standing.reputation),
                rule::TRUST,
                "account {} has {} and {:?}: {standing:?}",
                account.id,
                account.level,
                account.reputation
            );
            let (level, uptime) = standing.judge(x.last_at(), rules);
            ensure!(
                is_pending || (account.level, account.uptime) == (level, uptime),
                rule::TRUST,
                "account {} has {} and uptime {}, and earned {level} and {uptime}: {standing:?}",
                account.id,
                account.level,
                account.uptime
            );
        }
        Ok(())
    }

    /// All that is staked.
    pub(super) fn staked(&self) -> i128 {
        self.of.values().map(|standing| standing.staked).sum()
    }
}

impl Standing {
    /// Stake that is not forfeited.
    fn left(&self) -> i128 {
        (self.staked - self.forfeited.values().sum::<i128>()).max(0)
    }

    fn fold(&mut self, lease: Counted, rules: &TrustRules) {
        let window = rules.window as usize;
        let mut record = self.record.clone();
        record.push(lease);
        let record = record.split_off(record.len().saturating_sub(window));
        let his = record.iter().filter(|other| other.tenant == lease.tenant).count() as u64;
        let share = record.len() as u64 * u64::from(rules.tenant_share.bps()) / 10_000;
        if his > share.max(1) {
            return;
        }
        self.record = record;
        self.reputation = match lease.ending {
            Ending::Completed if self.tenants() < rules.min_tenants as usize => self.reputation,
            Ending::Completed => self.reputation.raised(rules.completed_gain),
            Ending::Failed => self.reputation.lowered(rules.failed_loss),
            Ending::Dark => self.reputation.lowered(rules.dark_loss),
        };
    }

    fn tenants(&self) -> usize {
        let mut tenants: Vec<AccountId> = self.record.iter().map(|lease| lease.tenant).collect();
        tenants.sort_unstable();
        tenants.dedup();
        tenants.len()
    }

    /// The shares of time of each tenant that speaks at a moment.
    fn uptimes(&self, at: Micros, rules: &TrustRules) -> Vec<u64> {
        let mut times: BTreeMap<AccountId, (u64, u64)> = BTreeMap::new();
        for lease in self.record.iter().filter(|lease| lease.day + u64::from(rules.uptime_days) > at.0 / DAY) {
            let (leased, evidenced) = times.entry(lease.tenant).or_default();
            *leased += lease.leased;
            *evidenced += lease.evidenced.min(lease.leased);
        }
        times.values().filter_map(|(leased, evidenced)| (evidenced * 10_000).checked_div(*leased)).collect()
    }

    /// What it has earned, or was granted when that is more.
    fn judge(&self, at: Micros, rules: &TrustRules) -> (TrustLevel, Uptime) {
        let uptimes = self.uptimes(at, rules);
        let mean = uptimes.iter().sum::<u64>().checked_div(uptimes.len() as u64);
        let mean = mean.and_then(|mean| u16::try_from(mean).ok()).and_then(Uptime::new);
        let counted = self.record.len() as u64;
        let completed = self.record.iter().filter(|lease| lease.ending == Ending::Completed).count() as u64;
        let is_share = |share: berth_domain::Share| completed * 10_000 >= counted * u64::from(share.bps());
        let has = |stake: Stroops| self.left() >= i128::from(stake.get());
        let two = has(rules.stake_two);
        let three = two
            && has(rules.stake_three)
            && counted >= rules.min_leases.into()
            && self.tenants() >= rules.min_tenants as usize
            && is_share(rules.completed_three);
        let was_up = uptimes.len() >= rules.min_tenants as usize && mean.is_some_and(|mean| mean >= rules.uptime_four);
        let four = three && is_share(rules.completed_four) && was_up;
        let five = four && self.attested.values().any(|until| *until > at);
        let steps = [two, three, four, five].into_iter().take_while(|is_met| *is_met).count();
        (TrustLevel::ALL[steps].max(self.granted), mean.unwrap_or(Uptime::MAX))
    }
}

/// How a closed lease counts for its provider, if it does.
fn counted(course: &Course, reason: CloseReason, fee: i128, at: Micros, rules: &TrustRules) -> Option<Counted> {
    let whole = i128::from(course.escrow.get()) * i128::from(course.terms.fee.get()) / 10_000;
    let (ending, fee) = match reason {
        CloseReason::Completed | CloseReason::Exhausted | CloseReason::Stopped if course.started_at.is_some() => {
            (Ending::Completed, fee)
        }
        CloseReason::Failed | CloseReason::StartTimeout | CloseReason::FailedVerification if course.is_locked => {
            (Ending::Failed, whole)
        }
        CloseReason::Dark => (Ending::Dark, whole),
        _ => return None,
    };
    let leased = course.started_at.map_or(0, |started_at| {
        let ends = course.ends_at().min(course.funded_until()).unwrap_or(started_at);
        // A top-up that came too late moves the end of its funds, and it had been
        // suspended before that.
        let ends = course.suspended_at.map_or(ends, |suspended_at| ends.min(suspended_at));
        let until = match (ending, course.closing_at) {
            (Ending::Dark, _) => ends,
            (_, Some(closing_at)) => closing_at.min(ends),
            (_, None) => course.seen.last_at,
        };
        until.since(started_at).saturating_sub(course.suspended) / 1_000_000
    });
    let evidenced = course.seen.seconds().0;
    let is_enough = fee >= i128::from(rules.min_fee.get());
    is_enough.then_some(Counted { tenant: course.tenant, ending, day: at.0 / DAY, leased, evidenced })
}
