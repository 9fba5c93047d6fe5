//! The flags of `berth serve`, out of the table of settings.

use clap::builder::ValueHint;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use super::settings::SETTINGS;
use super::value::Raw;

/// Settings that flags gave: keys and values, in the order of the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags(pub(super) Vec<(&'static str, Raw)>);

impl Args for Flags {
    fn augment_args(mut command: Command) -> Command {
        for setting in SETTINGS {
            let Some((long, value)) = setting.flag else { continue };
            let env: Vec<String> = setting.env.iter().map(|name| format!("[env: {name}]")).collect();
            let help = format!("{} {}", setting.about, env.join(" "));
            let arg = Arg::new(setting.key).long(long).help(help);
            let arg = match value {
                "" => arg.action(ArgAction::SetTrue),
                // Each that is named counts; a setting that takes one takes the last.
                value => arg.value_name(value).value_hint(ValueHint::Other).action(ArgAction::Append),
            };
            command = command.arg(arg);
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut given = Vec::new();
        for setting in SETTINGS {
            match setting.flag {
                Some((_, "")) if matches.get_flag(setting.key) => given.push((setting.key, Raw::Flag(true))),
                Some((long, value)) if !value.is_empty() => {
                    let Some(words) = matches.get_many::<String>(setting.key) else { continue };
                    let words: Vec<Raw> = words.cloned().map(Raw::Words).collect();
                    given.push((setting.key, one_or_list(setting.kind().starts_with("list"), long, words)?));
                }
                _ => {}
            }
        }
        Ok(Self(given))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn one_or_list(is_list: bool, long: &str, mut words: Vec<Raw>) -> Result<Raw, Error> {
    match (is_list, words.len()) {
        (true, _) => Ok(Raw::List(words)),
        (false, 1) => Ok(words.remove(0)),
        (false, count) => Err(Error::raw(ErrorKind::TooManyValues, format!("--{long} is given {count} times\n"))),
    }
}
