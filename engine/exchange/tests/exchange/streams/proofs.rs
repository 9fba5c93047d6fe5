//! Proof chains: each step extends the one before, comes in its order, and says
//! of the entry that it cites what stands there.

use std::collections::BTreeMap;

use berth_domain::{Command, Digest, Entry, Event, LeaseId, ProofStep, ProofStepped, ProofValue, ReplaceOrder, Seq};

#[derive(Default)]
pub(crate) struct Proofs {
    /// What an entry asked for: when, and how many replicas.
    asked: BTreeMap<Seq, (u64, u32)>,
    leases: BTreeMap<LeaseId, Chain>,
}

#[derive(Default)]
struct Chain {
    head: Digest,
    last: Option<ProofStep>,
    opened: Option<Seq>,
}

impl Proofs {
    pub(crate) fn hear(&mut self, entry: &Entry) {
        if let Command::PlaceOrder(place) | Command::ReplaceOrder(ReplaceOrder { place, .. }) = &entry.command {
            self.asked.insert(entry.seq, (entry.at.0, place.replicas));
        }
    }

    /// An event without what only a proof says: nothing of a step, a close
    /// without the chain's head.
    pub(crate) fn without(&mut self, entry: &Entry, event: &Event) -> Option<Event> {
        match event {
            Event::ProofStepped(step) => {
                self.extend(step);
                return None;
            }
            Event::LeaseOpened(opened) => self.leases.entry(opened.lease).or_default().opened = Some(entry.seq),
            Event::LeaseClosed(closed) => {
                let head = self.leases.get(&closed.lease).map(|chain| chain.head);
                assert_eq!(Some(closed.proof), head, "the close of lease {} names its proof", closed.lease);
                let mut closed = closed.clone();
                closed.proof = Digest::default();
                return Some(closed.into());
            }
            _ => {}
        }
        Some(event.clone())
    }

    fn extend(&mut self, step: &ProofStepped) {
        let lease = step.lease;
        let chain = self.leases.get_mut(&lease).expect("a lease opens before it is proven");
        assert_eq!(step.hash, step.step.hash(chain.head, step.seq, &step.payload), "lease {lease} is proven");
        // A lease that never ran has no steps of a run.
        assert!(chain.last < Some(step.step), "steps of lease {lease} come in their order");
        (chain.head, chain.last) = (step.hash, Some(step.step));
        let says = |name| step.payload.fields().find(|(field, _)| *field == name).map(|(_, value)| value);
        match step.step {
            ProofStep::Received => {
                let (at, replicas) = self.asked[&step.seq];
                let cited = (says("at"), says("replicas"));
                let asked = (ProofValue::from(at), ProofValue::from(replicas));
                assert_eq!(
                    cited,
                    (Some(&asked.0), Some(&asked.1)),
                    "the order of lease {lease}, as entry {} asks",
                    step.seq
                );
            }
            ProofStep::Matched => assert_eq!(Some(step.seq), chain.opened, "where lease {lease} opened"),
            _ => {}
        }
    }
}
