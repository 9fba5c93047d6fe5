//! A hundred calls begun before the first is answered. Calls wait by themselves when
//! the node has had enough, and cancels do not wait behind them.
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use berth_client::wire::request::{CancelAllRequest, CancelRequest};
use berth_client::{Call, Client};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let client = Client::new(&url, None)?;
    let session = client.session();
    let mut begun = Vec::new();
    for bid in 1..=100 {
        begun.push(session.begin(Call::cancel_bid(bid, &CancelRequest::default())).await?);
    }
    for call in begun {
        match call.answer().await {
            Ok(reply) => println!("done at seq {:?}, {:?} tokens are left", reply.seq, reply.limits),
            Err(why) => println!("{why}"),
        }
    }
    let address = berth_client::wire::address::Name::new("maker").ok();
    session.cancel_all(&CancelAllRequest { address, ..CancelAllRequest::default() }).await?;
    Ok(())
}
