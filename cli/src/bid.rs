//! `berth bid`: what a provider offers.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::output::{self, Format};
use crate::remote::{Remote, given};

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
    /// Changes a bid; what is not named stays. Fewer units alone keep its age.
    Amend(Amend),
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
    /// gtc, ioc, fok or gtd.
    #[arg(long)]
    time_in_force: Option<String>,
    /// When gtd ends: microseconds since 1970.
    #[arg(long)]
    expires_at: Option<u64>,
    /// Refuse it where it would take what rests.
    #[arg(long, conflicts_with = "order")]
    post_only: bool,
    /// Where it would meet your own order: expireTaker, expireMaker or skip.
    #[arg(long, conflicts_with = "order")]
    self_trade: Option<String>,
    /// Your own id for it: a repeat answers the first bid.
    #[arg(long)]
    client_order_id: Option<String>,
}

#[derive(Args)]
struct Amend {
    /// Its number.
    id: u64,
    /// The lowest price of a unit, in XLM.
    #[arg(long)]
    bid_price: Option<String>,
    /// What the price is for: second, minute, hour or block.
    #[arg(long)]
    per: Option<String>,
    /// The new total of units, those with leases among them.
    #[arg(long)]
    quantity: Option<u32>,
    /// When gtd ends: microseconds since 1970.
    #[arg(long)]
    expires_at: Option<u64>,
}

impl Bid {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        match self.verb {
            Verb::Place(place) => {
                let (path, body) = place.request();
                output::object(format, &self.remote.post(&path, &body).await?);
            }
            Verb::List => output::list(format, &self.remote.list("/api/v1/bids").await?, &COLUMNS),
            Verb::Amend(amend) => {
                let path = format!("/api/v1/bids/{}", amend.id);
                output::object(format, &self.remote.patch(&path, &amend.request()).await?);
            }
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
        let body = given([
            ("providerId", Some(self.provider_id.into())),
            ("bidPrice", Some(self.bid_price.into())),
            ("per", self.per.map(Value::from)),
            ("timeInForce", self.time_in_force.map(Value::from)),
            ("expiresAt", self.expires_at.map(Value::from)),
            ("postOnly", self.post_only.then_some(true.into())),
            ("selfTrade", self.self_trade.map(Value::from)),
            ("clientOrderId", self.client_order_id.map(Value::from)),
            ("market", self.market.map(Value::from)),
            ("quantity", self.quantity.map(Value::from)),
            ("minDuration", self.min_duration.map(Value::from)),
            ("maxDuration", self.max_duration.map(Value::from)),
        ]);
        let path = self.order.map_or("/api/v1/bids".to_owned(), |order| format!("/api/v1/orders/{order}/bids"));
        (path, body)
    }
}

impl Amend {
    fn request(self) -> Value {
        given([
            ("bidPrice", self.bid_price.map(Value::from)),
            ("per", self.per.map(Value::from)),
            ("quantity", self.quantity.map(Value::from)),
            ("expiresAt", self.expires_at.map(Value::from)),
        ])
    }
}
