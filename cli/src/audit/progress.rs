//! How far a long walk is, on standard error, and only for a person.

use std::io::IsTerminal;
use std::time::Duration;

use berth_domain::Seq;
use indicatif::{ProgressBar, ProgressStyle};

/// Entries between two looks at the clock.
const EVERY: u64 = 1_024;

/// A line that says the entry and the speed; nothing where nobody watches.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::no_length() } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{spinner} entry {human_pos}, {per_sec}, {elapsed}");
        bar.set_style(style.expect("the template is well-formed"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar }
    }

    /// One that nobody sees.
    pub(crate) fn none() -> Self {
        Self { bar: ProgressBar::hidden() }
    }

    pub(crate) fn at(&mut self, seq: Seq) {
        if seq.0.is_multiple_of(EVERY) {
            self.bar.set_position(seq.0);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
