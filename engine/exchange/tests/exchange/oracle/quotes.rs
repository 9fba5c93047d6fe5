//! Mass quotes: the bids of one quote set, all at once.

use berth_domain::{BidTarget, CancelReason, Code, MassQuote, PlaceBid, Quote, TimeInForce};

use super::{Oracle, Reply, Rule};

impl Oracle {
    /// Ends every live bid of the set, then enters the quotes in the order of
    /// their list; those of no units place nothing. One that is refused refuses
    /// all; but an account can always take all its quotes back.
    pub(super) fn mass_quote(&mut self, mass: &MassQuote) -> Result<Reply, Code> {
        let is_all_zero = mass.quotes.iter().all(|quote| quote.quantity == 0);
        if mass.quotes.len() > self.rules().bounds.quotes as usize && !is_all_zero {
            return Err(Code::OutOfBounds);
        }
        let account = self.step.account;
        let of_the_set = self.bids.iter().filter(|bid| bid.account == account && bid.set == Some(mass.set));
        let old: Vec<_> = of_the_set.filter(|bid| bid.is_live()).map(|bid| bid.id).collect();
        if !old.is_empty() {
            self.reach(Rule::MassQuoteEndsTheOld);
        }
        old.into_iter().for_each(|id| self.cancel_bid(id, CancelReason::Replaced));

        for quote in mass.quotes.iter().filter(|quote| quote.quantity > 0) {
            if let Err(code) = self.place_bid_of(&as_bid(mass, quote), Some(mass.set)) {
                self.reach(Rule::MassQuoteRefusedWhole);
                return Err(code);
            }
        }
        let sound = |quote: &Quote| self.find_host(quote.provider).is_some_and(|host| host.account == account);
        if is_all_zero {
            self.reach(Rule::MassQuoteAllZero);
            if !mass.quotes.iter().all(sound) || mass.quotes.len() > self.rules().bounds.quotes as usize {
                self.reach(Rule::MassQuoteAllZeroPassesChecks);
            }
            return Ok(Reply::Account(account));
        }
        self.reach(if self.step.opened > 0 { Rule::MassQuoteTrades } else { Rule::MassQuoteEnters });
        if mass.quotes.iter().any(|quote| quote.quantity == 0) {
            self.reach(Rule::MassQuoteZeroAmongOthers);
        }
        Ok(Reply::Account(account))
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
