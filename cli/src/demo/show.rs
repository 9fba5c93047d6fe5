//! What the demo shows: a line a station, with the time since it began.

use std::io::Write;
use std::path::{Path, PathBuf};
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

    /// What can be tried while the processes stay up.
    pub(super) fn stays(&self, url: &str, rpc: &str, data: &Path, lease: u64) {
        let (berth, data) = (program(), beside(data));
        let data = data.display();
        line!(
            "\nThe node stays up at {url} until Ctrl-C. Try in another terminal:\n  \
             curl {url}/api/v1/leases\n  \
             {berth} lease list --url {url}\n  \
             {berth} lease proof {lease} --url {url}\n  \
             {berth} replay --data {data}\n  \
             {berth} settle reconcile --data {data} --rpc {rpc}"
        );
    }

    fn time(&self) -> String {
        format!("{:>8.3}s", self.began.elapsed().as_secs_f64())
    }
}

/// How this program is called from here.
fn program() -> String {
    let Ok(path) = std::env::current_exe() else { return "berth".to_owned() };
    let path = beside(&path);
    // A shell looks for a bare name elsewhere.
    if path.parent() == Some(Path::new("")) { format!("./{}", path.display()) } else { path.display().to_string() }
}

/// A path, seen from the folder of this process where it lies within.
fn beside(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}
