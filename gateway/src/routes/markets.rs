//! `/markets`

use axum::extract::State;
use berth_domain::{Code, MarketId, ResourceClass};
use berth_wire::response::{BookView, List, Market};

use super::page;
use crate::book::picture;
use crate::limits::{DEPTH_DEFAULT, DEPTH_MAX};
use crate::node::App;
use crate::past::At;
use crate::problem::Refusal;
use crate::query::{Query, Segment};
use berth_render::market;

#[utoipa::path(
    get,
    path = "/markets",
    tag = "markets",
    summary = "Lists markets.",
    params(crate::openapi::AtSeq),
    responses((status = 200, body = berth_wire::response::List<berth_wire::response::Market>, description = "Done.")),
)]
pub(super) async fn list(State(app): State<App>, mut query: Query) -> Result<At<List<Market>>, Refusal> {
    let at = query.at_seq()?;
    let part = query.page()?;
    query.finish()?;
    let found = app.state(at, move |x| {
        page(part, x.markets().count() as u64, |id| {
            let one = x.market(MarketId(u16::try_from(id).ok()?))?;
            Some(market(x, one))
        })
    });
    Ok(At::new(at, found.await?))
}

#[utoipa::path(
    get,
    path = "/markets/{market}/book",
    tag = "markets",
    summary = "A market's book.",
    params(("market" = String, Path, description = "Its name, such as H100-80."), ("depth" = Option<u32>, Query, description = "Rows of each side, 1 to 1,000."), crate::openapi::AtSeq),
    responses((status = 200, body = berth_wire::response::BookView, description = "Done.")),
)]
pub(super) async fn book(State(app): State<App>, name: Segment, mut query: Query) -> Result<At<BookView>, Refusal> {
    let at = query.at_seq()?;
    let depth = query.take::<usize>("depth", "a whole number")?.unwrap_or(DEPTH_DEFAULT);
    if !(1..=DEPTH_MAX).contains(&depth) {
        return Err(Refusal::malformed("depth", format!("must be from 1 to {DEPTH_MAX}")));
    }
    query.finish()?;
    let unknown = || Refusal::from(Code::UnknownMarket).at("market");
    let class: ResourceClass = name.as_str().parse().map_err(|_| unknown())?;
    let market = class.clone();
    let found = app.state(at, move |x| x.book(x.market_of(&class)?.id).map(|book| (x.head(), book))).await?;
    let (seq, book) = found.ok_or_else(unknown)?;
    let book = picture(&book);
    let view = BookView {
        market,
        seq: seq.0,
        bids: book.bids().iter().take(depth).copied().collect(),
        orders: book.orders().iter().take(depth).copied().collect(),
        crc: book.crc(),
    };
    Ok(At::new(at, view))
}
