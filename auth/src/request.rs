//! What a key signs that shows itself with every request, or once for a
//! connection, and for how long that is accepted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::key::{PublicKey, write_key};

/// How long after its time a signature is accepted when it does not say, in
/// milliseconds.
pub const RECV_WINDOW_MS: u32 = 5_000;
/// The longest that it may say.
pub const RECV_WINDOW_MS_MAX: u32 = 60_000;
/// How far its time may lie ahead of the node's, in microseconds.
pub const AHEAD_MAX_US: u64 = 1_000_000;

/// Why a time is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Stale {
    /// The window is longer than it may be, or zero.
    #[error("the receive window must be from 1 to {RECV_WINDOW_MS_MAX} ms")]
    Window,
    /// Too long ago.
    #[error("the time is {late_ms} ms before the node's, and the receive window is {window_ms} ms")]
    TooOld {
        /// How long ago, in milliseconds.
        late_ms: u64,
        /// The window.
        window_ms: u32,
    },
    /// Too far ahead.
    #[error("the time is {ahead_ms} ms ahead of the node's, and may be 1,000 ms")]
    Ahead {
        /// How far, in milliseconds.
        ahead_ms: u64,
    },
    /// Before the node's start, or so soon behind it that the process before may
    /// have accepted it, which is not known any more.
    #[error("the node has only just started: sign anew in a second")]
    BeforeStart,
}

/// When something was signed, and how long it is accepted after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Microseconds since 1970.
    pub timestamp: u64,
    /// Milliseconds.
    pub recv_window: u32,
}

impl Window {
    /// The last moment at which it is accepted, in microseconds since 1970.
    ///
    /// # Errors
    /// When that is over, or the time lies ahead. From `started` on the node
    /// remembers whatever it accepts.
    pub fn check(self, now: u64, started: u64) -> Result<u64, Stale> {
        let Self { timestamp, recv_window } = self;
        if recv_window == 0 || recv_window > RECV_WINDOW_MS_MAX {
            return Err(Stale::Window);
        }
        if timestamp > now.saturating_add(AHEAD_MAX_US) {
            return Err(Stale::Ahead { ahead_ms: (timestamp - now) / 1_000 });
        }
        let expires = timestamp.saturating_add(u64::from(recv_window) * 1_000);
        if expires < now {
            return Err(Stale::TooOld { late_ms: (now - timestamp) / 1_000, window_ms: recv_window });
        }
        if timestamp < started {
            return Err(Stale::BeforeStart);
        }
        Ok(expires)
    }
}

/// A request as its key signs it.
#[derive(Clone, Copy, Debug)]
pub struct SignedRequest<'a> {
    /// The log's id, so that a signature is for this exchange alone.
    pub log: &'a [u8; 32],
    /// The method, in capitals.
    pub method: &'a str,
    /// The path with its query, as it is sent.
    pub target: &'a str,
    /// When.
    pub window: Window,
    /// The body; empty where there is none.
    pub body: &'a [u8],
}

impl SignedRequest<'_> {
    /// What is signed, in lines:
    ///
    /// ```text
    /// berth request 1
    /// <log id, 64 hexadecimal digits>
    /// <METHOD>
    /// <path with query>
    /// <timestamp, µs>
    /// <receive window, ms>
    /// <SHA-256 of the body, 64 hexadecimal digits>
    /// ```
    ///
    /// without a line break at the end.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { log, method, target, window: Window { timestamp, recv_window }, body } = self;
        let (log, body) = (hex::encode(log), hex::encode(Sha256::digest(body)));
        format!("berth request 1\n{log}\n{method}\n{target}\n{timestamp}\n{recv_window}\n{body}")
    }
}

/// A WebSocket's logon as its key signs it.
#[derive(Clone, Copy, Debug)]
pub struct SignedLogon<'a> {
    /// The log's id.
    pub log: &'a [u8; 32],
    /// The key.
    pub key: &'a PublicKey,
    /// When.
    pub window: Window,
}

impl SignedLogon<'_> {
    /// What is signed, in lines without a line break at the end: `berth logon
    /// 1`, the log's id, the key (`G…`), the timestamp in µs, the receive window
    /// in ms.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { log, key, window: Window { timestamp, recv_window } } = self;
        let (log, key) = (hex::encode(log), write_key(key));
        format!("berth logon 1\n{log}\n{key}\n{timestamp}\n{recv_window}")
    }
}

/// What a new key signs to show that whoever registers it has it: `"berth key
/// 1\n"`, the log's id, the account's key; 76 bytes.
#[must_use]
pub fn key_proof(log: &[u8; 32], account: &PublicKey) -> Vec<u8> {
    [b"berth key 1\n".as_slice(), log, account].concat()
}

/// A signature as base 64, with or without its padding; `None` when it is none.
#[must_use]
pub fn read_signature(text: &str) -> Option<[u8; 64]> {
    let padded = format!("{}==", text.trim_end_matches('='));
    STANDARD.decode(padded).ok()?.try_into().ok()
}

/// The same as base 64, 88 characters.
#[must_use]
pub fn write_signature(signature: &[u8; 64]) -> String {
    STANDARD.encode(signature)
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;
    use crate::key::is_signed;

    const NOW: u64 = 1_790_000_000_000_000;

    fn at(timestamp: u64, recv_window: u32) -> Result<u64, Stale> {
        Window { timestamp, recv_window }.check(NOW, NOW - 20_000_000)
    }

    #[test]
    fn a_time_is_accepted_within_its_window_and_a_second_ahead() {
        assert_eq!(at(NOW, 5_000), Ok(NOW + 5_000_000));
        assert_eq!(at(NOW - 5_000_000, 5_000), Ok(NOW));
        assert_eq!(at(NOW - 5_000_001, 5_000), Err(Stale::TooOld { late_ms: 5_000, window_ms: 5_000 }));
        assert_eq!(at(NOW + AHEAD_MAX_US, 1), Ok(NOW + AHEAD_MAX_US + 1_000));
        assert_eq!(at(NOW + AHEAD_MAX_US + 1, 1), Err(Stale::Ahead { ahead_ms: 1_000 }));
        assert_eq!(at(NOW - 20_000_000, 60_000), Ok(NOW + 40_000_000));
        assert_eq!(at(NOW - 20_000_001, 60_000), Err(Stale::BeforeStart));
        assert_eq!(at(NOW, 0), Err(Stale::Window));
        assert_eq!(at(NOW, 60_001), Err(Stale::Window));
        assert!(at(u64::MAX, 5_000).is_err() && at(0, 60_000).is_err());
    }

    #[test]
    fn every_part_of_a_request_is_signed() {
        let window = Window { timestamp: NOW, recv_window: 5_000 };
        let log = [7; 32];
        let one = SignedRequest { log: &log, method: "POST", target: "/api/v1/orders", window, body: b"{}" };
        assert_eq!(
            one.text(),
            "berth request 1\n\
             0707070707070707070707070707070707070707070707070707070707070707\n\
             POST\n/api/v1/orders\n1790000000000000\n5000\n\
             44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
        let key = SigningKey::from_bytes(&[1; 32]);
        let signature = key.sign(one.text().as_bytes()).to_bytes();
        let holds =
            |other: SignedRequest| is_signed(&key.verifying_key().to_bytes(), other.text().as_bytes(), &signature);
        assert!(holds(one));
        for other in [
            SignedRequest { log: &[8; 32], ..one },
            SignedRequest { method: "PUT", ..one },
            SignedRequest { target: "/api/v1/orders?dryRun=true", ..one },
            SignedRequest { window: Window { timestamp: NOW + 1, ..window }, ..one },
            SignedRequest { window: Window { recv_window: 5_001, ..window }, ..one },
            SignedRequest { body: b"", ..one },
        ] {
            assert!(!holds(other), "{other:?}");
        }
    }

    #[test]
    fn a_logon_names_log_key_and_time() {
        let key = SigningKey::from_bytes(&[1; 32]).verifying_key().to_bytes();
        let logon = SignedLogon { log: &[7; 32], key: &key, window: Window { timestamp: NOW, recv_window: 1 } };
        let lines: Vec<_> = logon.text().lines().map(str::to_owned).collect();
        assert_eq!(lines[0], "berth logon 1");
        assert_eq!((lines[1].len(), lines[2].as_str()), (64, write_key(&key).as_str()));
        assert_eq!((lines[3].as_str(), lines[4].as_str(), lines.len()), ("1790000000000000", "1", 5));
    }

    #[test]
    fn signatures_are_base_64_of_64_bytes() {
        let text = write_signature(&[9; 64]);
        assert_eq!(read_signature(&text), Some([9; 64]));
        assert_eq!(read_signature(text.trim_end_matches('=')), Some([9; 64]));
        for bad in ["", "====", &text[..80], &format!("{}AAAA", &text[..86]), "not base 64"] {
            assert_eq!(read_signature(bad), None, "{bad:?}");
        }
    }
}
