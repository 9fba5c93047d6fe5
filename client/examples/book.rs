//! A market's book, kept from snapshot and updates, checked after each by its CRC.
//!
//!     cargo run --example book -- http://127.0.0.1:3000
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use berth_client::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let client = Client::new(&url, None)?;
    let mut books = client.book_stream("CPU".parse()?);
    loop {
        let book = books.next().await?;
        let (bids, orders) = (book.picture.bids(), book.picture.orders());
        println!("seq {}: {:?} over {:?}", book.seq, bids.first(), orders.first());
    }
}
