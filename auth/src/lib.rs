//! Who asks: logins as SEP-10 has them, bearer tokens, signed requests.
//!
//! [`WebAuth`] makes the challenge that a wallet signs, and checks it; the node
//! and the client share it, so that each checks what the other made. [`Tokens`]
//! are what a login gives. [`SignedRequest`] and [`SignedLogon`] are what a key
//! signs that logs in anew with every request or connection, and [`Once`]
//! remembers what was accepted, so that it is not accepted again.
//!
//! Nothing here has effects: the caller passes the time, randomness and what
//! the chain says of an account.

mod challenge;
mod key;
mod once;
mod request;
mod signers;
mod token;

pub use ed25519_dalek::SigningKey;

pub use challenge::{
    Answer, CHALLENGE_SECONDS, ChallengeError, DOMAIN_BYTES_MAX, DomainError, ENVELOPE_BYTES_MAX, NONCE_BYTES, WebAuth,
};
pub use key::{PublicKey, is_signed, read_key, write_key};
pub use once::{Once, OnceError};
pub use request::{
    AHEAD_MAX_US, RECV_WINDOW_MS, RECV_WINDOW_MS_MAX, SignedLogon, SignedRequest, Stale, Window, key_proof,
    read_signature, write_signature,
};
pub use signers::{Signers, SignersError};
pub use token::{TokenError, Tokens};
