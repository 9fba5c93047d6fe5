//! The exchange's events, shown as they come over the WebSocket.

use std::sync::Arc;

use berth_client::Client;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::show::Show;

/// Longer texts, such as addresses and hashes, are shown by their beginning.
const SHOWN_MAX: usize = 12;

/// Shows every event after `seq` until it is dropped.
pub(super) struct Feed {
    task: JoinHandle<()>,
}

impl Feed {
    pub(super) fn follow(client: &Client, seq: u64, show: Arc<Show>) -> Self {
        let mut stream = client.events(seq + 1, Vec::new());
        let task = tokio::spawn(async move {
            loop {
                match stream.next().await {
                    Ok(frame) => frame.events.iter().for_each(|event| show.event(&line(event))),
                    Err(error) => {
                        show.note(&format!("the event stream ended: {error}"));
                        return;
                    }
                }
            }
        });
        Self { task }
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
