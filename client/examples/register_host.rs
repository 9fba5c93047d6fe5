//! Registers a host, in open mode in the name of `maker`. Its own id makes a repeat
//! answer the same host.
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use berth_client::Client;
use berth_client::wire::json::parse;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let client = Client::new(&url, None)?;
    let host = br#"{"address": "maker", "hostname": "h.example", "port": 443, "clientOrderId": "host-1",
        "resources": {"cpu": 16, "memory": 65536, "storage": 500, "bandwidth": 1000}}"#;
    let host = client.register_provider(&parse(host).map_err(|why| why.to_string())?).await?;
    println!("host {} of {} at seq {}", host.object.id, host.object.address, host.seq);
    Ok(())
}
