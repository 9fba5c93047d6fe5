//! The container's page, fetched as a visitor would.

use std::time::Duration;

use berth_client::ClientError;
use reqwest::Client;
use serde_json::Value;

use super::asking::{Asked, begin, text, until};
use super::show::Show;
use crate::fault::{Fault, While};

/// How long a container may take to answer once.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// Fetches the page over the container's published port, wherever that is by
/// now, as long as the lease lives.
pub(super) async fn visit<F>(show: &Show, read: &impl Fn() -> F) -> Result<(), Fault>
where
    F: Future<Output = Result<Value, ClientError>>,
{
    // It is on this machine's loopback, which no proxy reaches.
    berth_client::use_ring();
    let http = Client::builder().no_proxy().timeout(ANSWER_TIME_MAX).build().or_fault("an HTTP client")?;
    let fetch = || async {
        let lease = read().await?;
        if lease["state"] == "closed" {
            return Err(Asked::Refused(Fault::Refused(format!("the lease closed: {}", text(&lease["reason"])))));
        }
        let container = &lease["containers"][0];
        let port = container["ports"][0]["hostPort"].as_u64().ok_or_else(|| Asked::away("no port is told"))?;
        let url = format!("http://127.0.0.1:{port}/");
        let page = http.get(&url).send().await?.error_for_status()?.text().await?;
        Ok((text(&container["id"]).to_owned(), url, page))
    };
    let (id, url, page) = until("the page is served", fetch, |_| true).await?;
    show.station(6, "container", &format!("{} serves {url}", begin(&id)));
    show.detail(&readable(&page));
    Ok(())
}

/// A page's text without its tags, a line a block.
fn readable(html: &str) -> String {
    let body = html.split("<body").nth(1).and_then(|body| body.split_once('>')).map_or(html, |(_, body)| body);
    let mut text = String::new();
    let mut in_tag = false;
    for c in body.chars() {
        match c {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                text.push('\n');
            }
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(20).collect();
    lines.join(" · ")
}
