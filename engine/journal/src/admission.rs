//! What a node still takes when its disk is nearly full: whatever ends things,
//! and whatever a lease under way needs, but nothing new.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use berth_domain::Command;

/// Whether a node takes commands that make its data grow. It is open until it is
/// closed; clones share it.
///
/// It is asked before a command has a place in the log, and is no input of the
/// exchange: what it turns away is not in the log, and a replay knows nothing of
/// it.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    closed: Arc<AtomicBool>,
}

impl Admission {
    /// Whether everything is taken.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }

    /// From now on everything is taken.
    pub fn open(&self) {
        self.closed.store(false, Ordering::Relaxed);
    }

    /// From now on nothing new is taken.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether a command is taken now.
    #[must_use]
    pub fn admits(&self, command: &Command) -> bool {
        self.is_open() || !grows(command)
    }
}

/// Whether a command begins something: what it makes stays in the log and the
/// state for good, and more follows from it. A change of an order or a bid can
/// open a lease, and counts, too.
fn grows(command: &Command) -> bool {
    match command {
        Command::Genesis(_)
        | Command::OpenAccount(_)
        | Command::RegisterProvider(_)
        | Command::PlaceBid(_)
        | Command::PlaceOrder(_)
        | Command::AcceptBid(_)
        | Command::AmendOrder(_)
        | Command::AmendBid(_)
        | Command::ReplaceOrder(_)
        | Command::ReplaceBid(_)
        | Command::OpenMarket(_)
        | Command::RegisterKey(_) => true,
        // One that only takes quotes back always succeeds.
        Command::MassQuote(quotes) => quotes.quotes.iter().any(|quote| quote.quantity > 0),
        // Time goes on.
        Command::Tick(_) | Command::Resumed(_)
        // The chain has done it already.
        | Command::Deposit(_)
        | Command::WithdrawalRequested(_)
        | Command::Withdrawn(_)
        | Command::WithdrawalCancelled(_)
        | Command::Escrowed(_)
        | Command::EscrowFailed(_)
        | Command::SettlementPaid(_)
        | Command::SettlementRefunded(_)
        | Command::StakeFact(_)
        | Command::ToppedUp(_)
        | Command::TopUpFailed(_)
        | Command::LedgerSeen(_)
        // It ends something.
        | Command::CancelBid(_)
        | Command::CancelOrder(_)
        | Command::CancelAll(_)
        | Command::SetDeadMan(_)
        | Command::StopLease(_)
        | Command::FinishLease(_)
        | Command::RevokeKey(_)
        // A lease under way needs it.
        | Command::StartLease(_)
        | Command::Heartbeat(_)
        | Command::LeaseBacklog(_)
        | Command::TopUpLease(_)
        // It sets a limit, or is the operator's or an auditor's.
        | Command::SetMandate(_)
        | Command::UpdateProvider(_)
        | Command::PauseMarket(_)
        | Command::ResumeMarket(_)
        | Command::CycleMarket(_)
        | Command::Reconfigure(_)
        | Command::Upgrade(_)
        | Command::Attest(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use berth_domain::{
        Address, CancelOrder, MarketId, MassQuote, OpenAccount, OrderId, ProviderId, Quote, Rate, Seconds,
    };

    use super::*;

    fn quotes(quantities: &[u32]) -> Command {
        let quote = |quantity: &u32| Quote {
            provider: ProviderId(1),
            market: MarketId(1),
            price: Rate::new(1).unwrap(),
            quantity: *quantity,
            min_duration: Seconds(1),
            max_duration: Seconds(2),
        };
        let quotes = quantities.iter().map(quote).collect();
        MassQuote { set: 1, post_only: false, self_trade: Default::default(), session: None, quotes }.into()
    }

    #[test]
    fn what_begins_something_waits_and_what_ends_something_goes_on() {
        let admission = Admission::default();
        let open: Command = OpenAccount { address: Address([1; 32]) }.into();
        let cancel: Command = CancelOrder { order: OrderId(1) }.into();
        assert!(admission.admits(&open) && admission.admits(&quotes(&[0, 1])));
        admission.clone().close();
        assert!(!admission.admits(&open) && !admission.admits(&quotes(&[0, 1])));
        assert!(admission.admits(&cancel) && admission.admits(&quotes(&[0, 0])));
        admission.open();
        assert!(admission.admits(&open));
    }
}
