//! Reading YAML, bounded, and walking over it with a path at hand.

use serde_json::Value;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};

use crate::json::Malformed;

/// The longest document, in bytes.
const BYTES_MAX: usize = 64 * 1024;
/// Things that a document may come to, its aliases carried out.
const NODES_MAX: usize = 10_000;
const ALIASES_MAX: usize = 100;
const DEPTH_MAX: usize = 32;

/// Reads one document as it would be in JSON.
///
/// # Errors
/// When it is no YAML, longer, deeper or more than such a document is, or names a
/// key twice.
pub(super) fn document(text: &[u8]) -> Result<Value, Malformed> {
    if text.len() > BYTES_MAX {
        return Err(Malformed::new("", format!("is longer than {BYTES_MAX} bytes")));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 2 * NODES_MAX,
            max_nodes: NODES_MAX,
            max_aliases: ALIASES_MAX,
            max_anchors: ALIASES_MAX,
            max_recorded_anchor_events: NODES_MAX,
            max_recorded_anchor_bytes: BYTES_MAX,
            max_depth: DEPTH_MAX,
            flow_nesting_limit: DEPTH_MAX,
            max_documents: 1,
            max_merge_keys: 0,
            max_inclusion_depth: 0,
            max_total_scalar_bytes: BYTES_MAX,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: NODES_MAX,
            max_replay_stack_depth: DEPTH_MAX,
            max_alias_expansions_per_anchor: ALIASES_MAX,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        with_snippet: false,
    };
    serde_saphyr::from_slice_with_options(text, options)
        .map_err(|error| Malformed::new("", format!("is not YAML that is taken here: {error}")))
}

/// A part of a document, and where it is.
#[derive(Clone, Debug)]
pub(super) struct At<'a> {
    path: String,
    pub(super) value: &'a Value,
}

impl<'a> At<'a> {
    pub(super) const fn root(value: &'a Value) -> Self {
        Self { path: String::new(), value }
    }

    /// What is wrong with it.
    pub(super) fn wrong(&self, detail: impl Into<String>) -> Malformed {
        Malformed::new(self.path.clone(), detail)
    }

    /// Its part of this name; the path alone when it has none.
    pub(super) fn at(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Self { path, value: self.value.get(key).unwrap_or(&Value::Null) }
    }

    /// Its item of this place.
    pub(super) fn item(&self, place: usize) -> Self {
        Self { path: format!("{}[{place}]", self.path), value: self.value.get(place).unwrap_or(&Value::Null) }
    }

    /// Its part of this name, when that says something.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let part = self.at(key);
        (!part.value.is_null()).then_some(part)
    }

    /// The same where it has to be there.
    pub(super) fn need(&self, key: &str) -> Result<Self, Malformed> {
        self.get(key).ok_or_else(|| self.at(key).wrong("is missing"))
    }

    /// Its parts by name.
    pub(super) fn entries(&self) -> Result<impl Iterator<Item = (&'a str, Self)>, Malformed> {
        let map = self.value.as_object().ok_or_else(|| self.wrong("is not a mapping"))?;
        Ok(map.keys().map(|key| (key.as_str(), self.at(key))))
    }

    /// Its items.
    pub(super) fn items(&self) -> Result<impl Iterator<Item = Self>, Malformed> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("is not a list"))?;
        Ok((0..items.len()).map(|place| self.item(place)))
    }

    /// Refuses parts of other names than these.
    pub(super) fn only(self, names: &[&str]) -> Result<Self, Malformed> {
        let other = self.entries()?.find(|(key, _)| !names.contains(key)).map(|(_, other)| other);
        match other {
            Some(other) => Err(other.wrong("is outside of the subset that is taken here")),
            None => Ok(self),
        }
    }

    /// Its one part with its name; `why` there is no other.
    pub(super) fn single(&self, why: &str) -> Result<(&'a str, Self), Malformed> {
        let mut entries = self.entries()?;
        let first = entries.next().ok_or_else(|| self.wrong("is empty"))?;
        match entries.next() {
            Some((_, second)) => Err(second.wrong(format!("is outside of the subset that is taken here: {why}"))),
            None => Ok(first),
        }
    }

    /// The same, which must have this name.
    pub(super) fn single_named(&self, name: &str, why: &str) -> Result<(&'a str, Self), Malformed> {
        if self.get(name).is_none() {
            self.entries().map(drop)?;
            return Err(self.at(name).wrong("is missing, and deployment names it"));
        }
        match self.entries()?.find(|(key, _)| *key != name) {
            Some((_, other)) => Err(other.wrong(format!("is outside of the subset that is taken here: {why}"))),
            None => self.single(why),
        }
    }

    pub(super) fn text(&self) -> Result<&'a str, Malformed> {
        self.value.as_str().ok_or_else(|| self.wrong("is not a text"))
    }

    /// A text, or a number as it would be written.
    pub(super) fn text_or_number(&self) -> Result<String, Malformed> {
        match self.value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(self.wrong("is not a text")),
        }
    }
}
