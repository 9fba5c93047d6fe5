//! When a long-running verb ends: on Ctrl-C, on SIGTERM, and with its parent.

use std::future::pending;
use std::io::Read;
use std::thread;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::fault::{Fault, While};

/// Waits until this process is asked to end. With `with_parent` it also ends
/// when its standard input does: a parent that holds the other end and is
/// killed takes its children with it.
pub(crate) async fn asked_to_end(with_parent: bool) -> Result<(), Fault> {
    let mut terminate = signal(SignalKind::terminate()).or_fault("listening for SIGTERM")?;
    let parent_is_gone = async {
        match with_parent {
            true => input_ends().await,
            false => pending().await,
        }
    };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.or_fault("listening for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
        () = parent_is_gone => Ok(()),
    }
}

/// Read on a thread of its own: the runtime would wait for a read of its pool
/// before it ends, so that a signal could not end this process.
async fn input_ends() {
    let (ended, ends) = oneshot::channel();
    thread::spawn(move || {
        let mut bytes = [0; 64];
        while matches!(std::io::stdin().read(&mut bytes), Ok(n) if n > 0) {}
        // Nobody listens once a signal came first.
        let _ = ended.send(());
    });
    // The thread only ends by sending.
    let _ = ends.await;
}
