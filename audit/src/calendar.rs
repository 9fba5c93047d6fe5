//! Days and times of the calendar (UTC). From and to days since 1970 by Howard
//! Hinnant's `civil_from_days` and `days_from_civil`.

use berth_domain::Micros;

const SECOND: u64 = 1_000_000;
const DAY: u64 = 86_400 * SECOND;

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: u64 = 719_468;

/// The day of a stamp as `2026-11-21`.
#[must_use]
pub fn day(at: Micros) -> String {
    let days = at.0 / DAY + EPOCH;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02}")
}

/// The stamp of a day, `2026-11-21`, or of a second, `2026-11-21T19:00:00Z`, from
/// 1970 on; none when the text is neither.
#[must_use]
pub fn stamp(text: &str) -> Option<Micros> {
    let (date, time) = match text.split_once('T') {
        None => (text, "00:00:00"),
        Some((date, time)) => (date, time.strip_suffix('Z')?),
    };
    let (year, month, day) = three(date, '-', [4, 2, 2])?;
    let (hour, minute, second) = three(time, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let shifted = year.checked_sub(u64::from(month <= 2))?;
    let (era, of_era) = (shifted / 400, shifted % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let days = (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year).checked_sub(EPOCH)?;
    let stamp = Micros(days * DAY + ((hour * 60 + minute) * 60 + second) * SECOND);
    // A day that the month has not is another's.
    (self::day(stamp) == date).then_some(stamp)
}

fn three(text: &str, between: char, digits: [usize; 3]) -> Option<(u64, u64, u64)> {
    let mut parts = text.split(between).zip(digits).map(|(part, digits)| {
        (part.len() == digits && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok()).flatten()
    });
    let found = (parts.next()??, parts.next()??, parts.next()??);
    (text.split(between).count() == 3).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_read_back() {
        for days in 0..40_000 {
            let at = Micros(days * DAY);
            assert_eq!(stamp(&day(at)), Some(at), "{}", day(at));
        }
        assert_eq!(stamp("1970-01-02T03:04:05Z"), Some(Micros(DAY + (3 * 3_600 + 4 * 60 + 5) * SECOND)));
        for none in [
            "",
            "5",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "1969-12-31",
            "2026-1-1",
            "2026-01-01T",
            "2026-01-01T00:00:00",
            "2026-01-01T24:00:00Z",
            "2026-01-01-01",
            "2026-01-01T00:00:60Z",
            "+026-01-01",
        ] {
            assert_eq!(stamp(none), None, "{none}");
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, named) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (789, "1972-02-29"),
            (11_016, "2000-02-29"),
            (20_778, "2026-11-21"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(day(Micros(days * DAY)), named);
            assert_eq!(day(Micros(days * DAY + DAY - 1)), named);
        }
    }
}
