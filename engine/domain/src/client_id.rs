//! A client's own name for what it sends.

use std::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::text::{self, TextError};

/// The longest id in bytes: room for a UUID.
const MAX: usize = 36;

/// A client's own id for an order or a bid: a text of at most 36 bytes without
/// control characters. It lies where it is used, with no allocation, since
/// every order and bid may carry one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId {
    /// Zero behind the text. No id holds a zero byte, so the order of these
    /// bytes is the order of the texts.
    bytes: [u8; MAX],
    len: u8,
}

impl ClientId {
    /// Checks a string.
    ///
    /// # Errors
    /// When it is longer than 36 bytes or holds a control character.
    pub fn new(text: impl AsRef<str>) -> Result<Self, TextError> {
        let text = text.as_ref();
        text::check(text, MAX)?;
        let mut bytes = [0; MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes, len: u8::try_from(text.len()).expect("at most 36") })
    }

    /// Its bytes, UTF-8.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Its bytes with zeros behind them: always as many, and of no two ids the
    /// same.
    #[inline]
    #[must_use]
    pub const fn padded(&self) -> &[u8; MAX] {
        &self.bytes
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("made of a string")
    }
}

impl Default for ClientId {
    /// The empty text.
    fn default() -> Self {
        Self { bytes: [0; MAX], len: 0 }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Encode for ClientId {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.len);
        out.extend_from_slice(self.as_bytes());
    }
}

impl Decode for ClientId {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let len = usize::from(u8::decode(input)?);
        let text = std::str::from_utf8(input.take(len)?).map_err(|_| DecodeError::Range("client id"))?;
        Self::new(text).map_err(|_| DecodeError::Range("client id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;
    use proptest::prelude::*;

    #[test]
    fn an_id_is_bounded_and_holds_no_control_character() {
        assert!(ClientId::new("a".repeat(36)).is_ok());
        assert_eq!(ClientId::new("a".repeat(37)), Err(TextError::TooLong(36)));
        assert_eq!(ClientId::new("a\0"), Err(TextError::Control));
        assert_eq!(ClientId::from_bytes(b"\x02a\0"), Err(DecodeError::Range("client id")));
        assert_eq!(ClientId::from_bytes(b"\x01\xff"), Err(DecodeError::Range("client id")));
        assert_eq!(ClientId::from_bytes(b"\x03ab"), Err(DecodeError::Truncated));
    }

    proptest! {
        #[test]
        fn an_id_is_the_text_that_it_was_made_of(a in "\\PC{0,9}", b in "\\PC{0,9}") {
            let (ida, idb) = (ClientId::new(&a).unwrap(), ClientId::new(&b).unwrap());
            prop_assert_eq!(ida.to_string(), a.clone());
            prop_assert_eq!(ida.to_bytes(), Text::<36>::new(a.clone()).unwrap().to_bytes());
            prop_assert_eq!(ClientId::from_bytes(&ida.to_bytes()), Ok(ida));
            prop_assert_eq!(ida.cmp(&idb), a.cmp(&b));
            prop_assert_eq!(ida == idb, a == b);
        }
    }
}
