//! When a long-running verb ends: on Ctrl-C, on SIGTERM, and with its parent.

use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};

use crate::fault::{Fault, While};

/// Waits until this process is asked to end. With `with_parent` it also ends
/// when its standard input does: a parent that holds the other end and is
/// killed takes its children with it.
pub(crate) async fn asked_to_end(with_parent: bool) -> Result<(), Fault> {
    let mut terminate = signal(SignalKind::terminate()).or_fault("listening for SIGTERM")?;
    let parent_is_gone = async {
        if !with_parent {
            return std::future::pending().await;
        }
        let mut input = tokio::io::stdin();
        let mut byte = [0];
        while matches!(input.read(&mut byte).await, Ok(n) if n > 0) {}
    };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.or_fault("listening for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
        () = parent_is_gone => Ok(()),
    }
}
