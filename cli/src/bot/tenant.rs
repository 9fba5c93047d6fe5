//! `berth bot tenant`.

use berth_domain::{ResourceClass, Stroops};
use berth_strategy::TenantConfig;
use berth_wire::json::parse;
use berth_wire::request::OrderRequest;
use clap::Args;

use crate::fault::{Fault, While};
use crate::order::Create;

/// The order is said as `berth order create` takes it; `quantity` is how many leases
/// shall run at a time, each of one replica. It is `ioc` where it does not say.
#[derive(Args)]
pub(crate) struct Tenant {
    #[command(flatten)]
    order: Create,
    /// The most that one lease may take into its escrow, in XLM.
    #[arg(long)]
    per_lease: Stroops,
    /// The most that may go into escrows from one midnight (UTC) to the next, in XLM.
    #[arg(long)]
    per_day: Stroops,
    /// Goes on when leases have run to their end.
    #[arg(long)]
    repeat: bool,
    /// So many failures in a row end it.
    #[arg(long, default_value_t = 5)]
    failures_max: u32,
    /// The first wait after a failure; each further one in a row doubles it.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pause_ms: u64,
}

impl Tenant {
    /// Whose it is, in which market, and what it does.
    pub(super) fn strategy(self) -> Result<(Option<String>, ResourceClass, berth_strategy::Tenant), Fault> {
        if self.order.dry_run {
            let why = "--dry-run: a bot orders for good; berth order create --dry-run says what would happen";
            return Err(Fault::CouldNotRun(why.to_owned()));
        }
        let mut request = self.order.request()?;
        if request["timeInForce"].is_null() {
            request["timeInForce"] = "ioc".into();
        }
        let order: OrderRequest = parse(request.to_string().as_bytes()).or_fault("the order")?;
        let leases = order.quantity;
        let order = OrderRequest { quantity: 1, ..order };
        // What the exchange would refuse is told before anything runs.
        let market = order.clone().parse().or_fault("the order")?.class;
        let name = order.tenant_address.as_ref().map(|name| name.as_str().to_owned());
        let config = TenantConfig {
            order,
            leases,
            repeat: self.repeat,
            per_lease: self.per_lease,
            per_day: self.per_day,
            failures_max: self.failures_max,
            pause_ms: self.pause_ms,
        };
        Ok((name, market, berth_strategy::Tenant::new(config)))
    }
}
