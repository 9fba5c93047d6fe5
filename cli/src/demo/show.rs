//! What the demo shows: a line a station, with the time since it began.

use std::io::Write;
use std::time::Instant;

/// A line on standard output. Whoever read it may be gone: the demo goes on, or
/// its processes would be left in the middle.
macro_rules! line {
    ($($what:tt)*) => {{
        let _ = writeln!(std::io::stdout(), $($what)*);
    }};
}

pub(super) struct Show {
    began: Instant,
}

impl Show {
    pub(super) fn begin() -> Self {
        line!("Berth: a lease from order to payment, with the real parts, on this machine.\n");
        Self { began: Instant::now() }
    }

    /// A station is reached.
    pub(super) fn station(&self, number: u32, name: &str, what: &str) {
        line!("{} ● {number:>2} {name:<10} {what}", self.time());
    }

    /// More about the station.
    pub(super) fn detail(&self, what: &str) {
        for line in what.lines() {
            line!("{:>9}                 {line}", "");
        }
    }

    /// An event of the exchange.
    pub(super) fn event(&self, what: &str) {
        line!("{}        event      {what}", self.time());
    }

    /// Something that happened beside the line.
    pub(super) fn note(&self, what: &str) {
        line!("{} ○    {what}", self.time());
    }

    pub(super) fn stays(&self, url: &str) {
        line!(
            "\nThe node stays up at {url} until Ctrl-C. Try:\n  \
             curl {url}/api/v1/leases\n  \
             berth --url {url} lease list\n  \
             berth --url {url} lease proof 1"
        );
    }

    fn time(&self) -> String {
        format!("{:>8.3}s", self.began.elapsed().as_secs_f64())
    }
}
