//! `/accounts/{address}/history` and `/spend`

use axum::Json;
use axum::extract::State;
use berth_domain::{AccountId, Code, Seq};
use berth_exchange::Exchange;
use berth_wire::address::Name;
use berth_wire::day::Day;
use berth_wire::event::EventFrame;
use berth_wire::response::{List, Spent};

use super::events::filter;
use crate::limits::{EVENTS_BYTES_MAX, EVENTS_SCAN_MAX, FRAMES_AT_ONCE};
use crate::node::{App, Node};
use crate::problem::Refusal;
use crate::query::{Query, Segment};
use crate::spends::{By, Key, Sum, TooMuch};

/// What the log says of an account, entry by entry. A page looks at a bounded
/// stretch of the log, so it may be short, or empty, and not the last.
#[utoipa::path(
    get,
    path = "/accounts/{address}/history",
    tag = "accounts",
    summary = "What the log says of an account, entry by entry.",
    params(("address" = String, Path, description = "Its key, G…; in open mode any name."), crate::openapi::Pages, ("type" = Option<String>, Query, description = "Types such as lease.paid or deposit.*, separated by commas."), ("market" = Option<String>, Query, description = "Only those that name it.")),
    responses((status = 200, body = berth_wire::response::List<berth_wire::event::EventFrame>, description = "Entries; the cursor is the first entry that is looked at, so 1 is the log's beginning.")),
)]
pub(super) async fn history(
    State(app): State<App>,
    address: Segment,
    mut query: Query,
) -> Result<Json<List<EventFrame>>, Refusal> {
    let page = query.page()?;
    let filter = filter(&app, &mut query)?;
    query.finish()?;
    let account = account(&app, &address)?;
    let head = app.view.head();
    let mut next = Seq(page.after.max(1));
    let end = Seq(next.0.saturating_add(EVENTS_SCAN_MAX as u64));
    let (mut items, mut bytes) = (Vec::new(), 0);
    'frames: while next <= head && next < end {
        let frames = app.frames(next, FRAMES_AT_ONCE).await?;
        if frames.is_empty() {
            break;
        }
        for frame in frames.iter().filter(|frame| frame.seq <= head) {
            if items.len() == page.limit || bytes > EVENTS_BYTES_MAX {
                break 'frames;
            }
            next = frame.seq.next();
            if let Some(events) = frame.concerning(account, &filter) {
                bytes += events.len();
                let events = serde_json::from_str(&format!("[{events}]")).expect("events are JSON");
                items.push(EventFrame { seq: frame.seq.0, at: frame.at.0, events });
            }
        }
    }
    Ok(Json(List { items, next: (next <= head).then(|| next.to_string()) }))
}

#[utoipa::path(
    get,
    path = "/accounts/{address}/spend",
    tag = "accounts",
    summary = "What an account has paid for its leases, by day, market or host.",
    params(("address" = String, Path, description = "Its key, G…; in open mode any name."), crate::openapi::Pages, ("by" = Option<String>, Query, description = "day, market or provider; day when left out."), ("from" = Option<String>, Query, description = "The first day (UTC), such as 2026-11-22."), ("to" = Option<String>, Query, description = "The last day.")),
    responses((status = 200, body = berth_wire::response::List<berth_wire::response::Spent>, description = "A lease counts on the day on which it was paid.")),
)]
pub(super) async fn spend(
    State(app): State<App>,
    address: Segment,
    mut query: Query,
) -> Result<Json<List<Spent>>, Refusal> {
    let page = query.page()?;
    let by = match query.text("by").as_deref() {
        None | Some("day") => By::Day,
        Some("market") => By::Market,
        Some("provider") => By::Provider,
        Some(_) => return Err(Refusal::malformed("by", "is not day, market or provider")),
    };
    let mut day = |name, other| {
        let day = query.text(name).map(|text| text.parse::<Day>()).transpose();
        day.map(|day| day.unwrap_or(other)).map_err(|_| Refusal::malformed(name, "is not a day such as 2026-11-22"))
    };
    let (from, to) = (day("from", Day::FIRST)?, day("to", Day::LAST)?);
    query.finish()?;
    let account = account(&app, &address)?;
    let (items, more) = app.view.read_spends(|x, spends| {
        let sums = spends.sums(account, by, from, to).map_err(|TooMuch| {
            Refusal::malformed("from", "and to enclose more than one answer adds up: name fewer days")
        })?;
        // The cursor is how many have been seen: sums stand in one order.
        let seen = usize::try_from(page.after).unwrap_or(usize::MAX);
        let items: Vec<Spent> =
            sums.iter().skip(seen).take(page.limit).map(|(key, sum)| spent(x, *key, *sum)).collect();
        let more = sums.len() > seen.saturating_add(items.len());
        Ok::<_, Refusal>((items, more))
    })?;
    let next = more.then(|| (page.after + items.len() as u64).to_string());
    Ok(Json(List { items, next }))
}

fn spent(x: &Exchange, key: Key, sum: Sum) -> Spent {
    let Sum { leases, paid } = sum;
    let spent = Spent { day: None, market: None, provider_id: None, leases, paid };
    match key {
        Key::Day(day) => Spent { day: Some(day.to_string()), ..spent },
        Key::Market(id) => Spent { market: x.market(id).map(|market| market.class.clone()), ..spent },
        Key::Provider(id) => Spent { provider_id: Some(id.0.into()), ..spent },
    }
}

fn account(node: &Node, address: &Segment) -> Result<AccountId, Refusal> {
    let name = Name::new(address.as_str()).map_err(|why| Refusal::malformed("address", why))?;
    let address = node.address(&name, "address")?;
    let account = node.view.read(|x| x.account_by_address(address));
    account.ok_or_else(|| Refusal::from(Code::UnknownAccount).at("address"))
}
