//! `berth bot`: bots that run until they are done or told to stop.

mod maker;
mod tenant;

use berth_client::Client;
use berth_domain::{Address, ResourceClass};
use berth_settlement::chain::Key;
use berth_strategy::live::{self, LiveConfig};
use berth_strategy::{Note, Strategy};
use berth_wire::address::{Name, open_address};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::fault::{Fault, While};
use crate::output::{self, Format};
use crate::process::asked_to_end;
use crate::remote::{Remote, fault};

#[derive(Args)]
pub(crate) struct Bot {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    verb: Verb,
}

/// Flags are the JSON's names in kebab case. A bot prints a line for each thing that
/// it does, as JSON with `-o json` or `-o jsonl`; Ctrl-C has it cancel all that its
/// account has in the books, and end.
#[derive(Subcommand)]
enum Verb {
    /// Quotes the free units of a host: never below its cost, dearer the more is
    /// leased, a step below others.
    Maker(maker::Maker),
    /// Keeps leases running: finds supply, orders within budgets, and orders again
    /// what failed.
    Tenant(Box<tenant::Tenant>),
}

impl Bot {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        let (remote, verb) = (self.remote, self.verb);
        match verb {
            Verb::Maker(maker) => {
                let place = Place::of(&remote, maker.address(), maker.market(), vec![maker.host()])?;
                place.run(maker.strategy()?, format).await
            }
            Verb::Tenant(tenant) => {
                let (address, market, strategy) = tenant.strategy()?;
                Place::of(&remote, address, market, Vec::new())?.run(strategy, format).await
            }
        }
    }
}

/// Where a bot runs, and as whom.
struct Place {
    client: Client,
    config: LiveConfig,
}

impl Place {
    /// `name` is the account; the key's own when left out.
    fn of(remote: &Remote, name: Option<String>, market: ResourceClass, hosts: Vec<u32>) -> Result<Self, Fault> {
        let client = remote.client()?;
        let name = name.map(|name| Name::new(&name)).transpose().map_err(Fault::CouldNotRun)?;
        let address = match (&name, &remote.key) {
            (Some(name), _) => open_address(name).address,
            (None, Some(file)) => Address(Key::read(file).or_fault("--key")?.signing_key().verifying_key().to_bytes()),
            (None, None) => {
                let why = "neither a key nor an account: name one with --key, or in open mode with an address";
                return Err(Fault::CouldNotRun(why.to_owned()));
            }
        };
        // A connection without credentials is nobody's, so that nothing can be
        // cancelled with it; the dead-man timer does.
        let client = if remote.key.is_some() { client.cancelling_on_disconnect() } else { client };
        Ok(Self { client, config: LiveConfig { address, name, market, hosts } })
    }

    async fn run(self, strategy: impl Strategy, format: Format) -> Result<(), Fault> {
        // A node that is not there is told at once; one that goes away is waited for.
        self.client.health().await.map_err(fault)?;
        let stop = async {
            // Without signals it runs until it is killed.
            if asked_to_end(false).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let print = |note: Note| line(format, &note);
        let ended = live::run(&self.client, self.config, strategy, print, stop).await.map_err(fault)?;
        let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let at = berth_domain::Micros(u64::try_from(at.as_micros()).unwrap_or_default());
        line(format, &Note { at, event: "ended", fields: json!({ "why": ended.why }) });
        if ended.is_fault { Err(Fault::Refused(ended.why)) } else { Ok(()) }
    }
}

/// Prints a line of what a bot tells.
fn line(format: Format, note: &Note) {
    let mut fields = serde_json::Map::new();
    fields.insert("at".to_owned(), note.at.0.into());
    fields.insert("event".to_owned(), note.event.into());
    if let Value::Object(more) = &note.fields {
        fields.extend(more.clone());
    }
    match format {
        Format::Json | Format::Jsonl => output::object(Format::Jsonl, &Value::Object(fields)),
        Format::Table => {
            let more = fields.iter().skip(2).map(|(name, value)| match value {
                Value::String(text) => format!("{name}={}", output::plain(text)),
                other => format!("{name}={other}"),
            });
            let seconds = note.at.unix_seconds() % 86_400;
            let clock = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
            output::text(&format!("{clock}  {:<9} {}", note.event, more.collect::<Vec<_>>().join(" ")));
        }
    }
}
