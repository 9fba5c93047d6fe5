//! Where settings come from: a file, the environment, flags. Each value that is
//! wrong is found, not the first alone.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::settings::{SETTINGS, Setting, find, nearest};
use super::value::Raw;
use super::{Config, Flags};
use crate::fault::Fault;
use crate::file;

/// A file with settings, read once: it may be a pipe.
#[derive(Clone, Debug)]
pub(crate) struct File {
    path: PathBuf,
    text: String,
}

impl File {
    /// Reads it.
    ///
    /// # Errors
    /// When it cannot be read, or is no text.
    pub(crate) fn read(path: &Path) -> Result<Self, Fault> {
        Ok(Self { path: path.to_owned(), text: file::text(path)? })
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody said anything.
    Default,
    /// A file says so, in that line.
    File(PathBuf, usize),
    /// A variable of the environment.
    Environment(&'static str),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File(path, line) => write!(out, "{}:{line}", path.display()),
            Self::Environment(name) => write!(out, "environment {name}"),
            Self::Flag(long) => write!(out, "flag --{long}"),
        }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The setting, or what stands in its place. Empty where a file makes no
    /// sense at all.
    pub(crate) key: String,
    /// Who says so.
    pub(crate) origin: Origin,
    /// What is wrong, as the end of a sentence.
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.origin, &*self.key) {
            (Origin::Default, key) => write!(out, "{key} {}", self.what),
            (origin, "") => write!(out, "{origin}: {}", self.what),
            (origin, key) => write!(out, "{origin}: {key} {}", self.what),
        }
    }
}

/// What all sources together say.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// Of each setting that somebody set.
    origins: BTreeMap<&'static str, Origin>,
    pub(crate) findings: Vec<Finding>,
}

/// A value that somebody gave.
struct Given {
    setting: &'static Setting,
    origin: Origin,
    raw: Raw,
}

impl Loaded {
    /// Reads a file if there is one, then the environment, then flags.
    pub(crate) fn read(file: Option<&File>, environment: impl Fn(&str) -> Option<String>, flags: &Flags) -> Self {
        let mut findings = Vec::new();
        let mut given = Vec::new();
        if let Some(file) = file {
            of_file_text(file, &mut given, &mut findings);
        }
        for setting in SETTINGS {
            let set = |name: &&'static str| Some((*name, environment(name).filter(|value| !value.is_empty())?));
            if let Some((name, value)) = setting.env.iter().find_map(set) {
                given.push(Given { setting, origin: Origin::Environment(name), raw: Raw::Words(value) });
            }
        }
        for (key, raw) in &flags.0 {
            let setting = find(key).expect("flags are made of settings");
            let (long, _) = setting.flag.expect("this one has a flag");
            given.push(Given { setting, origin: Origin::Flag(long), raw: raw.clone() });
        }

        // What holds by default depends on one of them.
        let mut open = Config::defaults(false);
        given.iter().filter(|given| given.setting.key == "open").for_each(|given| {
            // What is wrong with it is found below.
            let _ = (given.setting.at)(&mut open).read(&given.raw);
        });
        let mut config = Config::defaults(open.open);
        let mut origins = BTreeMap::new();
        for Given { setting, origin, raw } in given {
            match (setting.at)(&mut config).read(&raw) {
                Ok(()) => {
                    origins.insert(setting.key, origin);
                }
                Err(what) => findings.push(Finding { key: setting.key.to_owned(), origin, what }),
            }
        }
        Self { config, origins, findings }
    }

    /// The same with what the values mean together, where each is sound.
    pub(crate) fn checked(mut self) -> Self {
        if self.findings.is_empty() {
            for (key, what) in self.config.contradictions() {
                self.findings.push(Finding { key: key.to_owned(), origin: self.origin(key), what });
            }
        }
        self
    }

    /// The same with this process's environment, and nothing wrong.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub(crate) fn sound(file: Option<&File>, flags: &Flags) -> Result<Self, Fault> {
        let loaded = Self::of_process(file, flags).checked();
        match &loaded.findings[..] {
            [] => Ok(loaded),
            findings => Err(Fault::CouldNotRun(in_words(findings))),
        }
    }

    /// The same with this process's environment.
    pub(crate) fn of_process(file: Option<&File>, flags: &Flags) -> Self {
        Self::read(file, |name| std::env::var(name).ok(), flags)
    }

    /// Where a setting's value came from.
    pub(crate) fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }
}

/// Findings, a line each.
fn in_words(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    match lines.len() {
        1 => format!("the configuration is wrong: {}", lines[0]),
        count => format!("the configuration is wrong in {count} places:\n  {}", lines.join("\n  ")),
    }
}

fn of_file_text(File { path, text }: &File, given: &mut Vec<Given>, findings: &mut Vec<Finding>) {
    let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let origin = Origin::File(path.to_owned(), line(error.span().map_or(0, |span| span.start)));
        findings.push(Finding { key: String::new(), origin, what: error.message().replace('\n', ", ") });
    }
    let mut tables = vec![(String::new(), table.into_inner())];
    while let Some((prefix, table)) = tables.pop() {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            let origin = Origin::File(path.to_owned(), line(name.span().start));
            match (find(&key), value.into_inner()) {
                (Some(setting), value) => given.push(Given { setting, origin, raw: raw(&value) }),
                (None, DeValue::Table(inner)) if is_table(&key) => tables.push((format!("{key}."), inner)),
                (None, _) if is_table(&key) => {
                    findings.push(Finding { key, origin, what: "is a table of settings and no setting".to_owned() });
                }
                (None, _) => {
                    let meant = nearest(&key).map(|meant| format!("; {meant} is")).unwrap_or_default();
                    findings.push(Finding { key, origin, what: format!("is no setting{meant}") });
                }
            }
        }
    }
}

fn is_table(key: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .map_or(Raw::Other("number without bounds"), Raw::Whole),
        DeValue::Float(number) => number.as_str().parse().map_or(Raw::Other("number"), Raw::Real),
        DeValue::Boolean(yes) => Raw::Flag(*yes),
        DeValue::Array(items) => Raw::List(items.iter().map(|item: &Spanned<_>| raw(item.get_ref())).collect()),
        DeValue::Datetime(_) => Raw::Other("date"),
        DeValue::Table(_) => Raw::Other("table"),
    }
}

/// What the file says that `--config` names, as words, by setting.
static OF_FILE: OnceLock<BTreeMap<&'static str, String>> = OnceLock::new();

/// What the file of this process says of a setting.
pub(crate) fn of_file(key: &str) -> Option<&'static str> {
    OF_FILE.get()?.get(key).map(String::as_str)
}

/// A command whose arguments take from a file what neither flags nor the
/// environment say: those that read a setting's variable.
///
/// # Errors
/// When the file cannot be read or is wrong.
pub(crate) fn with_file(command: clap::Command, file: &File) -> Result<clap::Command, Fault> {
    let (mut given, mut findings) = (Vec::new(), Vec::new());
    of_file_text(file, &mut given, &mut findings);
    // Values are looked at by whoever takes them.
    let words = given.into_iter().filter_map(|given| match given.raw {
        Raw::Text(text) => Some((given.setting.key, text)),
        _ => None,
    });
    // A process has one file.
    let words = OF_FILE.get_or_init(|| words.collect());
    if findings.is_empty() { Ok(default_to(command, words)) } else { Err(Fault::CouldNotRun(in_words(&findings))) }
}

fn default_to(command: clap::Command, words: &'static BTreeMap<&'static str, String>) -> clap::Command {
    let of_env = |arg: &clap::Arg| {
        let env = arg.get_env()?;
        let setting = SETTINGS.iter().find(|setting| setting.env.iter().any(|name| *name == env))?;
        words.get(setting.key)
    };
    let command = command.mut_args(|arg| match of_env(&arg) {
        Some(word) => arg.default_value(word.as_str()),
        None => arg,
    });
    command.mut_subcommands(|verb| default_to(verb, words))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str, environment: &[(&str, &str)], flags: Vec<(&'static str, Raw)>) -> Loaded {
        let file = File { path: "node.toml".into(), text: text.to_owned() };
        let set = |name: &str| environment.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned());
        Loaded::read(Some(&file), set, &Flags(flags)).checked()
    }

    fn value(loaded: &Loaded, key: &str) -> serde_json::Value {
        find(key).unwrap().json(&loaded.config)
    }

    #[test]
    fn flags_go_over_the_environment_and_that_over_the_file() {
        let text = "domain = \"file\"\nlisten = \"127.0.0.1:1\"\ntoken_seconds = 60\n[log]\nlevel = \"warn\"\n";
        let environment = [("BERTH_LISTEN", "127.0.0.1:2"), ("BERTH_TOKEN_SECONDS", "61"), ("BERTH_RPC", "")];
        let flags = vec![("token_seconds", Raw::Words("62".to_owned()))];
        let loaded = read(text, &environment, flags);
        assert_eq!(loaded.findings, []);
        for (key, wanted, from) in [
            ("domain", json!("file"), "node.toml:1"),
            ("listen", json!("127.0.0.1:2"), "environment BERTH_LISTEN"),
            ("token_seconds", json!(62), "flag --token-seconds"),
            ("log.level", json!("warn"), "node.toml:5"),
            ("rpc", json!(null), "default"),
        ] {
            assert_eq!((value(&loaded, key), &*loaded.origin(key).to_string()), (wanted, from), "{key}");
        }
    }

    #[test]
    fn an_open_node_has_other_defaults_which_can_be_set() {
        let usual = read("", &[], Vec::new());
        let open = read("", &[("BERTH_OPEN", "true")], vec![("disk.stop_below", Raw::Words("7".to_owned()))]);
        assert_eq!((value(&usual, "disk.ballast"), value(&open, "disk.ballast")), (json!(512), json!(64)));
        assert_eq!((value(&usual, "disk.stop_below"), value(&open, "disk.stop_below")), (json!(10), json!(7)));
    }

    #[test]
    fn everything_that_is_wrong_is_found_with_its_place() {
        let text = "listne = \"127.0.0.1:1\"\ntoken_seconds = 1\ndisk = 7\n\n[limits]\nbody_bytes = \"1\"\nmore = 1\n";
        let loaded = read(text, &[("BERTH_OPEN", "perhaps")], vec![("rpc", Raw::Words("nowhere".to_owned()))]);
        let mut found: Vec<String> = loaded.findings.iter().map(Finding::to_string).collect();
        found.sort();
        assert_eq!(
            found,
            [
                "environment BERTH_OPEN: open is the text \"perhaps\" and neither true nor false",
                "flag --rpc: rpc is no URL such as http://127.0.0.1:3000",
                "node.toml:1: listne is no setting; listen is",
                "node.toml:2: token_seconds is 1 and must lie between 60 and 31536000",
                "node.toml:3: disk is a table of settings and no setting",
                "node.toml:6: limits.body_bytes is the text \"1\" and not a whole number from 65536 to 1048576",
                "node.toml:7: limits.more is no setting",
            ]
        );
    }

    #[test]
    fn a_file_that_makes_no_sense_says_where() {
        let loaded = read("listen = \n[limits\n", &[], Vec::new());
        assert!(!loaded.findings.is_empty());
        for finding in &loaded.findings {
            assert!(finding.to_string().starts_with("node.toml:"), "{finding}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_found() {
        let found = |text: &str| -> Vec<String> {
            read(text, &[], Vec::new()).findings.iter().map(|finding| finding.key.clone()).collect()
        };
        assert_eq!(found("open = true\nlisten = \"0.0.0.0:3000\""), ["listen"]);
        assert_eq!(found("listen = \"0.0.0.0:3000\""), ["domain"]);
        assert_eq!(found("domain = \"h\"\nlisten = \"0.0.0.0:3000\""), Vec::<String>::new());
        assert_eq!(found("[limits]\nconnections = 100"), ["limits.connections_per_address"]);
        assert_eq!(found("[limits]\naccount_commands_burst = 200000"), ["limits.account_cancels_burst"]);
    }

    #[test]
    fn arguments_of_other_verbs_take_what_the_file_says() {
        let url = || clap::Arg::new("url").long("url").env("BERTH_URL").default_value("http://here");
        let command = clap::Command::new("berth").subcommand(clap::Command::new("order").arg(url()));
        let text = "[client]\nurl = \"http://there\"".to_owned();
        let command = with_file(command, &File { path: "f".into(), text }).unwrap();
        let asked = |args: &[&str]| {
            let matches = command.clone().get_matches_from(args);
            let (_, order) = matches.subcommand().unwrap();
            order.get_one::<String>("url").cloned()
        };
        assert_eq!(asked(&["berth", "order"]).as_deref(), Some("http://there"));
        assert_eq!(asked(&["berth", "order", "--url", "http://flag"]).as_deref(), Some("http://flag"));
    }
}
