//! A typed client of a Stellar network over JSON-RPC.
//!
//! Any network will do: nothing in here knows which one it talks to. Every
//! outcome of a call is a value, and what cannot be told from the answers (did
//! it arrive?) is told apart from what can (it can never be applied).

mod address;
mod deliver;
mod handed;
mod key;
mod network;
mod prepare;
mod rpc;
mod sender;
mod signer;
mod sponsor;
mod transaction;
pub mod value;

pub use address::{Address, AddressError};
pub use deliver::{Applied, Delivery, Patience, Wire, deliver};
pub use handed::{Handed, HandedError, Unsigned};
pub use key::{Key, KeyError};
pub use network::{Network, PUBLIC_PASSPHRASE};
pub use prepare::{Acting, PrepareError, prepare, prepare_for, prepare_operations, view};
pub use rpc::{Account, AccountSigners, EventPage, EventStart, Found, Head, RawEvent, Rejection, Rpc, RpcError, Sent};
pub use sender::{SendError, Sender};
pub use signer::{SignError, Signer, SigningCommand};
pub use sponsor::{Sponsored, sponsored};
pub use transaction::Signed;
