//! `berth config`: what a node would do with its settings, before it does.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Flags;
use super::settings::SETTINGS;
use super::sources::{File, Finding, Loaded};
use super::stray::{self, Stray};
use crate::fault::Fault;
use crate::output::{self, Format};

/// `berth config`.
#[derive(Args)]
pub(crate) struct Verb {
    #[command(subcommand)]
    verb: What,
}

#[derive(Subcommand)]
enum What {
    /// Says everything that is wrong with file, environment and flags.
    Check {
        #[command(flatten)]
        flags: Flags,
    },
    /// Shows every setting, its value, and where that came from.
    Show {
        #[command(flatten)]
        flags: Flags,
    },
}

impl Verb {
    pub(crate) fn run(self, file: Option<&File>, format: Format) -> Result<(), Fault> {
        match self.verb {
            What::Check { flags } => check(&Loaded::of_process(file, &flags).checked(), format),
            What::Show { flags } => {
                show(&Loaded::sound(file, &flags)?, format);
                Ok(())
            }
        }
    }
}

fn check(loaded: &Loaded, format: Format) -> Result<(), Fault> {
    let item =
        |finding: &Finding| json!({ "key": finding.key, "from": finding.origin.to_string(), "what": finding.what });
    let stray = |stray: Stray| json!({ "key": stray.name, "from": "environment", "what": stray.what() });
    let strays = stray::of_process().into_iter().map(stray);
    let items: Vec<Value> = loaded.findings.iter().map(item).chain(strays).collect();
    if !items.is_empty() || format != Format::Table {
        output::list(format, &items, &["key", "from", "what"]);
    }
    match items.len() {
        0 => Ok(()),
        1 => Err(Fault::Refused("1 finding".to_owned())),
        count => Err(Fault::Refused(format!("{count} findings"))),
    }
}

fn show(loaded: &Loaded, format: Format) {
    let items: Vec<Value> = SETTINGS
        .iter()
        .map(|setting| {
            let (value, from) = (setting.json(&loaded.config), loaded.origin(setting.key));
            json!({ "key": setting.key, "value": value, "from": from.to_string() })
        })
        .collect();
    output::list(format, &items, &["key", "value", "from"]);
}
