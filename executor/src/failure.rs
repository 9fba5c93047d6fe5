//! Why a lease's containers could not run, or ended badly.
//!
//! A report goes into the log, which is public, and stays there. An engine's
//! words may name the image, quote the command or end with what the workload
//! wrote. So a report says one of a few sentences of our own, and the words stay
//! with the kept outcome, which is the tenant's.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What anybody may know of a failure. Its display is the sentence that reports
/// carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// GPUs are asked for.
    NoGpus,
    /// The image's name is none.
    NoReference,
    /// The registry does not give the image, or is not there.
    CannotPull,
    /// The pull did not end in time.
    PullTooLong,
    /// The engine does not take the container's configuration.
    CannotCreate,
    /// The engine does not start what it created.
    CannotStart,
    /// The engine refuses something else.
    Refused,
    /// It ended before its port accepted, with this exit code.
    EndedEarly(i64),
    /// Its port did not accept in time.
    NotReady,
    /// It ended by itself, with this exit code.
    Ended(i64),
    /// It ended with this exit code, and had all of its memory in use.
    OutOfMemory(i64),
    /// There is no container any more.
    Gone,
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGpus => out.write_str("this agent cannot give GPUs to containers yet"),
            Self::NoReference => out.write_str("the image's name is no image reference"),
            Self::CannotPull => out.write_str("the image cannot be pulled"),
            Self::PullTooLong => out.write_str("the image could not be pulled in time"),
            Self::CannotCreate => out.write_str("the container could not be created"),
            Self::CannotStart => out.write_str("the container could not be started"),
            Self::Refused => out.write_str("the container engine refused to run it"),
            Self::EndedEarly(code) => write!(out, "the container ended before it was ready (exit code {code})"),
            Self::NotReady => out.write_str("the container did not accept connections in time"),
            Self::Ended(code) => write!(out, "the container ended (exit code {code})"),
            Self::OutOfMemory(code) => write!(out, "the container ended (exit code {code}); its memory was used up"),
            Self::Gone => out.write_str("the container is gone and nobody saw how it ended"),
        }
    }
}

/// A failure: what anybody may know of it, and what only the tenant may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// For the report.
    pub cause: Cause,
    /// All that is known, in the engine's and the workload's own words. Never a
    /// part of a report.
    pub words: Option<String>,
}

impl Failure {
    /// The most bytes of words that are kept.
    pub const WORDS_BYTES_MAX: usize = 4_096;

    /// A failure with words, which may be none; they are cut to what is kept,
    /// and their control characters replaced by spaces.
    #[must_use]
    pub fn new(cause: Cause, words: &str) -> Self {
        let words = cut(words.trim(), Self::WORDS_BYTES_MAX);
        Self { cause, words: Some(words).filter(|words| !words.is_empty()) }
    }
}

/// For the agent's own log.
impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.words {
            Some(words) => write!(out, "{}: {words}", self.cause),
            None => self.cause.fmt(out),
        }
    }
}

/// `text` cut to at most `bytes_max` bytes at a character's boundary, its
/// control characters replaced by spaces.
fn cut(text: &str, bytes_max: usize) -> String {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_at_a_character_and_keep_no_control_characters() {
        let words = |text: &str| Failure::new(Cause::Refused, text).words;
        assert_eq!(words(" \n"), None);
        assert_eq!(words("two\nlines\n").as_deref(), Some("two lines"));
        assert_eq!(words(&"é".repeat(4_000)).map(|words| words.len()), Some(4_096));
        assert_eq!(words(&format!("a{}", "é".repeat(4_000))).map(|words| words.len()), Some(4_095));
    }

    #[test]
    fn a_failure_is_read_as_it_was_kept() {
        for cause in [Cause::CannotPull, Cause::EndedEarly(-1)] {
            let failure = Failure::new(cause, "words");
            let kept = serde_json::to_string(&failure).expect("plain data");
            assert_eq!(serde_json::from_str::<Failure>(&kept).expect("it was kept"), failure);
        }
    }
}
