//! Paths and queries. A parameter that a route does not know is refused: a
//! misspelt filter would otherwise answer more than was asked for.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path, Query as Pairs};
use axum::http::request::Parts;
use berth_domain::{AccountId, Code, MarketId, ResourceClass, Seq};
use berth_wire::address::Name;

use crate::limits::{LIST_DEFAULT, LIST_MAX};
use crate::node::Node;
use crate::problem::Refusal;

/// The parameters behind the question mark, each at most once.
pub(crate) struct Query(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let pairs = Pairs::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| Refusal::malformed("", "comes with a query that is not percent-encoded UTF-8"))?;
        let mut query = BTreeMap::new();
        for (key, value) in pairs.0 {
            if query.contains_key(&key) {
                return Err(Refusal::malformed(key, "is given twice"));
            }
            query.insert(key, value);
        }
        Ok(Self(query))
    }
}

impl Query {
    /// Takes a parameter out; `what` says what it should have been.
    pub(crate) fn take<T: FromStr>(&mut self, key: &str, what: &str) -> Result<Option<T>, Refusal> {
        match self.0.remove(key).map(|value| value.parse()) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(_)) => Err(Refusal::malformed(key, format!("is not {what}"))),
        }
    }

    /// Takes a text out.
    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        self.0.remove(key)
    }

    /// Takes a comma-separated list of names out.
    pub(crate) fn names<T>(&mut self, key: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<Vec<T>>, Refusal> {
        let Some(list) = self.0.remove(key) else { return Ok(None) };
        let names = list.split(',').map(|name| {
            read(name.trim()).ok_or_else(|| Refusal::malformed(key, format!("{name:?} is none of its values")))
        });
        names.collect::<Result<_, _>>().map(Some)
    }

    /// Takes a filter by account out. A name that no account has passes nothing.
    pub(crate) fn account(&mut self, node: &Node, key: &str) -> Result<Wanted<AccountId>, Refusal> {
        let Some(name) = self.text(key) else { return Ok(Wanted::All) };
        let name = Name::new(&name).map_err(|why| Refusal::malformed(key, why))?;
        let address = node.address(&name, key)?;
        Ok(node.view.read(|x| x.account_by_address(address)).map_or(Wanted::Nothing, Wanted::One))
    }

    /// Takes a filter by market out.
    pub(crate) fn market(&mut self, node: &Node, key: &str) -> Result<Wanted<MarketId>, Refusal> {
        let Some(class) = self.take::<ResourceClass>(key, "a market's name such as \"H100-80\" or \"CPU\"")? else {
            return Ok(Wanted::All);
        };
        let market = node.view.read(|x| x.market_of(&class).map(|market| market.id));
        market.map(Wanted::One).ok_or_else(|| Refusal::from(Code::UnknownMarket).at(key))
    }

    /// Takes the name of who acts out, which the body may give instead.
    pub(crate) fn actor(&mut self, key: &str, body: Option<Name>) -> Result<Option<Name>, Refusal> {
        let Some(name) = self.text(key) else { return Ok(body) };
        let name = Name::new(&name).map_err(|why| Refusal::malformed(key, why))?;
        match body {
            Some(body) if body != name => Err(Refusal::malformed(key, "is not the one in the body")),
            _ => Ok(Some(name)),
        }
    }

    /// Takes `atSeq` out: the entry behind which the state is asked for.
    pub(crate) fn at_seq(&mut self) -> Result<Option<Seq>, Refusal> {
        match self.take::<u64>("atSeq", "a sequence number")? {
            Some(0) => Err(Refusal::malformed("atSeq", "must be from 1: there is nothing before the first entry")),
            at => Ok(at.map(Seq)),
        }
    }

    /// Takes `limit` out.
    pub(crate) fn limit(&mut self) -> Result<usize, Refusal> {
        let limit = self.take::<usize>("limit", "a whole number")?.unwrap_or(LIST_DEFAULT);
        if !(1..=LIST_MAX).contains(&limit) {
            return Err(Refusal::malformed("limit", format!("must be from 1 to {LIST_MAX}")));
        }
        Ok(limit)
    }

    /// Takes `limit` and `cursor` out.
    pub(crate) fn page(&mut self) -> Result<Page, Refusal> {
        let limit = self.limit()?;
        let after = self.take::<u64>("cursor", "a cursor that a list has answered")?.unwrap_or(0);
        Ok(Page { limit, after })
    }

    /// Refuses what is left.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        match self.0.into_keys().next() {
            Some(key) => Err(Refusal::malformed(key, "is no parameter of this route")),
            None => Ok(()),
        }
    }
}

/// What a filter lets pass.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted<T> {
    /// There is no filter.
    All,
    /// This one.
    One(T),
    /// What was named does not exist.
    Nothing,
}

impl<T: PartialEq> Wanted<T> {
    pub(crate) fn passes(&self, one: T) -> bool {
        match self {
            Self::All => true,
            Self::One(wanted) => *wanted == one,
            Self::Nothing => false,
        }
    }

    pub(crate) fn one(self) -> Option<T> {
        match self {
            Self::One(wanted) => Some(wanted),
            Self::All | Self::Nothing => None,
        }
    }
}

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// Items at most.
    pub(crate) limit: usize,
    /// Items up to this id have been seen.
    pub(crate) after: u64,
}

/// The one variable segment of a route's path.
pub(crate) struct Segment(String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Path::<String>::from_request_parts(parts, state)
            .await
            .map(|segment| Self(segment.0))
            .map_err(|_| Refusal::malformed("path", "is not percent-encoded UTF-8"))
    }
}

/// The two variable segments of a route's path.
pub(crate) struct Segments(pub(crate) String, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segments {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map(|Path((first, second))| Self(first, second))
            .map_err(|_| Refusal::malformed("path", "is not percent-encoded UTF-8"))
    }
}

impl Segment {
    /// The segment as an id; what is no id names nothing.
    pub(crate) fn id<T: TryFrom<u64>>(&self, unknown: Code) -> Result<T, Refusal> {
        let is_plain = self.0.bytes().all(|byte| byte.is_ascii_digit());
        let id = self.0.parse::<u64>().ok().filter(|id| is_plain && *id > 0).and_then(|id| T::try_from(id).ok());
        id.ok_or_else(|| Refusal::from(unknown).at("id"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
