//! `berth bot maker`.

use berth_domain::{ProviderId, Rate, ResourceClass, Stroops};
use berth_strategy::MakerConfig;
use clap::Args;

use crate::fault::Fault;

#[derive(Args)]
pub(crate) struct Maker {
    /// The host whose free units it quotes.
    #[arg(long)]
    provider_id: u32,
    /// The host's owner; the key's account when left out.
    #[arg(long)]
    address: Option<String>,
    /// The market, such as H100-80 or CPU.
    #[arg(long)]
    market: ResourceClass,
    /// What a unit-hour costs you, in XLM: no quote is below it.
    #[arg(long)]
    cost: Stroops,
    /// What you want above the cost while the host is empty, in 0.01 %.
    #[arg(long, default_value_t = 1_000)]
    margin_bps: u32,
    /// What you want above that when all is leased, in 0.01 %.
    #[arg(long, default_value_t = 5_000)]
    utilisation_bps: u32,
    /// What it asks above its reserve when nobody else offers, in 0.01 %.
    #[arg(long, default_value_t = 2_500)]
    alone_bps: u32,
    /// How far below others it quotes, and how far its quotes are apart, in XLM.
    #[arg(long, default_value = "0.01")]
    step: Stroops,
    /// How many quotes.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    levels: u32,
    /// The quote set that is its own.
    #[arg(long, default_value_t = 1)]
    quote_set_id: u32,
    /// The shortest time between two requotes.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pause_ms: u64,
    /// All that the account has in the books ends when the bot says nothing for so
    /// long; 0 for no such timer.
    #[arg(long, default_value_t = 10_000)]
    dead_man_ms: u32,
    /// The kill switch: so many refusals in a row end it.
    #[arg(long, default_value_t = 5)]
    refusals_max: u32,
    /// The kill switch: so many failed leases end it.
    #[arg(long, default_value_t = 3)]
    failures_max: u32,
}

impl Maker {
    pub(super) fn address(&self) -> Option<String> {
        self.address.clone()
    }

    pub(super) fn market(&self) -> ResourceClass {
        self.market.clone()
    }

    pub(super) const fn host(&self) -> u32 {
        self.provider_id
    }

    pub(super) fn strategy(&self) -> Result<berth_strategy::Maker, Fault> {
        let cost = Rate::new(self.cost.get());
        let cost =
            cost.ok_or_else(|| Fault::CouldNotRun(format!("--cost: must be from 0.0000001 to {}", Rate::MAX)))?;
        if self.step == Stroops::ZERO {
            return Err(Fault::CouldNotRun("--step: must be more than zero".to_owned()));
        }
        Ok(berth_strategy::Maker::new(MakerConfig {
            provider: ProviderId(self.provider_id),
            cost,
            margin_bps: self.margin_bps,
            utilisation_bps: self.utilisation_bps,
            alone_bps: self.alone_bps,
            step: self.step,
            levels: self.levels,
            set: self.quote_set_id,
            pause_ms: self.pause_ms,
            dead_man_ms: self.dead_man_ms,
            refusals_max: self.refusals_max,
            failures_max: self.failures_max,
        }))
    }
}
