//! State hashes that a replay is to come to.

use std::collections::BTreeMap;
use std::path::Path;

use berth_exchange::StateHash;
use serde_json::Value;

use super::replay::components;
use crate::fault::{Fault, While};

/// Of some entries, and of the end wherever that is.
#[derive(Default)]
pub(crate) struct Expected {
    pub(crate) behind: BTreeMap<u64, Vec<Told>>,
    pub(crate) end: Option<Told>,
}

/// What was said of one state.
pub(crate) struct Told {
    root: String,
    components: Value,
}

impl Expected {
    /// Reads a file of JSON objects, each with `stateHash` and with `seq` or
    /// `toSeq`, perhaps in a list `stateHashes`; or of the lines that `replay`
    /// prints for people; or with a hash alone. Or takes the hash of the end itself.
    pub(crate) fn read(file: &str) -> Result<Self, Fault> {
        let mut expected = Self::default();
        if is_hash(file) && !Path::new(file).exists() {
            expected.end = Some(Told::of(file));
            return Ok(expected);
        }
        let text = crate::file::bytes(Path::new(file)).or_fault("--expect: this is no hash of 64 digits")?;
        if !text.trim_ascii_start().starts_with(b"{") && !text.trim_ascii_start().starts_with(b"[") {
            return expected.lines(file, &String::from_utf8_lossy(&text));
        }
        for told in serde_json::Deserializer::from_slice(&text).into_iter::<Value>() {
            expected.add(&told.or_fault(file)?);
        }
        if expected.behind.is_empty() {
            return Err(Fault::CouldNotRun(format!("{file}: no state hash is in it")));
        }
        Ok(expected)
    }

    /// What `replay` prints for people: `SEQ  HASH`, then a line a field.
    fn lines(mut self, file: &str, text: &str) -> Result<Self, Fault> {
        if is_hash(text.trim()) {
            self.end = Some(Told::of(text.trim()));
            return Ok(self);
        }
        let mut fields = BTreeMap::new();
        for (name, value) in text.lines().filter_map(|line| line.split_once(' ')) {
            let value = value.trim();
            match name.parse() {
                Ok(seq) if is_hash(value) => self.behind.entry(seq).or_default().push(Told::of(value)),
                _ => drop(fields.insert(name, value)),
            }
        }
        let end = fields.get("toSeq").and_then(|seq| seq.parse().ok());
        if let (Some(seq), Some(root)) = (end, fields.get("stateHash").filter(|root| is_hash(root))) {
            self.behind.entry(seq).or_default().push(Told::of(root));
        }
        if self.behind.is_empty() {
            return Err(Fault::CouldNotRun(format!("--expect: {file}: no state hash is in it")));
        }
        Ok(self)
    }

    fn add(&mut self, told: &Value) {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        list(told).iter().chain(&list(&told["stateHashes"])).for_each(|told| self.add(told));
        let seq = told["seq"].as_u64().or_else(|| told["toSeq"].as_u64());
        if let (Some(seq), Some(root)) = (seq, told["stateHash"].as_str()) {
            let told = Told { root: root.to_owned(), components: told["components"].clone() };
            self.behind.entry(seq).or_default().push(told);
        }
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

impl Told {
    /// Only the hash was said.
    fn of(root: &str) -> Self {
        Self { root: root.to_owned(), components: Value::Null }
    }

    /// How a state differs; with the components, where those were said, too.
    pub(crate) fn finding(&self, seq: u64, hash: &StateHash) -> Option<String> {
        let root = hash.root().to_string();
        if self.root.eq_ignore_ascii_case(&root) {
            return None;
        }
        let is = components(hash);
        let names = self.components.as_object().into_iter().flatten();
        let others = names.filter(|(name, told)| is[name.as_str()] != **told).map(|(name, _)| name.as_str());
        let others = others.collect::<Vec<_>>().join(", ");
        let others = if others.is_empty() { others } else { format!(": {others}") };
        Some(format!("at entry {seq}: the state hash is {root}, expected was {}{others}", self.root))
    }
}
