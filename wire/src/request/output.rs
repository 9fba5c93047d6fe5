//! What containers write, as agents tell it.

use crate::json::Malformed;

/// What a line costs beside its bytes, where bytes are counted.
const LINE_COST: usize = 64;

/// Lines of one replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputChunk {
    /// Which replica, from 0.
    pub replica: u32,
    /// The time of the last line before these that the agent believes to be known;
    /// none where it begins.
    pub after: Option<String>,
    /// In the order of their times.
    pub lines: Vec<OutputLine>,
}

/// A line that a container wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine {
    /// Which replica, from 0.
    pub replica: u32,
    /// When, as the engine says it: RFC 3339 in UTC with nine digits of the second,
    /// so that the order of the texts is that of the times.
    pub at: String,
    /// Without the line feed. What was no UTF-8 is replaced.
    pub text: String,
}

impl OutputLine {
    /// Bytes that it takes where they are counted.
    #[must_use]
    pub const fn cost(&self) -> usize {
        self.at.len() + self.text.len() + LINE_COST
    }
}

impl OutputChunk {
    /// From lines of the form `TIME TEXT`, as an engine prints a log with times.
    ///
    /// # Errors
    /// Names the line that has no time, or one before the line above it.
    pub fn parse(replica: u32, after: Option<String>, body: &[u8]) -> Result<Self, Malformed> {
        if after.as_deref().is_some_and(|after| !is_time(after)) {
            return Err(Malformed::new("after", WHAT));
        }
        let text = String::from_utf8_lossy(body);
        let mut lines: Vec<OutputLine> = Vec::new();
        for (number, line) in text.strip_suffix('\n').unwrap_or(&text).split('\n').enumerate() {
            if text.is_empty() {
                break;
            }
            let (at, text) = line.split_once(' ').unwrap_or((line, ""));
            let field = || format!("line {}", number + 1);
            if !is_time(at) {
                return Err(Malformed::new(field(), format!("does not begin with a time that {WHAT}")));
            }
            if lines.last().is_some_and(|last| last.at.as_str() > at) {
                return Err(Malformed::new(field(), "is earlier than the line before it"));
            }
            lines.push(OutputLine { replica, at: at.to_owned(), text: text.to_owned() });
        }
        Ok(Self { replica, after, lines })
    }
}

const WHAT: &str = "is like 2026-01-01T00:00:00.000000000Z";

/// Whether a text is a time of that form, so that times can be compared as texts.
fn is_time(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00.000000000Z";
    let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    text.len() == FORM.len() && text.as_bytes().iter().zip(FORM).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-01-01T00:00:00.000000001Z";

    #[test]
    fn lines_are_read_with_their_times() {
        let body = format!("{AT} hello world\n{AT} \n{AT} no end");
        let read = OutputChunk::parse(3, None, body.as_bytes()).expect("three lines");
        let texts: Vec<_> = read.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["hello world", "", "no end"]);
        assert!(read.lines.iter().all(|line| line.at == AT && line.replica == 3));
        assert_eq!(OutputChunk::parse(0, None, b"").expect("nothing").lines, []);
        let binary = [AT.as_bytes(), b" \xff\xfe\n"].concat();
        assert_eq!(OutputChunk::parse(0, None, &binary).expect("a line").lines[0].text, "\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_line_without_its_time_is_named() {
        let field = |body: &str| OutputChunk::parse(0, None, body.as_bytes()).expect_err("bad").field;
        assert_eq!(field("hello"), "line 1");
        assert_eq!(field(&format!("{AT} a\n\n")), "line 2");
        assert_eq!(field(&format!("{AT} a\n2025-01-01T00:00:00.000000001Z b")), "line 2");
        assert_eq!(field("2026-01-01T00:00:00Z short"), "line 1");
        let after = OutputChunk::parse(0, Some("yesterday".to_owned()), b"").expect_err("bad");
        assert_eq!(after.field, "after");
    }
}
