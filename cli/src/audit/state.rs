//! `berth state at SEQ …`: a thing as it was behind an entry.

use berth_audit::{Thing, picture};
use berth_domain::{BidId, LeaseId, OrderId, ProviderId, Seq};
use berth_exchange::Exchange;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::name;
use super::walk::Data;
use crate::fault::Fault;
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct State {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// A thing as it was behind an entry.
    At {
        /// The entry.
        seq: u64,
        /// What kind of thing.
        #[arg(value_enum)]
        kind: Kind,
        /// Its number; an account may be named by its address, a book is named by
        /// its market.
        id: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// A market's book.
    Book,
    /// An order.
    Order,
    /// A bid.
    Bid,
    /// A lease.
    Lease,
    /// An account.
    Account,
    /// A host.
    Provider,
}

impl State {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let Verb::At { seq, kind, id } = self.verb;
        let x = self.data.state_at(Seq(seq))?;
        let json = match kind {
            Kind::Book => book(&x, &id)?,
            Kind::Account => picture(&x, Thing::Account(name::account(&x, &id)?)),
            Kind::Order => picture(&x, Thing::Order(OrderId(number(&id)?))),
            Kind::Bid => picture(&x, Thing::Bid(BidId(number(&id)?))),
            Kind::Lease => picture(&x, Thing::Lease(LeaseId(number(&id)?))),
            Kind::Provider => {
                let id = u32::try_from(number(&id)?).unwrap_or(u32::MAX);
                picture(&x, Thing::Provider(ProviderId(id)))
            }
        };
        if json.is_null() {
            let kind = kind.to_possible_value().map(|kind| kind.get_name().to_owned()).unwrap_or_default();
            return Err(Fault::Refused(format!("there was no {kind} {id} behind entry {seq}")));
        }
        output::object(format, &json);
        Ok(())
    }
}

fn number(id: &str) -> Result<u64, Fault> {
    id.parse().map_err(|_| Fault::CouldNotRun(format!("id: {id} is not a number")))
}

fn book(x: &Exchange, market: &str) -> Result<Value, Fault> {
    let id = name::market(x, market)?;
    let book = x.book(id).unwrap_or_default();
    let rows = |rows: &[berth_exchange::BookRow]| {
        let row =
            |row: &berth_exchange::BookRow| json!([row.level.as_str(), row.price.to_string(), row.quantity, row.count]);
        rows.iter().map(row).collect::<Vec<_>>()
    };
    Ok(json!({
        "market": x.market(id).map(|market| market.class.to_string()),
        "seq": x.head().0,
        "bids": rows(&book.bids),
        "orders": rows(&book.orders),
    }))
}
