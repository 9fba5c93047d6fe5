//! What should be, as far as the exchange has to be asked for it.

use std::collections::BTreeSet;

use super::step::Crew;
use crate::exchange::{Exchange, ExchangeError};
use crate::lease::{Lease, LeaseId, LeaseState, Leases};
use crate::plan::{Desired, Labels, Observed, Scope};

impl<X: Exchange> Crew<X> {
    /// What should be: the served `leases`, and those of the containers and of
    /// the `busy` ones that are not among them. These are asked for by number
    /// before they are taken for unknown: a lease may be closed, or another
    /// agent's by now.
    pub(super) async fn desired(
        &self,
        scope: &Scope,
        leases: Vec<Lease>,
        observed: &Observed,
        busy: BTreeSet<LeaseId>,
    ) -> Result<Desired, ExchangeError> {
        let leases = leases.into_iter().map(|lease| (lease.id, lease)).collect();
        let mut desired = Desired { leases, ..Desired::default() };
        let found = labels(observed).filter(|labels| scope.covers(labels)).map(|labels| labels.lease);
        let found: BTreeSet<_> = found.chain(busy).collect();
        for id in found {
            if desired.leases.contains_key(&id) {
                continue;
            }
            let Some(lease) = self.exchange.lease(id).await? else {
                continue;
            };
            let is_ours = match scope.serves {
                Leases::Provider(provider) => lease.provider == provider,
                Leases::House => lease.state == LeaseState::Closed,
            };
            if is_ours {
                desired.leases.insert(id, lease);
            } else {
                desired.elsewhere.insert(id);
            }
        }
        desired.ended = self.results.kept_of(&self.log, desired.leases.keys().copied());
        Ok(desired)
    }

    /// The labels to act by: what the lease calls for, or, of a lease that the
    /// exchange does not know, what its containers say.
    pub(super) fn labels(&self, id: LeaseId, lease: Option<&Lease>, observed: &Observed) -> Option<Labels> {
        match lease {
            Some(lease) => {
                Some(Labels { log: self.log.clone(), provider: lease.provider, lease: id, by_house: self.by_house })
            }
            None => labels(observed).find(|labels| labels.lease == id && labels.log == self.log).cloned(),
        }
    }
}

fn labels(observed: &Observed) -> impl Iterator<Item = &Labels> {
    observed.containers.iter().map(|container| &container.labels).chain(&observed.networks)
}
