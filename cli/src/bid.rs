//! `berth bid`: what a provider offers.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::output::{self, Format};
use crate::remote::Remote;

const COLUMNS: [&str; 7] = ["id", "state", "providerId", "market", "bidPrice", "quantity", "remaining"];

#[derive(Args)]
pub(crate) struct Bid {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Places a standing bid, or with --order one that answers an order.
    Place(Place),
    /// Lists bids.
    List,
    /// Cancels what is left of a bid.
    Cancel {
        /// Its number.
        id: u64,
    },
    /// Accepts a bid that answers an order, and answers the lease.
    Accept {
        /// Its number.
        id: u64,
        /// Whose order it is; the node knows in open mode.
        #[arg(long)]
        tenant_address: Option<String>,
    },
}

/// The flags are the JSON's names in kebab case.
#[derive(Args)]
struct Place {
    /// The host that offers.
    #[arg(long)]
    provider_id: u64,
    /// The lowest price of a unit, in XLM.
    #[arg(long)]
    bid_price: String,
    /// What the price is for: second, minute, hour or block.
    #[arg(long)]
    per: Option<String>,
    /// The order that it answers.
    #[arg(long, conflicts_with_all = ["market", "quantity", "min_duration", "max_duration"])]
    order: Option<u64>,
    /// The market whose book it rests in, such as H100-80.
    #[arg(long, required_unless_present = "order")]
    market: Option<String>,
    /// Units.
    #[arg(long)]
    quantity: Option<u32>,
    /// The shortest lease, in seconds.
    #[arg(long)]
    min_duration: Option<u64>,
    /// The longest lease, in seconds.
    #[arg(long)]
    max_duration: Option<u64>,
    /// Your own id for it: a repeat answers the first bid.
    #[arg(long)]
    client_order_id: Option<String>,
}

impl Bid {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        match self.verb {
            Verb::Place(place) => {
                let (path, body) = place.request();
                output::object(format, &self.remote.post(&path, &body).await?);
            }
            Verb::List => output::list(format, &self.remote.list("/api/v1/bids").await?, &COLUMNS),
            Verb::Cancel { id } => output::object(format, &self.remote.delete(&format!("/api/v1/bids/{id}")).await?),
            Verb::Accept { id, tenant_address } => {
                let body = tenant_address.map_or_else(|| json!({}), |address| json!({ "tenantAddress": address }));
                output::object(format, &self.remote.put(&format!("/api/v1/bids/{id}/accept"), &body).await?);
            }
        }
        Ok(())
    }
}

impl Place {
    fn request(self) -> (String, Value) {
        let mut body = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        set("providerId", Some(self.provider_id.into()));
        set("bidPrice", Some(self.bid_price.into()));
        set("per", self.per.map(Value::from));
        set("clientOrderId", self.client_order_id.map(Value::from));
        set("market", self.market.map(Value::from));
        set("quantity", self.quantity.map(Value::from));
        set("minDuration", self.min_duration.map(Value::from));
        set("maxDuration", self.max_duration.map(Value::from));
        let path = self.order.map_or("/api/v1/bids".to_owned(), |order| format!("/api/v1/orders/{order}/bids"));
        (path, body.into())
    }
}
