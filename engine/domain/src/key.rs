//! Registered keys: whom an account lets speak for it, and of what.

use crate::codec::{Decode, DecodeError, Reader, codec_as, codec_names};
use crate::command::Command;

/// Registered keys that one account may have at a time.
pub const KEYS_MAX: usize = 32;

codec_names! {
    /// What a registered key may do for its account.
    pub enum Scope {
        /// Reads what is the account's alone. Nothing in a log needs it.
        Read = 0 "read",
        /// Orders, bids, and what it leases.
        Trade = 1 "trade",
        /// Hosts, what they lease out, and bids.
        Provide = 2 "provide",
        /// Moves the account's funds and stake off the exchange. Nothing in a log
        /// needs it: the chain asks for the account's own key.
        Withdraw = 3 "withdraw",
    }
}

/// A set of scopes, one bit each: `read` is bit 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// No scope.
    pub const EMPTY: Self = Self(0);
    /// Every scope.
    pub const ALL: Self = Self(0b1111);

    /// The set with `scope` added.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | 1 << scope as u8)
    }

    /// Whether `scope` is in the set.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the two sets share a scope.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The scopes in the set, in the order of their bits.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.contains(*scope))
    }

    /// Whether a key with these scopes may say this for its account. That a key
    /// may always revoke itself is not looked at.
    #[must_use]
    pub const fn cover(self, command: &Command) -> bool {
        self.meets(needed(command))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::EMPTY, Self::with)
    }
}

codec_as!(Scopes, u8, |scopes| scopes.0);

impl Decode for Scopes {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = u8::decode(input)?;
        if bits & !Self::ALL.0 == 0 { Ok(Self(bits)) } else { Err(DecodeError::Range("scopes")) }
    }
}

/// Scopes of which each allows a command; none allows what only the account's own
/// key says.
const fn needed(command: &Command) -> Scopes {
    const TRADE: Scopes = Scopes::EMPTY.with(Scope::Trade);
    const PROVIDE: Scopes = Scopes::EMPTY.with(Scope::Provide);
    const EITHER: Scopes = TRADE.with(Scope::Provide);
    match command {
        Command::PlaceOrder(_)
        | Command::CancelOrder(_)
        | Command::AmendOrder(_)
        | Command::ReplaceOrder(_)
        | Command::AcceptBid(_)
        | Command::StopLease(_)
        | Command::TopUpLease(_) => TRADE,
        Command::RegisterProvider(_)
        | Command::UpdateProvider(_)
        | Command::StartLease(_)
        | Command::Heartbeat(_)
        | Command::LeaseBacklog(_)
        | Command::FinishLease(_) => PROVIDE,
        Command::PlaceBid(_)
        | Command::CancelBid(_)
        | Command::AmendBid(_)
        | Command::ReplaceBid(_)
        | Command::MassQuote(_)
        | Command::CancelAll(_)
        | Command::SetDeadMan(_) => EITHER,
        // Who may say these is another question: the exchange, the operator, an
        // auditor, or for its keys and its mandate the account itself: what binds a
        // key must not be the key's to lift.
        Command::Genesis(_)
        | Command::Tick(_)
        | Command::Resumed(_)
        | Command::OpenAccount(_)
        | Command::Deposit(_)
        | Command::WithdrawalRequested(_)
        | Command::Withdrawn(_)
        | Command::WithdrawalCancelled(_)
        | Command::Escrowed(_)
        | Command::EscrowFailed(_)
        | Command::SettlementPaid(_)
        | Command::SettlementRefunded(_)
        | Command::ToppedUp(_)
        | Command::TopUpFailed(_)
        | Command::LedgerSeen(_)
        | Command::StakeFact(_)
        | Command::Attest(_)
        | Command::OpenMarket(_)
        | Command::PauseMarket(_)
        | Command::ResumeMarket(_)
        | Command::CycleMarket(_)
        | Command::Reconfigure(_)
        | Command::Upgrade(_)
        | Command::SetMandate(_)
        | Command::RegisterKey(_)
        | Command::RevokeKey(_) => Scopes::EMPTY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Encode;
    use crate::command::{CancelAll, CancelOrder, Heartbeat, RevokeKey};
    use crate::ids::{LeaseId, OrderId};

    #[test]
    fn a_set_of_scopes_is_a_byte_with_a_bit_for_each() {
        let scopes: Scopes = [Scope::Withdraw, Scope::Read].into_iter().collect();
        assert_eq!(scopes.to_bytes(), [0b1001]);
        assert_eq!(Scopes::from_bytes(&[0b1001]), Ok(scopes));
        assert_eq!(scopes.iter().collect::<Vec<_>>(), [Scope::Read, Scope::Withdraw]);
        assert_eq!(Scopes::from_bytes(&[16]), Err(DecodeError::Range("scopes")));
        assert_eq!(Scope::ALL.iter().copied().collect::<Scopes>(), Scopes::ALL);
        assert!(Scopes::default().is_empty() && !scopes.is_empty());
    }

    #[test]
    fn a_scope_covers_what_it_names() {
        let trade = Scopes::EMPTY.with(Scope::Trade);
        let provide = Scopes::EMPTY.with(Scope::Provide);
        let neither: Scopes = [Scope::Read, Scope::Withdraw].into_iter().collect();
        let order = CancelOrder { order: OrderId(1) }.into();
        let beat = Heartbeat { lease: LeaseId(1), cpu_millis: 0, memory_bytes: 0, healthy: true }.into();
        let either = CancelAll { market: None, session: None }.into();
        let own = RevokeKey { key: [1; 32] }.into();
        let covers = |command: &Command| [trade, provide, neither].map(|scopes| scopes.cover(command));
        assert_eq!(covers(&order), [true, false, false]);
        assert_eq!(covers(&beat), [false, true, false]);
        assert_eq!(covers(&either), [true, true, false]);
        assert_eq!(covers(&own), [false; 3]);
        assert!(!Scopes::ALL.cover(&own));
    }
}
