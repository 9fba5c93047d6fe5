//! Bounded text: every string in the log has a length that is known in advance.

use std::fmt;

use thiserror::Error;

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// Why a string is no [`Text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// Longer than the bound.
    #[error("is longer than {0} bytes")]
    TooLong(usize),
    /// Contains a control character.
    #[error("contains a control character")]
    Control,
}

/// UTF-8 text of at most `MAX` bytes (at most 255) without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAX: usize>(String);

/// Refuses a text that is longer than `max` bytes or holds a control character.
pub(crate) fn check(text: &str, max: usize) -> Result<(), TextError> {
    if text.len() > max {
        Err(TextError::TooLong(max))
    } else if text.chars().any(char::is_control) {
        Err(TextError::Control)
    } else {
        Ok(())
    }
}

impl<const MAX: usize> Text<MAX> {
    /// Checks a string.
    ///
    /// # Errors
    /// When it is longer than `MAX` bytes or holds a control character.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        const { assert!(MAX <= 255, "the length is one byte") };
        let text = text.into();
        check(&text, MAX)?;
        Ok(Self(text))
    }

    /// Cuts a string to the bound and drops its control characters: for words
    /// that explain, where a cut loses little and a refusal would lose all.
    #[must_use]
    pub fn lossy(text: &str) -> Self {
        let mut kept = String::new();
        for c in text.chars().filter(|c| !c.is_control()) {
            if kept.len() + c.len_utf8() > MAX {
                break;
            }
            kept.push(c);
        }
        Self(kept)
    }

    /// The text.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> Encode for Text<MAX> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::try_from(self.0.len()).expect("MAX is at most 255"));
        out.extend_from_slice(self.0.as_bytes());
    }
}

impl<const MAX: usize> Decode for Text<MAX> {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let len = usize::from(u8::decode(input)?);
        let text = std::str::from_utf8(input.take(len)?).map_err(|_| DecodeError::Range("text"))?;
        Self::new(text).map_err(|_| DecodeError::Range("text"))
    }
}
