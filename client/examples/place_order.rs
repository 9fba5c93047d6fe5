//! Places an order over a session's socket, and takes back what is left of it.
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use berth_client::Client;
use berth_client::wire::json::parse;
use berth_client::wire::request::CancelRequest;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let client = Client::new(&url, None)?;
    let order = br#"{"tenantAddress": "tenant", "maxPrice": "0.5", "durationSeconds": 3600,
        "specification": {"image": "nginx:latest", "cpu": 1, "memory": 64, "storage": 1}}"#;
    let session = client.session();
    let order = session.place_order(&parse(order).map_err(|why| why.to_string())?).await?;
    println!("order {} is {} at seq {}", order.object.id, order.object.state, order.seq);
    let order = session.cancel_order(order.object.id, &CancelRequest::default()).await?;
    println!("order {} is {} at seq {}", order.object.id, order.object.state, order.seq);
    Ok(())
}
