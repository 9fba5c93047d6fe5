//! Asking until the answer is as wanted, of processes that may be starting
//! again at this moment.

use std::time::Duration;

use berth_client::ClientError;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::fault::Fault;
use crate::remote::fault;

const POLL: Duration = Duration::from_millis(100);
/// Room for a process that is killed on the way and comes back.
const STATION_TIME_MAX: Duration = Duration::from_secs(180);

/// Asks again until the answer is as wanted. Only time ends it, or a refusal.
pub(super) async fn until<T, E, F>(what: &str, ask: impl Fn() -> F, wanted: impl Fn(&T) -> bool) -> Result<T, Fault>
where
    F: Future<Output = Result<T, E>>,
    E: Into<Asked>,
{
    let deadline = Instant::now() + STATION_TIME_MAX;
    loop {
        let last = match ask().await.map_err(Into::into) {
            Ok(answer) if wanted(&answer) => return Ok(answer),
            Ok(_) => "it has not happened".to_owned(),
            Err(Asked::Refused(fault)) => return Err(fault),
            Err(Asked::Away(words)) => words,
        };
        if Instant::now() >= deadline {
            return Err(Fault::CouldNotRun(format!("waited {} s until {what}: {last}", STATION_TIME_MAX.as_secs())));
        }
        sleep(POLL).await;
    }
}

/// Why a question came to nothing this time.
pub(super) enum Asked {
    /// No use asking again.
    Refused(Fault),
    /// Nobody there, or not yet.
    Away(String),
}

impl Asked {
    pub(super) fn away(error: impl std::fmt::Display) -> Self {
        Self::Away(error.to_string())
    }
}

impl From<ClientError> for Asked {
    fn from(error: ClientError) -> Self {
        match &error {
            // What is not there yet may come; an overloaded or starting node
            // says that it should be asked again.
            ClientError::Refused { status, .. } if !error.may_retry() && *status != Some(404) => {
                Self::Refused(fault(error))
            }
            _ => Self::Away(error.to_string()),
        }
    }
}

impl From<Fault> for Asked {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(_) => Self::Refused(fault),
            Fault::CouldNotRun(words) => Self::Away(words),
        }
    }
}

impl From<reqwest::Error> for Asked {
    fn from(error: reqwest::Error) -> Self {
        Self::Away(error.to_string())
    }
}

/// A text of an answer; empty when there is none.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The beginning of a long text, such as a hash.
pub(super) fn begin(text: &str) -> &str {
    text.get(..12).unwrap_or(text)
}
