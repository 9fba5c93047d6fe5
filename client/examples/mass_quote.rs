//! Replaces all quotes of a host at once: two prices, then nothing.
#![expect(clippy::print_stdout, reason = "an example of the terminal")]

use berth_client::Client;
use berth_client::wire::json::parse;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let client = Client::new(&url, None)?;
    let session = client.session();
    for quotes in [
        r#"{"providerId":1,"market":"CPU","price":"2.5","quantity":2},
                      {"providerId":1,"market":"CPU","price":"2.6","quantity":2}"#,
        "",
    ] {
        let request = format!(r#"{{"address":"maker","quoteSetId":1,"quotes":[{quotes}]}}"#);
        let quoted = session.mass_quote(&parse(request.as_bytes()).map_err(|why| why.to_string())?).await?;
        println!("seq {}: bids {:?}", quoted.seq, quoted.object.bids);
    }
    Ok(())
}
