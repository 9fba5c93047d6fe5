//! The provider's agent started a lease's containers.

use berth_domain::{Code, LeaseStarted, LeaseState, ProofPayload, ProofStep, StartLease};

use super::as_provider;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::{Evidence, Origin, Timer};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, start: &StartLease) -> Result<Outcome, Code> {
    let lease = as_provider(x, step, start.lease)?;
    if lease.state == LeaseState::Running && lease.containers == start.containers && lease.image == start.image {
        return Ok(Outcome::Repeated(Reply::Lease(start.lease)));
    }
    if lease.state != LeaseState::Escrowed {
        return Err(Code::LeaseState);
    }
    if start.containers.len() != lease.replicas as usize {
        return Err(Code::OutOfBounds);
    }
    let (order, origin, units, replicas, resources) =
        (lease.order, lease.origin, lease.units, lease.replicas, lease.resources);
    // In the CPU market a replica's processors are its units.
    let is_gpu = x.market(lease.market).is_some_and(|market| market.class.is_gpu());
    let cpu = if is_gpu { resources.cpu } else { units };
    let ends_at = step.at.plus(lease.duration);
    let dark_at = step.at.plus(x.timing_of(start.lease).dark_after);

    if origin == Origin::Match && !x.gangs.is_empty() {
        x.gang_leg_started(order);
    }
    let lease = x.lease_mut(start.lease);
    lease.state = LeaseState::Running;
    lease.started_at = Some(step.at);
    lease.ends_at = Some(ends_at);
    lease.image = start.image.clone();
    lease.containers.clone_from(&start.containers);
    lease.evidence = Evidence::from(step.at);
    x.timers.set(Timer::LeasePhase(start.lease), dark_at);
    step.emit(LeaseStarted { lease: start.lease, ends_at });
    x.watch_runway(step, start.lease);
    let allocated = ProofPayload::new([
        ("cpu", cpu.into()),
        ("image", start.image.as_str().into()),
        ("memory", resources.memory.into()),
        ("replicas", replicas.into()),
        ("storage", resources.storage.into()),
        ("units", units.into()),
    ]);
    x.prove(step, start.lease, ProofStep::ResourcesAllocated, step.seq, allocated);
    let first = start.containers.first().map_or("", |container| container.id.as_str());
    let started = ProofPayload::new([
        ("at", step.at.0.into()),
        ("container", first.into()),
        ("containers", u64::from(replicas).into()),
    ]);
    x.prove(step, start.lease, ProofStep::Started, step.seq, started);
    Ok(Outcome::Done(Reply::Lease(start.lease)))
}
