//! The log's events of leases, from the beginning on.
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use berth_client::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let client = Client::new(&url, None)?;
    let mut events = client.events(1, vec!["lease.*".to_owned()]);
    loop {
        let frame = events.next().await?;
        for event in frame.events {
            println!("{} {event}", frame.seq);
        }
    }
}
