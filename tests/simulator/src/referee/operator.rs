//! What the operator alone changes: terms, bounds, rules and markets. Announced
//! changes come when they were announced for, as they were announced, and no
//! sooner; in a paused market nothing trades.

use std::collections::BTreeSet;

use berth_domain::{
    AccountId, Bounds, Change, ChangeAnnounced, Code, Command, Entry, Event, ExchangeReconfigured, MarketId, Micros,
    RULES_VERSION,
};
use berth_exchange::{Exchange, Origin, Outcome, Terms};

use super::{Checked, ensure, rule};

/// What is in force, and what is to come.
#[derive(Clone, Copy, Debug)]
struct Config {
    operator: AccountId,
    terms: Terms,
    bounds: Bounds,
    rules: u16,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Office {
    config: Option<Config>,
    new_terms: Option<ChangeAnnounced>,
    new_rules: Option<ChangeAnnounced>,
    paused: BTreeSet<MarketId>,
}

impl Office {
    /// The terms under which a lease opens now.
    pub(super) fn terms(&self) -> Option<&Terms> {
        self.config.as_ref().map(|config| &config.terms)
    }

    /// Who may speak for the exchange, and under which rules entries stand.
    pub(super) fn before(&mut self, x: &Exchange, entry: &Entry, outcome: Outcome) -> Checked {
        if let (Command::Genesis(genesis), Outcome::Done(_)) = (&entry.command, outcome) {
            let operator = x.account_by_address(genesis.operator).expect("the genesis opens it");
            let terms = Terms { fee: genesis.fee, timing: genesis.timing };
            self.config = Some(Config { operator, terms, bounds: genesis.bounds, rules: RULES_VERSION });
        }
        let Some(Config { operator, rules, .. }) = self.config else { return Ok(()) };
        ensure!(entry.rules == rules, rule::OPERATOR, "entry {} stands under rules {}", entry.seq, entry.rules);
        let is_his = matches!(
            entry.command,
            Command::OpenMarket(_)
                | Command::PauseMarket(_)
                | Command::ResumeMarket(_)
                | Command::CycleMarket(_)
                | Command::Reconfigure(_)
                | Command::Upgrade(_)
        );
        let is_turned_away = matches!(outcome, Outcome::Refused(Code::NotTheOperator | Code::UnknownAccount));
        ensure!(
            !is_his || is_turned_away == (entry.account != operator),
            rule::OPERATOR,
            "account {} says what the operator says, and that came to {outcome:?}",
            entry.account
        );
        Ok(())
    }

    pub(super) fn hear(&mut self, x: &Exchange, entry: &Entry, event: &Event) -> Checked {
        let at = entry.at;
        match event {
            Event::MarketPaused(paused) => {
                self.paused.insert(paused.market);
            }
            Event::MarketResumed(resumed) => {
                self.paused.remove(&resumed.market);
            }
            Event::LeaseOpened(opened) => {
                // What stood by before takes over, whatever the market does.
                let is_match = x.lease(opened.lease).is_some_and(|lease| lease.origin == Origin::Match);
                ensure!(
                    !is_match || !self.paused.contains(&opened.market),
                    rule::PAUSED,
                    "lease {} opens in market {}",
                    opened.lease,
                    opened.market
                );
            }
            Event::OrderAccepted(accepted) => self.trades(accepted.market, event)?,
            Event::BidAccepted(accepted) => self.trades(accepted.market, event)?,
            Event::BidResumed(resumed) => self.trades(resumed.market, event)?,
            Event::ChangeAnnounced(announced) => self.announced(at, announced)?,
            Event::ExchangeReconfigured(now) => self.reconfigured(at, now)?,
            Event::ExchangeUpgraded(now) => {
                let due = self.new_rules.take();
                let is_it =
                    due.is_some_and(|due| due.effective_at <= at && due.change == Change::Rules { rules: now.rules });
                ensure!(is_it, rule::OPERATOR, "{now:?} comes at {at:?}, and {due:?} was announced");
                if let Some(config) = &mut self.config {
                    config.rules = now.rules;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn trades(&self, market: MarketId, event: &Event) -> Checked {
        ensure!(!self.paused.contains(&market), rule::PAUSED, "market {market} is paused, and {event:?}");
        Ok(())
    }

    fn announced(&mut self, at: Micros, announced: &ChangeAnnounced) -> Checked {
        let delay = self.config.map(|config| config.terms.timing.reconfigure_delay).unwrap_or_default();
        let earliest = at.plus(delay);
        ensure!(
            announced.effective_at >= earliest,
            rule::OPERATOR,
            "{announced:?} is announced at {at:?} and may come at {earliest:?}"
        );
        let place = match announced.change {
            Change::Terms { .. } => &mut self.new_terms,
            Change::Rules { .. } => &mut self.new_rules,
        };
        *place = Some(*announced);
        Ok(())
    }

    fn reconfigured(&mut self, at: Micros, now: &ExchangeReconfigured) -> Checked {
        let due = self.new_terms.take();
        let (Some(announced), Some(config)) = (due.filter(|due| due.effective_at <= at), &mut self.config) else {
            return Err(rule::OPERATOR.broken(format!("{now:?} comes at {at:?}, and {due:?} was announced")));
        };
        if let Change::Terms { fee, timing, bounds } = announced.change {
            config.terms.fee = fee.unwrap_or(config.terms.fee);
            config.terms.timing = timing.unwrap_or(config.terms.timing);
            config.bounds = bounds.unwrap_or(config.bounds);
        }
        let Config { terms, bounds, .. } = *config;
        ensure!(
            (now.fee, now.timing, now.bounds) == (terms.fee, terms.timing, bounds),
            rule::OPERATOR,
            "{now:?} is in force, and announced was {announced:?}"
        );
        Ok(())
    }

    pub(super) fn after(&self, x: &Exchange, entry: &Entry) -> Checked {
        let Some(Config { operator, terms, bounds, rules }) = self.config else { return Ok(()) };
        let there = (x.operator(), x.terms(), *x.bounds(), x.rules());
        ensure!(
            there == (operator, Some(&terms), bounds, rules),
            rule::OPERATOR,
            "in force is {there:?}, and what was told is {terms:?}, {bounds:?}, {rules}"
        );
        let is_pending = x.next_deadline().is_some_and(|next| next <= entry.at);
        for announced in [self.new_terms, self.new_rules].into_iter().flatten() {
            ensure!(
                is_pending || announced.effective_at > entry.at,
                rule::OPERATOR,
                "{announced:?} is not in force at {:?}",
                entry.at
            );
        }
        for market in x.markets() {
            let is_paused = self.paused.contains(&market.id);
            ensure!(market.paused == is_paused, rule::PAUSED, "market {} is paused: {}", market.id, market.paused);
        }
        Ok(())
    }
}
