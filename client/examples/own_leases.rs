//! What is an account's own: first what there is, then what becomes of it.
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use berth_client::wire::address::Name;
use berth_client::{Client, OwnChannel};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let client = Client::new(&url, None)?;
    let mut leases = client.own_changes(OwnChannel::Leases, Name::new("maker").ok());
    loop {
        let change = leases.next().await?;
        let count = change.state.and_then(|state| state.leases).map(|leases| leases.len());
        println!("seq {}: {count:?} {:?}", change.seq, change.events);
    }
}
