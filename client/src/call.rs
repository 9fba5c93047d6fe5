//! What a session is asked to do, and what came of it.

use std::time::Duration;

use berth_wire::domain::Command;
use serde_json::Value;

/// How long a call waits for its answer when it does not say.
const DEADLINE: Duration = Duration::from_secs(15);

/// A call and how it is to be treated.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: String,
    /// Its parameters.
    pub params: Value,
    /// How long to wait for the answer, connecting included.
    pub deadline: Duration,
    /// Whether doing it twice is as good as doing it once. Such a call is sent
    /// again after a disconnect, until the deadline.
    pub idempotent: bool,
    /// What is signed when it is sent; method and parameters follow from it.
    pub(crate) command: Option<Box<Command>>,
}

impl Call {
    /// A call that is sent once, with 15 seconds for its answer.
    #[must_use]
    pub fn new(method: impl Into<String>, params: Value) -> Self {
        Self { method: method.into(), params, deadline: DEADLINE, idempotent: false, command: None }
    }

    /// A command for a session with a key. It is signed when it is sent, so that
    /// commands stand in the log in the order of their signatures, and anew when
    /// it is sent again.
    #[must_use]
    pub fn signed(command: impl Into<Command>) -> Self {
        Self { command: Some(Box::new(command.into())), ..Self::new("command.submit", Value::Null) }
    }

    /// The same, sent again after a disconnect.
    #[must_use]
    pub fn idempotent(self) -> Self {
        Self { idempotent: true, ..self }
    }

    /// The same, with another deadline.
    #[must_use]
    pub fn within(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// For commands: their place in the log.
    pub seq: Option<u64>,
    /// The result.
    pub result: Value,
}
