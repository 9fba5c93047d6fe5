//! What orders, bids and accounts wait for.

use berth_domain::{AccountId, CancelReason, Command, Entry, Event, Micros};

use super::{Clock, DeadMan, Moment, is_due};
use crate::referee::{Checked, ensure, rule};

impl Clock {
    pub(super) fn hear_of_trade(&mut self, moment: Moment<'_>, event: &Event, first: Option<Micros>) -> Checked {
        let Moment { x, entry: Entry { at, .. }, .. } = moment;
        match event {
            Event::OrderAccepted(accepted) => {
                let order = x.order(accepted.order).expect("it was accepted");
                self.orders.extend(order.expires_at.map(|at| (order.id, at)));
                self.auctions.extend(order.closes_at.map(|at| (order.id, at)));
            }
            Event::OrderAmended(amended) => {
                let expires_at = x.order(amended.order).and_then(|order| order.expires_at);
                self.orders.extend(expires_at.map(|at| (amended.order, at)));
            }
            Event::OrderExpired(expired) => {
                let due = self.orders.remove(&expired.order);
                is_due(&format!("order {}", expired.order), due, first, *at)?;
            }
            Event::OrderCancelled(ended) => {
                self.orders.remove(&ended.order);
                let closes_at = self.auctions.remove(&ended.order);
                let is_early = ended.reason == CancelReason::AuctionUnfilled && closes_at.is_none_or(|due| due > *at);
                ensure!(!is_early, rule::TIMERS, "auction {} closes at {at:?}, due {closes_at:?}", ended.order);
                let account = x.order(ended.order).map(|order| order.account);
                self.dead_man_fires(moment, ended.reason, account)?;
            }
            Event::OrderFilled(filled) if filled.remaining == 0 => {
                self.orders.remove(&filled.order);
                self.auctions.remove(&filled.order);
            }
            Event::BidAccepted(accepted) => {
                let expires_at = x.bid(accepted.bid).and_then(|bid| bid.expires_at);
                self.bids.extend(expires_at.map(|at| (accepted.bid, at)));
            }
            Event::BidAmended(amended) => {
                let expires_at = x.bid(amended.bid).and_then(|bid| bid.expires_at);
                self.bids.extend(expires_at.map(|at| (amended.bid, at)));
            }
            Event::BidExpired(expired) => {
                let due = self.bids.remove(&expired.bid);
                is_due(&format!("bid {}", expired.bid), due, first, *at)?;
            }
            Event::BidCancelled(ended) => {
                self.bids.remove(&ended.bid);
                self.dead_man_fires(moment, ended.reason, x.bid(ended.bid).map(|bid| bid.account))?;
            }
            Event::BidLost(lost) => {
                self.bids.remove(&lost.bid);
            }
            Event::DeadManSet(set) => match (&moment.entry.command, set.deadline) {
                (Command::SetDeadMan(armed), Some(deadline)) => {
                    let dead_man = DeadMan { millis: armed.millis, heard_at: *at };
                    self.dead_men.insert(set.account, dead_man);
                    ensure!(deadline == dead_man.due(), rule::TIMERS, "{set:?} should be {:?}", dead_man.due());
                }
                (Command::SetDeadMan(_), None) => {
                    self.dead_men.remove(&set.account);
                }
                _ => {
                    let due = self.dead_men.get(&set.account).map(|dead_man| dead_man.due());
                    is_due(&format!("the dead man {}", set.account), due, first, *at)?;
                    self.dead_men.remove(&set.account);
                }
            },
            _ => {}
        }
        Ok(())
    }

    /// Things that end by a dead man's timer end with it.
    fn dead_man_fires(&self, moment: Moment<'_>, reason: CancelReason, account: Option<AccountId>) -> Checked {
        if reason != CancelReason::DeadMan {
            return Ok(());
        }
        let at = moment.entry.at;
        let due = account.and_then(|account| self.dead_men.get(&account)).map(|dead_man| dead_man.due());
        let holds = moment.is_tick() && due.is_some_and(|due| due <= at);
        ensure!(holds, rule::TIMERS, "what account {account:?} has ends at {at:?} for its silence, due {due:?}");
        Ok(())
    }
}
