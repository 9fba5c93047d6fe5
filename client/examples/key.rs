//! A session in the name of a key, on a node without `--open`: all that it placed is
//! cancelled when its connection ends.
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use berth_client::{Client, SigningKey};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    // The account's own key, or one that is registered with it: 32 bytes.
    let seed: [u8; 32] = std::fs::read("key.bin")?.try_into().map_err(|_| "key.bin has 32 bytes")?;
    let client = Client::new(&url, None)?.with_key(SigningKey::from_bytes(&seed)).cancelling_on_disconnect();
    let session = client.session();
    println!("{}", session.call("ping", serde_json::json!({})).await?);
    Ok(())
}
