//! All that an account has in the books ends unless this runs on.
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use std::time::Duration;

use berth_client::Client;
use berth_client::wire::address::Name;
use berth_client::wire::request::DeadManRequest;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let client = Client::new(&url, None)?;
    let session = client.session();
    loop {
        let armed = session.set_dead_man(&DeadManRequest { address: Name::new("maker").ok(), ms: 10_000 }).await?;
        println!("armed at seq {}", armed.seq);
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}
