//! What the demo shows: a line a station, with the time since it began.

use std::time::Instant;

pub(super) struct Show {
    began: Instant,
}

impl Show {
    pub(super) fn begin() -> Self {
        println!("Berth: a lease from order to payment, with the real parts, on this machine.\n");
        Self { began: Instant::now() }
    }

    /// A station is reached.
    pub(super) fn station(&self, number: u32, name: &str, what: &str) {
        println!("{} ● {number:>2} {name:<10} {what}", self.time());
    }

    /// More about the station.
    pub(super) fn detail(&self, what: &str) {
        for line in what.lines() {
            println!("{:>9}                 {line}", "");
        }
    }

    /// An event of the exchange.
    pub(super) fn event(&self, what: &str) {
        println!("{}        event      {what}", self.time());
    }

    /// Something that happened beside the line.
    pub(super) fn note(&self, what: &str) {
        println!("{} ○    {what}", self.time());
    }

    pub(super) fn stays(&self, url: &str) {
        println!(
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
