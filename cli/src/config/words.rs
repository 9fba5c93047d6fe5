//! The kinds of text that settings are.

use berth_domain::{Stroops, TrustLevel};
use berth_settlement::chain::Address;

use super::value::Word;
use crate::logging;
use crate::output::Format;
use crate::serve::genesis;

/// An address of a web server, with its scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url(pub(crate) String);

impl Word for Url {
    const KIND: &'static str = "URL";

    fn parse(text: &str) -> Result<Self, String> {
        let parsed = reqwest::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        match parsed {
            Some(url) if url.has_host() => Ok(Self(text.to_owned())),
            _ => Err("is no URL such as http://127.0.0.1:3000".to_owned()),
        }
    }

    /// Without what may be a secret of whoever runs the other side.
    fn show(&self) -> String {
        let Ok(mut url) = reqwest::Url::parse(&self.0) else { return self.0.clone() };
        let has_secret = url.password().is_some() || !url.username().is_empty() || url.query().is_some();
        if !has_secret {
            return self.0.clone();
        }
        if url.password().is_some() || !url.username().is_empty() {
            // A URL with a host has room for both.
            let _ = url.set_username(MASKED).and_then(|()| url.set_password(None));
        }
        if url.query().is_some() {
            url.set_query(Some(MASKED));
        }
        url.to_string()
    }
}

/// Stands in place of a secret.
pub(crate) const MASKED: &str = "***";

/// A name and a value that are sent with each request; the value may be a
/// secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Word for Header {
    const KIND: &'static str = "NAME=VALUE";

    fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("is not NAME=VALUE")?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        if reqwest::header::HeaderName::try_from(&name).is_err() {
            return Err(format!("{name:?} is no name of a header"));
        }
        if reqwest::header::HeaderValue::try_from(value).is_err() {
            return Err(format!("the value of {name} cannot stand in a header"));
        }
        Ok(Self { name, value: value.to_owned() })
    }

    fn show(&self) -> String {
        format!("{}={MASKED}", self.name)
    }
}

/// A contract of the Stellar network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contract(pub(crate) Address);

impl Word for Contract {
    const KIND: &'static str = "contract, C…";

    fn parse(text: &str) -> Result<Self, String> {
        match text.parse::<Address>() {
            Ok(contract @ Address::Contract(_)) => Ok(Self(contract)),
            _ => Err(format!("is {text:?} and no contract (C…)")),
        }
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

/// An account of the Stellar network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account(pub(crate) berth_domain::Address);

impl Word for Account {
    const KIND: &'static str = "account, G…";

    fn parse(text: &str) -> Result<Self, String> {
        genesis::parse_account(text).map(Self)
    }

    fn show(&self) -> String {
        Address::Account(self.0.0).to_string()
    }
}

/// A sum of the settlement's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) Stroops);

impl Amount {
    /// So many stroops, which have to be positive.
    pub(crate) const fn of_stroops(stroops: i64) -> Self {
        match Stroops::new(stroops) {
            Some(amount) => Self(amount),
            None => panic!("an amount below zero"),
        }
    }
}

impl Word for Amount {
    const KIND: &'static str = "amount, such as \"0.01\"";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|why| format!("is {text:?}, which {why}"))
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

/// A trust level that an account starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant(pub(crate) (berth_domain::Address, TrustLevel));

impl Word for Grant {
    const KIND: &'static str = "G…=LEVEL";

    fn parse(text: &str) -> Result<Self, String> {
        genesis::parse_grant(text).map(Self)
    }

    fn show(&self) -> String {
        let (account, level) = self.0;
        format!("{}={}", Address::Account(account.0), level.as_str())
    }
}

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Level(pub(crate) String);

impl Word for Level {
    const KIND: &'static str = "error, warn, info, debug, trace or off; or TARGET=LEVEL,…";

    fn parse(text: &str) -> Result<Self, String> {
        logging::filter(text).map(|_| Self(text.to_owned()))
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Word for LogFormat {
    const KIND: &'static str = "text or json";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("is {other:?} and neither text nor json")),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Json => "json".to_owned(),
        }
    }
}

impl Word for Format {
    const KIND: &'static str = "table, json or jsonl";

    fn parse(text: &str) -> Result<Self, String> {
        <Self as clap::ValueEnum>::from_str(text, false).map_err(|_| format!("is {text:?} and not {}", Self::KIND))
    }

    fn show(&self) -> String {
        match self {
            Self::Table => "table".to_owned(),
            Self::Json => "json".to_owned(),
            Self::Jsonl => "jsonl".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_not_shown() {
        for (url, shown) in [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("https://rpc.example.com/path", "https://rpc.example.com/path"),
            ("https://me:word@rpc.example.com/path", "https://***@rpc.example.com/path"),
            ("https://rpc.example.com/?key=word", "https://rpc.example.com/?***"),
        ] {
            assert_eq!(Url::parse(url).map(|url| url.show()), Ok(shown.to_owned()));
        }
        assert_eq!(Header::parse("Authorization=Bearer a=b").map(|h| h.show()), Ok("authorization=***".to_owned()));
        assert!(Header::parse("a b=c").is_err() && Header::parse("a=b\nc").is_err() && Header::parse("a").is_err());
        assert!(Url::parse("rpc.example.com").is_err() && Url::parse("ftp://h").is_err());
    }
}
