//! The labels that containers and networks of leases carry. They are how an
//! agent finds its own after a restart; nothing else is asked.

use std::collections::HashMap;

use crate::lease::{LeaseId, LogId, ProviderId, ReplicaIndex};
use crate::plan::Labels;

pub(super) const LOG: &str = "berth.log";
const PROVIDER: &str = "berth.provider";
const LEASE: &str = "berth.lease";
const AGENT: &str = "berth.agent";
pub(super) const REPLICA: &str = "berth.replica";
pub(super) const AWAITED: &str = "berth.awaited";

const HOUSE: &str = "house";
const OF_PROVIDER: &str = "provider";

pub(super) fn write(labels: &Labels) -> HashMap<String, String> {
    let agent = if labels.by_house { HOUSE } else { OF_PROVIDER };
    HashMap::from([
        (LOG.to_owned(), labels.log.to_string()),
        (PROVIDER.to_owned(), labels.provider.to_string()),
        (LEASE.to_owned(), labels.lease.to_string()),
        (AGENT.to_owned(), agent.to_owned()),
    ])
}

/// `None` when they are not complete, so not ours.
pub(super) fn read(labels: &HashMap<String, String>) -> Option<Labels> {
    Some(Labels {
        log: LogId::parse(labels.get(LOG)?)?,
        provider: ProviderId(labels.get(PROVIDER)?.parse().ok()?),
        lease: LeaseId(labels.get(LEASE)?.parse().ok()?),
        by_house: labels.get(AGENT)? == HOUSE,
    })
}

pub(super) fn read_replica(labels: &HashMap<String, String>) -> Option<ReplicaIndex> {
    labels.get(REPLICA)?.parse().ok().map(ReplicaIndex)
}

/// The TCP port inside that was awaited at the start. Where the label is not,
/// there was none.
pub(super) fn read_awaited(labels: &HashMap<String, String>) -> Option<u16> {
    labels.get(AWAITED)?.parse().ok()
}

/// A filter on labels that must all be there.
pub(super) fn filter(labels: &[(&str, &str)]) -> HashMap<String, Vec<String>> {
    let labels = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    HashMap::from([("label".to_owned(), labels)])
}

/// What belongs to a lease, whichever agent made it.
pub(super) fn filter_lease(labels: &Labels) -> HashMap<String, Vec<String>> {
    filter(&[(LOG, labels.log.as_str()), (LEASE, &labels.lease.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_as_they_were_written() {
        let labels = Labels {
            log: LogId::parse(&"ab".repeat(32)).expect("64 hex digits"),
            provider: ProviderId(2),
            lease: LeaseId(7),
            by_house: true,
        };
        assert_eq!(read(&write(&labels)), Some(labels.clone()));
        let of_provider = Labels { by_house: false, ..labels };
        assert_eq!(read(&write(&of_provider)), Some(of_provider.clone()));
        for key in [LOG, PROVIDER, LEASE, AGENT] {
            let mut incomplete = write(&of_provider);
            incomplete.remove(key);
            assert_eq!(read(&incomplete), None, "without {key}");
        }
    }
}
