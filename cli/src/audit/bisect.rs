//! `berth bisect`: the first entry at which two logs differ.

use berth_audit::{Bisection, Parting, PartingKind};
use berth_domain::{Digest, Entry, Seq};
use berth_journal::Batch;
use clap::Args;
use serde_json::{Value, json};

use super::progress::Progress;
use super::source::{Log, Source};
use super::walk::Token;
use crate::fault::{Fault, While};
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct Bisect {
    /// One data directory, or the URL of a node.
    #[arg(value_name = "DIR_OR_URL")]
    a: String,
    /// The other.
    #[arg(value_name = "DIR_OR_URL")]
    b: String,
    #[command(flatten)]
    token: Token,
}

/// An entry, and the digest of the events before its batch when it is the first
/// of one.
type Stamped = Result<(Entry, Option<Digest>), Fault>;

impl Bisect {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let open = |name: &str| Source::named(name, &self.token)?.open();
        let (log_a, log_b) = (open(&self.a)?, open(&self.b)?);
        let (mut a, mut b) = (entries(&log_a), entries(&log_b));
        let mut sides = Bisection::new();
        let mut digests: [Vec<(Seq, Digest)>; 2] = [Vec::new(), Vec::new()];
        let mut progress = Progress::new();
        let mut compared = 0_u64;
        loop {
            let (entry_a, entry_b) = (a.next().transpose()?, b.next().transpose()?);
            for (side, entry) in [&entry_a, &entry_b].into_iter().enumerate() {
                if let Some((entry, Some(digest))) = entry {
                    digests[side].push((entry.seq, *digest));
                }
            }
            if let Some(seq) = parted(&mut digests) {
                return report(format, compared, Some(&sides.events_part(seq)), None);
            }
            let (entry_a, entry_b) = (entry_a.map(|(entry, _)| entry), entry_b.map(|(entry, _)| entry));
            // What is withheld is not missing.
            let withheld = match (&entry_a, &entry_b) {
                (None, Some(_)) => log_a.sealed_from(),
                (Some(_), None) => log_b.sealed_from(),
                (None, None) => log_a.sealed_from().or(log_b.sealed_from()),
                (Some(_), Some(_)) => None,
            };
            if withheld.is_some() {
                return report(format, compared, None, withheld);
            }
            if let Some(parting) = sides.step(entry_a.as_ref(), entry_b.as_ref()).or_fault("playing the logs")? {
                return report(format, compared, Some(&parting), None);
            }
            let Some(entry) = entry_a else { return report(format, compared, None, None) };
            compared += 1;
            progress.at(entry.seq);
        }
    }
}

/// The first place for which both logs carry a digest of events, and not the
/// same. Batches need not be cut alike, so only common places count.
fn parted(digests: &mut [Vec<(Seq, Digest)>; 2]) -> Option<Seq> {
    let [a, b] = digests;
    while let (Some(first), Some(second)) = (a.first().copied(), b.first().copied()) {
        match first.0.cmp(&second.0) {
            std::cmp::Ordering::Less => drop(a.remove(0)),
            std::cmp::Ordering::Greater => drop(b.remove(0)),
            std::cmp::Ordering::Equal => {
                a.remove(0);
                b.remove(0);
                if first.1 != second.1 {
                    return Some(first.0);
                }
            }
        }
    }
    None
}

fn entries(log: &Log) -> impl Iterator<Item = Stamped> + '_ {
    log.linked().flat_map(|batch| {
        let (entries, fault) = match batch {
            Ok(Batch { entries, events: digest, .. }) => {
                let stamped = entries.into_iter().enumerate();
                (stamped.map(|(at, entry)| (entry, (at == 0).then_some(digest))).collect(), None)
            }
            Err(fault) => (Vec::new(), Some(fault)),
        };
        entries.into_iter().map(Ok).chain(fault.map(Err))
    })
}

/// What was compared came to this; the rest may be withheld.
fn report(format: Format, compared: u64, parting: Option<&Parting>, withheld: Option<Seq>) -> Result<(), Fault> {
    let Some(parting) = parting else {
        let withheld = withheld.map(|seq| seq.0);
        output::object(
            format,
            &json!({ "same": true, "entries": compared, "parting": Value::Null, "withheldFrom": withheld }),
        );
        return Ok(());
    };
    let (kind, a, b) = match parting.kind {
        PartingKind::Entries { a, b } => ("entries", Some(a.to_string()), Some(b.to_string())),
        PartingKind::Events => ("events", None, None),
        PartingKind::EndOfA => ("endOfA", None, None),
        PartingKind::EndOfB => ("endOfB", None, None),
    };
    let differences = parting.differences.iter().map(ToString::to_string).collect::<Vec<_>>();
    output::object(
        format,
        &json!({
            "same": false,
            "entries": compared,
            "seq": parting.seq.0,
            "kind": kind,
            "a": a,
            "b": b,
            "components": parting.components,
            "differences": differences,
        }),
    );
    Err(Fault::Refused(format!("the logs part at entry {}", parting.seq)))
}
