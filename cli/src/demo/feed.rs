//! The exchange's events, shown as they come over the WebSocket.

use std::sync::Arc;
use std::time::Duration;

use berth_client::Client;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::show::Show;

/// Longer texts, such as addresses and hashes, are shown by their beginning.
const SHOWN_MAX: usize = 12;
/// How long the stream may stay behind what the node has told otherwise: it
/// may be connecting again.
const BEHIND_TIME_MAX: Duration = Duration::from_secs(10);

/// Shows every event after `seq` until it is dropped.
pub(super) struct Feed {
    task: JoinHandle<()>,
    paid: watch::Receiver<u64>,
}

impl Feed {
    pub(super) fn follow(client: &Client, seq: u64, show: Arc<Show>) -> Self {
        let mut stream = client.events(seq + 1, Vec::new());
        let (pays, paid) = watch::channel(0);
        let task = tokio::spawn(async move {
            loop {
                match stream.next().await {
                    Ok(frame) => {
                        for event in &frame.events {
                            show.event(&line(event));
                            if event["type"] == "lease.paid" {
                                pays.send_replace(event["leaseId"].as_u64().unwrap_or(0));
                            }
                        }
                    }
                    Err(error) => {
                        show.note(&format!("the event stream ended: {error}"));
                        return;
                    }
                }
            }
        });
        Self { task, paid }
    }

    /// Waits until the last event of a lease is shown, for a while: it may have
    /// come before this stream began.
    pub(super) async fn shows_paid(&mut self, lease: u64) {
        let _ = timeout(BEHIND_TIME_MAX, self.paid.wait_for(|paid| *paid >= lease)).await;
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An event as its name and its plain fields.
fn line(event: &Value) -> String {
    let mut line = format!("{:<16}", event["type"].as_str().unwrap_or("event"));
    for (name, value) in event.as_object().into_iter().flatten() {
        let value = match value {
            _ if name == "type" => continue,
            Value::String(text) if text.len() > SHOWN_MAX && !text.contains(' ') => {
                format!("{}…", text.chars().take(SHOWN_MAX).collect::<String>())
            }
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        line.push_str(&format!(" {name}={value}"));
    }
    line
}
