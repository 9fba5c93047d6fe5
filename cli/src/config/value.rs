//! What a setting can be: read from a file's typed values or from the plain
//! words of a flag or the environment, and shown again as one would write it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::json;

/// A value before anybody knows what it is meant to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    /// Words of a flag or of the environment: they can be anything.
    Words(String),
    /// A text in a file.
    Text(String),
    /// A whole number in a file.
    Whole(i128),
    /// Another number in a file.
    Real(f64),
    /// `true` or `false` in a file.
    Flag(bool),
    /// Several, in a file or by a flag that is repeated.
    List(Vec<Raw>),
    /// Something else in a file: what it is called there.
    Other(&'static str),
}

impl Raw {
    fn words(&self) -> Result<&str, String> {
        match self {
            Self::Words(text) | Self::Text(text) => Ok(text),
            other => Err(format!("is {other} and not a text")),
        }
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(text) | Self::Text(text) => write!(out, "the text {text:?}"),
            Self::Whole(number) => write!(out, "the number {number}"),
            Self::Real(number) => write!(out, "the number {number}"),
            Self::Flag(yes) => write!(out, "{yes}"),
            Self::List(_) => out.write_str("a list"),
            Self::Other(what) => write!(out, "a {what}"),
        }
    }
}

/// A setting's value.
pub(crate) trait Value {
    /// Takes a value; what is wrong with it otherwise, as the end of a sentence
    /// that begins with the setting.
    fn read(&mut self, raw: &Raw) -> Result<(), String>;
    /// As JSON; null when it is not set.
    fn json(&self) -> serde_json::Value;
    /// What it takes, for the reference.
    fn kind(&self) -> String;
}

/// Something that is written as a text.
pub(crate) trait Word: Sized {
    /// What it is, for the reference.
    const KIND: &'static str;

    fn parse(text: &str) -> Result<Self, String>;
    fn show(&self) -> String;
}

impl<T: Word> Value for T {
    fn read(&mut self, raw: &Raw) -> Result<(), String> {
        *self = T::parse(raw.words()?)?;
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        self.show().into()
    }

    fn kind(&self) -> String {
        T::KIND.to_owned()
    }
}

impl<T: Word> Value for Option<T> {
    fn read(&mut self, raw: &Raw) -> Result<(), String> {
        *self = Some(T::parse(raw.words()?)?);
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        self.as_ref().map_or(serde_json::Value::Null, |value| value.show().into())
    }

    fn kind(&self) -> String {
        T::KIND.to_owned()
    }
}

impl<T: Word> Value for Vec<T> {
    fn read(&mut self, raw: &Raw) -> Result<(), String> {
        *self = match raw {
            Raw::Words(text) => split(text)?,
            Raw::List(list) => {
                let mut items = Vec::new();
                for item in list {
                    match item {
                        Raw::Words(text) => items.append(&mut split(text)?),
                        // A file says itself where each begins and ends.
                        item => items.push(T::parse(item.words()?)?),
                    }
                }
                items
            }
            other => return Err(format!("is {other} and not a list")),
        };
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        self.iter().map(Word::show).collect()
    }

    fn kind(&self) -> String {
        format!("list of {}", T::KIND)
    }
}

fn split<T: Word>(text: &str) -> Result<Vec<T>, String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(T::parse).collect()
}

impl Value for bool {
    fn read(&mut self, raw: &Raw) -> Result<(), String> {
        *self = match raw {
            Raw::Flag(yes) => *yes,
            Raw::Words(text) if matches!(&**text, "true" | "1" | "yes") => true,
            Raw::Words(text) if matches!(&**text, "false" | "0" | "no") => false,
            other => return Err(format!("is {other} and neither true nor false")),
        };
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        json!(self)
    }

    fn kind(&self) -> String {
        "true or false".to_owned()
    }
}

/// A whole number between two bounds, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole<const MIN: u64, const MAX: u64>(u64);

impl<const MIN: u64, const MAX: u64> Whole<MIN, MAX> {
    /// `number` must lie within the bounds, which the compiler checks where it
    /// is a constant.
    pub(crate) const fn new(number: u64) -> Self {
        assert!(MIN <= number && number <= MAX, "a default lies within its bounds");
        Self(number)
    }

    pub(crate) const fn get(self) -> u64 {
        self.0
    }
}

impl<const MIN: u64, const MAX: u64> Value for Whole<MIN, MAX> {
    fn read(&mut self, raw: &Raw) -> Result<(), String> {
        let number = match raw {
            Raw::Whole(number) => *number,
            Raw::Words(text) => {
                text.trim().parse().map_err(|_| format!("is {text:?} and not a whole number from {MIN} to {MAX}"))?
            }
            other => return Err(format!("is {other} and not a whole number from {MIN} to {MAX}")),
        };
        let within = u64::try_from(number).ok().filter(|number| (MIN..=MAX).contains(number));
        self.0 = within.ok_or_else(|| format!("is {number} and must lie between {MIN} and {MAX}"))?;
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        json!(self.0)
    }

    fn kind(&self) -> String {
        format!("{MIN} to {MAX}")
    }
}

/// A part of a whole, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fraction(pub(crate) f64);

impl Value for Fraction {
    fn read(&mut self, raw: &Raw) -> Result<(), String> {
        let number = match raw {
            Raw::Real(number) => *number,
            Raw::Whole(0) => 0.0,
            Raw::Whole(1) => 1.0,
            Raw::Words(text) => text.trim().parse().map_err(|_| format!("is {text:?} and not a number from 0 to 1"))?,
            other => return Err(format!("is {other} and not a number from 0 to 1")),
        };
        if !(0.0..=1.0).contains(&number) {
            return Err(format!("is {number} and must lie between 0 and 1"));
        }
        self.0 = number;
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        json!(self.0)
    }

    fn kind(&self) -> String {
        "0 to 1".to_owned()
    }
}

impl Word for PathBuf {
    const KIND: &'static str = "path";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("is no path".to_owned()) } else { Ok(text.into()) }
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Word for SocketAddr {
    const KIND: &'static str = "address and port";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("is {text:?} and no address with a port, such as 127.0.0.1:3000"))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Word for String {
    const KIND: &'static str = "text";

    fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() { Err("is empty".to_owned()) } else { Ok(text.to_owned()) }
    }

    fn show(&self) -> String {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Value>(mut value: T, raw: Raw) -> Result<serde_json::Value, String> {
        value.read(&raw).map(|()| value.json())
    }

    #[test]
    fn a_value_is_what_it_is_meant_to_be_or_says_what_is_wrong() {
        let words = |text: &str| Raw::Words(text.to_owned());
        let port = Whole::<1, 65_535>::new(80);
        assert_eq!(read(port, Raw::Whole(443)), Ok(json!(443)));
        assert_eq!(read(port, words("443")), Ok(json!(443)));
        assert_eq!(read(port, Raw::Whole(0)), Err("is 0 and must lie between 1 and 65535".to_owned()));
        assert_eq!(read(port, words("-1")), Err("is -1 and must lie between 1 and 65535".to_owned()));
        // A file says numbers as numbers.
        assert!(read(port, Raw::Text("443".to_owned())).unwrap_err().contains("the text \"443\""));
        assert!(read(PathBuf::new(), Raw::Whole(7)).unwrap_err().contains("the number 7 and not a text"));

        assert_eq!(read(false, words("yes")), Ok(json!(true)));
        assert_eq!(read(false, Raw::Flag(true)), Ok(json!(true)));
        assert!(read(false, words("on")).is_err());
        assert_eq!(read(Fraction(1.0), words("0.25")), Ok(json!(0.25)));
        assert!(read(Fraction(1.0), Raw::Real(1.5)).is_err());
        assert!(read(Fraction(1.0), words("NaN")).is_err());

        assert_eq!(read(Vec::<PathBuf>::new(), words("a, b,")), Ok(json!(["a", "b"])));
        assert_eq!(read(Vec::<PathBuf>::new(), Raw::List(vec![words("a,b"), words("c")])), Ok(json!(["a", "b", "c"])));
        assert!(read(Vec::<PathBuf>::new(), Raw::Text("a".to_owned())).is_err());
        assert_eq!(read(None::<SocketAddr>, words("[::1]:80")), Ok(json!("[::1]:80")));
        assert!(read(None::<SocketAddr>, words("localhost:80")).is_err());
    }
}
