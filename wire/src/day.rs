//! Days of the calendar (UTC), as `2026-11-22`. From and to days since 1970 by
//! Howard Hinnant's `civil_from_days` and `days_from_civil`.

use std::fmt;
use std::str::FromStr;

use berth_domain::Micros;

const MICROS: u64 = 86_400 * 1_000_000;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: u64 = 719_468;

/// A day, from 1970-01-01 to 9999-12-31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

/// The text is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDay;

impl Day {
    /// 1970-01-01.
    pub const FIRST: Self = Self(0);
    /// 9999-12-31.
    pub const LAST: Self = Self(2_932_896);

    /// The day of a stamp; the last one for what comes after it.
    #[must_use]
    pub fn of(at: Micros) -> Self {
        u32::try_from(at.0 / MICROS).map_or(Self::LAST, |day| Self(day).min(Self::LAST))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = u64::from(self.0) + EPOCH;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let date = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{date:02}")
    }
}

impl FromStr for Day {
    type Err = NoDay;

    fn from_str(text: &str) -> Result<Self, NoDay> {
        let number = |part: Option<&str>, digits| {
            let part = part.filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()));
            part.and_then(|part| part.parse::<u64>().ok()).ok_or(NoDay)
        };
        let mut parts = text.split('-');
        let (year, month, date) = (number(parts.next(), 4)?, number(parts.next(), 2)?, number(parts.next(), 2)?);
        if !(1..=12).contains(&month) || date == 0 {
            return Err(NoDay);
        }
        let shifted = year.checked_sub(u64::from(month <= 2)).ok_or(NoDay)?;
        let (era, of_era) = (shifted / 400, shifted % 400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + date - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
        let day = days.checked_sub(EPOCH).and_then(|days| u32::try_from(days).ok()).map(Self).ok_or(NoDay)?;
        // A day that the month has not is another's, and so is what follows.
        if day.to_string() == text { Ok(day) } else { Err(NoDay) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_text() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1972-02-29", 789),
            ("2000-02-29", 11_016),
            ("2026-11-22", 20_779),
            ("9999-12-31", 2_932_896),
        ] {
            assert_eq!(text.parse(), Ok(Day(days)), "{text}");
            assert_eq!(Day(days).to_string(), text);
            assert_eq!(Day::of(Micros(u64::from(days) * MICROS + MICROS - 1)), Day(days));
        }
        assert_eq!((Day::of(Micros(u64::MAX)), "9999-12-31".parse()), (Day::LAST, Ok(Day::LAST)));
        for bad in [
            "",
            "2026-11",
            "2026-11-31",
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-11-22-",
            "1969-12-31",
            "2026-1-22",
            "+026-11-22",
        ] {
            assert_eq!(bad.parse::<Day>(), Err(NoDay), "{bad}");
        }
    }
}
