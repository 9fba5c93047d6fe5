//! Funds that came or went.

use crate::codec::codec_struct;
use crate::ids::{AccountId, Address, ChainEventId};
use crate::money::Stroops;

/// A deposit is available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepositCredited {
    /// The account.
    pub account: AccountId,
    /// How much came.
    pub amount: Stroops,
    /// The event on the chain.
    pub event: ChainEventId,
}
codec_struct!(DepositCredited { account, amount, event });

macro_rules! withdrawal {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            /// The account.
            pub account: AccountId,
            /// Its key.
            pub address: Address,
            /// How much moved.
            pub amount: Stroops,
        }
        codec_struct!($name { account, address, amount });
    };
}
withdrawal!(
    /// Funds wait to be withdrawn; `amount` is all that waits now.
    WithdrawalMoved
);
withdrawal!(
    /// Funds have left.
    WithdrawalPaid
);
withdrawal!(
    /// Funds that waited are available again.
    WithdrawalReturned
);
