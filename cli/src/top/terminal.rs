//! The terminal, given back as it was: when the screen is dropped, and when the
//! program panics.

use std::io::{Stdout, stdout};
use std::sync::Once;
use std::thread;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{Event, poll, read};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use tokio::sync::mpsc;

use super::picture::Picture;
use super::screen::draw;
use crate::fault::{Fault, While};

/// Keys that wait to be looked at.
const KEYS_MAX: usize = 64;
/// How often the thread that reads keys looks whether anybody wants them.
const POLL: Duration = Duration::from_millis(100);

/// The terminal while it is drawn on.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    events: mpsc::Receiver<std::io::Result<Event>>,
}

impl Screen {
    pub(super) fn open() -> Result<Self, Fault> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            // What it says is to be read after, so the terminal is given back first.
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        enable_raw_mode().or_fault("reading the terminal key by key")?;
        let opened =
            execute!(stdout(), EnterAlternateScreen).and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        let terminal = opened.inspect_err(|_| give_back()).or_fault("drawing on the terminal")?;
        let (sender, events) = mpsc::channel(KEYS_MAX);
        thread::spawn(move || {
            while !sender.is_closed() {
                let event = match poll(POLL) {
                    Ok(false) => continue,
                    Ok(true) => read(),
                    Err(why) => Err(why),
                };
                let is_over = event.is_err();
                if sender.blocking_send(event).is_err() || is_over {
                    return;
                }
            }
        });
        Ok(Self { terminal, events })
    }

    pub(super) fn draw(&mut self, picture: &Picture) -> Result<(), Fault> {
        self.terminal.draw(|frame| draw(frame, picture)).map(|_| ()).or_fault("drawing on the terminal")
    }

    /// The next key, or what else happens to the terminal.
    pub(super) async fn event(&mut self) -> Result<Event, Fault> {
        match self.events.recv().await {
            Some(event) => event.or_fault("reading the terminal"),
            None => Err(Fault::CouldNotRun("the terminal is gone".to_owned())),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Makes the terminal what it was. There is nobody to be told that it cannot be.
fn give_back() {
    let _ = execute!(stdout(), LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}
