//! All trades from the log's beginning on, each once, over disconnects.
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use berth_client::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let client = Client::new(&url, None)?;
    let mut trades = client.trades(Some(1), None);
    loop {
        let frame = trades.next().await?;
        for trade in frame.trades {
            println!("{} {} {} × {}", frame.seq, trade.market, trade.price, trade.quantity);
        }
    }
}
