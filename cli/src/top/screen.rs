//! How it is drawn.

use berth_wire::book::BookRow;
use berth_wire::channel::TakerSide;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::picture::Picture;
use crate::output::plain;

/// What is no longer what the node has.
const STALE: Style = Style::new().fg(Color::DarkGray);
const SUPPLY: Style = Style::new().fg(Color::Green);
const DEMAND: Style = Style::new().fg(Color::Red);

pub(super) fn draw(frame: &mut Frame<'_>, picture: &Picture) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(2), Constraint::Min(3), Constraint::Length(1)]).areas(frame.area());
    let [ladder, right] = Layout::horizontal([Constraint::Percentage(45), Constraint::Percentage(55)]).areas(body);
    let [tape, leases] = Layout::vertical([Constraint::Percentage(50), Constraint::Percentage(50)]).areas(right);
    frame.render_widget(Paragraph::new(header(picture)), head);
    panel(frame, ladder, picture, "book", rows(picture, ladder.height.saturating_sub(2).into()));
    panel(frame, tape, picture, "tape", trades(picture));
    panel(frame, leases, picture, "leases", open_leases(picture));
    let keys = "q quit   tab or → next market   shift-tab or ← the one before";
    frame.render_widget(Paragraph::new(keys).style(Style::new().add_modifier(Modifier::DIM)), foot);
}

fn panel(frame: &mut Frame<'_>, area: Rect, picture: &Picture, title: &str, lines: Vec<Line<'_>>) {
    let stale = if picture.is_current { "" } else { " (stale)" };
    let block = Block::bordered().title(format!("{title}{stale}"));
    let mut lines = Paragraph::new(lines).block(block);
    if !picture.is_current {
        lines = lines.style(STALE);
    }
    frame.render_widget(lines, area);
}

fn header(picture: &Picture) -> Vec<Line<'_>> {
    let node = match (&picture.trouble, &picture.health) {
        (Some(why), _) => Line::styled(format!("{}  {}", picture.url, plain(why)), DEMAND),
        (None, None) => Line::raw(format!("{}  …", picture.url)),
        (None, Some(health)) => {
            let stats = picture.stats.as_ref();
            let counts = stats.map_or_else(String::new, |stats| {
                format!(
                    "  hosts {}/{}  orders {}  bids {}  volume {}",
                    stats.active_providers, stats.providers, stats.open_orders, stats.live_bids, stats.volume
                )
            });
            let style = if health.status == "ready" { Style::new() } else { DEMAND };
            Line::styled(format!("{}  {}  seq {}{counts}", picture.url, plain(&health.status), health.seq), style)
        }
    };
    let markets = picture.markets.iter().enumerate().flat_map(|(i, market)| {
        let style = if i == picture.chosen { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        [Span::styled(format!(" {market} "), style), Span::raw(" ")]
    });
    vec![node, Line::from(markets.collect::<Vec<_>>())]
}

/// Supply over demand, the best of both at the middle.
fn rows(picture: &Picture, height: usize) -> Vec<Line<'_>> {
    let Some(book) = &picture.book else { return vec![Line::raw("…")] };
    let (bids, orders) = (book.picture.bids(), book.picture.orders());
    // The middle and the heading take a line each.
    let half = height.saturating_sub(2) / 2;
    let line = |row: &BookRow, style: Style| {
        let text = format!("{:<6}{:>11}{:>8}{:>5}", row.level.as_str(), row.price.to_string(), row.quantity, row.count);
        Line::styled(text, if picture.is_current { style } else { STALE })
    };
    let mut lines = vec![Line::raw(format!("{:<6}{:>11}{:>8}{:>5}", "level", "price", "units", "n"))];
    lines.extend(bids.iter().take(half).rev().map(|row| line(row, SUPPLY)));
    lines.push(Line::raw(format!("{} supply above, {} demand below", bids.len(), orders.len())));
    lines.extend(orders.iter().take(half).map(|row| line(row, DEMAND)));
    lines
}

fn trades(picture: &Picture) -> Vec<Line<'_>> {
    let line = |(at, trade): &(u64, berth_wire::channel::Trade)| {
        let (side, style) = match trade.taker_side {
            Some(TakerSide::Order) => ("order", SUPPLY),
            Some(TakerSide::Bid) => ("bid", DEMAND),
            None => ("-", Style::new()),
        };
        let price = trade.price.to_string();
        let text = format!("{} {price:>9} ×{:<4} {side:<5} #{}", clock(*at), trade.quantity, trade.lease_id);
        Line::styled(text, if picture.is_current { style } else { STALE })
    };
    picture.trades.iter().map(line).collect()
}

fn open_leases(picture: &Picture) -> Vec<Line<'_>> {
    let line = |lease: &berth_wire::response::Lease| {
        let (market, price, cost) = (lease.market.to_string(), lease.price.to_string(), lease.cost.to_string());
        Line::raw(format!("{:>4} {market:<10} {:<9} {price:>6} {cost:>7}", lease.id, lease.state.as_str()))
    };
    let mut lines =
        vec![Line::raw(format!("{:>4} {:<10} {:<9} {:>6} {:>7}", "id", "market", "state", "price", "cost"))];
    lines.extend(picture.leases.iter().map(line));
    lines
}

/// The time of day (UTC) of a stamp.
fn clock(at: u64) -> String {
    let seconds = at / 1_000_000 % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use berth_client::BookState;
    use berth_wire::book::BookPicture;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use serde_json::{Value, from_value, json};

    use super::*;

    fn picture() -> Picture {
        let markets = ["CPU", "H100-80"].map(|name| name.parse().expect("a market")).to_vec();
        let mut picture = Picture::new("http://127.0.0.1:3000".to_owned(), markets);
        let rows = |rows: Value| from_value(rows).expect("rows");
        let book = BookPicture::new(
            rows(json!([["Five", "2.5", 8, 3], ["Three", "2.75", 1, 1]])),
            rows(json!([["Five", "2.4", 4, 1]])),
        );
        picture.book = Some(Arc::new(BookState { seq: 14, picture: book }));
        picture.is_current = true;
        let health = json!({"status": "ready", "logId": "6a", "seq": 14, "mode": "open"});
        picture.health = Some(from_value(health).expect("a node's health"));
        let trade = json!({"market": "CPU", "leaseId": 7, "price": "2.5", "quantity": 2, "trustLevel": "Five",
                           "takerSide": "order", "origin": "match"});
        picture.traded(1_790_000_000_000_123, from_value(trade).expect("a trade"));
        picture
    }

    fn show(picture: &Picture) -> (Vec<String>, Vec<Color>) {
        let mut terminal = Terminal::new(TestBackend::new(76, 16)).expect("a terminal in memory");
        terminal.draw(|frame| draw(frame, picture)).expect("it draws");
        let buffer = terminal.backend().buffer();
        let lines = (0..16).map(|y| (0..76).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned());
        // The colours of the best row of supply.
        (lines.collect(), (1..30).map(|x| buffer[(x, 5)].fg).collect())
    }

    #[test]
    fn a_market_is_a_ladder_a_tape_and_leases() {
        let (lines, colours) = show(&picture());
        assert_eq!(
            lines,
            [
                "http://127.0.0.1:3000  ready  seq 14",
                " CPU   H100-80",
                "┌book────────────────────────────┐┌tape────────────────────────────────────┐",
                "│level       price   units    n  ││14:13:20       2.5 ×2    order #7       │",
                "│Three        2.75       1    1  ││                                        │",
                "│Five          2.5       8    3  ││                                        │",
                "│2 supply above, 1 demand below  ││                                        │",
                "│Five          2.4       4    1  ││                                        │",
                "│                                │└────────────────────────────────────────┘",
                "│                                │┌leases──────────────────────────────────┐",
                "│                                ││  id market     state      price    cost│",
                "│                                ││                                        │",
                "│                                ││                                        │",
                "│                                ││                                        │",
                "└────────────────────────────────┘└────────────────────────────────────────┘",
                "q quit   tab or → next market   shift-tab or ← the one before",
            ]
        );
        assert!(colours.contains(&Color::Green) && !colours.contains(&Color::DarkGray));
    }

    #[test]
    fn what_is_stale_is_grey_and_says_so() {
        let mut picture = picture();
        picture.is_current = false;
        picture.trouble = Some("the node cannot be reached: \u{1b}[31mrefused".to_owned());
        let (lines, colours) = show(&picture);
        assert!(lines[0].ends_with("the node cannot be reached: \u{fffd}[31mrefused"), "{}", lines[0]);
        assert!(lines[2].starts_with("┌book (stale)─"), "{}", lines[2]);
        assert!(colours.iter().all(|colour| *colour == Color::DarkGray), "{colours:?}");
    }

    #[test]
    fn another_market_begins_empty() {
        let mut picture = picture();
        picture.turn(-1);
        assert_eq!(picture.market().map(ToString::to_string).as_deref(), Some("H100-80"));
        let (lines, _) = show(&picture);
        assert!(lines[3].starts_with("│…"), "{}", lines[3]);
        picture.turn(1);
        assert_eq!(picture.market().map(ToString::to_string).as_deref(), Some("CPU"));
        // A terminal of a line or two is no reason to panic.
        for height in 0..4 {
            let mut terminal = Terminal::new(TestBackend::new(5, height)).expect("a terminal in memory");
            terminal.draw(|frame| draw(frame, &picture)).expect("it draws");
        }
    }
}
