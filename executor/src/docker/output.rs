//! What a container writes, with the engine's times.

use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;

use super::image::is_not_found;
use super::{Engine, EngineError};

/// Lines that are asked of a container's log at most.
const LINES_MAX: &str = "4096";
/// Bytes that are told at once: what a node takes as one body.
const BYTES_MAX: usize = 60 << 10;

/// Lines that a container wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// `TIME TEXT`, each with a line feed. What is longer than the engine's own
    /// bound of 16 KiB is several lines.
    pub lines: Vec<u8>,
    /// The last line's time.
    pub last: Option<String>,
}

impl Engine {
    /// What a container wrote later than `after`, the end of it where that is long.
    ///
    /// # Errors
    /// As any call.
    pub async fn written(&self, container: &str, after: Option<&str>) -> Result<Written, EngineError> {
        let since = after.and_then(unix_seconds).unwrap_or(0);
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).timestamps(true).since(since).tail(LINES_MAX);
        let mut frames = self.api.logs(container, Some(options.build()));
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let mut last: Option<String> = None;
        while let Some(frame) = frames.next().await {
            let frame = match frame {
                Ok(frame) => frame.into_bytes(),
                Err(error) if is_not_found(&error) => break,
                Err(error) => return Err(error.into()),
            };
            let Some(at) = time_of(&frame) else { continue };
            // The engine's times have one length, so they compare as texts.
            if after.is_some_and(|after| at <= after) || last.as_deref().is_some_and(|last| at < last) {
                continue;
            }
            last = Some(at.to_owned());
            lines.push(whole(&frame));
        }
        Ok(Written { lines: end_of(&lines), last })
    }
}

/// A line without its end. A bare line feed inside would begin a line without a
/// time; the engine sends none.
fn whole(frame: &[u8]) -> Vec<u8> {
    let line = frame.strip_suffix(b"\n").unwrap_or(frame);
    let mut line: Vec<u8> = line.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect();
    line.push(b'\n');
    line
}

/// The last lines that fit.
fn end_of(lines: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = 0;
    let fits = lines.iter().rev().take_while(|line| {
        bytes += line.len();
        bytes <= BYTES_MAX
    });
    let fits = fits.count();
    lines[lines.len() - fits..].concat()
}

/// The time that a line begins with.
fn time_of(frame: &[u8]) -> Option<&str> {
    let end = frame.iter().position(|byte| *byte == b' ')?;
    let at = std::str::from_utf8(&frame[..end]).ok()?;
    (at.len() == "2026-01-01T00:00:00.000000000Z".len() && at.ends_with('Z')).then_some(at)
}

/// Seconds since 1970 of a time such as `2026-01-01T00:00:00.000000000Z`; by Howard
/// Hinnant's `days_from_civil`. None where the engine's option could not say it.
fn unix_seconds(at: &str) -> Option<i32> {
    let number = |range: std::ops::Range<usize>| at.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    i32::try_from(days * 86_400 + hour * 3_600 + minute * 60 + second).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_clocks_seconds() {
        for (at, expected) in [
            ("1970-01-01T00:00:00.000000000Z", Some(0)),
            ("2000-02-29T12:00:01.999999999Z", Some(951_825_601)),
            ("2026-11-22T05:40:02.670403250Z", Some(1_795_326_002)),
            ("yesterday", None),
        ] {
            assert_eq!(unix_seconds(at), expected, "{at}");
        }
    }

    #[test]
    fn a_line_has_its_time_and_one_end() {
        let at = "2026-11-22T05:40:02.670403250Z";
        assert_eq!(time_of(format!("{at} hello\n").as_bytes()), Some(at));
        assert_eq!(time_of(b"hello world\n"), None);
        assert_eq!(whole(b"a\n"), b"a\n");
        assert_eq!(whole(b"a\nb"), b"a b\n");
    }

    #[test]
    fn what_is_too_much_is_cut_at_its_front() {
        let lines: Vec<Vec<u8>> = (0..100_u8).map(|byte| vec![byte; 1 << 10]).collect();
        let end = end_of(&lines);
        assert_eq!((end.len(), end[0], end[end.len() - 1]), (BYTES_MAX, 40, 99));
        assert_eq!(end_of(&[vec![1; BYTES_MAX + 1]]), Vec::<u8>::new());
        assert_eq!(end_of(&[]), Vec::<u8>::new());
    }
}
