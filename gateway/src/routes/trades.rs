//! `/markets/{m}/trades` and `/markets/{m}/candles`

use std::fmt::Write;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use berth_domain::{Code, LeaseId, MarketId, Micros, ResourceClass, Seq};
use berth_exchange::Exchange;
use berth_wire::channel::Candle;
use berth_wire::response::List;

use crate::frame::Frame;
use crate::limits::LIST_SCAN_MAX;
use crate::node::App;
use crate::problem::Refusal;
use crate::query::{Query, Segment};
use crate::tape::Interval;

/// The newest trades first; `cursor` goes back from there.
#[utoipa::path(
    get,
    path = "/markets/{market}/trades",
    tag = "markets",
    summary = "Leases as they were opened, the newest first.",
    params(("market" = String, Path, description = "Its name, such as H100-80."), crate::openapi::Pages),
    responses((status = 200, body = berth_wire::response::List<berth_wire::channel::Trade>, description = "Done.")),
)]
pub(super) async fn trades(State(app): State<App>, name: Segment, mut query: Query) -> Result<Response, Refusal> {
    let limit = query.limit()?;
    let before = query.take::<u64>("cursor", "a cursor that a list has answered")?;
    query.finish()?;
    let market = named(&app, &name)?;
    let (leases, next) = app.view.read(|x| opened_before(x, market, before, limit));

    // Rendered from the entry's events, as the channel does.
    let mut entry = None;
    let mut items = String::new();
    for (lease, seq) in leases {
        if entry.as_ref().is_none_or(|frame: &Arc<Frame>| frame.seq != seq) {
            entry = app.frames(seq, 1).await?.into_iter().find(|frame| frame.seq == seq);
        }
        let Some(frame) = &entry else { continue };
        let Some(trade) = frame.trade(lease) else { continue };
        let comma = if items.is_empty() { "" } else { "," };
        let fields = trade.strip_prefix('{').unwrap_or(trade);
        // Writing into a text never fails.
        let _ = write!(items, r#"{comma}{{"seq":{seq},"at":{},{fields}"#, frame.at.0);
    }
    let next = next.map_or_else(|| "null".to_owned(), |lease| format!(r#""{}""#, lease.0));
    let body = format!(r#"{{"items":[{items}],"next":{next}}}"#);
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// The newest candles, the oldest of them first.
#[utoipa::path(
    get,
    path = "/markets/{market}/candles",
    tag = "markets",
    summary = "Prices and volume by intervals.",
    params(("market" = String, Path, description = "Its name, such as H100-80."), ("interval" = Option<String>, Query, description = "1m, 5m, 15m, 1h, 4h or 1d."), ("from" = Option<u64>, Query, description = "Microseconds since 1970."), ("to" = Option<u64>, Query, description = "Microseconds since 1970."), ("limit" = Option<u32>, Query, description = "Rows at most.")),
    responses((status = 200, body = berth_wire::response::List<berth_wire::channel::Candle>, description = "Done.")),
)]
pub(super) async fn candles(
    State(app): State<App>,
    name: Segment,
    mut query: Query,
) -> Result<Json<List<Candle>>, Refusal> {
    let limit = query.limit()?;
    let interval = query.take::<Interval>("interval", "one of 1m, 5m, 15m, 1h, 4h and 1d")?;
    let interval = interval.unwrap_or(Interval::OneMinute);
    let from = query.take::<u64>("from", "microseconds since 1970")?.unwrap_or(0);
    let to = query.take::<u64>("to", "microseconds since 1970")?.unwrap_or(u64::MAX);
    query.finish()?;
    let market = named(&app, &name)?;
    Ok(Json(List { items: app.view.candles(market, interval, Micros(from), Micros(to), limit), next: None }))
}

fn named(app: &App, name: &Segment) -> Result<MarketId, Refusal> {
    let class: Option<ResourceClass> = name.as_str().parse().ok();
    let market = class.and_then(|class| app.view.read(|x| x.market_of(&class).map(|market| market.id)));
    market.ok_or_else(|| Refusal::from(Code::UnknownMarket).at("market"))
}

/// A market's leases before one, or the newest, each with the entry that opened
/// it; and where to go on when there may be more.
fn opened_before(
    x: &Exchange,
    market: MarketId,
    before: Option<u64>,
    limit: usize,
) -> (Vec<(LeaseId, Seq)>, Option<LeaseId>) {
    let all = x.leases().count() as u64;
    let mut id = before.map_or(all + 1, |before| before.min(all + 1));
    let end = id.saturating_sub(LIST_SCAN_MAX as u64);
    let mut found = Vec::new();
    while id > end.max(1) && found.len() < limit {
        id -= 1;
        found.extend(x.lease(LeaseId(id)).filter(|lease| lease.market == market).map(|one| (one.id, one.opened_seq)));
    }
    (found, (id > 1).then_some(LeaseId(id)))
}
