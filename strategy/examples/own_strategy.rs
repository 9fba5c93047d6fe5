//! A strategy of one's own, live: it only tells when supply is cheaper than a price.
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use berth_client::Client;
use berth_domain::{Rate, ResourceClass};
use berth_strategy::live::{LiveConfig, run};
use berth_strategy::{Happening, Out, Strategy, View};
use berth_wire::address::{Name, open_address};
use serde_json::json;

struct Watch(Rate);

impl Strategy for Watch {
    fn on(&mut self, view: &View, happening: &Happening, out: &mut Out) {
        if let (Happening::Started | Happening::Book, Some(best)) = (happening, view.supply_of_others().next())
            && best.price < self.0
        {
            out.tell("cheap", json!({ "price": best.price.to_string(), "units": best.quantity }));
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let name = Name::new("watcher")?;
    let config = LiveConfig {
        address: open_address(&name).address,
        name: Some(name),
        market: ResourceClass::Cpu,
        hosts: Vec::new(),
    };
    let watch = Watch(Rate::new(20_000_000).ok_or("a price")?);
    let stop = async {
        // Without signals it runs until it is killed.
        let _ = tokio::signal::ctrl_c().await;
    };
    let tell = |note: berth_strategy::Note| println!("{} {}", note.event, note.fields);
    let ended = run(&Client::new(&url, None)?, config, watch, tell, stop).await?;
    println!("{}", ended.why);
    Ok(())
}
