//! A maker and a tenant against each other on the real engine, a day in a moment.
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use berth_domain::{Address, Micros, ProviderId, Rate, ResourceClass, Stroops};
use berth_strategy::{LocalExchange, Maker, MakerConfig, SeatConfig, Tenant, TenantConfig};
use berth_wire::json::parse;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = br#"{"hostname":"h","port":1,"resources":{"cpu":8,"memory":65536,"storage":100,"bandwidth":10}}"#;
    let order = br#"{"maxPrice":"3","durationSeconds":3600,"timeInForce":"ioc",
        "specification":{"image":"nginx","cpu":1,"memory":64,"storage":1}}"#;
    let maker = MakerConfig {
        provider: ProviderId(1),
        cost: Rate::new(10_000_000).ok_or("a price")?,
        margin_bps: 1_000,
        utilisation_bps: 5_000,
        alone_bps: 2_500,
        step: "0.01".parse()?,
        levels: 2,
        set: 1,
        pause_ms: 100,
        dead_man_ms: 0,
        refusals_max: 5,
        failures_max: 3,
    };
    let tenant = TenantConfig {
        order: parse(order).map_err(|why| why.to_string())?,
        leases: 3,
        repeat: true,
        per_lease: "3".parse()?,
        per_day: "50".parse()?,
        failures_max: 5,
        pause_ms: 1_000,
    };
    let hosts = vec![parse(host).map_err(|why| why.to_string())?];
    let seat = |byte, funds, hosts| SeatConfig {
        address: Address([byte; 32]),
        funds,
        market: ResourceClass::Cpu,
        hosts,
        latency: 5_000,
    };
    let mut exchange = LocalExchange::new(vec![ResourceClass::Cpu]);
    exchange.sit(Maker::new(maker), seat(1, Stroops::ZERO, hosts))?;
    exchange.sit(Tenant::new(tenant), seat(2, "1000".parse()?, Vec::new()))?;
    exchange.run(Micros(exchange.now().0 + 86_400_000_000))?;
    println!("{} leases, {} entries", exchange.exchange().leases().count(), exchange.log().len());
    for seat in exchange.seats() {
        println!("{} lines told, {:?} left", seat.notes().len(), seat.view().available);
    }
    Ok(())
}
