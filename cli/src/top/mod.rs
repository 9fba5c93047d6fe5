//! `berth top`: a market and its node on the terminal.

mod feed;
mod picture;
mod screen;
mod terminal;

use std::io::{IsTerminal, stdin, stdout};

use berth_domain::ResourceClass;
use clap::Args;
use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use tokio::time::{Duration, interval};

use self::feed::Feed;
use self::picture::Picture;
use self::terminal::Screen;
use crate::fault::Fault;
use crate::process::asked_to_end;
use crate::remote::{Remote, fault};

/// How often the screen is drawn, and it is looked whether the node is heard.
const FRAME: Duration = Duration::from_millis(100);

#[derive(Args)]
pub(crate) struct Top {
    #[command(flatten)]
    remote: Remote,
    /// The market to begin with; the first when left out.
    #[arg(long)]
    market: Option<ResourceClass>,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Quit,
    Next,
    Previous,
    Nothing,
}

impl Top {
    pub(crate) async fn run(self) -> Result<(), Fault> {
        if !stdin().is_terminal() || !stdout().is_terminal() {
            let why = "top draws on a terminal, and this is none: see berth log, berth lease list and the API";
            return Err(Fault::CouldNotRun(why.to_owned()));
        }
        let client = self.remote.client()?;
        let markets = client.markets().await.map_err(fault)?;
        let mut picture =
            Picture::new(self.remote.url.clone(), markets.into_iter().map(|market| market.name).collect());
        if let Some(market) = &self.market
            && !picture.choose(market)
        {
            return Err(Fault::CouldNotRun(format!("--market: the node has no market {market}")));
        }
        let mut feed = Feed::open(client, picture.market().cloned());
        let mut screen = Screen::open()?;
        let mut frames = interval(FRAME);
        let mut asked = Box::pin(asked_to_end(false));
        loop {
            let wish = tokio::select! {
                ended = &mut asked => return ended,
                event = screen.event() => wish(&event?),
                () = feed.next(&mut picture) => Wish::Nothing,
                _ = frames.tick() => {
                    picture.is_current = feed.is_current();
                    screen.draw(&picture)?;
                    Wish::Nothing
                }
            };
            match wish {
                Wish::Quit => return Ok(()),
                Wish::Next => picture.turn(1),
                Wish::Previous => picture.turn(-1),
                Wish::Nothing => continue,
            }
            feed.follow(picture.market().cloned());
        }
    }
}

fn wish(event: &Event) -> Wish {
    let Event::Key(key) = event else { return Wish::Nothing };
    match key.code {
        _ if key.kind == KeyEventKind::Release => Wish::Nothing,
        KeyCode::Char('q') | KeyCode::Esc => Wish::Quit,
        // A terminal that is read key by key sends no signal.
        KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => Wish::Quit,
        KeyCode::Tab | KeyCode::Right | KeyCode::Char('n' | 'l') => Wish::Next,
        KeyCode::BackTab | KeyCode::Left | KeyCode::Char('p' | 'h') => Wish::Previous,
        _ => Wish::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::KeyEvent;

    use super::*;

    #[test]
    fn keys_change_the_market_and_quit() {
        let key = |code, modifiers| wish(&Event::Key(KeyEvent::new(code, modifiers)));
        let none = KeyModifiers::NONE;
        assert_eq!(key(KeyCode::Tab, none), Wish::Next);
        assert_eq!(key(KeyCode::Left, none), Wish::Previous);
        assert_eq!(key(KeyCode::Char('q'), none), Wish::Quit);
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Wish::Quit);
        assert_eq!(key(KeyCode::Char('c'), none), Wish::Nothing);
        assert_eq!(wish(&Event::Resize(80, 24)), Wish::Nothing);
    }
}
