//! Mandates: what accounts let be done in their name, kept from what they said,
//! and what they spend, added up from the leases that open and the top-ups that
//! are asked for. None is exceeded, per lease or per day.

use std::collections::BTreeMap;

use berth_domain::{
    AccountId, Code, Command, Entry, Event, Mandate, MandateSet, Micros, OrderState, SetMandate, Stroops,
};
use berth_exchange::{Exchange, Order, Origin, Outcome};

use super::course::Courses;
use super::{Checked, ensure, rule};
use crate::reads;

/// Microseconds of a day; a day begins at midnight UTC.
const DAY: u64 = 86_400_000_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Mandates {
    of: BTreeMap<AccountId, Mandate>,
    /// What was spent on a day.
    spent: BTreeMap<AccountId, (u64, i128)>,
}

impl Mandates {
    /// What was said with this entry, before its events.
    pub(super) fn before(&self, x: &Exchange, courses: &Courses, entry: &Entry, outcome: Outcome) -> Checked {
        let Command::TopUpLease(asked) = &entry.command else { return Ok(()) };
        if outcome != Outcome::Refused(Code::MandateExceeded) {
            return Ok(());
        }
        let course = courses.get(asked.lease)?;
        let owes = |seconds| reads::owes(course.rate, seconds);
        let amount = owes(course.prepay.0 + asked.seconds.0) - owes(course.prepay.0);
        let is_beyond = self.exceeds(course.tenant, entry.at, course.escrow.get().into(), amount);
        ensure!(
            is_beyond,
            rule::MANDATE,
            "{asked:?} of {amount} is refused, and {} allows it",
            self.told(x, course.tenant)
        );
        Ok(())
    }

    pub(super) fn hear(&mut self, x: &Exchange, courses: &Courses, entry: &Entry, event: &Event) -> Checked {
        match event {
            Event::MandateSet(told) => {
                let MandateSet { account, per_lease, per_day, floor, until } = *told;
                self.set(entry, account, SetMandate { per_lease, per_day, floor, until })?;
            }
            Event::LeaseOpened(opened) => {
                let lease = x.lease(opened.lease).expect("it opened");
                let escrow = opened.escrow.get().into();
                self.spend(x, lease.tenant, entry.at, 0, escrow)?;
                // A standby's price was agreed before.
                let floor = self.of.get(&lease.provider_account).and_then(|mandate| mandate.floor);
                ensure!(
                    matches!(lease.origin, Origin::Failover(_)) || floor.is_none_or(|floor| lease.price >= floor),
                    rule::MANDATE,
                    "lease {} is at {}, below its provider's floor {floor:?}",
                    lease.id,
                    lease.price
                );
            }
            Event::TopUpRequested(asked) => {
                let course = courses.get(asked.lease)?;
                let (tenant, escrow) = (course.tenant, course.escrow.get().into());
                self.spend(x, tenant, entry.at, escrow, asked.amount.get().into())?;
            }
            _ => {}
        }
        Ok(())
    }

    fn set(&mut self, entry: &Entry, account: AccountId, told: SetMandate) -> Checked {
        let said = match &entry.command {
            Command::SetMandate(set) => Some(*set),
            _ => None,
        };
        match said {
            Some(said) => {
                let limits = said.per_lease.is_some() || said.per_day.is_some() || said.floor.is_some();
                let said = if limits { said } else { SetMandate { until: None, ..said } };
                ensure!(said == told && account == entry.account, rule::MANDATE, "{said:?} is told as {told:?}");
                let SetMandate { per_lease, per_day, floor, until } = said;
                if limits {
                    self.of.insert(account, Mandate { per_lease, per_day, floor, until });
                } else {
                    self.of.remove(&account);
                }
            }
            None => {
                let old = self.of.remove(&account);
                let is_over = old.and_then(|old| old.until).is_some_and(|until| until <= entry.at);
                ensure!(is_over, rule::MANDATE, "at {:?} the mandate {old:?} of account {account} ends", entry.at);
            }
        }
        Ok(())
    }

    /// What an account has spent on the day of a moment.
    fn spent_on(&self, account: AccountId, at: Micros) -> i128 {
        self.spent.get(&account).filter(|(day, _)| *day == at.0 / DAY).map_or(0, |(_, spent)| *spent)
    }

    /// Whether an escrow of so much would grow by more than its tenant allows.
    fn exceeds(&self, account: AccountId, at: Micros, escrow: i128, more: i128) -> bool {
        let Mandate { per_lease, per_day, .. } = self.of.get(&account).copied().unwrap_or_default();
        let spent = self.spent_on(account, at) + more;
        let is_more = |limit: Option<Stroops>, amount| limit.is_some_and(|limit| amount > i128::from(limit.get()));
        // Nothing is always allowed, also when too much is spent already.
        more > 0 && (is_more(per_lease, escrow + more) || is_more(per_day, spent))
    }

    fn spend(&mut self, x: &Exchange, account: AccountId, at: Micros, escrow: i128, more: i128) -> Checked {
        let exceeds = self.exceeds(account, at, escrow, more);
        ensure!(
            !exceeds,
            rule::MANDATE,
            "{more} more stroops go into an escrow of {escrow}, and {}",
            self.told(x, account)
        );
        self.spent.insert(account, (at.0 / DAY, self.spent_on(account, at) + more));
        Ok(())
    }

    fn told(&self, x: &Exchange, account: AccountId) -> String {
        let spent = self.spent_on(account, x.last_at());
        format!("account {account}, which spent {spent} today, has the mandate {:?}", self.of.get(&account))
    }

    /// What is allowed stands, and what is not is parked.
    pub(super) fn after(&self, x: &Exchange) -> Checked {
        for account in x.accounts() {
            let known = self.of.get(&account.id);
            ensure!(
                account.mandate.as_ref() == known,
                rule::MANDATE,
                "account {} has the mandate {:?}, and said {known:?}",
                account.id,
                account.mandate
            );
        }
        if reads::is_pending(x) {
            return Ok(());
        }
        for (account, mandate) in &self.of {
            ensure!(
                mandate.until.is_none_or(|until| until > x.last_at()),
                rule::MANDATE,
                "the mandate {mandate:?} of account {account} is over"
            );
        }
        for order in x.orders().filter(|order| order.is_live()) {
            let one = self.is_allowed(x, order);
            let needs = reads::owed(order.limits.highest(), order.units, order.remaining, order.prepay.0);
            let has = i128::from(x.balances(order.account).available.get());
            let holds = match order.state {
                OrderState::Parked => !one || has < needs,
                _ => one,
            };
            ensure!(
                holds,
                rule::MANDATE,
                "order {} is {}, {has} of {needs} stroops are there, and {}",
                order.id,
                order.state,
                self.told(x, order.account)
            );
        }
        Ok(())
    }

    /// Whether one replica of an order is allowed at its highest limit.
    fn is_allowed(&self, x: &Exchange, order: &Order) -> bool {
        let one = reads::owed(order.limits.highest(), order.units, 1, order.prepay.0);
        !self.exceeds(order.account, x.last_at(), 0, one)
    }

    /// Whether a bid asks less than its account lets it.
    pub(super) fn is_below_floor(&self, account: AccountId, price: berth_domain::Rate) -> bool {
        self.of.get(&account).and_then(|mandate| mandate.floor).is_some_and(|floor| price < floor)
    }
}
