//! A market's best rows, the newest only.
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use berth_client::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let client = Client::new(&url, None)?;
    let mut quotes = client.quote_stream("CPU".parse()?);
    loop {
        let quote = quotes.next().await?;
        println!(
            "seq {}: supply {:?}, demand {:?}, current: {}",
            quote.seq,
            quote.bid,
            quote.order,
            quotes.is_current()
        );
    }
}
