//! Mass quotes: the bids of one quote set, all at once.

use berth_domain::{BidTarget, CancelReason, Code, MassQuote, PlaceBid, Quote, TimeInForce};

use super::plan::Plan;
use super::{Bid, Oracle, Rule};

impl Oracle {
    /// Ends every live bid of the set, then enters the quotes in the order of
    /// their list; those of no units place nothing. One that may not be had, or
    /// is only to rest and would trade, refuses all; but an account can always
    /// take all its quotes back. One that the scan cuts ends by itself.
    pub(super) fn mass_quote(&mut self, mass: &MassQuote) -> Result<(), Code> {
        let (account, bounds) = (self.step.account, self.rules().bounds);
        let asked: Vec<_> = mass.quotes.iter().filter(|quote| quote.quantity > 0).collect();
        if mass.quotes.len() > bounds.quotes as usize && !asked.is_empty() {
            return Err(Code::OutOfBounds);
        }
        let of_the_set = self.bids.iter().filter(|bid| bid.account == account && bid.set == Some(mass.set));
        let old: Vec<_> = of_the_set.filter(|bid| bid.is_live()).map(|bid| bid.id).collect();
        let rested = old.iter().filter(|id| self.bid(**id).rests()).count();
        old.iter().for_each(|id| self.cancel_bid(*id, CancelReason::Replaced));

        let checked = self.check_quotes(mass, &asked);
        if checked.is_err() {
            self.reach(Rule::MassQuoteRefusedWhole);
        }
        checked?;
        for quote in &asked {
            let bid = Bid { set: Some(mass.set), ..self.new_bid(&as_bid(mass, quote))? };
            let told = self.accepted(&bid);
            if self.can_be_met(&bid) {
                let plan = self.plan_bid(&bid, mass.post_only);
                self.commits(bid, told, plan);
            } else {
                self.enters_parked(bid, told);
            }
        }

        if !old.is_empty() {
            self.reach(Rule::MassQuoteEndsTheOld);
        }
        if asked.is_empty() {
            self.reach(Rule::MassQuoteAllZero);
            let is_own = |quote: &Quote| self.find_host(quote.provider).is_some_and(|host| host.account == account);
            if !mass.quotes.iter().all(is_own) || mass.quotes.len() > bounds.quotes as usize {
                self.reach(Rule::MassQuoteAllZeroPassesChecks);
            }
            return Ok(());
        }
        self.reach(if self.step.opened > 0 { Rule::MassQuoteTrades } else { Rule::MassQuoteEnters });
        if asked.len() < mass.quotes.len() {
            self.reach(Rule::MassQuoteZeroAmongOthers);
        }
        if rested > 0 && asked.iter().any(|quote| self.resting(quote.market) >= bounds.depth as usize) {
            self.reach(Rule::BookFullCountsTheReplacedAsGone);
        }
        Ok(())
    }

    /// What refuses all of the quotes: first what each of them may not have,
    /// beside those before it; then one that would trade and must not.
    fn check_quotes(&self, mass: &MassQuote, asked: &[&Quote]) -> Result<(), Code> {
        let mut later = self.clone();
        for quote in asked {
            let bid = later.new_bid(&as_bid(mass, quote))?;
            // Quotes are there to rest: each counts as if it did.
            if later.check_depth(bid.market, TimeInForce::Gtc, &Plan::default()).is_err() {
                self.reach(Rule::BookFullRefusesQuotes);
                return Err(Code::BookFull);
            }
            later.put_bid(bid);
        }
        // What the entry may pass over, it may pass over once for all of them.
        let mut looking = self.clone();
        for quote in asked.iter().filter(|_| mass.post_only) {
            let bid = looking.new_bid(&as_bid(mass, quote))?;
            if !looking.can_be_met(&bid) {
                continue;
            }
            let plan = looking.plan_bid(&bid, true);
            if plan.crosses {
                return Err(Code::PostOnlyWouldCross);
            }
            looking.step.skipped = plan.skipped;
        }
        Ok(())
    }
}

fn as_bid(mass: &MassQuote, quote: &Quote) -> PlaceBid {
    let Quote { provider, market, price, quantity, min_duration, max_duration } = *quote;
    PlaceBid {
        provider,
        target: BidTarget::Standing { market, quantity, min_duration, max_duration },
        price,
        time_in_force: TimeInForce::Gtc,
        expires_at: None,
        post_only: mass.post_only,
        self_trade: mass.self_trade,
        session: mass.session,
        client_id: None,
    }
}
