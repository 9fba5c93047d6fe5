//! The agent against a real engine. Only the exchange is played, by [`desk`];
//! the test of the whole line with a real node is the end-to-end one.

mod desk;
mod relay;
mod scene;
mod suspended;

use std::time::Duration;

use berth_executor::failure::{Cause, Failure};
use berth_executor::lease::{LeaseId, LeaseState, Reason, Specification};
use sha2::{Digest, Sha256};

use crate::desk::Report;
use crate::relay::Relay;
use crate::scene::{IMAGE, fetch, scene, specification};

const LEASE: LeaseId = LeaseId(7);

#[test]
fn a_lease_runs_from_its_escrow_to_its_stop() {
    scene("straight", async |scene| {
        scene.desk.open(LEASE, 1, specification(&[80]));
        let agent = scene.agent().await;

        // Matched is not enough.
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(scene.containers().await.len(), 0, "nothing starts before the escrow is locked");

        scene.desk.set(LEASE, LeaseState::Escrowed);
        let started = scene.desk.started(LEASE).await;
        let [container] = &started.containers[..] else { panic!("one container: {started:?}") };
        assert_eq!(started.image_id, scene.image_id);
        let page = fetch(container.ports[0].host_port, "/").await;
        assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
        assert!(page.contains("<h1>Berth lease 7</h1>") && page.contains(IMAGE), "{page}");

        let vitals = scene.desk.heartbeats(LEASE, 2).await;
        assert!(vitals.usage.memory_bytes > 0 && vitals.healthy, "{vitals:?}");

        scene.desk.set(LEASE, LeaseState::Closing);
        let outcome = scene.desk.finished(LEASE).await;
        assert_eq!(outcome.reason, Reason::Stopped);
        assert!(scene.containers().await.is_empty());
        assert!(scene.networks().await.is_empty());

        // What was reported is what is kept.
        let kept = std::fs::read(scene.result_path(LEASE)).expect("a kept log");
        assert!(String::from_utf8_lossy(&kept).contains("page: lease 7 on port 80"));
        assert_eq!(outcome.result_size, kept.len() as u64);
        assert_eq!(outcome.result_sha256, Some(hex::encode(Sha256::digest(&kept))));
        agent.abort();
    });
}

#[test]
fn what_a_container_writes_is_told_while_it_runs_and_handed_in_at_its_end() {
    scene("output", async |scene| {
        scene.desk.open(LEASE, 1, specification(&[80]));
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        scene.desk.started(LEASE).await;
        let first = "page: lease 7 on port 80";
        scene.desk.until("the first line is told", |desk| (desk.told(LEASE) == [first]).then_some(())).await;
        scene.desk.heartbeats(LEASE, 2).await;
        assert_eq!(scene.desk.told(LEASE), [first], "a line is told once");
        // A node that knows nothing any more is told all of it again.
        scene.desk.forget_told(LEASE);
        scene.desk.until("it is told again", |desk| (desk.told(LEASE) == [first]).then_some(())).await;
        agent.abort();

        let agent = scene.agent().await;
        scene.desk.set(LEASE, LeaseState::Closing);
        let outcome = scene.desk.finished(LEASE).await;
        let result = scene.desk.result(LEASE).expect("it was handed in before");
        assert_eq!(outcome.result_sha256, Some(hex::encode(Sha256::digest(&result))));
        assert!(String::from_utf8_lossy(&result).starts_with(first));
        agent.abort();
    });
}

#[test]
fn the_engine_shows_the_confinement() {
    scene("confined", async |scene| {
        scene.desk.open(LEASE, 1, specification(&[80]));
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        let started = scene.desk.started(LEASE).await;

        let found = scene.inspect(&started.containers[0].id).await;
        let host = found.host_config.expect("a host configuration");
        assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
        assert_eq!(host.cap_add.unwrap_or_default(), Vec::<String>::new());
        assert_eq!(host.security_opt, Some(vec!["no-new-privileges:true".to_owned()]));
        assert_eq!(host.privileged, Some(false));
        assert_eq!(host.readonly_rootfs, Some(true));
        assert_eq!(host.memory, Some(64 << 20));
        assert_eq!(host.memory_swap, Some(if scene.limits_swap().await { 64 << 20 } else { -1 }));
        assert_eq!(host.nano_cpus, Some(500_000_000));
        assert_eq!(host.pids_limit, Some(512));
        assert_eq!(host.ipc_mode.as_deref(), Some("private"));
        assert_eq!(host.binds.unwrap_or_default(), Vec::<String>::new());
        assert_eq!(host.devices.unwrap_or_default(), vec![]);
        assert_eq!(found.mounts.unwrap_or_default(), vec![], "no volume, named or anonymous");
        let tmp = host.tmpfs.expect("scratch folders").remove("/tmp").expect("/tmp");
        assert_eq!(tmp, format!("rw,noexec,nosuid,nodev,size={},mode=1777,uid=65534,gid=65534", 32 << 20));
        let log = host.log_config.expect("a log configuration");
        assert_eq!(log.typ.as_deref(), Some("json-file"));
        assert_eq!(log.config.expect("limits").get("max-size").map(String::as_str), Some("10m"));
        assert_eq!(
            host.restart_policy.and_then(|policy| policy.name).map(|name| name.to_string()),
            Some("no".to_owned())
        );
        for bindings in found.network_settings.expect("networks").ports.expect("ports").into_values() {
            for binding in bindings.expect("a published port") {
                assert_eq!(binding.host_ip.as_deref(), Some("127.0.0.1"));
            }
        }
        let [network] = &scene.networks().await[..] else { panic!("one network") };
        let options = network.options.clone().expect("options");
        assert_eq!(options.get("com.docker.network.bridge.enable_icc").map(String::as_str), Some("false"));

        // And the kernel, which is what counts.
        let pid = found.state.and_then(|state| state.pid).expect("a process");
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the engine is on this machine");
        let line = |key: &str| {
            let line = status.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("{key} in {status}"));
            line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
        };
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
            assert_eq!(line(set), "0000000000000000", "{set}");
        }
        assert_eq!(line("NoNewPrivs:"), "1");
        assert_eq!(line("Seccomp:"), "2");
        assert_eq!(line("Uid:"), "65534 65534 65534 65534");
        assert_eq!(line("Gid:"), "65534 65534 65534 65534");
        agent.abort();
    });
}

#[test]
fn a_volume_that_an_image_declares_is_bounded_memory() {
    scene("volume", async |scene| {
        let image = "berth-test/volume:latest";
        scene.derive_image(IMAGE, image, "VOLUME /data /cache/").await;
        let mut specification = specification(&[80]);
        specification.image = image.to_owned();
        scene.desk.open(LEASE, 1, specification);
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        let started = scene.desk.started(LEASE).await;
        let found = scene.inspect(&started.containers[0].id).await;
        let scratch = found.host_config.and_then(|host| host.tmpfs).expect("scratch folders");
        assert!(scratch.contains_key("/data") && scratch.contains_key("/cache"), "{scratch:?}");
        let mounts = found.mounts.unwrap_or_default();
        assert!(mounts.is_empty(), "no volume of the engine: {mounts:?}");
        scene.desk.set(LEASE, LeaseState::Closing);
        scene.desk.finished(LEASE).await;
        agent.abort();
        scene.remove_image(image).await;
    });
}

#[test]
fn a_workload_can_write_to_its_scratch_folders_and_nowhere_else() {
    scene("scratch", async |scene| {
        let image = "berth-test/scratch:latest";
        let probe = include_str!("probe.rs");
        // A folder that the image has, as most have this one, and one more.
        scene.build_image("berth-test/probe:latest", probe).await;
        scene.derive_image("berth-test/probe:latest", image, "WORKDIR /run\nWORKDIR /etc\nVOLUME /data").await;
        let mut specification = specification(&[]);
        specification.image = image.to_owned();
        scene.desk.open(LEASE, 1, specification);
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        let outcome = scene.desk.finished(LEASE).await;
        assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exited, Some(0)));
        let kept = std::fs::read_to_string(scene.result_path(LEASE)).expect("a kept log");
        let expected = "/tmp: written\n/run: written\n/var/tmp: written\n/data: written\n\
                        /: refused\n/etc: refused\n/proc/sys/kernel/hostname: refused\n/tmp beyond its size: refused\n";
        assert_eq!(kept, expected);
        agent.abort();
        scene.remove_image(image).await;
        scene.remove_image("berth-test/probe:latest").await;
    });
}

#[test]
fn a_lease_that_wants_gpus_fails_rather_than_run_without() {
    scene("gpus", async |scene| {
        scene.desk.open(LEASE, 1, Specification { gpus: 1, ..specification(&[80]) });
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        let outcome = scene.desk.finished(LEASE).await;
        assert_eq!(outcome.failure.map(|failure| failure.cause), Some(Cause::NoGpus));
        agent.abort();
    });
}

#[test]
fn a_lease_outlives_the_engines_absence() {
    scene("engine", async |scene| {
        scene.desk.open(LEASE, 1, specification(&[80]));
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let relay = Relay::open(scene.socket());
        let agent = scene.agent_by(&relay.host()).await;
        let started = scene.desk.started(LEASE).await;
        scene.desk.heartbeats(LEASE, 1).await;

        relay.close();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(fetch(started.containers[0].ports[0].host_port, "/").await.contains("Berth lease 7"));
        assert!(!scene.desk.reports(LEASE).iter().any(|report| matches!(report, Report::Finish(_))));
        scene.desk.set(LEASE, LeaseState::Closing);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(scene.containers().await.len(), 1);

        relay.reopen();
        let outcome = scene.desk.finished(LEASE).await;
        assert_eq!(outcome.reason, Reason::Stopped);
        assert!(scene.containers().await.is_empty());
        agent.abort();
    });
}

#[test]
fn an_agent_that_is_killed_before_its_report_is_followed_by_one_that_adopts() {
    scene("adopted", async |scene| {
        scene.desk.open(LEASE, 2, specification(&[80]));
        scene.desk.set(LEASE, LeaseState::Escrowed);
        scene.desk.lose_reports(true);
        let agent = scene.agent().await;
        scene.desk.attempted(LEASE).await;
        agent.abort();
        let before = scene.container_ids().await;
        assert_eq!(before.len(), 2);

        scene.desk.lose_reports(false);
        let agent = scene.agent().await;
        let started = scene.desk.started(LEASE).await;
        let mut reported: Vec<_> = started.containers.iter().map(|container| container.id.clone()).collect();
        reported.sort();
        assert_eq!(reported, before);
        agent.abort();

        // And one that is killed while the lease is stopped.
        scene.desk.set(LEASE, LeaseState::Closing);
        scene.desk.lose_reports(true);
        let agent = scene.agent().await;
        scene.until("the containers are gone", async || scene.containers().await.is_empty()).await;
        agent.abort();
        scene.desk.lose_reports(false);
        let agent = scene.agent().await;
        let outcome = scene.desk.finished(LEASE).await;
        assert_eq!(outcome.reason, Reason::Stopped);
        assert!(outcome.exit_code.is_some(), "the first agent kept it: {outcome:?}");
        let finishes = scene.desk.reports(LEASE).iter().filter(|report| matches!(report, Report::Finish(_))).count();
        assert_eq!(finishes, 1);
        agent.abort();
    });
}

#[test]
fn an_image_that_cannot_be_pulled_is_a_failed_lease_in_words() {
    scene("missing", async |scene| {
        let mut specification = specification(&[80]);
        // Nobody listens on port 1.
        specification.image = "127.0.0.1:1/nothing:1".to_owned();
        scene.desk.open(LEASE, 1, specification);
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        let outcome = scene.desk.finished(LEASE).await;
        assert_eq!((outcome.reason, outcome.exit_code), (Reason::Failed, None));
        let failure = outcome.failure.expect("a failure");
        assert_eq!(failure.cause, Cause::CannotPull);
        let words = failure.words.expect("words");
        assert!(words.starts_with("the image 127.0.0.1:1/nothing:1 cannot be pulled: "), "{words}");
        assert!(words.contains("refused"), "{words}");
        assert_eq!(outcome.result_sha256, None);
        assert!(scene.containers().await.is_empty());
        assert!(scene.networks().await.is_empty());
        assert!(!scene.desk.reports(LEASE).iter().any(|report| matches!(report, Report::Start(_))));
        agent.abort();
    });
}

#[test]
fn a_service_that_ends_before_it_is_ready_is_a_failed_lease_with_its_last_words() {
    scene("unready", async |scene| {
        let mut specification = specification(&[80]);
        specification.env.insert("PORT".to_owned(), "none".to_owned());
        scene.desk.open(LEASE, 1, specification);
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        let outcome = scene.desk.finished(LEASE).await;
        assert_eq!(outcome.reason, Reason::Failed);
        assert_eq!(outcome.failure, Some(Failure::new(Cause::EndedEarly(1), "page: PORT is no port: none")));
        assert!(scene.containers().await.is_empty());
        agent.abort();
    });
}

#[test]
fn a_job_that_ends_by_itself_is_reported_with_its_code() {
    scene("job", async |scene| {
        let mut specification = specification(&[]);
        specification.env.insert("PORT".to_owned(), "none".to_owned());
        scene.desk.open(LEASE, 1, specification);
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        let started = scene.desk.started(LEASE).await;
        assert_eq!(started.containers[0].ports, vec![]);
        let outcome = scene.desk.finished(LEASE).await;
        assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exited, Some(1)));
        assert_eq!(outcome.failure, Some(Failure::new(Cause::Ended(1), "")));
        let kept = std::fs::read_to_string(scene.result_path(LEASE)).expect("a kept log");
        assert_eq!(kept, "page: PORT is no port: none\n");
        agent.abort();
    });
}

#[test]
fn a_container_that_somebody_removed_is_a_failed_lease() {
    scene("gone", async |scene| {
        scene.desk.open(LEASE, 1, specification(&[80]));
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        let started = scene.desk.started(LEASE).await;
        scene.remove(&started.containers[0].id).await;
        let outcome = scene.desk.finished(LEASE).await;
        assert_eq!(outcome.reason, Reason::Failed);
        let expected = Failure::new(Cause::Gone, "the container of replica 0 is gone");
        assert_eq!(outcome.failure, Some(expected));
        agent.abort();
    });
}

#[test]
fn containers_go_on_while_the_exchange_is_away() {
    scene("away", async |scene| {
        scene.desk.open(LEASE, 1, specification(&[80]));
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        let started = scene.desk.started(LEASE).await;
        scene.desk.heartbeats(LEASE, 1).await;

        scene.desk.set_away(true);
        tokio::time::sleep(Duration::from_secs(4)).await;
        let page = fetch(started.containers[0].ports[0].host_port, "/health").await;
        assert!(page.contains("\"status\":\"ok\""), "{page}");

        scene.desk.set_away(false);
        scene.desk.heartbeats(LEASE, 2).await;
        assert_eq!(scene.container_ids().await, [started.containers[0].id.clone()]);
        agent.abort();
    });
}

#[test]
fn a_host_port_that_is_taken_is_replaced_and_reported() {
    scene("taken", async |scene| {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let number = taken.local_addr().expect("a bound address").port();
        let mut wishful = specification(&[80]);
        wishful.ports[0].host_port = Some(number);
        scene.desk.open(LEASE, 1, wishful);
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        let started = scene.desk.started(LEASE).await;
        let given = started.containers[0].ports[0].host_port;
        assert_ne!(given, number);
        assert!(fetch(given, "/").await.contains("Berth lease 7"));
        agent.abort();
    });
}

#[test]
fn what_an_earlier_life_left_is_cleared_and_what_is_anothers_is_not() {
    scene("left", async |scene| {
        // An agent of this provider, then the exchange forgets the lease: as
        // when its data is replaced by an older copy.
        scene.desk.open(LEASE, 1, specification(&[80]));
        scene.desk.set(LEASE, LeaseState::Escrowed);
        let agent = scene.agent().await;
        let started = scene.desk.started(LEASE).await;
        agent.abort();

        let other = scene.another_provider();
        other.desk.open(LEASE, 1, specification(&[80]));
        let agent = other.agent().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        agent.abort();
        assert_eq!(scene.container_ids().await, [started.containers[0].id.clone()], "it is another provider's");

        scene.desk.forget(LEASE);
        let agent = scene.agent().await;
        scene.until("it is removed", async || scene.containers().await.is_empty()).await;
        scene.until("its network is removed", async || scene.networks().await.is_empty()).await;
        agent.abort();
    });
}
