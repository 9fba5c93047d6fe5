//! From when until when a certificate is good: the `validity` of RFC 5280 §4.1,
//! read out of its DER.

use std::fmt;

/// A moment as a certificate says it, in UTC. It sorts by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl Moment {
    /// The moment so many seconds after 1970 began.
    pub(super) const fn at(seconds: u64) -> Self {
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        // Years that begin in March, so that a leap day ends one; counted in eras
        // of 400 years, from the year 0.
        let days = days + 719_468;
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
        let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
        Self { year, month, day, hour: rest / 3_600, minute: rest / 60 % 60, second: rest % 60 }
    }
}

/// `notBefore` and `notAfter`; `None` for what is no certificate.
pub(super) fn validity(certificate: &[u8]) -> Option<(Moment, Moment)> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let (certificate, _) = value(certificate, SEQUENCE)?;
    let (mut rest, _) = value(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = value(rest, VERSION)?.1;
    }
    // Serial number, signature, issuer.
    for tag in [0x02, SEQUENCE, SEQUENCE] {
        rest = value(rest, tag)?.1;
    }
    let (validity, _) = value(rest, SEQUENCE)?;
    let (from, rest) = moment(validity)?;
    let (until, _) = moment(rest)?;
    Some((from, until))
}

/// The content of the value that bytes begin with, and what comes behind it.
fn value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    if found == tag { rest.split_at_checked(length) } else { None }
}

/// `Time`: as UTCTime two digits of the year, as GeneralizedTime four.
fn moment(bytes: &[u8]) -> Option<(Moment, &[u8])> {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    let (text, rest, century) = match bytes.first()? {
        &UTC_TIME => {
            let (text, rest) = value(bytes, UTC_TIME)?;
            let is_old = number(text.get(..2)?)? >= 50;
            (text, rest, Some(if is_old { 1900 } else { 2000 }))
        }
        _ => {
            let (text, rest) = value(bytes, GENERALIZED_TIME)?;
            (text, rest, None)
        }
    };
    let (digits, end) = text.split_last().map(|(end, digits)| (digits, *end))?;
    let (year, digits) = match century {
        Some(century) => (century + number(digits.get(..2)?)?, &digits[2..]),
        None => (number(digits.get(..4)?)?, &digits[4..]),
    };
    if end != b'Z' || digits.len() != 10 {
        return None;
    }
    let part = |i: usize| number(&digits[2 * i..2 * i + 2]);
    let moment = Moment { year, month: part(0)?, day: part(1)?, hour: part(2)?, minute: part(3)?, second: part(4)? };
    Some((moment, rest))
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| Some(number * 10 + u64::from(char::from(*digit).to_digit(10)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_of_seconds_is_a_date() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (1_790_000_000, "2026-09-21T14:13:20Z"),
        ] {
            assert_eq!(Moment::at(seconds).to_string(), date);
        }
    }

    #[test]
    fn a_certificate_says_from_when_until_when() {
        let mut parameters = rcgen::CertificateParams::new(vec!["node.example".to_owned()]).unwrap();
        for (from, until, shown) in [
            ((2001, 2, 3), (2049, 12, 31), ("2001-02-03T00:00:00Z", "2049-12-31T00:00:00Z")),
            ((1975, 1, 1), (2050, 1, 1), ("1975-01-01T00:00:00Z", "2050-01-01T00:00:00Z")),
        ] {
            let date = |(year, month, day)| rcgen::date_time_ymd(year, month, day);
            (parameters.not_before, parameters.not_after) = (date(from), date(until));
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate = parameters.self_signed(&key).unwrap();
            let (from, until) = validity(certificate.der()).unwrap();
            assert_eq!((&*from.to_string(), &*until.to_string()), shown);
            // Cut anywhere before it ends, it is none.
            for end in 0..64 {
                assert_eq!(validity(&certificate.der()[..end]), None);
            }
        }
    }
}
