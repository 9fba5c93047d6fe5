//! Facts of the chain about an account's funds.

use crate::codec::codec_struct;
use crate::ids::{Address, ChainEventId};
use crate::money::Stroops;

/// A deposit on the chain, known by its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// The chain's id of the event: a deposit counts once.
    pub event: ChainEventId,
    /// Whose balance in the contract grew.
    pub address: Address,
    /// By how much.
    pub amount: Stroops,
}
codec_struct!(Deposit { event, address, amount });

macro_rules! withdrawal {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            /// The chain's id of the event.
            pub event: ChainEventId,
            /// The account.
            pub address: Address,
            /// The amount that the event names.
            pub amount: Stroops,
        }
        codec_struct!($name { event, address, amount });
    };
}
withdrawal!(
    /// A request for a withdrawal: `amount` is all that is now requested.
    WithdrawalFact
);
withdrawal!(
    /// A paid withdrawal.
    Withdrawn
);
withdrawal!(
    /// A request taken back.
    WithdrawalCancelled
);
