//! A lease whose funds ran out, against the real engine.

use std::time::Duration;

use berth_executor::lease::{LeaseState, Reason};
use berth_executor::plan::Status;

use crate::LEASE;
use crate::desk::Report;
use crate::scene::{Scene, fetch, scene, specification};

async fn all_are(scene: &Scene, status: Status) -> bool {
    let containers = scene.containers().await;
    !containers.is_empty() && containers.iter().all(|container| container.status == status)
}

fn heartbeats(scene: &Scene) -> usize {
    scene.desk.reports(LEASE).iter().filter(|report| matches!(report, Report::Heartbeat(_))).count()
}

#[test]
fn a_suspended_lease_is_paused_also_across_an_agents_end_and_goes_on_after_it() {
    scene("suspended", async |scene| {
        scene.desk.open(LEASE, 2, specification(&[80]));
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        let started = scene.desk.started(LEASE).await;
        scene.desk.heartbeats(LEASE, 1).await;

        scene.desk.set(LEASE, LeaseState::Suspended);
        scene.until("both are paused", async || all_are(scene, Status::Paused).await).await;
        agent.abort();

        // The next agent finds them paused, and neither ends them nor beats.
        let (ids, beats) = (scene.container_ids().await, heartbeats(scene));
        let agent = scene.agent().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(all_are(scene, Status::Paused).await);
        assert_eq!((scene.container_ids().await, heartbeats(scene)), (ids.clone(), beats));

        scene.desk.set(LEASE, LeaseState::Running);
        scene.until("both go on", async || all_are(scene, Status::Running).await).await;
        assert_eq!(scene.container_ids().await, ids, "the same containers");
        assert!(scene.desk.heartbeats(LEASE, 1).await.healthy);
        assert!(fetch(started.containers[0].ports[0].host_port, "/").await.contains("Berth lease 7"));

        // It is not topped up again: it is stopped out of its pause, removed
        // and reported.
        scene.desk.set(LEASE, LeaseState::Suspended);
        scene.until("both are paused again", async || all_are(scene, Status::Paused).await).await;
        scene.desk.set(LEASE, LeaseState::Closing);
        let outcome = scene.desk.finished(LEASE).await;
        assert_eq!(outcome.reason, Reason::Stopped);
        assert!(scene.containers().await.is_empty());
        assert!(scene.networks().await.is_empty());
        agent.abort();
    });
}

#[test]
fn a_paused_container_of_a_lease_that_nobody_knows_is_removed() {
    scene("paused", async |scene| {
        scene.desk.open(LEASE, 1, specification(&[80]));
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        scene.desk.started(LEASE).await;
        scene.desk.set(LEASE, LeaseState::Suspended);
        scene.until("it is paused", async || all_are(scene, Status::Paused).await).await;
        scene.desk.forget(LEASE);
        scene.until("it is removed", async || scene.containers().await.is_empty()).await;
        agent.abort();
    });
}
